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
    pub(super) error: Option<ToldError>,
}

/// An error that a body tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) enum ToldError {
    /// The provider's own number for it.
    Number(i64),
    /// A name that the provider has for it.
    Named,
}

impl Told {
    const ABSENCE: Self = Self { class: Class::Absent, error: None };

    fn error(class: Class, code: i64) -> Self {
        Self { class, error: Some(ToldError::Number(code)) }
    }
}

#[derive(Deserialize)]
struct LastFm {
    error: i64,
}

/// Neither, in any other answer.
#[derive(Deserialize)]
struct Deezer {
    error: Option<DeezerError>,
    total: Option<u64>,
    data: Option<[(); 0]>,
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

/// `{"tracks": {"total": 0, "offset": 0, …}}`, where other answers have more than pages.
type Spotify = BTreeMap<String, SpotifyPage>;

#[derive(Deserialize)]
struct SpotifyPage {
    total: u64,
    offset: u64,
}

/// `{"error": {"code": "maxlag", …}}`, `{"entities": {"Q7": {"missing": "", …}}}`,
/// `{"query": {"pages": [{"missing": true, …}]}}`; a title of another wiki has no pages.
#[derive(Deserialize)]
struct Wikimedia {
    error: Option<WikimediaError>,
    #[serde(default)]
    entities: BTreeMap<String, WikimediaThing>,
    #[serde(default)]
    query: WikimediaQuery,
}

#[derive(Deserialize)]
struct WikimediaError {
    code: String,
}

#[derive(Default, Deserialize)]
struct WikimediaQuery {
    #[serde(default)]
    pages: Vec<WikimediaThing>,
    interwiki: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WikimediaThing {
    missing: Option<IgnoredAny>,
    invalid: Option<IgnoredAny>,
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
        Dialect::Deezer => match read(body)? {
            Deezer { error: Some(DeezerError { code }), .. } => {
                Some(Told::error(deezer(code), code))
            }
            Deezer { total: Some(0), data: Some([]), .. } => Some(Told::ABSENCE),
            Deezer { .. } => None,
        },
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
        Dialect::Spotify => {
            let pages: Spotify = read(body)?;
            let is_empty = |page: &SpotifyPage| page.total == 0 && page.offset == 0;
            (!pages.is_empty() && pages.values().all(is_empty)).then_some(Told::ABSENCE)
        }
        Dialect::Wikimedia => wikimedia(&read(body)?),
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
    let error = |kind| Some(Told { class: Class::Failed(kind), error: Some(ToldError::Named) });
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

fn wikimedia(body: &Wikimedia) -> Option<Told> {
    if let Some(WikimediaError { code }) = &body.error {
        return Some(match wikimedia_error(code) {
            Class::Absent => Told::ABSENCE,
            class => Told { class, error: Some(ToldError::Named) },
        });
    }
    let (entities, pages) = (&body.entities, &body.query.pages);
    let mut things = entities.values().chain(pages).peekable();
    let is_elsewhere = things.peek().is_none() && body.query.interwiki.is_some();
    let are_missing = things.peek().is_some()
        && things.all(|thing| thing.missing.is_some() || thing.invalid.is_some());
    (is_elsewhere || are_missing).then_some(Told::ABSENCE)
}

/// <https://www.mediawiki.org/wiki/API:Errors_and_warnings>
fn wikimedia_error(code: &str) -> Class {
    match code {
        "ratelimited" => Class::Failed(ErrorKind::RateLimited),
        "no-such-entity" | "missingtitle" | "invalidtitle" => Class::Absent,
        "maxlag" | "readonly" => Class::Failed(ErrorKind::Upstream),
        code if code.starts_with("internal_api_error") => Class::Failed(ErrorKind::Upstream),
        "blocked" | "permissiondenied" => Class::Failed(ErrorKind::Unauthorized),
        _ => Class::Failed(ErrorKind::Refused),
    }
}
