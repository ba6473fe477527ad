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

/// Without the parser's own line number, which is always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
