//! The caller's headers.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::redact;

/// Headers that can be sent as they are; `Debug` hides the values of credentials.
#[derive(Clone, Default)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Checks names and values. A line break in either would let a caller's text write headers of
    /// its own.
    pub(crate) fn parse(headers: &[(String, String)]) -> Result<Self> {
        for (number, (name, value)) in (1..).zip(headers) {
            let refuse = |reason| {
                // Not the name itself, which may be a credential that lost its name.
                Err(Error::invalid("read header", format_args!("number {number}"), reason))
            };
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                return refuse("the name is not a header name");
            }
            if HeaderValue::from_str(value).is_err() {
                return refuse("the value has a line break or another control character");
            }
        }
        Ok(Self(headers.to_vec()))
    }

    /// Whether a header carries a credential.
    pub(crate) fn carry_secrets(&self) -> bool {
        self.0.iter().any(|(name, _)| redact::is_secret_header(name))
    }

    /// The headers as text.
    pub(crate) fn as_pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub(super) fn to_map(&self) -> HeaderMap {
        let parsed = self.0.iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let mut parsed = HeaderValue::from_str(value).ok()?;
            parsed.set_sensitive(redact::is_secret_header(name.as_str()));
            Some((name, parsed))
        });
        let mut map = HeaderMap::new();
        for (name, value) in parsed {
            map.append(name, value);
        }
        map
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        redact::SafeHeaders(&self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, value: &str) -> Result<Headers> {
        Headers::parse(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn line_breaks_are_refused_and_not_repeated() {
        for (name, value) in [
            ("X", "a\r\nEvil: 1"),
            ("X", "a\nb"),
            ("X\r\nEvil", "1"),
            ("", "1"),
            ("a b", "1"),
            ("Authorization", "s3cret\0"),
            ("Bearer s3cret", "x"),
        ] {
            let error = parse(name, value).unwrap_err().to_string();
            assert_eq!(error.lines().count(), 1, "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn credentials_are_known_and_marked() {
        let headers = parse("Authorization", "Bearer s3cret").unwrap();
        assert!(headers.carry_secrets());
        assert!(!format!("{headers:?} {:?}", headers.to_map()).contains("s3cret"));
        assert!(!parse("Accept", "text/html").unwrap().carry_secrets());
    }
}
