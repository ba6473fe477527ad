//! The JSON of `get` and of the other commands that deliver one entry; a contract.

use datacache::{
    Answer, Clock, EntryInfo, Error, FoundState, Identifier, ImageSize, Key, Source, Step,
};
use serde::Serialize;

/// What is told about one entry, or about there being none.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report<'a> {
    url: Option<&'a str>,
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
    /// Only of a picture scaled down: the box that it fits in, width and height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    /// Only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<&'a [Step]>,
}

impl<'a> Report<'a> {
    /// What a request led to.
    pub(crate) fn new(key: &'a str, answer: &'a Answer) -> Self {
        match answer {
            Answer::Found(found) => Self {
                warning: found.warning.as_ref().map(ToString::to_string),
                ..Self::found(&found.entry.info, outcome_of(found.state), found.source)
            },
            Answer::Absent(absence) => Self::found(&absence.info, "absent", absence.source),
            Answer::Queued => Self::nothing(Some(key), "queued"),
            Answer::Pending => Self::nothing(Some(key), "pending"),
            _ => Self::nothing(Some(key), "miss"),
        }
    }

    /// An entry, be it one that remembers that there is none.
    pub(crate) fn found(info: &'a EntryInfo, outcome: &'static str, source: Source) -> Self {
        Self {
            url: Some(info.url.as_str()),
            outcome,
            source: match source {
                Source::Hot => "hot",
                Source::Origin => "origin",
                _ => "store",
            },
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
            size: None,
            steps: None,
        }
    }

    /// The same for what was made to fit into `size` from the entry `key`, which is about
    /// `identifier`.
    pub(crate) fn resized(
        self,
        key: &'a Key,
        identifier: Option<&'a Identifier>,
        size: ImageSize,
    ) -> Self {
        Self {
            url: Some(key.as_str()),
            identifier: identifier.map(Identifier::as_str),
            size: Some(size.to_string()),
            ..self
        }
    }

    /// A request that failed; an error is part of what `--json` tells.
    pub(crate) fn failed(url: Option<&'a str>, error: &Error) -> Self {
        Self { error: Some(error.to_string()), ..Self::nothing(url, "miss") }
    }

    /// The same with what keeps the cache from being used, where there is no other warning.
    pub(crate) fn with_warning(self, warning: Option<&Error>) -> Self {
        let warning = self.warning.or_else(|| warning.map(ToString::to_string));
        Self { warning, ..self }
    }

    /// The same with the steps that led to it, where they were asked for.
    pub(crate) fn with_steps(self, steps: Option<&'a [Step]>) -> Self {
        Self { steps, ..self }
    }

    /// No entry; `url` is known unless something else was asked for.
    pub(crate) fn nothing(url: Option<&'a str>, outcome: &'static str) -> Self {
        Self { url, outcome, source: "none", ..Self::default() }
    }
}

/// The word for how current found bytes are.
pub(crate) fn outcome_of(state: FoundState) -> &'static str {
    match state {
        FoundState::Fetched => "fetched",
        FoundState::Revalidated => "revalidated",
        FoundState::Stale => "stale",
        _ => "fresh",
    }
}
