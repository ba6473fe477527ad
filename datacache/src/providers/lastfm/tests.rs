use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, KEY, assert_kept_secret, assert_needs_key, outcome, shot};
use crate::testing::Reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/lastfm/", $name, ".json"))
    };
}

macro_rules! assert_shot {
    ($name:literal, $query:expr) => {
        let query: fn(&LastFm) -> Query<_> = $query;
        let shot = shot(NAME, settings(), fixture!($name), |it| query(&it.lastfm())).await;
        insta::assert_json_snapshot!($name, shot);
    };
}

fn settings() -> Value {
    json!({ "api_key": KEY })
}

fn id() -> Mbid {
    "056e4f3e-d505-4dad-8ec1-d04f521cbb56".parse().unwrap()
}

#[tokio::test]
async fn every_call_is_asked_and_read() {
    assert_shot!("artist", |it| it.clone().language("de".parse().unwrap()).artist(" !!! "));
    assert_shot!("unwritten", |it| it.artist_by_mbid(id()));
    assert_shot!("album", |it| it.album("Sigur Rós", "Ágætis byrjun"));
    assert_shot!("track", |it| it.track("AC/DC & friends", "One More Time"));
}

#[tokio::test]
async fn albums_and_tracks_are_asked_for_by_id_as_well() {
    let api = Api::answering(NAME, settings(), Reply::ok(r#"{"error": 6}"#)).await;
    let it = api.providers().lastfm().language(Language::ENGLISH);
    it.album_by_mbid(id()).await.unwrap();
    it.track_by_mbid(id()).await.unwrap();
    let paths = [("album", "&lang=en"), ("track", "")].map(|(method, language)| {
        let mbid = id();
        format!("/?method={method}.getInfo&mbid={mbid}{language}&format=json&api_key={KEY}")
    });
    assert_eq!(api.asked(), paths);
}

#[tokio::test]
async fn a_list_of_one_track_is_that_track() {
    let album = r#"{"album": {"name": "x", "tracks": {"track": {"name": "y", "duration": "0"}}}}"#;
    let album: OfAlbum = serde_json::from_str(album).unwrap();
    assert_eq!(album.album.tracks.len(), 1);
    assert_eq!(album.album.tracks[0].length_s, None);
}

#[tokio::test]
async fn what_it_does_not_know_is_absence_and_every_other_failure_is_none() {
    let ask = |providers: Providers| providers.lastfm().artist("nobody");
    let unknown = r#"{"error":6,"message":"The artist you supplied could not be found"}"#;
    for (reply, expected) in [
        (Reply::ok(unknown), Ok(None)),
        (Reply::ok(r#"{"error":29,"message":"Rate Limit Exceeded"}"#), Err(ErrorKind::RateLimited)),
        (Reply::ok(r#"{"error":10,"message":"Invalid API key"}"#), Err(ErrorKind::Unauthorized)),
        (Reply::ok(r#"{"error":8}"#), Err(ErrorKind::Upstream)),
        (Reply::status(403), Err(ErrorKind::Unauthorized)),
        (Reply::status(401), Err(ErrorKind::Unauthorized)),
        (Reply::status(500), Err(ErrorKind::Upstream)),
        (Reply::ok("<!DOCTYPE html><html>"), Err(ErrorKind::Refused)),
        (Reply::ok(&fixture!("artist")[..99]), Err(ErrorKind::Refused)),
        (Reply::ok(r#"{"artist": null}"#), Err(ErrorKind::Refused)),
        (Reply::ok("{}"), Err(ErrorKind::Refused)),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(outcome(NAME, settings(), reply, ask).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn the_key_is_sent_and_seen_nowhere_else() {
    assert_kept_secret(NAME, settings(), fixture!("artist"), |it| {
        it.providers().lastfm().artist("!!!")
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_without_a_key() {
    let settings = json!({ "api_key_env": "PROVIDER_KEY" });
    assert_needs_key(NAME, settings, fixture!("artist"), |it| it.lastfm().artist("!!!")).await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, settings(), Reply::ok("{}")).await;
    let (it, long) = (api.providers().lastfm(), "x".repeat(2_000_000));
    for name in ["", " ", &long] {
        assert_eq!(it.artist(name).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(it.album(name, "x").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(it.track("x", name).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let it = it.language("zh-min-nan".parse().unwrap());
    assert_eq!(it.artist("x").await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(api.asked().len(), 0);
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..1_500, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("artist"), fixture!("album"), fixture!("track")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(serde_json::from_str::<OfArtist>(&mutated));
                drop(serde_json::from_str::<OfAlbum>(&mutated));
                drop(serde_json::from_str::<OfTrack>(&mutated));
            }
        }
    }
}
