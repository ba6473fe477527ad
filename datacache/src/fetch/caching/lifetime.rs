//! How long an answer stays fresh (RFC 9111, section 4.2).

use std::time::Duration;

use reqwest::header::{AGE, DATE, EXPIRES, HeaderMap, LAST_MODIFIED};

use super::super::field;
use super::cache_control::CacheControl;
use crate::clock::Timestamp;

/// "A typical setting of this fraction might be 10%" (section 4.2.2).
const HEURISTIC_DIVISOR: u32 = 10;

/// The longest guess. RFC 9111 sets no limit; its predecessor wanted a warning wherever a cache
/// "heuristically chose a freshness lifetime greater than 24 hours" (RFC 7234, section 5.5.4).
const LONGEST_GUESS: Duration = Duration::from_hours(24);

/// What is left at `now` of an answer's lifetime; `None` when its headers say nothing about it.
///
/// "`response_is_fresh = (freshness_lifetime > current_age)`" (section 4.2).
pub(super) fn of(headers: &HeaderMap, control: &CacheControl, now: Timestamp) -> Option<Duration> {
    let sent_at = field::first(headers, &DATE).and_then(field::date);
    let whole = whole(headers, control, sent_at.unwrap_or(now))?;
    Some(whole.saturating_sub(age(headers, sent_at, now)))
}

/// The lifetime from the answer's making on, by the first rule that has one (section 4.2.1).
fn whole(headers: &HeaderMap, control: &CacheControl, made_at: Timestamp) -> Option<Duration> {
    // "If directives conflict (e.g., both max-age and no-cache are present), the most restrictive
    // directive should be honored."
    if control.is_never_fresh() {
        return Some(Duration::ZERO);
    }
    // "If a response includes a Cache-Control header field with the max-age directive, a recipient
    // MUST ignore the Expires header field" (section 5.3).
    let explicit = control.max_age().or_else(|| until_expiry(headers, made_at));
    // "A cache MUST NOT use heuristics to determine freshness when an explicit expiration time is
    // present in the stored response" (section 4.2.2).
    explicit.or_else(|| guess(headers, made_at))
}

/// "If the Expires response header field is present, use its value minus the value of the Date
/// response header field (using the time the message was received if it is not present \[…\])".
fn until_expiry(headers: &HeaderMap, made_at: Timestamp) -> Option<Duration> {
    let mut dates = headers
        .get_all(EXPIRES)
        .iter()
        .map(|value| field::date(value.to_str().unwrap_or_default()));
    let first = dates.next()?;
    let agreed = first.filter(|_| dates.all(|other| other == first));
    // "A cache recipient MUST interpret invalid date formats, especially the value '0', as
    // representing a time in the past" (section 5.3).
    Some(agreed.map_or(Duration::ZERO, |expiry| expiry.since(made_at)))
}

/// "If the response has a Last-Modified header field, caches are encouraged to use a heuristic
/// expiration value that is no more than some fraction of the interval since that time" (section
/// 4.2.2).
fn guess(headers: &HeaderMap, made_at: Timestamp) -> Option<Duration> {
    let modified_at = field::date(field::first(headers, &LAST_MODIFIED)?)?;
    Some((made_at.since(modified_at) / HEURISTIC_DIVISOR).min(LONGEST_GUESS))
}

/// "`corrected_initial_age = max(apparent_age, corrected_age_value)`" (section 4.2.3).
fn age(headers: &HeaderMap, sent_at: Option<Timestamp>, now: Timestamp) -> Duration {
    let apparent = sent_at.map_or(Duration::ZERO, |sent_at| now.since(sent_at));
    apparent.max(age_value(headers).unwrap_or_default())
}

/// "A cache encountering a message with a list-based Age field value SHOULD use the first member
/// \[…\]. If the field value is invalid \[…\], a cache SHOULD ignore the field" (section 5.1).
fn age_value(headers: &HeaderMap) -> Option<Duration> {
    field::seconds(field::first(headers, &AGE)?.split(',').next()?.trim())
}
