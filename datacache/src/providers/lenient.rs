//! Reading JSON as it comes: numbers in quotes, `null` and one thing in place of a list.
//!
//! For `#[serde(default, deserialize_with = "…")]`. What is no value of its kind at all is none,
//! rather than an error: one odd field must not hide an artist.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
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

/// The number that something is known by.
///
/// # Errors
/// When there is none: nothing can be said about what has no id.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    number(deserializer)?.ok_or_else(|| D::Error::custom("an id is a number"))
}

/// How many there are.
///
/// # Errors
/// When that is no number.
pub(super) fn count<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    number(deserializer)?.ok_or_else(|| D::Error::custom("a count is a number"))
}

/// Text as it stands, with the space around it; an empty one where there is none.
pub(super) fn verbatim<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        _ => Ok(String::new()),
    }
}

/// Whether something is so: `true`, be it written as text or as a number.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let flag = match Value::deserialize(deserializer)? {
        Value::Bool(flag) => flag,
        Value::String(text) => matches!(text.trim(), "1" | "true"),
        Value::Number(number) => number.as_u64() == Some(1),
        _ => false,
    };
    Ok(flag)
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

/// A map; what is in it but is no such thing is left out, and what is no map is an empty one.
pub(super) fn map<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let Value::Object(values) = Value::deserialize(deserializer)? else {
        return Ok(BTreeMap::new());
    };
    let read = |(name, value)| Some((name, serde_json::from_value(value).ok()?));
    Ok(values.into_iter().filter_map(read).collect())
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
        #[serde(deserialize_with = "flag")]
        flag: bool,
        #[serde(deserialize_with = "map")]
        map: BTreeMap<String, u32>,
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
        for (json, flag) in [
            ("true", true),
            (r#"" true ""#, true),
            ("1", true),
            (r#""1""#, true),
            ("false", false),
            (r#""false""#, false),
            ("0", false),
            ("null", false),
            ("[true]", false),
        ] {
            assert_eq!(read(&format!(r#"{{"flag": {json}}}"#)).flag, flag, "{json}");
        }
        for (json, map) in [(r#"{"a": 1, "b": "x"}"#, Some(1)), ("[]", None), ("null", None)] {
            let read = read(&format!(r#"{{"map": {json}}}"#)).map;
            assert_eq!((read.get("a").copied(), read.len()), (map, map.iter().count()), "{json}");
        }
        assert_eq!(read(r#"{"thing": "none"}"#), Odd::default());
        assert!(read(r#"{"thing": {"number": 1}}"#).thing.is_some());
    }

    #[test]
    fn what_has_no_id_is_nothing() {
        let id_in = |json: &str| id(&serde_json::from_str::<Value>(json).unwrap());
        for json in ["7", r#""7""#] {
            assert_eq!(id_in(json).unwrap(), 7, "{json}");
        }
        for json in ["null", "-7", r#""""#, "{}"] {
            assert!(id_in(json).is_err(), "{json}");
        }
    }
}
