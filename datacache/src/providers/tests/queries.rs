//! Queries, whoever is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::cache::Answer;
use crate::providers::musicbrainz::Include;
use crate::queue::Priority;

const ARTIST: &str = include_str!("../fixtures/musicbrainz/artist.json");
const ID: &str = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";

fn artist(providers: &Providers) -> Query<crate::providers::musicbrainz::Artist> {
    providers.musicbrainz().artist(ID.parse().unwrap(), &[Include::Genres]).with(|it| it.retries(0))
}

#[tokio::test]
async fn a_query_is_asked_once_and_then_answered_by_the_cache() {
    let api = Api::answering("musicbrainz", json!({}), Reply::ok(ARTIST)).await;
    for _ in 0..3 {
        let typed = artist(&api.providers()).await.unwrap();
        assert_eq!(typed.value.unwrap().name, "Daft Punk");
        let Answer::Found(found) = typed.answer else { panic!("no answer") };
        assert_eq!(found.entry.data, ARTIST);
    }
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn an_answer_of_another_shape_is_refused_and_does_not_stay() {
    for body in ["[]", "{}", r#"{"id": "x", "name": "y"}"#, "7", "null"] {
        let api = Api::answering("musicbrainz", json!({}), Reply::ok(body)).await;
        let error = artist(&api.providers()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{body}");
        let offline = artist(&api.providers()).with(crate::Request::offline).await.unwrap();
        assert!(matches!(offline.answer, Answer::Miss), "{body}");
    }
}

#[tokio::test]
async fn what_is_stored_and_cannot_be_read_is_asked_for_again() {
    let api = Api::answering("musicbrainz", json!({}), Reply::ok(ARTIST)).await;
    let request = artist(&api.providers()).into_request().unwrap();
    api.cache.put(request, "{}").await.unwrap();
    let typed = artist(&api.providers()).await.unwrap();
    assert_eq!(typed.value.unwrap().name, "Daft Punk");
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn what_is_only_an_error_replaces_nothing() {
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let origin = Origin::start(move |_| {
        let error = r#"{"error": "Service Unavailable", "help": "x"}"#;
        Reply::ok(if down.load(Ordering::Acquire) { error } else { ARTIST })
    });
    let api = Api::at("musicbrainz", json!({}), origin.unwrap()).await;
    artist(&api.providers()).await.unwrap();
    is_down.store(true, Ordering::Release);
    api.clock.advance(Duration::from_hours(24 * 31));
    let anew = artist(&api.providers()).with(crate::Request::must_be_fresh);
    assert_eq!(anew.await.unwrap_err().kind(), ErrorKind::Refused);
    let offline = artist(&api.providers()).with(crate::Request::offline).await.unwrap();
    assert_eq!(offline.value.unwrap().name, "Daft Punk");
}

#[tokio::test]
async fn who_may_not_ask_takes_nothing_away_and_no_answer_is_repeated() {
    let api = Api::answering("musicbrainz", json!({}), Reply::ok(ARTIST)).await;
    let request = artist(&api.providers()).into_request().unwrap();
    let long = format!(r#"{{"id": "{}"}}"#, KEY.repeat(1_000));
    api.cache.put(request.clone(), long).await.unwrap();
    let offline = artist(&api.providers()).with(crate::Request::offline).await.unwrap_err();
    assert_eq!(offline.kind(), ErrorKind::Refused);
    let told = offline.to_string();
    assert!(told.contains("line 1") && !told.contains(KEY), "{told}");
    assert!(matches!(api.cache.lookup(request.url()).await.unwrap(), crate::Lookup::Fresh(_)));
}

#[tokio::test]
async fn every_name_that_may_be_asked_about_can_be() {
    let api = Api::answering("deezer", json!({}), Reply::ok(r#"{"data": [], "total": 0}"#)).await;
    let ask = |length| api.providers().deezer().search_artists(&"x".repeat(length));
    for length in [512, 513, 1_000] {
        assert!(ask(length).await.unwrap().value.is_none(), "{length}");
    }
    let error = ask(1_001).await.unwrap_err().to_string();
    assert!(error.contains("artist") && error.contains("1000"), "{error}");
}

#[tokio::test]
async fn a_query_can_be_left_to_a_worker() {
    let api = Api::answering("musicbrainz", json!({}), Reply::ok(ARTIST)).await;
    let batch = artist(&api.providers()).with(|request| request.priority(Priority::Batch));
    let queued = batch.await.unwrap();
    assert!(queued.value.is_none() && matches!(queued.answer, Answer::Queued));
    assert_eq!(api.asked().len(), 0);
}

#[tokio::test]
async fn a_stale_answer_is_read_like_any_other() {
    let api = Api::answering("musicbrainz", json!({}), Reply::ok(ARTIST)).await;
    artist(&api.providers()).await.unwrap();
    api.clock.advance(Duration::from_hours(24 * 31));
    let typed = artist(&api.providers()).await.unwrap();
    let Answer::Found(found) = typed.answer else { panic!("no answer") };
    assert!(typed.value.is_some() && found.warning.is_some());
}

#[tokio::test]
async fn a_query_is_counted_once_also_where_what_is_stored_cannot_be_read() {
    let api = Api::answering("musicbrainz", json!({}), Reply::ok(ARTIST)).await;
    let request = artist(&api.providers()).into_request().unwrap();
    api.cache.put(request, "{}").await.unwrap();
    for _ in 0..2 {
        artist(&api.providers()).await.unwrap();
    }
    let counts = api.cache.numbers(None).await.unwrap().total;
    assert_eq!((counts.answers(), counts.fetched, counts.fresh), (2, 1, 1));
    assert_eq!(counts.fetches, 1);
}
