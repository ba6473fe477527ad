//! The headers of one request: the caller's, and the one with the provider's key.

use std::fmt;

use reqwest::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};

use super::caching::Vary;
use crate::error::{Error, Result};
use crate::redact::SecretRules;

/// Headers that can be sent as they are; `Debug` hides the values of credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<Header>);

#[derive(Clone, PartialEq, Eq)]
struct Header {
    name: String,
    value: String,
    is_secret: bool,
}

impl Headers {
    /// Checks names and values. A line break in either would let a caller's text write headers of
    /// its own.
    pub(crate) fn parse(headers: &[(String, String)], rules: &SecretRules) -> Result<Self> {
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
        let marked = headers.iter().map(|(name, value)| Header {
            name: name.clone(),
            value: value.clone(),
            is_secret: rules.is_secret_header(name),
        });
        Ok(Self(marked.collect()))
    }

    /// Adds a credential, unless the caller has given a header of that name.
    pub(crate) fn add_credential(&mut self, name: &str, value: String) {
        if !self.0.iter().any(|given| given.name.eq_ignore_ascii_case(name)) {
            self.0.push(Header { name: name.to_owned(), value, is_secret: true });
        }
    }

    /// Whether a header carries a credential.
    pub(crate) fn carry_secrets(&self) -> bool {
        self.0.iter().any(|header| header.is_secret)
    }

    /// Whether they say who asks, so that no token has to.
    pub(crate) fn authorize(&self) -> bool {
        self.0.iter().any(|header| header.name.eq_ignore_ascii_case(AUTHORIZATION.as_str()))
    }

    /// Whether two lists carry the same credentials.
    pub(crate) fn share_secrets_with(&self, other: &Self) -> bool {
        let secrets = |headers: &Self| -> Vec<(String, String)> {
            let secrets = headers.0.iter().filter(|header| header.is_secret);
            secrets.map(|header| (header.name.to_lowercase(), header.value.clone())).collect()
        };
        secrets(self) == secrets(other)
    }

    /// Whether the caller makes conditions of his own, which only he can interpret the answer to.
    pub(crate) fn are_conditional(&self) -> bool {
        let conditions = [IF_NONE_MATCH, IF_MODIFIED_SINCE];
        let is_condition = |header: &Header| {
            conditions.iter().any(|name| header.name.eq_ignore_ascii_case(name.as_str()))
        };
        self.0.iter().any(is_condition)
    }

    /// What these headers hold of those that `vary` names, credentials among them, as a text
    /// without their values.
    pub(crate) fn selected_by(&self, vary: &Vary) -> String {
        vary.selected(&self.pairs())
    }

    /// Whether an answer that was stored with the text `selected` is for a request with these.
    pub(crate) fn match_selected(&self, selected: &str) -> bool {
        Vary::matches(selected, &self.pairs())
    }

    fn pairs(&self) -> Vec<(String, String)> {
        self.0.iter().map(|header| (header.name.clone(), header.value.clone())).collect()
    }

    /// The headers that are no credentials, as text.
    pub(crate) fn without_secrets(&self) -> Vec<(String, String)> {
        let plain = self.0.iter().filter(|header| !header.is_secret);
        plain.map(|header| (header.name.clone(), header.value.clone())).collect()
    }

    pub(super) fn to_map(&self) -> HeaderMap {
        let parsed = self.0.iter().filter_map(|header| {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            let mut value = HeaderValue::from_str(&header.value).ok()?;
            value.set_sensitive(header.is_secret);
            Some((name, value))
        });
        let mut map = HeaderMap::new();
        for (name, value) in parsed {
            map.append(name, value);
        }
        map
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|Header { name, value, is_secret }| {
            (name, if *is_secret { "***" } else { value.as_str() })
        });
        f.debug_map().entries(shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, value: &str) -> Result<Headers> {
        Headers::parse(&[(name.to_owned(), value.to_owned())], &SecretRules::default())
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

    #[test]
    fn conditions_are_known_in_any_case() {
        assert!(parse("if-NONE-match", "\"a\"").unwrap().are_conditional());
        assert!(parse("If-Modified-Since", "x").unwrap().are_conditional());
        assert!(!parse("If-Range", "x").unwrap().are_conditional());
    }

    #[test]
    fn an_answer_that_depends_on_a_credential_is_for_that_one_and_does_not_show_it() {
        let headers = parse("Authorization", "Bearer s3cret").unwrap();
        let selected = headers.selected_by(&Vary::On(vec!["authorization".to_owned()]));
        assert!(headers.match_selected(&selected) && !selected.contains("s3cret"));
        assert!(!parse("Authorization", "Bearer other").unwrap().match_selected(&selected));
    }

    #[test]
    fn a_credential_is_secret_whatever_its_header_is_called() {
        let mut headers = parse("X-Client", "mine").unwrap();
        headers.add_credential("x-client", "s3cret".to_owned());
        assert!(!headers.carry_secrets());
        headers.add_credential("X-Other", "s3cret".to_owned());
        assert!(!format!("{headers:?} {:?}", headers.to_map()).contains("s3cret"));
        assert_eq!(headers.without_secrets(), [("X-Client".to_owned(), "mine".to_owned())]);
        assert!(!headers.share_secrets_with(&parse("X-Other", "s3cret").unwrap()));
        let rules = SecretRules { headers: vec!["x-other".to_owned()], ..SecretRules::default() };
        let given = [("X-OTHER".to_owned(), "s3cret".to_owned())];
        assert!(headers.share_secrets_with(&Headers::parse(&given, &rules).unwrap()));
    }
}
