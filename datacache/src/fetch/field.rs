//! Values of header fields: text, seconds, dates.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName};

use crate::clock::Timestamp;

/// "If a cache receives a delta-seconds value greater than the greatest integer it can represent
/// \[…\] the cache MUST consider the value to be 2147483648 (2^31)" (RFC 9111, section 1.2.2). Over
/// 68 years: for ever.
pub(super) const FOREVER: Duration = Duration::from_secs(1 << 31);

/// The value of the first line of this name. Where a field that should occur once occurs twice,
/// "the first occurrence should be used" (RFC 9111, section 4.2.1).
pub(super) fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What a comma-separated list has as its members, over all lines of this name. Bytes that are not
/// text become U+FFFD, which no token contains, so that the other members are still read.
pub(super) fn members(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    lines.flat_map(|line| split(&String::from_utf8_lossy(line.as_bytes()))).collect()
}

/// Splits at the commas that stand outside of quoted strings.
fn split(line: &str) -> Vec<String> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let ends_member = |c| {
        let is_end = c == ',' && !is_quoted;
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        is_end
    };
    let mut members: Vec<&str> = line.split(ends_member).collect();
    // A quote that is never closed begins no quoted string. It must not hide a `no-store` either.
    if is_quoted && let Some(unclosed) = members.pop() {
        members.extend(unclosed.split(','));
    }
    let members = members.into_iter().map(str::trim).filter(|member| !member.is_empty());
    members.map(str::to_owned).collect()
}

/// `delta-seconds = 1*DIGIT` (RFC 9111, section 1.2.2).
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| text.parse().map_or(FOREVER, Duration::from_secs).min(FOREVER))
}

/// A date in any of the three formats of RFC 9110, section 5.6.7. The zone must be GMT.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(&in_usual_case(text)).ok()?;
    let since_epoch = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Timestamp::from_millis(0).checked_add(since_epoch)
}

/// "Although all date formats are specified to be case-sensitive, a cache recipient SHOULD match
/// the field value case-insensitively" (RFC 9111, section 4.2).
fn in_usual_case(date: &str) -> String {
    let mut is_inside = false;
    let capitalized = date.chars().map(|c| {
        let c = if is_inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
        is_inside = c.is_ascii_alphabetic();
        c
    });
    capitalized.collect::<String>().replace("Gmt", "GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_end_at_commas_outside_of_quotes() {
        for (line, expected) in [
            ("", &[][..]),
            (" , ,", &[]),
            ("a,b , c", &["a", "b", "c"]),
            (r#"a="1,2", b"#, &[r#"a="1,2""#, "b"]),
            (r#"a="1\",2", b"#, &[r#"a="1\",2""#, "b"]),
            (r"a=1\,b", &[r"a=1\", "b"]),
            (r#"a="1,no-store"#, &[r#"a="1"#, "no-store"]),
            (r#"a="1","\",b"#, &[r#"a="1""#, r#""\""#, "b"]),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
    }

    #[test]
    fn seconds_are_digits_and_end_at_for_ever() {
        for (text, expected) in [
            ("0", Some(Duration::ZERO)),
            ("060", Some(Duration::from_mins(1))),
            ("2147483648", Some(FOREVER)),
            ("2147483649", Some(FOREVER)),
            ("99999999999999999999999999", Some(FOREVER)),
            ("", None),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("5s", None),
            ("٥", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_have_three_formats_and_one_zone() {
        let moment = Some(Timestamp::from_millis(784_111_777_000));
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", moment),
            ("Sunday, 06-Nov-94 08:49:37 GMT", moment),
            ("Sun Nov  6 08:49:37 1994", moment),
            ("sun, 06 NOV 1994 08:49:37 gmt", moment),
            ("sunday, 06-nov-94 08:49:37 gmt", moment),
            ("SUN NOV  6 08:49:37 1994", moment),
            ("Sun, 06 Nov 1994 08:49:37 UTC", None),
            ("Sun, 06 Nov 1994 08:49:37 +0100", None),
            ("Mon, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("Sat, 06 Nov 1909 08:49:37 GMT", None),
            ("784111777", None),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
    }
}
