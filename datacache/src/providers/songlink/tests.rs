use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, KEY, assert_kept_secret, outcome, shot};
use crate::testing::Reply;

const LINKS: &str = include_str!("../fixtures/songlink/links.json");
const TRACK: &str = "https://open.spotify.com/track/0DiWol3AO6WpXZgp0goxAV";

#[tokio::test]
async fn links_are_asked_for_by_url_and_by_id_and_read() {
    let by_url = shot(NAME, json!({ "api_key": KEY }), LINKS, |it| {
        it.songlink().country("de".parse().unwrap()).links(TRACK)
    });
    insta::assert_json_snapshot!("links", by_url.await);
    let api = Api::answering(NAME, json!({}), Reply::ok(LINKS)).await;
    let it = api.providers().songlink();
    it.links("spotify:track:0DiWol3AO6WpXZgp0goxAV").await.unwrap();
    it.links_of("tidal", Kind::Song, "1550546").await.unwrap();
    it.links_of("itunes", Kind::Album, "1&2").await.unwrap();
    let asked = [
        "/links?url=spotify%3Atrack%3A0DiWol3AO6WpXZgp0goxAV",
        "/links?platform=tidal&type=song&id=1550546",
        "/links?platform=itunes&type=album&id=1%262",
    ];
    assert_eq!(api.asked(), asked);
}

#[test]
fn every_platform_is_found_by_any_of_its_names() {
    use Platform::{Amazon, Apple, Deezer, Qobuz, Spotify, Tidal, YouTube, YouTubeMusic};
    let links: Links = serde_json::from_str(LINKS).unwrap();
    for (platform, name) in [
        (Amazon, "amazonMusic"),
        (Apple, "itunes"),
        (Deezer, "deezer"),
        (Qobuz, "qobuz"),
        (Spotify, "spotify"),
        (Tidal, "tidal"),
        (YouTube, "youtube"),
        (YouTubeMusic, "youtubeMusic"),
    ] {
        assert_eq!(links.on(platform).unwrap().platform, name);
    }
    let none: Links = serde_json::from_str(r#"{"entityUniqueId": "x"}"#).unwrap();
    assert!(none.on(Apple).is_none() && none.song.is_none());
}

#[tokio::test]
async fn the_secrets_of_a_url_and_the_key_are_seen_nowhere() {
    let api = Api::answering(NAME, json!({}), Reply::ok(LINKS)).await;
    let url = format!("https://u:{KEY}@a.example/song?token={KEY}&id=7#top");
    api.providers().songlink().links(&url).await.unwrap();
    assert_eq!(api.asked(), ["/links?url=https%3A%2F%2Fa.example%2Fsong%3Fid%3D7"]);
    let with_key = json!({ "api_key": KEY });
    assert_kept_secret(NAME, with_key, LINKS, |it| it.providers().songlink().links(TRACK)).await;
}

#[tokio::test]
async fn what_it_does_not_know_is_absence_and_every_failure_is_none() {
    let ask = |providers: Providers| providers.songlink().links(TRACK);
    for (reply, expected) in [
        (Reply::status(404), Ok(None)),
        (Reply::status(401), Err(ErrorKind::Unauthorized)),
        (Reply::status(429).header("Retry-After", "15"), Err(ErrorKind::RateLimited)),
        (Reply::status(400), Err(ErrorKind::Upstream)),
        (Reply::ok("<!doctype html>"), Err(ErrorKind::Refused)),
        (Reply::ok(&LINKS[..200]), Err(ErrorKind::Refused)),
        (Reply::ok(r#"{"statusCode":500,"code":"x"}"#), Err(ErrorKind::Upstream)),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(outcome(NAME, json!({}), reply, ask).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, json!({}), Reply::ok("{}")).await;
    let (it, long) = (api.providers().songlink(), "x".repeat(2_000_000));
    for url in ["", "One More Time", "/track/1", &long] {
        assert_eq!(it.links(url).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    for (platform, id) in [("", "1"), ("tidal", " "), ("tidal", &long)] {
        let query = it.links_of(platform, Kind::Song, id);
        assert_eq!(query.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(api.asked().len(), 0);
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..2_000, bytes in "\\PC{0,6}") {
        let at = at % LINKS.len();
        if LINKS.is_char_boundary(at) {
            let mutated = format!("{}{bytes}{}", &LINKS[..at], &LINKS[at..]);
            drop(serde_json::from_str::<Links>(&mutated));
        }
    }
}
