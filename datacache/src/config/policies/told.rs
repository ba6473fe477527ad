//! Taking secrets out of what callers tell of an entry: URLs in its metadata. Pure.

use serde_json::{Map, Value};

use super::Policies;
use crate::key::{self, Key};
use crate::redact::Stripped;

/// What ends a sentence, and not the URL in it.
const PUNCTUATION: [char; 9] = ['.', ',', ';', ':', '!', ')', ']', '}', '\''];

impl Policies {
    /// Metadata in which URLs have no secrets, be they values, names or within a text.
    pub(crate) fn without_secrets(&self, metadata: Map<String, Value>) -> Map<String, Value> {
        let strip = |(name, value)| (self.stripped_text(name), self.stripped_value(value));
        metadata.into_iter().map(strip).collect()
    }

    fn stripped_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.stripped_text(text)),
            Value::Array(values) => {
                values.into_iter().map(|value| self.stripped_value(value)).collect()
            }
            Value::Object(values) => Value::Object(self.without_secrets(values)),
            other => other,
        }
    }

    fn stripped_text(&self, text: String) -> String {
        if !text.contains("://") {
            return text;
        }
        let ends = |character: char| character.is_whitespace() || "\"<>".contains(character);
        text.split_inclusive(ends).map(|part| self.stripped_part(part, ends)).collect()
    }

    /// A part of a text in which at most one URL stands.
    fn stripped_part(&self, part: &str, ends: impl Fn(char) -> bool) -> String {
        let Some(colon) = part.find("://") else { return part.to_owned() };
        let is_of_scheme = |character: &char| character.is_ascii_alphanumeric();
        let scheme = part[..colon].chars().rev().take_while(is_of_scheme).count();
        let (before, rest) = part.split_at(colon - scheme);
        let url = rest.trim_end_matches(ends).trim_end_matches(PUNCTUATION);
        match self.stripped(url) {
            Some(key) => format!("{before}{key}{}", &rest[url.len()..]),
            None => part.to_owned(),
        }
    }

    /// A URL without its secrets, if it has any.
    fn stripped(&self, text: &str) -> Option<Key> {
        let url = key::parse_url(text).ok()?;
        let rules = self.secrets_of(&url);
        let (key, stripped) = Key::canonical(url.clone(), rules);
        (stripped == Stripped::Secrets).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn stripped(text: &str) -> String {
        Policies::new(&BTreeMap::new()).unwrap().stripped_text(text.to_owned())
    }

    #[test]
    fn urls_within_a_text_lose_their_secrets_and_the_text_stays() {
        for (text, expected) in [
            ("https://a.example/?api_key=s3cret", "https://a.example/"),
            ("HTTPS://a.example/?api_key=s3cret", "https://a.example/"),
            (
                "See https://a.example/?a=1&token=s3cret, (or https://u:s3cret@b.example/x).",
                "See https://a.example/?a=1, (or https://b.example/x).",
            ),
            (
                "<a href=\"https://a.example/?sig=s3cret\">ä</a>",
                "<a href=\"https://a.example/\">ä</a>",
            ),
            ("ä://?token=x  kept as it is", "ä://?token=x  kept as it is"),
            ("https://A.example/?b=1&a=2 ", "https://A.example/?b=1&a=2 "),
            ("token=1 ://", "token=1 ://"),
        ] {
            assert_eq!(stripped(text), expected);
        }
    }
}
