//! How long an origin asks to be left alone (RFC 9110, section 10.2.3). Pure.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

use super::field;
use crate::clock::Timestamp;

/// The wait that `Retry-After` names, in seconds or as a date; `None` when there is no such header
/// or nobody can read it. A date that has passed is no wait at all; none is longer than
/// [`FOREVER`](field::FOREVER). Of several, the longest counts.
pub(super) fn of(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    // The origin's clock against itself: ours may be wrong, and a wait that seems to be over would
    // be broken at once.
    let sent_at = field::first(headers, &DATE).and_then(field::date).unwrap_or(now);
    let waits = headers.get_all(RETRY_AFTER).iter().filter_map(|value| wait(value, sent_at));
    waits.max()
}

fn wait(value: &HeaderValue, sent_at: Timestamp) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    // A field of one value that came twice may have been made one line on the way.
    let first = text.split(',').next()?.trim_end();
    let until = || Some(field::date(text)?.since(sent_at).min(field::FOREVER));
    field::seconds(first).or_else(until)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

    fn asked(lines: &[&str]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(RETRY_AFTER, line.parse().unwrap());
        }
        of(&headers, NOW).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_dates() {
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("3, 5", Some(3)),
            ("3 ,x", Some(3)),
            ("86400", Some(86_400)),
            ("99999999999999999999", Some(1 << 31)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(1 << 31)),
            ("Sun, 06 Nov 1994 08:50:37 CET", None),
        ] {
            assert_eq!(asked(&[value]), expected, "{value}");
        }
    }

    #[test]
    fn the_longest_readable_wait_counts() {
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&["60", "soon", "Sun, 06 Nov 1994 08:51:37 GMT", "1"]), Some(120));
    }

    #[test]
    fn a_date_is_measured_by_the_clock_that_wrote_it() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "Sun, 06 Nov 1994 06:50:37 GMT".parse().unwrap());
        assert_eq!(of(&headers, NOW), Some(Duration::ZERO));
        headers.insert(DATE, "Sun, 06 Nov 1994 06:49:37 GMT".parse().unwrap());
        assert_eq!(of(&headers, NOW), Some(Duration::from_mins(1)));
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_reason_to_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
            now in any::<i64>(),
        ) {
            let mut headers = HeaderMap::new();
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            headers.insert(RETRY_AFTER, value);
            let wait = of(&headers, Timestamp::from_millis(now));
            prop_assert!(wait.is_none_or(|wait| wait <= field::FOREVER));
        }
    }
}
