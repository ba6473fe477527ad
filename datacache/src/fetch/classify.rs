//! What a status means.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::OPERATION;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// What to do with an answer that is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Found,
    Absent,
    Redirect,
}

/// Sorts an answer by its status. Only 404, 410 and 204 ("No Content") say that there is none;
/// whatever may pass is an error, so that it is never remembered as absence. Other 2xx are no
/// complete answer to a GET without conditions or ranges (RFC 9110, section 15.3).
pub(super) fn classify(key: &Key, status: StatusCode, headers: &HeaderMap) -> Result<Class> {
    match status.as_u16() {
        200 | 203 => Ok(Class::Found),
        301 | 302 | 303 | 307 | 308 => Ok(Class::Redirect),
        204 | 404 | 410 => Ok(Class::Absent),
        401 | 403 => Err(failure(ErrorKind::Unauthorized, key, status)),
        408 => Err(failure(ErrorKind::Timeout, key, status)),
        429 => {
            let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            Err(failure(ErrorKind::RateLimited, key, status)
                .with_retry_after(retry_after.and_then(seconds)))
        }
        _ => Err(failure(ErrorKind::Upstream, key, status)),
    }
}

fn failure(kind: ErrorKind, key: &Key, status: StatusCode) -> Error {
    let reason = format_args!("the origin answered {status}");
    Error::new(kind, OPERATION, key, reason).with_status(status.as_u16())
}

fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16) -> Result<Class, ErrorKind> {
        let key = Key::parse("https://a.example/").unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        classify(&key, status, &HeaderMap::new()).map_err(|error| error.kind())
    }

    #[test]
    fn every_status_has_its_class() {
        for (statuses, expected) in [
            (&[200, 203][..], Ok(Class::Found)),
            (&[204, 404, 410], Ok(Class::Absent)),
            (&[301, 302, 303, 307, 308], Ok(Class::Redirect)),
            (&[401, 403], Err(ErrorKind::Unauthorized)),
            (&[408], Err(ErrorKind::Timeout)),
            (&[429], Err(ErrorKind::RateLimited)),
            (
                &[202, 206, 300, 304, 400, 406, 418, 451, 500, 502, 503, 504, 599],
                Err(ErrorKind::Upstream),
            ),
        ] {
            for status in statuses {
                assert_eq!(outcome(*status), expected, "{status}");
            }
        }
    }

    #[test]
    fn a_wait_in_seconds_is_kept() {
        let key = Key::parse("https://a.example/").unwrap();
        let mut headers = HeaderMap::new();
        for (value, expected) in [("7", Some(7)), ("-5", None), ("soon", None)] {
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            let error = classify(&key, StatusCode::TOO_MANY_REQUESTS, &headers).unwrap_err();
            assert_eq!(error.retry_after(), expected.map(Duration::from_secs), "{value}");
        }
    }
}
