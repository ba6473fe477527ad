//! Queries, whoever is asked.

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
