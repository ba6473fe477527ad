use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, outcome, shot};
use crate::testing::Reply;

const ARTISTS: &str = include_str!("../fixtures/deezer/search_artists.json");
const ARTIST: &str = include_str!("../fixtures/deezer/artist.json");

#[tokio::test]
async fn every_call_is_asked_and_read() {
    let search = shot(NAME, json!({}), ARTISTS, |it| it.deezer().search_artists(" AC/DC & !!! "));
    insta::assert_json_snapshot!("search_artists", search.await);
    let artist = shot(NAME, json!({}), ARTIST, |it| it.deezer().artist(27));
    insta::assert_json_snapshot!("artist", artist.await);
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_absence_and_every_failure_is_none() {
    let search = |providers: Providers| providers.deezer().search_artists("nobody");
    for (reply, expected) in [
        (Reply::ok(r#"{"data":[],"total":0}"#), Ok(None)),
        (Reply::ok(r#"{"error":{"code":800,"message":"no data"}}"#), Ok(None)),
        (Reply::ok(r#"{"error":{"code":4,"message":"Quota"}}"#), Err(ErrorKind::RateLimited)),
        (Reply::ok(r#"{"error":{"code":700}}"#), Err(ErrorKind::Upstream)),
        (Reply::status(403), Err(ErrorKind::Unauthorized)),
        (Reply::ok("<html>"), Err(ErrorKind::Refused)),
        (Reply::ok(&ARTISTS[..200]), Err(ErrorKind::Refused)),
        (Reply::ok("{}"), Err(ErrorKind::Refused)),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(outcome(NAME, json!({}), reply, search).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, json!({}), Reply::ok("{}")).await;
    for name in ["", " ", &"x".repeat(2_000_000)] {
        let query = api.providers().deezer().search_artists(name);
        assert_eq!(query.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(api.asked().len(), 0);
}

#[test]
fn numbers_may_be_text() {
    let artist = r#"{"id": "27", "name": "Daft Punk"}"#;
    let found: Artists =
        serde_json::from_str(&format!(r#"{{"data": [{artist}, {{}}], "total": "2"}}"#)).unwrap();
    assert_eq!((found.count, found.artists.len(), found.artists[0].id), (2, 1, 27));
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..1_500, bytes in "\\PC{0,6}") {
        let at = at % ARTISTS.len();
        if ARTISTS.is_char_boundary(at) {
            let mutated = format!("{}{bytes}{}", &ARTISTS[..at], &ARTISTS[at..]);
            drop(serde_json::from_str::<Artists>(&mutated));
        }
    }
}
