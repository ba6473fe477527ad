//! Every class, by what leads to it.

use reqwest::header::RETRY_AFTER;
use url::Url;

use super::*;
use crate::checksum::Checksum;
use crate::config::{Policies, ProviderConfig};
use crate::name::Provider;

const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);
const NOT_FOUND: &str = r#"{"status": "error", "error message": "Not found"}"#;
const WRONG_KEY: &str = r#"{"status": "error", "error message": "Invalid API Key"}"#;

fn rules(provider: &str) -> AnswerRules {
    let policies = Policies::new(&[].into()).unwrap();
    (*policies.get(&Provider::new(provider).unwrap()).answers).clone()
}

/// What an answer of `provider` comes to: absence, an error, or neither of them.
fn outcome(provider: &str, status: u16, wait: Option<&str>, body: &str) -> Result<Class> {
    let key = Key::parse("https://a.example/").unwrap();
    let mut headers = HeaderMap::new();
    if let Some(wait) = wait {
        headers.insert(RETRY_AFTER, wait.parse().unwrap());
    }
    let rules = rules(provider);
    let status = StatusCode::from_u16(status).unwrap();
    let head = Head::new(&key, &rules, status, &headers, NOW);
    match (head.class(), head.told_in(body.as_bytes())) {
        (class @ (Class::Found | Class::Redirect), None) => Ok(class),
        (_, said) => head.conclude(said).map(|()| Class::Absent),
    }
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
            &[202, 206, 300, 304, 400, 406, 413, 418, 451, 500, 502, 503, 504, 511, 599],
            Err(ErrorKind::Upstream),
        ),
    ] {
        for status in statuses {
            let found = outcome("nobody", *status, None, "").map_err(|error| error.kind());
            assert_eq!(found, expected, "{status}");
        }
    }
}

/// Who answers with what, for how long it asks to be left alone, and what follows from that.
type Row = (&'static str, u16, Option<&'static str>, &'static str, Result<Class, ErrorKind>);

fn assert_rows(rows: &[Row]) {
    for row in rows {
        let (provider, status, wait, body, expected) = row;
        let found = outcome(provider, *status, *wait, body).map_err(|error| error.kind());
        assert_eq!(found, *expected, "{row:?}");
    }
}

#[test]
fn every_class_has_its_answers() {
    use ErrorKind::{RateLimited, Refused, Timeout, Unauthorized, Upstream};
    assert_rows(&[
        // A wait makes a throttle of 503 and 403, and of nothing else.
        ("nobody", 503, Some("5"), "", Err(RateLimited)),
        ("nobody", 503, Some("soon"), "", Err(Upstream)),
        ("nobody", 403, Some("5"), "", Err(RateLimited)),
        ("nobody", 401, Some("5"), "", Err(Unauthorized)),
        ("nobody", 408, Some("5"), "", Err(Timeout)),
        ("nobody", 413, Some("5"), "", Err(Upstream)),
        ("nobody", 500, Some("5"), "", Err(Upstream)),
        ("nobody", 302, Some("5"), "", Ok(Class::Redirect)),
        ("nobody", 404, Some("5"), "", Ok(Class::Absent)),
        ("musicbrainz", 503, None, "", Err(RateLimited)),
        ("musicbrainz", 502, None, "", Err(Upstream)),
        // Last.fm tells its errors within bodies, whatever the status.
        ("lastfm", 200, None, r#"{"error": 29, "message": "", "links": []}"#, Err(RateLimited)),
        ("lastfm", 400, None, r#"{"error": 29}"#, Err(RateLimited)),
        ("lastfm", 403, None, r#"{"error":10}"#, Err(Unauthorized)),
        ("lastfm", 200, None, r#"{"error":4}"#, Err(Unauthorized)),
        ("lastfm", 200, None, r#"{"error":9}"#, Err(Unauthorized)),
        ("lastfm", 200, None, r#"{"error":26}"#, Err(Unauthorized)),
        ("lastfm", 200, None, r#"{"error":6}"#, Ok(Class::Absent)),
        ("lastfm", 400, None, r#"{"error":6}"#, Ok(Class::Absent)),
        ("lastfm", 404, None, r#"{"error":8}"#, Err(Upstream)),
        ("lastfm", 200, None, r#"{"error":11}"#, Err(Upstream)),
        ("lastfm", 500, None, r#"{"error":16}"#, Err(Upstream)),
        ("lastfm", 200, None, r#"{"error":3}"#, Err(Refused)),
        ("lastfm", 503, None, "<html>", Err(Upstream)),
        ("lastfm", 200, None, r#"{"artist": {"name": "error"}}"#, Ok(Class::Found)),
        ("lastfm", 200, None, r#"{"error": "29"}"#, Err(RateLimited)),
        ("lastfm", 200, None, r#"[{"error": 29}]"#, Ok(Class::Found)),
        ("lastfm", 200, None, r#"{"error": {"code": 4}}"#, Err(Upstream)),
        // So does Deezer, always with 200, and what it does not find.
        ("deezer", 200, None, r#"{"error": {"code": 4, "type": "Exception"}}"#, Err(RateLimited)),
        ("deezer", 200, None, r#"{"error":{"code":"4"}}"#, Err(RateLimited)),
        ("deezer", 200, None, r#"{"error":{"code":800}}"#, Ok(Class::Absent)),
        ("deezer", 200, None, r#"{"error":{"code":700}}"#, Err(Upstream)),
        ("deezer", 200, None, r#"{"error":{"code":200}}"#, Err(Unauthorized)),
        ("deezer", 200, None, r#"{"error":{"code":300}}"#, Err(Unauthorized)),
        ("deezer", 200, None, r#"{"error":{"code":501}}"#, Err(Refused)),
        ("deezer", 200, None, r#"{"data": [], "total": 0}"#, Ok(Class::Absent)),
        ("deezer", 200, None, r#"{"data": [], "total": "0"}"#, Ok(Class::Absent)),
        ("deezer", 200, None, r#"{"data": [], "total": 7}"#, Ok(Class::Found)),
        ("deezer", 200, None, r#"{"data": [{}], "total": 0}"#, Ok(Class::Found)),
        ("deezer", 200, None, r#"{"id": 27, "name": "Daft Punk"}"#, Ok(Class::Found)),
        // Nobody else's bodies are looked into.
        ("nobody", 200, None, r#"{"error":29}"#, Ok(Class::Found)),
        ("nobody", 404, None, r#"{"error":29}"#, Ok(Class::Absent)),
    ]);
}

#[test]
fn archives_have_their_own_words_for_absence() {
    use ErrorKind::{RateLimited, Refused, Unauthorized, Upstream};
    assert_rows(&[
        // TheAudioDB and Discogs tell of searches that have found nothing.
        ("theaudiodb", 200, None, r#"{"artists": null}"#, Ok(Class::Absent)),
        ("theaudiodb", 200, None, r#"{"album":[]}"#, Ok(Class::Absent)),
        ("theaudiodb", 200, None, r#"{"artists": [{}]}"#, Ok(Class::Found)),
        ("theaudiodb", 200, None, r#"{"artists": null, "error": "x"}"#, Ok(Class::Found)),
        ("theaudiodb", 200, None, r#"{"message": null}"#, Err(Refused)),
        ("theaudiodb", 200, None, r#"{"errors": []}"#, Err(Refused)),
        ("theaudiodb", 500, None, "{}", Err(Upstream)),
        ("discogs", 200, None, r#"{"pagination":{"items":0},"results":[]}"#, Ok(Class::Absent)),
        ("discogs", 200, None, r#"{"pagination":{"items":9},"results":[]}"#, Ok(Class::Found)),
        // fanart.tv has words for its errors, and leaves some to the status.
        ("fanarttv", 404, None, r#"{"status":"error"}"#, Ok(Class::Absent)),
        ("fanarttv", 200, None, NOT_FOUND, Ok(Class::Absent)),
        ("fanarttv", 404, None, NOT_FOUND, Ok(Class::Absent)),
        ("fanarttv", 404, None, WRONG_KEY, Err(Unauthorized)),
        ("fanarttv", 200, None, WRONG_KEY, Err(Unauthorized)),
        ("fanarttv", 200, None, r#"{"status":"error"}"#, Err(Refused)),
        ("fanarttv", 500, None, r#"{"status":"error"}"#, Err(Upstream)),
        ("fanarttv", 429, None, r#"{"status":"error"}"#, Err(RateLimited)),
        ("fanarttv", 200, None, r#"{"status":"ok","name":"x"}"#, Ok(Class::Found)),
    ]);
}

#[test]
fn what_is_not_found_is_told_in_many_ways() {
    use ErrorKind::{RateLimited, Refused, Unauthorized, Upstream};
    assert_rows(&[
        // A search at Spotify that finds nothing, and what only looks like one.
        ("spotify", 200, None, r#"{"tracks": {"total": 0, "offset": 0}}"#, Ok(Class::Absent)),
        ("spotify", 200, None, r#"{"tracks": {"total": 0, "offset": 10}}"#, Ok(Class::Found)),
        ("spotify", 200, None, r#"{"tracks": {"total": 1, "offset": 0}}"#, Ok(Class::Found)),
        ("spotify", 200, None, r#"{"id": "", "tracks":{"total":0,"offset":0}}"#, Ok(Class::Found)),
        // Wikimedia tells both within bodies.
        ("wikimedia", 200, None, r#"{"entities":{"Q7":{"missing":""}}}"#, Ok(Class::Absent)),
        ("wikimedia", 200, None, r#"{"entities":{"Q7":{"id":"Q7"}}}"#, Ok(Class::Found)),
        ("wikimedia", 200, None, r#"{"query":{"pages":[{"missing":true}]}}"#, Ok(Class::Absent)),
        ("wikimedia", 200, None, r#"{"query":{"pages":[{"invalid":true}]}}"#, Ok(Class::Absent)),
        ("wikimedia", 200, None, r#"{"query":{"pages":[{"title":"x"}]}}"#, Ok(Class::Found)),
        ("wikimedia", 200, None, r#"{"query":{"interwiki":[{}]}}"#, Ok(Class::Absent)),
        ("wikimedia", 200, None, r#"{"query":{"general":{}}}"#, Ok(Class::Found)),
        ("wikimedia", 200, None, r#"{"error":{"code":"no-such-entity"}}"#, Ok(Class::Absent)),
        ("wikimedia", 200, None, r#"{"error":{"code":"maxlag"}}"#, Err(Upstream)),
        ("wikimedia", 200, None, r#"{"error":{"code":"readonly"}}"#, Err(Upstream)),
        ("wikimedia", 200, None, r#"{"error":{"code":"internal_api_error_DBQ"}}"#, Err(Upstream)),
        ("wikimedia", 200, None, r#"{"error":{"code":"ratelimited"}}"#, Err(RateLimited)),
        ("wikimedia", 200, None, r#"{"error":{"code":"blocked"}}"#, Err(Unauthorized)),
        ("wikimedia", 200, None, r#"{"error":{"code":"badvalue"}}"#, Err(Refused)),
        ("wikimedia", 404, None, "<html>", Ok(Class::Absent)),
    ]);
}

#[test]
fn what_is_only_an_error_is_no_answer_whatever_its_status() {
    use ErrorKind::{RateLimited, Refused, Unauthorized, Upstream};
    assert_rows(&[
        ("discogs", 200, None, r#"{"message": "You are asking too quickly."}"#, Err(RateLimited)),
        ("discogs", 200, None, r#"{"message": "Release not found."}"#, Err(Refused)),
        ("spotify", 200, None, r#"{"error": {"status": 429}}"#, Err(RateLimited)),
        ("spotify", 200, None, r#"{"error": {"status": "401"}}"#, Err(Unauthorized)),
        ("spotify", 200, None, r#"{"error": {"status": 404}}"#, Err(Refused)),
        ("spotify", 200, None, r#"{"error": {"status": -7}}"#, Err(Refused)),
        ("musicbrainz", 200, None, r#"{"error": "Rate limit exceeded"}"#, Err(RateLimited)),
        ("musicbrainz", 200, None, r#"{"error": "x", "help": "y"}"#, Err(Refused)),
        ("songlink", 200, None, r#"{"statusCode": 429, "code": "x"}"#, Err(RateLimited)),
        ("songlink", 200, None, r#"{"statusCode": 500}"#, Err(Upstream)),
        ("coverartarchive", 200, None, r#"{"captive": true}"#, Err(Refused)),
        ("coverartarchive", 200, None, r#"{"images": []}"#, Ok(Class::Found)),
        ("songlink", 200, None, r#"{"entityUniqueId": "x"}"#, Ok(Class::Found)),
        // What is no JSON is for the data type to judge.
        ("discogs", 200, None, "\u{89}PNG", Ok(Class::Found)),
    ]);
    for provider in ["musicbrainz", "deezer", "theaudiodb", "discogs", "spotify", "lastfm"] {
        for body in ["{}", "[]", "null", "7", r#""x""#] {
            let kind = outcome(provider, 200, None, body).map_err(|error| error.kind());
            assert_eq!(kind, Err(Refused), "{provider} {body}");
        }
    }
}

#[test]
fn a_page_in_place_of_json_says_nothing_of_absence() {
    use ErrorKind::Refused;
    let page = "<!DOCTYPE html><title>Log in</title>";
    for provider in ["musicbrainz", "spotify", "discogs", "lastfm", "fanarttv", "theaudiodb"] {
        assert_rows(&[
            (provider, 404, None, page, Err(Refused)),
            (provider, 404, None, r#"{"error": "Not Found"}"#, Ok(Class::Absent)),
            (provider, 404, None, "", Ok(Class::Absent)),
            (provider, 204, None, "", Err(Refused)),
        ]);
    }
    assert_rows(&[
        ("coverartarchive", 404, None, page, Ok(Class::Absent)),
        ("nobody", 404, None, page, Ok(Class::Absent)),
    ]);
}

#[test]
fn what_a_body_says_may_pass_is_transient_whatever_the_status() {
    for status in [200, 400, 500] {
        let busy = outcome("lastfm", status, None, r#"{"error":8}"#).unwrap_err();
        assert!(busy.is_transient() && busy.to_string().contains("error 8"), "{busy}");
    }
    let hasty = outcome("deezer", 200, None, r#"{"error":{"code":4}}"#).unwrap_err().to_string();
    assert!(hasty.contains("error 4 in its body, as it is asked too often"), "{hasty}");
    assert!(!outcome("nobody", 400, None, "").unwrap_err().is_transient());
    assert!(!outcome("deezer", 200, None, r#"{"error":{"code":300}}"#).unwrap_err().is_transient());
    let unnumbered = outcome("fanarttv", 200, None, WRONG_KEY).unwrap_err();
    assert!(unnumbered.to_string().contains("an error in its body"), "{unnumbered}");
}

#[test]
fn a_wait_is_told_where_it_throttles() {
    for (status, wait, expected) in [
        (429, "86400", Some(86_400)),
        (429, "Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
        (429, "Sun, 06 Nov 1994 08:40:37 GMT", Some(0)),
        (429, "-5", None),
        (503, "7", Some(7)),
        (429, "3, 5", Some(3)),
        (500, "7", Some(7)),
        (502, "7", Some(7)),
        (504, "soon", None),
        (401, "7", None),
    ] {
        let error = outcome("nobody", status, Some(wait), "").unwrap_err();
        assert_eq!(error.retry_after(), expected.map(Duration::from_secs), "{status} {wait}");
        assert_eq!(error.status(), Some(status));
    }
    let error = outcome("nobody", 429, Some("86400"), "").unwrap_err().to_string();
    assert!(
        error.ends_with("429 Too Many Requests, and asks to be left alone for 1day"),
        "{error}"
    );
}

#[test]
fn a_long_body_is_not_taken_for_an_error() {
    let long = format!(r#"{{"error": 29{}}}"#, " ".repeat(MAX_TOLD_BYTES));
    assert_eq!(outcome("lastfm", 200, None, &long).unwrap(), Class::Found);
}

#[test]
fn placeholders_are_known_by_their_urls_and_by_their_bytes() {
    let built_in = rules("cdn");
    for (url, expected) in [
        (
            "https://lastfm.freetls.fastly.net/i/u/300x300/2a96cbd8b46e442fc41c2b86b821562f.png",
            true,
        ),
        (
            "https://lastfm.freetls.fastly.net/i/u/300x300/d95051e07a714889c8f7fbbccf61bf8b.png",
            false,
        ),
        ("https://cdn-images.dzcdn.net/images/artist//1000x1000-000000-80-0-0.jpg", true),
        ("https://cdn-images.dzcdn.net/images/cover/d41d8cd98f00b204e9800998ecf8427e/1.jpg", true),
        (
            "https://cdn-images.dzcdn.net/images/artist/eb0ed5b21d1ea5af021fc074ded0e91f/1.jpg",
            false,
        ),
        ("https://mine.example/images/cover//folder.jpg", false),
        ("https://dzcdn.net.evil.example/images/cover//1.jpg", false),
        ("https://cdn-images.dzcdn.net/x?from=/images/cover//1.jpg", false),
        ("https://mine.example/x?not=2a96cbd8b46e442fc41c2b86b821562f", false),
    ] {
        let found = leads_to_placeholder(&built_in, &Url::parse(url).unwrap());
        assert_eq!(found, expected, "{url}");
    }
    let json = format!(r#"{{"placeholder_checksums": ["{}"]}}"#, Checksum::of(b"grey"));
    let config: ProviderConfig = serde_json::from_str(&json).unwrap();
    let mine = Provider::new("mine").unwrap();
    let policies = Policies::new(&[(mine.clone(), config)].into()).unwrap();
    let own = &policies.get(&mine).answers;
    assert!(is_placeholder(own, b"grey") && !is_placeholder(own, b"blue"));
    assert!(!is_placeholder(&built_in, b"grey"));
}
