use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cache::Answer;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, KEY, outcome, shot};
use crate::testing::Reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/discogs/", $name, ".json"))
    };
}

/// Asserts what is asked, and what is read in the fixture of the same name.
macro_rules! assert_shot {
    ($name:literal, $query:expr) => {
        let query: fn(&Discogs) -> Query<_> = $query;
        let shot = shot(NAME, settings(), fixture!($name), |it| query(&it.discogs())).await;
        insta::assert_json_snapshot!($name, shot);
    };
}

fn settings() -> Value {
    json!({ "api_key": KEY })
}

fn search(providers: &Providers) -> Query<SearchResults> {
    providers.discogs().search_artists("nobody")
}

#[tokio::test]
async fn every_call_is_asked_and_read() {
    assert_shot!("search_artists", |it| it.search_artists(" !!! "));
    assert_shot!("search_releases", |it| {
        let page = it.clone().paging(Paging { limit: 1, page: 2 });
        page.search_releases("Discovery", Some("Daft Punk"))
    });
    assert_shot!("artist", |it| it.artist(1289));
    assert_shot!("release", |it| it.release(19187));
    assert_shot!("master", |it| it.master(26647));
}

#[tokio::test]
async fn what_is_looked_up_needs_no_key_and_says_whose_it_is() {
    let api = Api::answering(NAME, json!({}), Reply::ok(fixture!("release"))).await;
    let typed = api.providers().discogs().release(19187).await.unwrap();
    assert_eq!(typed.attribution, Some("Data provided by Discogs."));
    assert!(typed.value.unwrap().images.is_empty());
    assert!(!api.origin.received()[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn nothing_is_kept_for_longer_than_six_hours_whoever_asks_for_it() {
    let reply = Reply::ok(fixture!("artist")).header("Cache-Control", "max-age=864000");
    let api = Api::answering(NAME, settings(), reply).await;
    let artist = || api.providers().discogs().artist(1289);
    artist().with(|it| it.ttl(Duration::from_hours(48))).await.unwrap();
    for (hours, asked) in [(5, 1), (1, 2)] {
        api.clock.advance(Duration::from_hours(hours));
        let Answer::Found(found) = artist().await.unwrap().answer else { panic!("no answer") };
        assert!(found.warning.is_none());
        assert_eq!(api.asked().len(), asked, "{hours}");
    }
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_absence_and_a_failure_is_not() {
    let nothing = Reply::ok(fixture!("nothing"));
    assert_eq!(outcome(NAME, settings(), nothing, |it| search(&it)).await, Ok(None));
    let artist = |it: Providers| it.discogs().artist(7);
    let not_found = Reply::status(404);
    assert_eq!(outcome(NAME, settings(), not_found, artist).await, Ok(None));
    for (reply, kind) in [
        (Reply::status(401), ErrorKind::Unauthorized),
        (Reply::status(403), ErrorKind::Unauthorized),
        (Reply::status(429), ErrorKind::RateLimited),
        (Reply::status(502), ErrorKind::Upstream),
        (Reply::ok(r#"{"message": "You must authenticate"}"#), ErrorKind::Refused),
        (Reply::ok("<!DOCTYPE html><html>"), ErrorKind::Refused),
        (Reply::ok(&fixture!("search_artists")[..99]), ErrorKind::Refused),
    ] {
        assert_eq!(outcome(NAME, settings(), reply, |it| search(&it)).await, Err(kind));
    }
}

#[tokio::test]
async fn a_page_beyond_the_last_is_no_absence() {
    let body = r#"{"pagination": {"page": 3, "pages": 2, "items": 80}, "results": []}"#;
    let results =
        outcome(NAME, settings(), Reply::ok(body), |it| search(&it)).await.unwrap().unwrap();
    assert_eq!((results.count, results.results.len()), (80, 0));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, settings(), Reply::ok("{}")).await;
    let it = api.providers().discogs();
    let long = "x".repeat(2_000_000);
    let paged = |limit, page| it.clone().paging(Paging { limit, page });
    for query in [
        it.search_artists(""),
        it.search_artists(&long),
        it.search_releases(" ", None),
        it.search_releases("x", Some("")),
        paged(0, 1).search_artists("x"),
        paged(101, 1).search_artists("x"),
        paged(1, 0).search_releases("x", None),
    ] {
        assert_eq!(query.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(api.asked().len(), 0);
}

#[test]
fn odd_numbers_and_one_bad_result_hide_nothing() {
    let body = json!({ "pagination": { "items": "2", "page": "1", "pages": 1 },
        "results": [{ "id": 1, "title": null }, { "id": "2", "title": "x" }] });
    let found: SearchResults = serde_json::from_value(body).unwrap();
    assert_eq!((found.count, found.page, found.results.len()), (2, 1, 1));
}

#[tokio::test]
async fn what_is_older_than_its_terms_allow_is_not_shown() {
    let ask = |api: &Api| api.providers().discogs().artist(1289).with(|it| it.retries(0).offline());
    for (settings, is_shown) in [(settings(), false), (json!({ "serve_stale": true }), true)] {
        let api = Api::answering(NAME, settings, Reply::ok(fixture!("artist"))).await;
        api.providers().discogs().artist(1289).await.unwrap();
        api.clock.advance(Duration::from_hours(6) - Duration::from_millis(1));
        assert!(ask(&api).await.unwrap().value.is_some());
        api.clock.advance(Duration::from_millis(1));
        assert_eq!(ask(&api).await.unwrap().value.is_some(), is_shown);
    }
}

#[tokio::test]
async fn the_end_of_its_budget_is_heeded_before_it_is_refused() {
    let last = Reply::ok(fixture!("artist")).header("X-Discogs-Ratelimit-Remaining", "0");
    let api = Api::answering(NAME, settings(), last).await;
    api.providers().discogs().artist(1289).await.unwrap();
    let resting = api.cache.resting_providers().await.unwrap();
    let [rest] = &resting[..] else { panic!("{resting:?}") };
    assert_eq!(
        (rest.provider.as_str(), rest.not_before),
        (NAME, api.clock.now().checked_add(Duration::from_secs(1)).unwrap())
    );
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..1_000, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("search_releases"), fixture!("artist"), fixture!("release")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(serde_json::from_str::<SearchResults>(&mutated));
                drop(serde_json::from_str::<Artist>(&mutated));
                drop(serde_json::from_str::<Release>(&mutated));
                drop(serde_json::from_str::<Master>(&mutated));
            }
        }
    }
}
