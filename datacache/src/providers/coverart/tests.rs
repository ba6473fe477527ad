use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::ErrorKind;
use crate::providers::Providers;
use crate::providers::tests::{Api, outcome, shot};
use crate::testing::Reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/coverart/", $name, ".json"))
    };
}

fn id() -> Mbid {
    "76df3287-6cda-33eb-8e9a-044b5e15ffdd".parse().unwrap()
}

fn release(providers: &Providers) -> Query<Covers> {
    providers.coverart().release(id())
}

#[tokio::test]
async fn every_listing_is_asked_and_read() {
    let asked = shot(NAME, json!({}), fixture!("release"), |it| release(&it)).await;
    insta::assert_json_snapshot!("release", asked);
    let release_group = |it: Providers| it.coverart().release_group(id());
    let asked = shot(NAME, json!({}), fixture!("release_group"), release_group).await;
    insta::assert_json_snapshot!("release_group", asked);
}

#[test]
fn a_cover_is_found_in_the_size_that_is_wanted() {
    let covers: Covers = serde_json::from_str(fixture!("release")).unwrap();
    let front = covers.front().unwrap();
    assert!(front.url_of(Size::Px250).ends_with("829521842-250.jpg"));
    assert!(front.url_of(Size::Px1200).ends_with("829521842-1200.jpg"));
    assert!(front.url_of(Size::Original).ends_with("829521842.jpg"));
    let back = covers.images.iter().find(|image| image.back).unwrap();
    assert!(back.url_of(Size::Px500).ends_with("5769317885-500.jpg"));
    assert!(back.url_of(Size::Px1200).ends_with("5769317885.jpg"));
}

#[tokio::test]
async fn a_front_cover_has_a_url_of_its_own() {
    let api = Api::answering(NAME, json!({}), Reply::status(404)).await;
    let it = api.providers().coverart();
    for (size, end) in [
        (Size::Px250, "front-250"),
        (Size::Px500, "front-500"),
        (Size::Px1200, "front-1200"),
        (Size::Original, "front"),
    ] {
        let url = api.origin.url(&format!("/release/{}/{end}", id()));
        assert_eq!(it.front_url(id(), size).unwrap(), url);
        let url = api.origin.url(&format!("/release-group/{}/{end}", id()));
        assert_eq!(it.release_group_front_url(id(), size).unwrap(), url);
    }
}

#[tokio::test]
async fn what_has_no_cover_is_absent_and_what_fails_is_not() {
    assert_eq!(outcome(NAME, json!({}), Reply::status(404), |it| release(&it)).await, Ok(None));
    for (reply, kind) in [
        (Reply::status(400), ErrorKind::Upstream),
        (Reply::status(503), ErrorKind::Upstream),
        (Reply::status(429), ErrorKind::RateLimited),
        (Reply::status(403), ErrorKind::Unauthorized),
        (Reply::ok("<!DOCTYPE html><html>"), ErrorKind::Refused),
        (Reply::ok("{}"), ErrorKind::Refused),
        (Reply::ok(&fixture!("release")[..99]), ErrorKind::Refused),
    ] {
        assert_eq!(outcome(NAME, json!({}), reply, |it| release(&it)).await, Err(kind));
    }
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..2_000, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("release"), fixture!("release_group")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(serde_json::from_str::<Covers>(&mutated));
            }
        }
    }
}
