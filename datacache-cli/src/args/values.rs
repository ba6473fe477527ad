//! The values of options, read. What is said about a wrong one repeats no part of it: see
//! `usage.rs`.

use std::time::Duration;

use datacache::{DataType, Identifier, Metadata, Provider};

pub(super) fn identifier(text: &str) -> Result<Identifier, datacache::Error> {
    Identifier::new(text)
}

pub(super) fn data_type(text: &str) -> Result<DataType, datacache::Error> {
    DataType::new(text)
}

pub(super) fn provider(text: &str) -> Result<Provider, datacache::Error> {
    Provider::new(text)
}

pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "a duration is written like 90s, 15m, 12h or 14d")
}

/// How often something is shown.
pub(super) fn interval(text: &str) -> Result<Duration, &'static str> {
    let interval = duration(text)?;
    let is_slow_enough = interval >= Duration::from_millis(100);
    if is_slow_enough { Ok(interval) } else { Err("nobody can read more than one in 100ms") }
}

pub(super) fn concurrency(text: &str) -> Result<usize, &'static str> {
    let number = text.parse().ok().filter(|number| (1..=256).contains(number));
    number.ok_or("it is a number from 1 to 256")
}

pub(super) fn metadata(text: &str) -> Result<Metadata, String> {
    serde_json::from_str(text).map_err(|error| {
        format!("not a JSON object (line {}, column {})", error.line(), error.column())
    })
}

pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is written 'Name: value'")?;
    Ok((name.trim().to_owned(), value.trim_matches(' ').to_owned()))
}
