use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cache::Answer;
use crate::clock::Clock;
use crate::config::Config;
use crate::providers::Providers;
use crate::providers::tests::{Api, outcome, shot};
use crate::testing::Reply;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/wikimedia/", $name, ".json"))
    };
}

macro_rules! assert_shot {
    ($name:literal, $query:expr) => {
        let query: fn(&Wikimedia) -> Query<_> = $query;
        let shot = shot(NAME, json!({}), fixture!($name), |it| query(&it.wikimedia())).await;
        insta::assert_json_snapshot!($name, shot);
    };
}

fn id() -> EntityId {
    "Q185828".parse().unwrap()
}

#[tokio::test]
async fn every_call_is_asked_and_read() {
    assert_shot!("entity", |it| it.clone().language("de".parse().unwrap()).entity(id()));
    assert_shot!("bare_entity", |it| it
        .clone()
        .language("be-tarask".parse().unwrap())
        .entity(id()));
    assert_shot!("summary", |it| it.clone().thumbnail_width(330).summary(" Chk Chk Chk "));
    assert_shot!("disambiguation", |it| {
        it.clone().language("zh-min-nan".parse().unwrap()).summary("Björk & co?")
    });
    assert_shot!("file", |it| it.clone().thumbnail_width(960).file("Logo.svg"));
}

#[tokio::test]
async fn every_wiki_is_asked_at_its_own_host() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open_with_clock(Config::new(dir.path()), Clock::system()).await.unwrap();
    let it = cache.providers().wikimedia().language("pt".parse().unwrap());
    for (url, start) in [
        (it.entity(id()).url(), "https://www.wikidata.org/w/api.php?action=wbgetentities"),
        (it.summary("x").url(), "https://pt.wikipedia.org/w/api.php?action=query"),
        (it.file("File:x").url(), "https://commons.wikimedia.org/w/api.php?action=query"),
    ] {
        let url = url.unwrap();
        assert!(url.starts_with(start), "{url}");
        let provider = cache.0.policies.provider_of(&Url::parse(url).unwrap());
        assert_eq!(provider.as_str(), NAME);
    }
}

#[tokio::test]
async fn what_is_missing_is_absence_and_every_failure_is_none() {
    let entity = |providers: Providers| providers.wikimedia().entity(id());
    let missing = r#"{"entities":{"Q185828":{"id":"Q185828","missing":""}},"success":1}"#;
    for (reply, expected) in [
        (Reply::ok(missing), Ok(None)),
        (Reply::ok(r#"{"error":{"code":"no-such-entity","info":"x"}}"#), Ok(None)),
        (Reply::ok(r#"{"error":{"code":"maxlag","info":"x"}}"#), Err(ErrorKind::Upstream)),
        (Reply::status(429).header("Retry-After", "5"), Err(ErrorKind::RateLimited)),
        (Reply::status(403), Err(ErrorKind::Unauthorized)),
        (Reply::ok("<!DOCTYPE html><html>"), Err(ErrorKind::Refused)),
        (Reply::ok(&fixture!("entity")[..99]), Err(ErrorKind::Refused)),
        (Reply::ok(r#"{"entities":{}}"#), Err(ErrorKind::Refused)),
        (Reply::ok(r#"{"entities":[]}"#), Err(ErrorKind::Refused)),
    ] {
        let shown = format!("{reply:?}");
        let found = outcome(NAME, json!({}), reply, entity).await;
        assert_eq!(
            found.map(|it| it.map(|it| it.id)),
            expected.map(|it: Option<EntityId>| it),
            "{shown}"
        );
    }
    let summary = |providers: Providers| providers.wikimedia().summary("Nobody Ever");
    for body in [
        r#"{"batchcomplete":true,"query":{"pages":[{"ns":0,"title":"x","missing":true}]}}"#,
        r#"{"query":{"pages":[{"title":"<x>","invalidreason":"x","invalid":true}]}}"#,
        r#"{"query":{"interwiki":[{"title":"de:x","iw":"de"}]}}"#,
    ] {
        assert_eq!(outcome(NAME, json!({}), Reply::ok(body), summary).await, Ok(None), "{body}");
    }
    let file = |providers: Providers| providers.wikimedia().file("x.png");
    let body =
        r#"{"query":{"pages":[{"title":"File:x.png","missing":true,"imagerepository":""}]}}"#;
    assert_eq!(outcome(NAME, json!({}), Reply::ok(body), file).await, Ok(None));
    let body = r#"{"query":{"pages":[{"title":"File:x.png"}]}}"#;
    assert_eq!(outcome(NAME, json!({}), Reply::ok(body), file).await, Err(ErrorKind::Refused));
}

#[tokio::test]
async fn nobody_is_asked_without_a_contact_but_the_cache() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open_with_clock(Config::new(dir.path()), Clock::system()).await.unwrap();
    let query = || cache.providers().wikimedia().entity(id());
    let error = query().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("DATACACHE_HTTP_CONTACT"), "{error}");
    let url = query().url().unwrap().to_owned();
    cache.put(crate::Request::new(url), fixture!("entity")).await.unwrap();
    let typed = query().await.unwrap();
    assert_eq!(typed.value.unwrap().id, id());
    assert!(matches!(typed.answer, Answer::Found(_)));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_unasked() {
    let api = Api::answering(NAME, json!({}), Reply::ok("{}")).await;
    let (it, long) = (api.providers().wikimedia(), "x".repeat(2_000_000));
    for title in ["", " ", "a|b", "a\u{1f}b", &"x".repeat(256), &long] {
        assert_eq!(it.summary(title).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(it.file(title).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    for width_px in [0, 3_841] {
        let it = it.clone().thumbnail_width(width_px);
        assert_eq!(it.summary("x").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(it.file("x").await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(api.asked().len(), 0);
}

#[test]
fn an_entity_is_a_q_and_a_number() {
    assert_eq!(" q185828".parse::<EntityId>().unwrap().to_string(), "Q185828");
    for text in ["", "Q", "Q0", "185828", "P18", "Q-1", "Q+1", "Q1|Q2", "Q99999999999999999999"] {
        assert_eq!(text.parse::<EntityId>().unwrap_err().kind(), ErrorKind::InvalidInput, "{text}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_a_panic(at in 0usize..2_000, bytes in "\\PC{0,6}") {
        for fixture in [fixture!("entity"), fixture!("summary"), fixture!("file")] {
            let at = at % fixture.len();
            if fixture.is_char_boundary(at) {
                let mutated = format!("{}{bytes}{}", &fixture[..at], &fixture[at..]);
                drop(entity::read(mutated.as_bytes()));
                drop(answer::summary(mutated.as_bytes()));
                drop(answer::file(mutated.as_bytes()));
            }
        }
    }
}
