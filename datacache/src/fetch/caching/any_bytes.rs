//! What holds for headers of any bytes.

use proptest::prelude::*;
use reqwest::header::{HeaderName, HeaderValue};

use super::rules::NOW;
use super::*;

const READ: [HeaderName; 8] = [
    reqwest::header::AGE,
    reqwest::header::CACHE_CONTROL,
    reqwest::header::DATE,
    ETAG,
    reqwest::header::EXPIRES,
    reqwest::header::PRAGMA,
    LAST_MODIFIED,
    VARY,
];

/// A line of a header that is read here: any bytes, or bytes that come close to a meaning.
fn a_line() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let close =
        r#"((max-age|no-cache|no-store|W/"a|Sun, 06 Nov 1994 08:49:37 GMT)?[=,"\\ 0-9*]?){0,6}"#;
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        close.prop_map(String::into_bytes),
    ];
    let value = bytes.prop_filter_map("no header", |b| HeaderValue::from_bytes(&b).ok());
    (proptest::sample::select(READ.to_vec()), value)
}

proptest! {
    #[test]
    fn no_bytes_are_a_reason_to_panic(
        lines in proptest::collection::vec(a_line(), 0..8),
        now in any::<i64>(),
    ) {
        let headers: HeaderMap = lines.into_iter().collect();
        let now = Timestamp::from_millis(now);
        let caching = Caching::of(&headers, now);
        let is_asked = !caching.validators.to_headers().is_empty();
        let renewed = Caching::of_not_modified(&headers, &caching.validators, "", now);
        // The same headers in a 304 say the same.
        prop_assert_eq!(renewed.is_some(), is_asked);
        prop_assert!(renewed.is_none_or(|renewed| renewed == caching));
    }

    #[test]
    fn an_answer_is_for_the_request_that_got_it(
        lines in proptest::collection::vec(a_line(), 0..8),
        request in proptest::collection::vec(("[a-c]{1}", "[ -~]{0,8}"), 0..5),
    ) {
        let mut headers: HeaderMap = lines.into_iter().collect();
        headers.append(VARY, "a, B".parse().unwrap());
        let vary = Caching::of(&headers, NOW).vary;
        let is_match = Vary::matches(&vary.selected(&request), &request);
        prop_assert_eq!(is_match, vary != Vary::Anything);
    }
}
