//! Errors of the HTTP client in the words of this crate.
//!
//! The client's errors carry the URL with its secrets; it is taken out before they are kept.

use std::error::Error as StdError;

use super::OPERATION;
use super::address::NotPublic;
use crate::error::{Error, ErrorKind};
use crate::key::Key;

/// No answer came back.
pub(super) fn sending(key: &Key, source: reqwest::Error) -> Error {
    if let Some(refused) = causes(&source).find_map(|cause| cause.downcast_ref::<NotPublic>()) {
        return refused.refusal(key);
    }
    let (kind, reason) = if is_tls(&source) {
        (ErrorKind::Tls, "no trusted TLS connection")
    } else if source.is_timeout() {
        (ErrorKind::Timeout, "connecting took too long")
    } else if source.is_connect() {
        (ErrorKind::Offline, "the origin cannot be reached")
    } else {
        (ErrorKind::Interrupted, "the connection broke before an answer")
    };
    with_cause(kind, key, reason, source)
}

/// The answer broke off.
pub(super) fn reading(key: &Key, source: reqwest::Error) -> Error {
    with_cause(ErrorKind::Interrupted, key, "the body is incomplete", source)
}

fn with_cause(kind: ErrorKind, key: &Key, reason: &str, source: reqwest::Error) -> Error {
    let source = source.without_url();
    let reason = match innermost(&source) {
        Some(cause) => format!("{reason}: {cause}"),
        None => reason.to_owned(),
    };
    Error::new(kind, OPERATION, key, reason).with_source(source)
}

/// The cause at the bottom is the one that tells a person what happened.
fn innermost(error: &reqwest::Error) -> Option<String> {
    causes(error).last().map(ToString::to_string)
}

fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| within_io(cause).is::<rustls::Error>())
}

/// What an I/O error wraps, which may be another one. Their `source` skips what they wrap.
fn within_io<'a>(mut cause: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    while let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
        cause = inner;
    }
    cause
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
