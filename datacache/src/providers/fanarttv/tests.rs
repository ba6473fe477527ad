use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{KEY, outcome, shot};
use crate::testing::Reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/fanarttv/", $name, ".json"))
    };
}

fn settings(base_url: &str) -> Value {
    json!({ "base_url": base_url, "api_key": KEY })
}

fn artist(providers: &Providers) -> Query<Artist> {
    providers.fanarttv().artist("056e4f3e-d505-4dad-8ec1-d04f521cbb56".parse().unwrap())
}

#[tokio::test]
async fn an_artist_is_asked_for_and_read_in_every_version() {
    let shot_of_v3 = shot(NAME, settings("/v3/"), fixture!("v3"), |it| artist(&it)).await;
    insta::assert_json_snapshot!("v3", shot_of_v3);
    let shot_of_v3_2 = shot(NAME, settings("/v3.2/"), fixture!("v3_2"), |it| artist(&it)).await;
    insta::assert_json_snapshot!("v3_2", shot_of_v3_2);
}

#[tokio::test]
async fn an_artist_that_is_unknown_is_absent_and_a_failure_is_not() {
    let unknown = r#"{"status": "error", "error message": "Not found"}"#;
    let unauthorized = r#"{"status": "error", "error message": "Invalid API key"}"#;
    for reply in [Reply::status(404), Reply::ok(unknown)] {
        assert_eq!(outcome(NAME, settings("/"), reply, |it| artist(&it)).await, Ok(None));
    }
    for (reply, kind) in [
        (Reply::ok(unauthorized), ErrorKind::Unauthorized),
        (Reply::status(401), ErrorKind::Unauthorized),
        (Reply::status(403), ErrorKind::Unauthorized),
        (Reply::status(429), ErrorKind::RateLimited),
        (Reply::status(500), ErrorKind::Upstream),
        (Reply::ok(r#"{"status": "error"}"#), ErrorKind::Refused),
        (Reply::ok("{}"), ErrorKind::Refused),
        (Reply::ok("[]"), ErrorKind::Refused),
        (Reply::ok("<!DOCTYPE html><html>"), ErrorKind::Refused),
        (Reply::ok(&fixture!("v3")[..99]), ErrorKind::Refused),
    ] {
        assert_eq!(outcome(NAME, settings("/"), reply, |it| artist(&it)).await, Err(kind));
    }
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..2_000, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("v3"), fixture!("v3_2")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(serde_json::from_str::<Artist>(&mutated));
            }
        }
    }
}
