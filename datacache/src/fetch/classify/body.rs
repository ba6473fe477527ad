//! Errors that are told within bodies, whatever the status.

use serde::Deserialize;

use super::Class;
use crate::config::ErrorBodies;
use crate::error::ErrorKind;

/// No error is told in more bytes; longer bodies are not looked into.
pub(in crate::fetch) const MAX_ERROR_BYTES: usize = 16 * 1024;

/// An error that a body tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) struct ErrorBody {
    pub(in crate::fetch) class: Class,
    /// The provider's own number for it.
    pub(super) code: i64,
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

/// The error that `body` is, if it is one.
pub(super) fn error_in(bodies: ErrorBodies, body: &[u8]) -> Option<ErrorBody> {
    if body.len() > MAX_ERROR_BYTES {
        return None;
    }
    let (code, class): (i64, fn(i64) -> Class) = match bodies {
        ErrorBodies::Nothing => return None,
        ErrorBodies::LastFm => (serde_json::from_slice::<LastFm>(body).ok()?.error, last_fm),
        ErrorBodies::Deezer => (serde_json::from_slice::<Deezer>(body).ok()?.error.code, deezer),
    };
    Some(ErrorBody { class: class(code), code })
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
