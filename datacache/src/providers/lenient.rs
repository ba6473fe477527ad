//! Reading JSON as it comes: numbers in quotes, `null` and one thing in place of a list.
//!
//! For `#[serde(default, deserialize_with = "…")]`. What is no value of its kind at all is none,
//! rather than an error: one odd field must not hide an artist.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A number, be it written as text; `None` for anything else.
pub(super) fn number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let number = match Value::deserialize(deserializer)? {
        Value::String(text) => serde_json::from_str(text.trim()).ok(),
        value => serde_json::from_value(value).ok(),
    };
    Ok(number)
}

/// Text that says something; a number is text as well.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// A list; a single thing is a list of one, and what is in the list but is no such thing is left
/// out.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let values = match Value::deserialize(deserializer)? {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        value => vec![value],
    };
    Ok(values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect())
}

/// A thing, if it is one.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Odd {
        #[serde(deserialize_with = "number")]
        number: Option<u32>,
        #[serde(deserialize_with = "text")]
        text: Option<String>,
        #[serde(deserialize_with = "list")]
        list: Vec<u32>,
        #[serde(deserialize_with = "optional")]
        thing: Option<Box<Odd>>,
    }

    fn read(json: &str) -> Odd {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_meant_is_read() {
        for (json, number) in [
            ("7", Some(7)),
            (r#"" 7 ""#, Some(7)),
            (r#""7 apples""#, None),
            (r#""""#, None),
            ("null", None),
            ("-1", None),
            ("1e99", None),
            ("[7]", None),
        ] {
            assert_eq!(read(&format!(r#"{{"number": {json}}}"#)).number, number, "{json}");
        }
        for (json, text) in [
            (r#"" a ""#, Some("a")),
            ("7", Some("7")),
            (r#""  ""#, None),
            ("null", None),
            ("{}", None),
        ] {
            assert_eq!(read(&format!(r#"{{"text": {json}}}"#)).text.as_deref(), text, "{json}");
        }
        for (json, list) in
            [("[1, 2]", vec![1, 2]), ("7", vec![7]), ("null", vec![]), (r#"[1, "x"]"#, vec![1])]
        {
            assert_eq!(read(&format!(r#"{{"list": {json}}}"#)).list, list, "{json}");
        }
        assert_eq!(read(r#"{"thing": "none"}"#), Odd::default());
        assert!(read(r#"{"thing": {"number": 1}}"#).thing.is_some());
    }
}
