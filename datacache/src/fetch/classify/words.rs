//! The words of each provider: what its answers have in them, and how it tells errors and absence.

use serde_json::{Map, Value};

use super::Class;
use super::body::Told;
use crate::config::Dialect;
use crate::error::ErrorKind;

/// How one provider speaks.
pub(super) struct Words {
    /// Whatever is an answer has one of these members; where none is named, any that says something
    /// beside errors.
    members: &'static [&'static str],
    /// Whether it says in JSON that there is none.
    pub(super) tells_in_json: bool,
    /// The error or the absence that a body tells, which by its status is of this class.
    pub(super) told: Reader,
}

type Reader = fn(&Value, Class) -> Option<Told>;

/// What errors are told in, everywhere.
const OF_ERRORS: &[&str] =
    &["code", "error", "errors", "help", "links", "message", "status", "statusCode"];

impl Words {
    pub(super) fn of(dialect: Dialect) -> Self {
        let (members, tells_in_json, told): (&[&str], bool, Reader) = match dialect {
            Dialect::Plain => (&[], false, |_, _| None),
            Dialect::CoverArt => (&["images"], false, |_, _| None),
            Dialect::Deezer => (&["id", "data", "country_iso"], true, |it, _| deezer(it)),
            Dialect::Discogs => {
                (&["id", "pagination", "release_id", "username", "hello"], true, |it, _| {
                    discogs(it)
                })
            }
            Dialect::FanartTv => (&[], true, fanart_tv),
            Dialect::LastFm => (&[], true, |it, _| last_fm(it)),
            Dialect::MusicBrainz => (
                // Browsing counts `release-count`, a disc that is not known by its id has
                // `releases`.
                &[
                    "id",
                    "count",
                    "isrc",
                    "works",
                    "releases",
                    "release-count",
                    "release-group-count",
                    "recording-count",
                    "artist-count",
                    "work-count",
                    "label-count",
                ],
                true,
                |it, _| music_brainz(it),
            ),
            Dialect::Songlink => (&["entityUniqueId", "linksByPlatform"], true, |_, _| None),
            Dialect::Spotify => (&[], true, |it, _| spotify(it)),
            Dialect::TheAudioDb => (THE_AUDIO_DB, true, |it, _| the_audio_db(it)),
            Dialect::Wikimedia => (&[], false, |it, _| wikimedia(it)),
        };
        Self { members, tells_in_json, told }
    }

    /// Whether a body can be an answer.
    pub(super) fn is_answer(&self, body: &Value) -> bool {
        match body {
            Value::Object(members) if self.members.is_empty() => {
                members.keys().any(|member| !OF_ERRORS.contains(&&**member))
            }
            Value::Object(members) => {
                self.members.iter().any(|member| members.contains_key(*member))
            }
            Value::Array(list) => self.members.is_empty() && !list.is_empty(),
            _ => false,
        }
    }
}

/// A number, be it written as text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn is_zero(value: &Value) -> bool {
    number(value) == Some(0)
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// `{"error": 29, "message": "…"}`: <https://lastfm-docs.github.io/api-docs/codes/>
fn last_fm(body: &Value) -> Option<Told> {
    let code = number(&body["error"])?;
    let class = match code {
        // "Rate Limit Exceeded"
        29 => Class::Failed(ErrorKind::RateLimited),
        // "Invalid parameters": what Last.fm says of an artist, album or track it does not know.
        6 => Class::Absent,
        // "Operation failed", "Service Offline", "temporary error"
        8 | 11 | 16 => Class::Failed(ErrorKind::Upstream),
        // "Authentication Failed", "Invalid session key", "Invalid API key", "Suspended API key"
        4 | 9 | 10 | 26 => Class::Failed(ErrorKind::Unauthorized),
        _ => Class::Failed(ErrorKind::Refused),
    };
    Some(Told::numbered(class, code))
}

/// `{"error": {"code": 4, …}}`: <https://developers.deezer.com/api/errors>; `{"data": [], "total":
/// 0}`
fn deezer(body: &Value) -> Option<Told> {
    let Some(code) = number(&body["error"]["code"]) else {
        return (is_zero(&body["total"]) && is_empty_list(&body["data"])).then_some(Told::ABSENCE);
    };
    let class = match code {
        // "QUOTA"
        4 => Class::Failed(ErrorKind::RateLimited),
        // "DATA_NOT_FOUND"
        800 => Class::Absent,
        // "SERVICE_BUSY"
        700 => Class::Failed(ErrorKind::Upstream),
        // "PERMISSION", "TOKEN_INVALID"
        200 | 300 => Class::Failed(ErrorKind::Unauthorized),
        _ => Class::Failed(ErrorKind::Refused),
    };
    Some(Told::numbered(class, code))
}

/// `{"count": 0, "offset": 0, …}`
fn music_brainz(body: &Value) -> Option<Told> {
    (is_zero(&body["count"]) && is_zero(&body["offset"])).then_some(Told::ABSENCE)
}

/// The lists that TheAudioDB answers; an empty one may be `null`.
const THE_AUDIO_DB: &[&str] = &["artists", "album", "track", "mvids", "loved", "trending"];

/// `{"artists": null}`, and nothing beside.
fn the_audio_db(body: &Value) -> Option<Told> {
    let mut members = body.as_object()?.iter();
    let ((name, list), None) = (members.next()?, members.next()) else { return None };
    let is_list = THE_AUDIO_DB.contains(&&**name);
    (is_list && (list.is_null() || is_empty_list(list))).then_some(Told::ABSENCE)
}

/// `{"status": "error", "error message": "Not found"}`; it numbers no errors. What its words leave
/// open is for the status to say.
fn fanart_tv(body: &Value, class: Class) -> Option<Told> {
    if body["status"] != "error" {
        return None;
    }
    let message = body["error message"].as_str().unwrap_or_default().to_lowercase();
    if message.contains("not found") {
        Some(Told::ABSENCE)
    } else if message.contains("key") {
        Some(Told::named(Class::Failed(ErrorKind::Unauthorized)))
    } else {
        (class == Class::Found).then(|| Told::named(Class::Failed(ErrorKind::Refused)))
    }
}

/// `{"pagination": {"items": 0, …}, "results": []}`
fn discogs(body: &Value) -> Option<Told> {
    let is_empty = is_zero(&body["pagination"]["items"]) && is_empty_list(&body["results"]);
    is_empty.then_some(Told::ABSENCE)
}

/// `{"tracks": {"total": 0, "offset": 0, …}}`, where other answers have more than pages.
fn spotify(body: &Value) -> Option<Told> {
    let pages = body.as_object().filter(|pages| !pages.is_empty())?;
    let is_empty = |page: &Value| is_zero(&page["total"]) && is_zero(&page["offset"]);
    pages.values().all(is_empty).then_some(Told::ABSENCE)
}

/// `{"error": {"code": "maxlag", …}}`, `{"entities": {"Q7": {"missing": "", …}}}`,
/// `{"query": {"pages": [{"missing": true, …}]}}`; a title of another wiki has no pages.
fn wikimedia(body: &Value) -> Option<Told> {
    if let Some(code) = body["error"]["code"].as_str() {
        return Some(match wikimedia_error(code) {
            Class::Absent => Told::ABSENCE,
            class => Told::named(class),
        });
    }
    let query = &body["query"];
    let entities = body["entities"].as_object().into_iter().flat_map(Map::values);
    let mut things = entities.chain(query["pages"].as_array().into_iter().flatten()).peekable();
    let is_elsewhere = things.peek().is_none() && !query["interwiki"].is_null();
    let is_missing = |thing: &Value| !thing["missing"].is_null() || !thing["invalid"].is_null();
    let are_missing = things.peek().is_some() && things.all(is_missing);
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
