use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, KEY, outcome, shot};
use crate::testing::Reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/theaudiodb/", $name, ".json"))
    };
}

/// Asserts what is asked, and what is read in the fixture of the same name.
macro_rules! assert_shot {
    ($name:literal, $query:expr) => {
        let shot = shot(NAME, settings(), fixture!($name), $query).await;
        insta::assert_json_snapshot!($name, shot);
    };
}

fn settings() -> Value {
    json!({ "base_url": "/api/v1/json/", "api_key": KEY })
}

fn id() -> Mbid {
    "056e4f3e-d505-4dad-8ec1-d04f521cbb56".parse().unwrap()
}

fn search(providers: &Providers) -> Query<Vec<Artist>> {
    providers.theaudiodb().search_artist("Sigur Rós")
}

#[tokio::test]
async fn every_call_is_asked_and_read() {
    assert_shot!("search_artist", |it| search(&it));
    assert_shot!("artist", |it| it.theaudiodb().artist(id()));
    assert_shot!("search_album", |it| it.theaudiodb().search_album(" Daft Punk", "Discovery "));
}

#[test]
fn a_text_is_in_the_language_that_is_wanted_or_in_english() {
    let artists = answer::artists(fixture!("search_artist").as_bytes()).unwrap();
    let in_language = |language| artists[0].biography(language).unwrap();
    assert_eq!(in_language("de-AT"), "Sigur Rós ist eine isländische Band.");
    assert_eq!(in_language("JA"), "シガー・ロス");
    for language in ["en", "fr", "it", "", "tlh"] {
        assert_eq!(in_language(language), "Sigur Rós is an Icelandic band.", "{language}");
    }
    assert_eq!(artists[1].biography("de"), Some("Chk chk chk."));
    let albums = answer::albums(fixture!("search_album").as_bytes()).unwrap();
    assert_eq!(albums[0].description("sv"), Some("Det andra albumet."));
    assert_eq!(albums[0].description("de"), Some("The second album."));
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_remembered() {
    for body in [fixture!("nothing"), r#"{"album": null}"#, r#"{"artists": []}"#] {
        let api = Api::answering(NAME, settings(), Reply::ok(body)).await;
        for _ in 0..3 {
            let typed = search(&api.providers()).await.unwrap();
            assert!(matches!(typed.answer, crate::Answer::Absent(_)), "{body}");
        }
        assert_eq!(api.asked().len(), 1, "{body}");
    }
}

#[tokio::test]
async fn what_fails_is_no_absence() {
    for (reply, kind) in [
        (Reply::status(429), ErrorKind::RateLimited),
        (Reply::status(403), ErrorKind::Unauthorized),
        (Reply::status(500), ErrorKind::Upstream),
        (Reply::ok(""), ErrorKind::Refused),
        (Reply::ok("{}"), ErrorKind::Refused),
        (Reply::ok(r#"{"artists": null, "error": "maintenance"}"#), ErrorKind::Refused),
        (Reply::ok(r#"{"artists": [{"idArtist": "x"}]}"#), ErrorKind::Refused),
        (Reply::ok("<!DOCTYPE html><html>"), ErrorKind::Refused),
        (Reply::ok(&fixture!("search_artist")[..99]), ErrorKind::Refused),
    ] {
        assert_eq!(outcome(NAME, settings(), reply, |it| search(&it)).await, Err(kind));
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, settings(), Reply::ok("{}")).await;
    let it = api.providers().theaudiodb();
    let long = "x".repeat(2_000_000);
    for name in ["", " ", &long] {
        let error = it.search_artist(name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().len() < 200);
        for query in [it.search_album(name, "x"), it.search_album("x", name)] {
            assert_eq!(query.await.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
    assert_eq!(api.asked().len(), 0);
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..2_500, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("search_artist"), fixture!("artist"), fixture!("search_album")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(answer::artists(mutated.as_bytes()));
                drop(answer::albums(mutated.as_bytes()));
            }
        }
    }
}
