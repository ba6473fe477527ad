use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cache::Answer;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, outcome, shot};
use crate::testing::Reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/musicbrainz/", $name, ".json"))
    };
}

/// Asserts what is asked, and what is read in the fixture of the same name.
macro_rules! assert_shot {
    ($name:literal, $query:expr) => {
        let query: fn(&MusicBrainz) -> Query<_> = $query;
        let shot = shot(NAME, json!({}), fixture!($name), |it| query(&it.musicbrainz())).await;
        insta::assert_json_snapshot!($name, shot);
    };
}

fn id() -> Mbid {
    "056e4f3e-d505-4dad-8ec1-d04f521cbb56".parse().unwrap()
}

#[tokio::test]
async fn every_search_is_asked_and_read() {
    assert_shot!("search_artists", |it| it.search_artists(" AC/DC "));
    assert_shot!("search_releases", |it| {
        let page = it.clone().paging(Paging { limit: 1, offset: 25 });
        page.search_releases("Discovery", Some("Daft Punk"))
    });
    assert_shot!("search_release_groups", |it| it.search_release_groups("Discovery", None));
    assert_shot!("search_recordings", |it| it.search_recordings("One More Time", None));
}

#[tokio::test]
async fn every_lookup_is_asked_and_read() {
    assert_shot!("artist", |it| it
        .artist(id(), &[Include::UrlRels, Include::Genres, Include::Aliases, Include::Genres]));
    assert_shot!("release", |it| it.release(id(), &[Include::Recordings, Include::Isrcs]));
    assert_shot!("release_group", |it| it.release_group(id(), &[]));
    assert_shot!("recording", |it| it.recording(id(), &[Include::Genres]));
    assert_shot!("isrc", |it| it.isrc("gb-duw-00-00053", &[Include::Genres]));
}

#[tokio::test]
async fn links_are_found_by_their_type() {
    let artist: Artist = serde_json::from_str(fixture!("artist")).unwrap();
    let discogs: Vec<&str> = artist.links_of("discogs").collect();
    assert_eq!(discogs, ["https://www.discogs.com/artist/1289"]);
    assert_eq!(artist.links.len(), 3);
}

#[tokio::test]
async fn the_order_of_the_includes_makes_no_other_key() {
    let api = Api::answering(NAME, json!({}), Reply::ok(fixture!("artist"))).await;
    let it = api.providers().musicbrainz();
    it.artist(id(), &[Include::Tags, Include::Aliases]).await.unwrap();
    it.artist(id(), &[Include::Aliases, Include::Tags]).await.unwrap();
    it.artist(id(), &[Include::Aliases]).await.unwrap();
    assert_eq!(api.asked().len(), 2);
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_absence_and_a_throttled_one_is_not() {
    let search = |providers: Providers| providers.musicbrainz().search_artists("nobody");
    let found = outcome(NAME, json!({}), Reply::ok(fixture!("nothing")), search).await;
    assert_eq!(found, Ok(None));
    for (reply, kind) in [
        (Reply::status(503), ErrorKind::RateLimited),
        (Reply::status(429), ErrorKind::RateLimited),
        (Reply::status(500), ErrorKind::Upstream),
        (Reply::ok("<!DOCTYPE html><html>"), ErrorKind::Refused),
        (Reply::ok(&fixture!("search_artists")[..99]), ErrorKind::Refused),
    ] {
        assert_eq!(outcome(NAME, json!({}), reply, search).await, Err(kind));
    }
}

#[test]
fn odd_numbers_and_one_bad_item_hide_nothing() {
    let body = json!({ "count": "2", "offset": "0", "artists": [
        { "id": "x", "name": "nobody" },
        { "id": id(), "name": "Daft Punk", "sort-name": null, "score": "100" } ] });
    let found: Artists = serde_json::from_value(body).unwrap();
    assert_eq!((found.count, found.artists.len(), found.artists[0].score), (2, 1, Some(100)));
    assert!(serde_json::from_value::<Artists>(json!({ "count": 2, "offset": 0 })).is_err());
    assert!(
        serde_json::from_value::<Artists>(json!({ "count": null, "offset": 0, "artists": [] }))
            .is_err()
    );
}

#[tokio::test]
async fn a_page_beyond_the_last_is_no_absence() {
    let body = r#"{"count": 2, "offset": 25, "artists": []}"#;
    let api = Api::answering(NAME, json!({}), Reply::ok(body)).await;
    let it = api.providers().musicbrainz().paging(Paging { limit: 25, offset: 25 });
    let artists = it.search_artists("Daft Punk").await.unwrap().value.unwrap();
    assert_eq!((artists.count, artists.artists.len()), (2, 0));
}

#[tokio::test]
async fn nobody_is_asked_without_a_contact() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open_with_clock(Config::new(dir.path()), Clock::system()).await.unwrap();
    let error = cache.providers().musicbrainz().search_artists("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let error = error.to_string();
    assert!(error.contains("DATACACHE_HTTP_CONTACT") && error.contains("[http]"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, json!({}), Reply::ok("{}")).await;
    let it = api.providers().musicbrainz();
    let long = "x".repeat(2_000_000);
    let page = |limit| it.clone().paging(Paging { limit, offset: 0 });
    for query in [
        it.search_artists(""),
        it.search_artists(&long),
        page(0).search_artists("x"),
        page(101).search_artists("x"),
    ] {
        assert_eq!(query.await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(
        it.search_releases("x", Some(" ")).await.unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    for isrc in ["", "GBDUW000005", "GBDUW00000533", "1BDUW0000053", "GBDUW000005é"] {
        assert_eq!(it.isrc(isrc, &[]).await.unwrap_err().kind(), ErrorKind::InvalidInput, "{isrc}");
    }
    assert_eq!(api.asked().len(), 0);
}

#[tokio::test]
async fn answers_are_kept_without_asking_whether_they_have_changed() {
    let reply = Reply::ok(fixture!("artist")).header("ETag", "\"a\"");
    let api = Api::answering(NAME, json!({}), reply).await;
    let query = || api.providers().musicbrainz().artist(id(), &[]);
    query().await.unwrap();
    let anew = query().with(crate::Request::must_be_fresh);
    let Answer::Found(found) = anew.await.unwrap().answer else { panic!("no answer") };
    assert_eq!(found.entry.info.provider.as_str(), NAME);
    assert!(api.origin.received().iter().all(|it| !it.headers.contains_key("if-none-match")));
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..900, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("search_artists"), fixture!("artist"), fixture!("release")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(serde_json::from_str::<Artists>(&mutated));
                drop(serde_json::from_str::<Artist>(&mutated));
                drop(serde_json::from_str::<Release>(&mutated));
            }
        }
    }
}
