use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cache::{Answer, FoundState};
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, KEY, assert_kept_secret, assert_needs_key, outcome, shot};
use crate::queue::Priority;
use crate::testing::Reply;
use crate::worker::{Until, Worker, WorkerConfig};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/spotify/", $name, ".json"))
    };
}

macro_rules! assert_shot {
    ($name:literal, $query:expr) => {
        let query: fn(&Spotify) -> Query<_> = $query;
        let shot = shot(NAME, settings(), fixture!($name), |it| query(&it.spotify())).await;
        insta::assert_json_snapshot!($name, shot);
    };
}

/// A key that is sent as a token is.
fn settings() -> Value {
    json!({ "api_key": KEY, "api_key_in": "header Authorization: Bearer {key}" })
}

fn id() -> SpotifyId {
    "0DiWol3AO6WpXZgp0goxAV".parse().unwrap()
}

#[tokio::test]
async fn every_lookup_is_asked_and_read() {
    assert_shot!("track", |it| it.clone().market("de".parse().unwrap()).track(&id()));
    assert_shot!("album", |it| it.album(&id()));
    assert_shot!("artist", |it| it.clone().market("de".parse().unwrap()).artist(&id()));
}

#[tokio::test]
async fn every_search_is_asked_and_read() {
    assert_shot!("search_tracks", |it| {
        let page = it.clone().paging(Paging { limit: 2, offset: 4 });
        page.market("DE".parse().unwrap()).search_tracks("isrc:GBDUW0000053")
    });
    assert_shot!("search_albums", |it| it.search_albums("AC/DC & friends"));
    assert_shot!("search_artists", |it| it.search_artists(" !!! "));
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_absence_and_every_failure_is_none() {
    let search = |providers: Providers| providers.spotify().search_artists("nobody");
    for (reply, expected) in [
        (Reply::ok(r#"{"artists":{"total":0,"offset":0,"items":[]}}"#), Ok(None)),
        (Reply::status(401), Err(ErrorKind::Unauthorized)),
        (Reply::status(403), Err(ErrorKind::Unauthorized)),
        (Reply::status(429).header("Retry-After", "79892"), Err(ErrorKind::RateLimited)),
        (Reply::status(502), Err(ErrorKind::Upstream)),
        (Reply::ok("<html>"), Err(ErrorKind::Refused)),
        (Reply::ok(&fixture!("search_artists")[..50]), Err(ErrorKind::Refused)),
        (Reply::ok(fixture!("search_tracks")), Err(ErrorKind::Refused)),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(outcome(NAME, settings(), reply, search).await, expected, "{shown}");
    }
    let track = |providers: Providers| providers.spotify().track(&id());
    let unknown = Reply::status(404);
    assert_eq!(outcome(NAME, settings(), unknown, track).await, Ok(None));
}

#[tokio::test]
async fn a_page_beyond_the_last_is_no_absence() {
    let body = r#"{"artists":{"total":0,"offset":10,"items":[]}}"#;
    let api = Api::answering(NAME, settings(), Reply::ok(body)).await;
    let it = api.providers().spotify().paging(Paging { limit: 10, offset: 10 });
    assert_eq!(it.search_artists("x").await.unwrap().value.unwrap().artists, []);
}

#[tokio::test]
async fn the_key_is_sent_and_seen_nowhere_else() {
    assert_kept_secret(NAME, settings(), fixture!("track"), |it| {
        it.providers().spotify().track(&id())
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_without_a_key() {
    let settings = json!({ "client_id": "me", "client_secret_env": "PROVIDER_KEY" });
    assert_needs_key(NAME, settings, fixture!("track"), |it| it.spotify().track(&id())).await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, settings(), Reply::ok("{}")).await;
    let (it, long) = (api.providers().spotify(), "x".repeat(2_000_000));
    for text in ["", " ", &long] {
        assert_eq!(it.search_tracks(text).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    for (limit, offset) in [(0, 0), (51, 0), (1, 1_001)] {
        let query = it.clone().paging(Paging { limit, offset }).search_albums("x");
        assert_eq!(query.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(api.asked().len(), 0);
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..1_500, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("track"), fixture!("album"), fixture!("search_tracks")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(serde_json::from_str::<Track>(&mutated));
                drop(serde_json::from_str::<Album>(&mutated));
                drop(serde_json::from_str::<OfTracks>(&mutated));
            }
        }
    }
}

/// What is older than half a day is the answer all the same, and renewed once.
#[tokio::test]
async fn after_twelve_hours_the_old_answer_is_there_at_once_and_renewed_once() {
    let api = Api::answering(NAME, settings(), Reply::ok(fixture!("track"))).await;
    let query = || api.providers().spotify().track(&id());
    query().await.unwrap();
    for (hours, state, asked) in [(11, FoundState::Fresh, 1), (1, FoundState::Stale, 2)] {
        api.clock.advance(Duration::from_hours(hours));
        for _ in 0..3 {
            let typed = query().with(|request| request.priority(Priority::Batch)).await.unwrap();
            let Answer::Found(found) = typed.answer else { panic!("no answer") };
            assert!(typed.value.is_some() && found.state == state, "{hours}");
        }
        let until = Until::Drained { patience: Duration::ZERO };
        let config = WorkerConfig { until, ..WorkerConfig::default() };
        let worker = Worker::new(api.cache.clone(), config);
        worker.run(std::future::pending()).await.unwrap();
        assert_eq!(api.asked().len(), asked, "{hours}");
    }
}
