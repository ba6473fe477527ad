use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tokio::sync::Barrier;

use super::*;
use crate::cache::Answer;
use crate::providers::tests::{Api as Loopback, KEY, assert_kept_secret};
use crate::queue::Priority;
use crate::testing::{Origin, Reply};
use crate::worker::{Until, Worker, WorkerConfig};

const BIO: &str = r#"{"bio": "Daft Punk were …", "strange": [null]}"#;

fn lastfm() -> Provider {
    Provider::new("lastfm").unwrap()
}

async fn loopback(reply: Reply) -> Loopback {
    Loopback::answering("lastfm", json!({ "ttl": "1h", "absent_ttl": "1min" }), reply).await
}

/// How a call of a caller's own client ends.
type Called = Result<Option<u32>, anyhow_like::Failure>;

/// What a caller's own error may look like.
mod anyhow_like {
    use crate::error::Error;

    #[derive(Clone, Debug, PartialEq)]
    pub(super) enum Failure {
        Own(&'static str),
        Cache(String),
    }

    impl From<Error> for Failure {
        fn from(error: Error) -> Self {
            Self::Cache(format!("{:?}", error.kind()))
        }
    }
}
use anyhow_like::Failure;

/// Asks with a client that ends like `called`, which counts its calls.
async fn ask(it: &Loopback, calls: &AtomicU32, called: Called) -> Called {
    let api = it.providers().api();
    let call = || async {
        calls.fetch_add(1, Ordering::Relaxed);
        called
    };
    api.cached(&lastfm(), "Daft Punk", "artist.getInfo", call).await
}

#[tokio::test]
async fn an_answer_of_any_api_is_kept_as_it_came() {
    let it = loopback(Reply::ok(BIO)).await;
    let ask_for = |ttl| {
        let url = it.origin.url("/bio?api_key=S3CRETVALUE");
        it.providers().api().cache_api_response(url, "Daft Punk", lastfm(), ttl)
    };
    let ask = || ask_for(None);
    let typed = ask().await.unwrap();
    assert_eq!(typed.value.unwrap()["bio"], "Daft Punk were …");
    let Answer::Found(found) = ask().await.unwrap().answer else { panic!("no answer") };
    assert_eq!(found.entry.data, BIO);
    let info = &found.entry.info;
    assert_eq!((info.data_type.as_str(), info.provider.as_str()), ("api_response", "lastfm"));
    assert_eq!(info.identifier.as_ref().unwrap().as_str(), "daft_punk");
    assert_eq!(it.asked().len(), 1);
    it.clock.advance(Duration::from_hours(2));
    ask_for(Some(Duration::from_secs(1))).with(Request::must_be_fresh).await.unwrap();
    it.clock.advance(Duration::from_secs(2));
    let stale = ask().with(Request::offline).await.unwrap().answer;
    assert!(matches!(stale, Answer::Found(found) if found.warning.is_some()));
}

#[tokio::test]
async fn the_biographies_of_an_artist_are_told_apart_by_their_language() {
    let it = loopback(Reply::ok(BIO)).await;
    for code in ["en", "zh-min-nan"] {
        let (url, language) = (it.origin.url(&format!("/{code}")), code.parse().unwrap());
        let bio = it.providers().api().cache_artist_bio(url, "Daft Punk", lastfm(), &language);
        let Answer::Found(found) = bio.await.unwrap().answer else { panic!("no answer") };
        let info = &found.entry.info;
        assert_eq!(info.data_type.as_str(), format!("bio_{code}"));
        assert_eq!(info.metadata["language"], code);
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused_and_does_not_stay() {
    for body in ["<!DOCTYPE html><html>log in</html>", &BIO[..20], ""] {
        let it = loopback(Reply::ok(body)).await;
        let url = it.origin.url("/bio");
        let bio = || {
            it.providers().api().cache_artist_bio(&url, "Daft Punk", lastfm(), &Language::ENGLISH)
        };
        assert_eq!(bio().await.unwrap_err().kind(), ErrorKind::Refused, "{body}");
        let offline = bio().with(Request::offline).await.unwrap();
        assert!(matches!(offline.answer, Answer::Miss), "{body}");
    }
}

/// A venue's network answers in everybody's place, to whoever renews it.
#[tokio::test]
async fn a_log_in_page_costs_nobody_a_biography() {
    let is_caught = Arc::new(AtomicU32::new(0));
    let caught = Arc::clone(&is_caught);
    let origin = Origin::start(move |_| match caught.load(Ordering::Relaxed) {
        0 => Reply::ok(BIO),
        _ => Reply::ok("<html>log in</html>"),
    });
    let it = Loopback::at("lastfm", json!({ "ttl": "1h" }), origin.unwrap()).await;
    let url = it.origin.url("/bio");
    let bio = || {
        let bio = it.providers().api();
        bio.cache_artist_bio(&url, "Daft Punk", lastfm(), &Language::ENGLISH)
    };
    bio().await.unwrap();
    is_caught.store(1, Ordering::Relaxed);
    it.clock.advance(Duration::from_hours(2));
    let error = bio().with(Request::must_be_fresh).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Refused, true));
    for renewal in [bio().into_request().unwrap(), Request::new(&url)] {
        it.cache.fetch(renewal.clone().priority(Priority::Batch)).await.unwrap();
        let config = WorkerConfig {
            until: Until::Drained { patience: Duration::ZERO },
            ..WorkerConfig::default()
        };
        let progress = Worker::new(it.cache.clone(), config).run(std::future::pending()).await;
        assert_eq!(progress.unwrap().retried, 1);
        it.cache.dequeue(&url).await.unwrap();
        it.cache.fetch(renewal.must_be_fresh()).await.unwrap_err();
    }
    let typed = bio().with(Request::offline).await.unwrap();
    assert_eq!(typed.value.unwrap()["bio"], "Daft Punk were …");
}

#[tokio::test]
async fn the_key_of_the_provider_is_sent_and_not_kept() {
    assert_kept_secret("lastfm", json!({ "api_key": KEY }), BIO, |it| {
        it.providers().api().cache_api_response(it.origin.url("/bio"), "!!!", lastfm(), None)
    })
    .await;
}

#[tokio::test]
async fn a_call_is_made_once_and_then_its_answer_is_the_caches() {
    let (it, calls) = (loopback(Reply::status(500)).await, AtomicU32::new(0));
    for _ in 0..3 {
        assert_eq!(ask(&it, &calls, Ok(Some(7))).await, Ok(Some(7)));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    it.clock.advance(Duration::from_mins(61));
    assert_eq!(ask(&it, &calls, Ok(Some(8))).await, Ok(Some(8)));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let Lookup::Fresh(entry) =
        it.cache.lookup("call://lastfm/artist.getInfo?identifier=Daft+Punk").await.unwrap()
    else {
        panic!("no entry")
    };
    assert_eq!(entry.data, "8");
    assert_eq!(entry.info.identifier.unwrap().as_str(), "daft_punk");
}

#[tokio::test]
async fn an_empty_answer_is_absence_for_a_while() {
    let (it, calls) = (loopback(Reply::status(500)).await, AtomicU32::new(0));
    for _ in 0..2 {
        assert_eq!(ask(&it, &calls, Ok(None)).await, Ok(None));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    it.clock.advance(Duration::from_secs(61));
    assert_eq!(ask(&it, &calls, Ok(Some(7))).await, Ok(Some(7)));
}

#[tokio::test]
async fn a_failure_is_returned_and_never_kept() {
    let (it, calls) = (loopback(Reply::status(500)).await, AtomicU32::new(0));
    for reason in ["offline", "throttled"] {
        assert_eq!(ask(&it, &calls, Err(Failure::Own(reason))).await, Err(Failure::Own(reason)));
    }
    assert_eq!(ask(&it, &calls, Ok(Some(7))).await, Ok(Some(7)));
    it.clock.advance(Duration::from_hours(2));
    assert_eq!(ask(&it, &calls, Err(Failure::Own("offline"))).await, Ok(Some(7)));
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_value_of_another_shape_is_asked_for_again() {
    let (it, calls) = (loopback(Reply::status(500)).await, AtomicU32::new(0));
    let request = Request::new("call://lastfm/artist.getInfo?identifier=Daft+Punk");
    it.cache.put(request, r#"{"seven": 7}"#).await.unwrap();
    assert_eq!(ask(&it, &calls, Ok(Some(7))).await, Ok(Some(7)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tasks_one_calls() {
    const TASKS: usize = 8;
    let it = Arc::new(loopback(Reply::status(500)).await);
    let (calls, start) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(TASKS)));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (it, calls, start) = (Arc::clone(&it), Arc::clone(&calls), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            ask(&it, &calls, Ok(Some(7))).await
        });
    }
    assert_eq!(tasks.join_all().await, vec![Ok(Some(7)); TASKS]);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn who_goes_away_leaves_the_turn_to_the_next() {
    let (it, calls) = (loopback(Reply::status(500)).await, AtomicU32::new(0));
    let api = it.providers().api();
    let (provider, began) = (lastfm(), tokio::sync::Notify::new());
    let endless = api.cached(&provider, "Daft Punk", "artist.getInfo", || async {
        began.notify_one();
        std::future::pending::<Called>().await
    });
    tokio::select! {
        _ = endless => panic!("it has no end"),
        () = began.notified() => {}
    }
    assert_eq!(ask(&it, &calls, Ok(Some(7))).await, Ok(Some(7)));
}

#[tokio::test]
async fn a_call_needs_names() {
    let (it, long) = (loopback(Reply::status(500)).await, "x".repeat(2_000_000));
    let unkeepable = "x".repeat(513);
    for (identifier, endpoint) in [
        (&*unkeepable, "x"),
        ("", "x"),
        (" ", "x"),
        ("x", ""),
        ("x", ".."),
        (&long, "x"),
        ("x", &long),
    ] {
        let call = || async { panic!("it is not called") };
        let called: Called =
            it.providers().api().cached(&lastfm(), identifier, endpoint, call).await;
        assert_eq!(called, Err(Failure::Cache("InvalidInput".to_owned())));
    }
}

#[tokio::test]
async fn errors_may_be_of_any_kind_that_the_caches_can_become() {
    let it = loopback(Reply::status(500)).await;
    let api = it.providers().api();
    let boxed: Result<Option<u8>, Box<dyn std::error::Error + Send + Sync>> =
        api.cached(&lastfm(), "!!!", "a", || async { Err("no".into()) }).await;
    assert_eq!(boxed.unwrap_err().to_string(), "no");
    let own: Result<Option<u8>> = api.cached(&lastfm(), "!!!", "a", || async { Ok(Some(1)) }).await;
    assert_eq!(own.unwrap(), Some(1));
}

/// As on a full disk.
#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_one_all_the_same() {
    let (it, calls) = (loopback(Reply::status(500)).await, AtomicU32::new(0));
    let mut tx = it.cache.0.db.write("test").await.unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON cached_data \
        BEGIN SELECT RAISE(ABORT, 'full'); END";
    sqlx::query(full).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    for answer in [Some(7), None] {
        assert_eq!(ask(&it, &calls, Ok(answer)).await, Ok(answer));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn calls_that_differ_have_keys_that_differ() {
    let url = |provider: &str, identifier: &str, endpoint: &str| {
        call_url(&Provider::new(provider).unwrap(), identifier, endpoint).unwrap().to_string()
    };
    assert_eq!(
        url("lastfm", "AC/DC & more", "artist.getInfo"),
        "call://lastfm/artist.getInfo?identifier=AC%2FDC+%26+more"
    );
    assert_eq!(url("a.example:81", "x", "a/b?c"), "call://a.example%3A81/a%2Fb%3Fc?identifier=x");
    assert_ne!(url("spotify", "aB", "x"), url("spotify", "Ab", "x"));
}

proptest! {
    #[test]
    fn any_call_has_a_key_of_its_own(one in "\\PC{1,40}", other in "\\PC{1,40}") {
        let url = |identifier: &str, endpoint: &str| call_url(&lastfm(), identifier, endpoint);
        if let (Ok(first), Ok(second)) = (url(&one, &other), url(&other, &one)) {
            prop_assert!(crate::Key::parse(first.as_str()).is_ok());
            prop_assert_eq!(first == second, one.trim() == other.trim());
        }
    }
}

#[tokio::test]
async fn what_a_callers_own_client_answers_is_counted_once() {
    let (it, calls) = (loopback(Reply::status(500)).await, AtomicU32::new(0));
    let numbers = async || it.cache.numbers(None).await.unwrap().total;
    ask(&it, &calls, Err(Failure::Own("no"))).await.unwrap_err();
    for _ in 0..3 {
        ask(&it, &calls, Ok(Some(7))).await.unwrap();
    }
    it.clock.advance(Duration::from_mins(61));
    ask(&it, &calls, Err(Failure::Own("no"))).await.unwrap();
    let counts = numbers().await;
    assert_eq!((counts.errors["upstream"], counts.fetched, counts.fresh), (1, 1, 2));
    assert_eq!((counts.stale, counts.fallbacks, counts.answers()), (1, 1, 5));
    assert_eq!((counts.fetches, counts.fetch_errors["upstream"]), (3, 2));
    assert_eq!((counts.served_bytes, counts.fetched_bytes), (4, 1));
    it.clock.advance(Duration::from_mins(61));
    for _ in 0..2 {
        assert_eq!(ask(&it, &calls, Ok(None)).await, Ok(None));
    }
    let counts = numbers().await;
    assert_eq!((counts.fetched_absent, counts.absent, counts.answers()), (1, 1, 7));
}
