//! What a status means.

use std::time::Duration;

use super::Class;
use crate::error::ErrorKind;

/// Sorts an answer by its status. Only 404, 410 and 204 ("No Content") say that there is none;
/// whatever may pass is a failure, so that it is never remembered as absence. Other 2xx are no
/// complete answer to a GET without conditions or ranges (RFC 9110, section 15.3).
///
/// Who answers 503, or 403, and says for how long, asks to be left alone, as with 429: the one is
/// how an overloaded server says it (RFC 9110, section 15.6.4), the other how some APIs refuse who
/// has asked too often. A 503 without is an outage, except for a provider among whose
/// `throttle_statuses` it is.
pub(in crate::fetch) fn class(
    status: u16,
    wait: Option<Duration>,
    throttle_statuses: &[u16],
) -> Class {
    match status {
        200 | 203 => Class::Found,
        301 | 302 | 303 | 307 | 308 => Class::Redirect,
        204 | 404 | 410 => Class::Absent,
        429 => Class::Failed(ErrorKind::RateLimited),
        403 | 503 if wait.is_some() => Class::Failed(ErrorKind::RateLimited),
        _ if throttle_statuses.contains(&status) => Class::Failed(ErrorKind::RateLimited),
        401 | 403 => Class::Failed(ErrorKind::Unauthorized),
        408 => Class::Failed(ErrorKind::Timeout),
        _ => Class::Failed(ErrorKind::Upstream),
    }
}
