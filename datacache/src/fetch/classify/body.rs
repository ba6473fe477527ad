//! Errors and absence that are told within bodies, whatever the status.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Class;
use crate::config::Dialect;
use crate::error::ErrorKind;

/// Neither is told in more bytes; longer bodies are not looked into.
pub(in crate::fetch) const MAX_TOLD_BYTES: usize = 16 * 1024;

/// What a body tells of itself: that it is an error, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) struct Told {
    pub(in crate::fetch) class: Class,
    /// The provider's own number for an error.
    pub(super) code: Option<i64>,
}

impl Told {
    const ABSENCE: Self = Self { class: Class::Absent, code: None };

    fn error(class: Class, code: i64) -> Self {
        Self { class, code: Some(code) }
    }
}

#[derive(Deserialize)]
struct LastFm {
    error: i64,
}

#[derive(Deserialize)]
struct Deezer {
    error: DeezerError,
}

#[derive(Deserialize)]
struct DeezerError {
    code: i64,
}

/// `{"count": 0, "offset": 0, …}`
#[derive(Deserialize)]
struct MusicBrainz {
    count: u64,
    offset: u64,
}

#[derive(Deserialize)]
struct FanartTv {
    status: String,
    #[serde(default, rename = "error message")]
    message: String,
}

/// `{"pagination": {"items": 0, …}, "results": []}`
#[derive(Deserialize)]
struct Discogs {
    pagination: DiscogsPagination,
    results: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct DiscogsPagination {
    items: u64,
}

/// What `body` tells, if it is no answer; by its status it would be of this `class`.
pub(super) fn told_in(dialect: Dialect, class: Class, body: &[u8]) -> Option<Told> {
    if body.len() > MAX_TOLD_BYTES {
        return None;
    }
    match dialect {
        Dialect::Plain => None,
        Dialect::LastFm => {
            let LastFm { error } = read(body)?;
            Some(Told::error(last_fm(error), error))
        }
        Dialect::Deezer => {
            let Deezer { error: DeezerError { code } } = read(body)?;
            Some(Told::error(deezer(code), code))
        }
        Dialect::MusicBrainz => {
            let MusicBrainz { count, offset } = read(body)?;
            (count == 0 && offset == 0).then_some(Told::ABSENCE)
        }
        Dialect::TheAudioDb => {
            let members: BTreeMap<String, Option<Vec<IgnoredAny>>> = read(body)?;
            let mut lists = members.into_values();
            let (only, other) = (lists.next()?, lists.next());
            (other.is_none() && only.is_none_or(|list| list.is_empty())).then_some(Told::ABSENCE)
        }
        Dialect::FanartTv => {
            let FanartTv { status, message } = read(body)?;
            if status == "error" { fanart_tv(&message, class) } else { None }
        }
        Dialect::Discogs => {
            let Discogs { pagination: DiscogsPagination { items }, results } = read(body)?;
            (items == 0 && results.is_empty()).then_some(Told::ABSENCE)
        }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// <https://lastfm-docs.github.io/api-docs/codes/>
fn last_fm(code: i64) -> Class {
    match code {
        // "Rate Limit Exceeded"
        29 => Class::Failed(ErrorKind::RateLimited),
        // "Invalid parameters": what Last.fm says of an artist, album or track it does not know.
        6 => Class::Absent,
        // "Operation failed", "Service Offline", "temporary error"
        8 | 11 | 16 => Class::Failed(ErrorKind::Upstream),
        // "Authentication Failed", "Invalid session key", "Invalid API key", "Suspended API key"
        4 | 9 | 10 | 26 => Class::Failed(ErrorKind::Unauthorized),
        _ => Class::Failed(ErrorKind::Refused),
    }
}

/// <https://developers.deezer.com/api/errors>
fn deezer(code: i64) -> Class {
    match code {
        // "QUOTA"
        4 => Class::Failed(ErrorKind::RateLimited),
        // "DATA_NOT_FOUND"
        800 => Class::Absent,
        // "SERVICE_BUSY"
        700 => Class::Failed(ErrorKind::Upstream),
        // "PERMISSION", "TOKEN_INVALID"
        200 | 300 => Class::Failed(ErrorKind::Unauthorized),
        _ => Class::Failed(ErrorKind::Refused),
    }
}

/// It numbers no errors. What its words leave open is for the status to say.
fn fanart_tv(message: &str, class: Class) -> Option<Told> {
    let message = message.to_lowercase();
    let error = |kind| Some(Told { class: Class::Failed(kind), code: None });
    if message.contains("not found") {
        Some(Told::ABSENCE)
    } else if message.contains("key") {
        error(ErrorKind::Unauthorized)
    } else if class == Class::Found {
        error(ErrorKind::Refused)
    } else {
        None
    }
}
