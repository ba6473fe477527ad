//! One line of `enqueue -`: a URL, or a JSON object.

use std::collections::BTreeMap;
use std::fmt::Display;

use datacache::{DataType, Metadata, Provider, Request};
use serde::Deserialize;

use crate::args::{AskOptions, Enqueue, RequestOptions, Urgency};
use crate::request;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    url: String,
    identifier: Option<String>,
    #[serde(rename = "type")]
    data_type: Option<String>,
    provider: Option<Provider>,
    priority: Option<Urgency>,
    ttl: Option<String>,
    negative_ttl: Option<String>,
    timeout: Option<String>,
    retries: Option<u32>,
    #[serde(default)]
    untrusted: bool,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    metadata: Option<Metadata>,
    checksum: Option<String>,
}

/// The request of a line; what it says goes over the options of the command line.
pub(super) fn request(text: &str, args: &Enqueue) -> Result<Request, String> {
    if !text.starts_with('{') {
        return Ok(super::of_options(text, args));
    }
    let line: Line = serde_json::from_str(text).map_err(|error| reason(&error))?;
    let options = RequestOptions {
        identifier: line.identifier,
        data_type: read(line.data_type, DataType::new)?,
        provider: line.provider,
        ttl: read(line.ttl, humantime::parse_duration)?,
        negative_ttl: read(line.negative_ttl, humantime::parse_duration)?,
        checksum: read(line.checksum, str::parse)?,
        metadata: line.metadata,
    };
    let asking = AskOptions {
        timeout: read(line.timeout, humantime::parse_duration)?,
        retries: line.retries,
        untrusted: line.untrusted,
        headers: line.headers.into_iter().collect(),
    };
    let request = request::describe(super::of_options(&line.url, args), options);
    let request = request::ask(request, asking);
    Ok(match line.priority {
        Some(urgency) => request.priority(urgency.into()),
        None => request,
    })
}

fn read<T, E: Display>(
    text: Option<String>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, String> {
    text.map(|text| parse(&text).map_err(|error| error.to_string())).transpose()
}

/// What is missing or expected, and where in the line, but not what stands there: it may be a
/// credential that missed its place.
fn reason(error: &serde_json::Error) -> String {
    let column = error.column();
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match text.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected} at column {column}"),
        None if text.starts_with("missing field ") => text.to_owned(),
        None => format!("this is no request, at column {column}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_line_is_not_repeated() {
        for (line, words) in [
            (r#"{"url": "http://a.example/", "s3cret": 1}"#, "one of `url`, `identifier`"),
            (r#"{"url": "http://a.example/", "headers": "s3cret"}"#, "expected a map"),
            (r#"{"url": "http://a.example/", "priority": "s3cret"}"#, "`immediate` or `batch`"),
            (r#"{"identifier": "s3cret"}"#, "missing field `url`"),
            (r#"{"s3cret"#, "column 8"),
        ] {
            let error = serde_json::from_str::<Line>(line).err().unwrap();
            let reason = reason(&error);
            assert!(reason.contains(words) && !reason.contains("s3cret"), "{reason}");
        }
    }
}
