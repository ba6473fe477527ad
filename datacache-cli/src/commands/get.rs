//! `datacache get`: the main job.

use std::path::Path;
use std::time::Duration;

use datacache::{
    Answer, Cache, Cachekey, Clock, Entry, EntryInfo, Error, FoundState, Lookup, Source,
};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::args::{Get, Global};
use crate::outcome::Outcome;
use crate::{output, request};

pub(crate) async fn run(cache: &Cache, global: &Global, get: Get) -> anyhow::Result<Outcome> {
    let file = get.output.output.clone();
    if let Some(cachekey) = get.cachekey {
        return by_cachekey(cache, global, cachekey, file.as_deref()).await;
    }
    let url = get.url.clone().unwrap_or_default();
    let key = cache.key(&url)?;
    let waiting = spinner(key.as_str());
    let answer = cache.fetch(request::of_get(&url, get)).await;
    waiting.finish_and_clear();
    match answer {
        Ok(answer) => {
            deliver(global, &Report::new(key.as_str(), &answer), &answer, file.as_deref())
        }
        Err(error) => fail(global, key.as_str(), error),
    }
}

async fn by_cachekey(
    cache: &Cache,
    global: &Global,
    cachekey: Cachekey,
    file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    let (state, entry) = match cache.lookup_cachekey(cachekey).await? {
        Lookup::Fresh(entry) => (FoundState::Fresh, entry),
        Lookup::Stale(entry) => (FoundState::Stale, entry),
        _ => {
            output::note(format_args!("not in the cache: {cachekey}"));
            return Ok(Outcome::Absent);
        }
    };
    deliver_entry(global, &entry, state, file)
}

/// An error is part of what `--json` tells.
fn fail(global: &Global, key: &str, error: Error) -> anyhow::Result<Outcome> {
    if global.json {
        let error = Some(error.to_string());
        output::json(&Report { error, ..Report::nothing(key, "miss") })?;
    }
    Err(error.into())
}

fn deliver(
    global: &Global,
    report: &Report<'_>,
    answer: &Answer,
    file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    if let Answer::Found(found) = answer {
        if let Some(warning) = &found.warning {
            output::warn(format_args!("{warning}; this is an older copy"));
        }
        return deliver_data(global, report, &found.entry.data, file);
    }
    if global.json {
        output::json(report)?;
    }
    let (outcome, text) = match answer {
        Answer::Absent(_) => (Outcome::Absent, "there is none"),
        Answer::Queued => (Outcome::Queued, "queued"),
        Answer::Pending => (Outcome::Queued, "pending"),
        _ => (Outcome::Absent, "not in the cache"),
    };
    output::note(format_args!("{text}: {}", report.url));
    Ok(outcome)
}

/// Delivers an entry that came from the cache.
pub(super) fn deliver_entry(
    global: &Global,
    entry: &Entry,
    state: FoundState,
    file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    let report = Report::found(&entry.info, outcome_of(state), Source::Store);
    deliver_data(global, &report, &entry.data, file)
}

/// With `--json`, bytes go only to a file, and the report only says so once they are there.
fn deliver_data(
    global: &Global,
    report: &Report<'_>,
    data: &[u8],
    file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    if file.is_some() || !global.json {
        output::deliver(data, file)?;
    }
    if global.json {
        output::json(report)?;
    }
    Ok(Outcome::Done)
}

/// Shown on a terminal only.
fn spinner(key: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(key.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// The JSON of `get`; a contract.
#[derive(Debug, Default, Serialize)]
struct Report<'a> {
    url: &'a str,
    outcome: &'static str,
    source: &'static str,
    status_code: Option<u16>,
    mime_type: Option<&'a str>,
    data_size: Option<u64>,
    content_checksum: Option<String>,
    cachekey: Option<String>,
    identifier: Option<&'a str>,
    data_type: Option<&'a str>,
    provider: Option<&'a str>,
    metadata: Option<&'a datacache::Metadata>,
    created_at: Option<i64>,
    expires_at: Option<i64>,
    age_ms: Option<u128>,
    warning: Option<String>,
    error: Option<String>,
}

impl<'a> Report<'a> {
    fn new(key: &'a str, answer: &'a Answer) -> Self {
        match answer {
            Answer::Found(found) => Self {
                warning: found.warning.as_ref().map(ToString::to_string),
                ..Self::found(&found.entry.info, outcome_of(found.state), found.source)
            },
            Answer::Absent(absence) => Self::found(&absence.info, "absent", absence.source),
            Answer::Queued => Self::nothing(key, "queued"),
            Answer::Pending => Self::nothing(key, "pending"),
            _ => Self::nothing(key, "miss"),
        }
    }

    fn found(info: &'a EntryInfo, outcome: &'static str, source: Source) -> Self {
        Self {
            url: info.url.as_str(),
            outcome,
            source: if source == Source::Origin { "origin" } else { "store" },
            status_code: Some(info.status_code),
            mime_type: Some(&info.mime_type),
            data_size: Some(info.data_size),
            content_checksum: Some(info.content_checksum.to_string()),
            cachekey: Some(info.cachekey.to_string()),
            identifier: info.identifier.as_ref().map(datacache::Identifier::as_str),
            data_type: Some(info.data_type.as_str()),
            provider: Some(info.provider.as_str()),
            metadata: Some(&info.metadata),
            created_at: Some(info.created_at.as_millis()),
            expires_at: Some(info.expires_at.as_millis()),
            age_ms: Some(Clock::system().now().since(info.created_at).as_millis()),
            warning: None,
            error: None,
        }
    }

    fn nothing(url: &'a str, outcome: &'static str) -> Self {
        Self { url, outcome, source: "none", ..Self::default() }
    }
}

fn outcome_of(state: FoundState) -> &'static str {
    match state {
        FoundState::Fetched => "fetched",
        FoundState::Stale => "stale",
        _ => "fresh",
    }
}
