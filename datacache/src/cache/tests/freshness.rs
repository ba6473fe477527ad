//! How long answers are kept, and for whom.

use super::*;
use crate::config::ProviderConfig;

const MINUTE: Duration = Duration::from_mins(1);

/// A request that leaves it to policies and headers how long its answer is fresh.
fn plain(url: &str) -> Request {
    Request::new(url).retries(0)
}

#[tokio::test]
async fn musicbrainz_is_asked_without_condition_and_its_policy_goes_before_headers() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let headers = r#"ETag: "a"; Cache-Control: no-store, no-cache, max-age=0"#;
    let origin = origin([with(Reply::ok("one"), headers)]);
    let musicbrainz = || plain(&origin.url("/x")).provider(Provider::new("musicbrainz").unwrap());
    let info = found(cache.fetch(musicbrainz()).await.unwrap()).entry.info;
    let month = Duration::from_hours(30 * 24);
    assert_eq!(info.expires_at, START.checked_add(month).unwrap());
    folder.clock.advance(month);
    assert_eq!(fetch(&cache, musicbrainz().offline()).await.0, FoundState::Stale);
    assert_eq!(fetch(&cache, musicbrainz().must_be_fresh()).await.0, FoundState::Fetched);
    assert!(conditions(&origin.received()[1]).is_empty());
}

/// How long an answer is fresh whose host nobody has a policy for.
#[tokio::test]
async fn where_nobody_has_a_policy_the_headers_say_how_long_an_answer_is_fresh() {
    let week = Duration::from_hours(7 * 24);
    let start = "Thu, 01 Jan 1970 00:16:40 GMT";
    for (headers, expected) in [
        ("", week),
        (TAGGED, week),
        ("Cache-Control: max-age=60", MINUTE),
        ("Cache-Control: max-age=60; Age: 20", Duration::from_secs(40)),
        ("Cache-Control: max-age=60, must-revalidate", MINUTE),
        ("Cache-Control: max-age=0", Duration::ZERO),
        ("Cache-Control: no-cache", Duration::ZERO),
        ("Cache-Control: max-age=99999999", Duration::from_secs(99_999_999)),
        (&format!("Date: {start}; Expires: Thu, 01 Jan 1970 00:17:40 GMT"), MINUTE),
        (&format!("Date: {start}; Expires: 0"), Duration::ZERO),
        (&format!("Date: {start}; Last-Modified: Thu, 01 Jan 1970 00:06:40 GMT"), MINUTE),
    ] {
        let folder = Folder::new();
        let cache = folder.open().await;
        let origin = origin([with(Reply::ok("one"), headers)]);
        let url = origin.url("/x");
        let ttl = |answer| found(answer).entry.info.expires_at.since(START);
        assert_eq!(ttl(cache.fetch(plain(&url)).await.unwrap()), expected, "{headers}");
        folder.clock.advance(expected);
        let again = fetch(&cache, plain(&url).must_be_fresh()).await;
        assert_eq!(again.0, FoundState::Fetched, "{headers}");
    }
}

#[tokio::test]
async fn time_on_the_way_counts_against_headers_and_not_against_a_ttl() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let clock = folder.clock.clone();
    let origin = Origin::start(move |_| {
        clock.advance(MINUTE);
        with(Reply::ok("one"), "Cache-Control: max-age=90")
    })
    .unwrap();
    for (request, expected) in
        [(plain(&origin.url("/said")), MINUTE / 2), (request(&origin.url("/asked")), HOUR)]
    {
        let info = found(cache.fetch(request).await.unwrap()).entry.info;
        assert_eq!(info.expires_at.since(info.created_at), expected);
    }
}

#[tokio::test]
async fn a_ttl_that_is_asked_for_goes_before_headers_and_a_contract_before_both() {
    let strict = "Cache-Control: no-store, no-cache, must-revalidate, max-age=60";
    let long = "Cache-Control: max-age=86400";
    for (max_ttl, requested, headers, expected) in [
        (None, Some(HOUR), strict, HOUR),
        (Some(HOUR / 2), Some(HOUR), strict, HOUR / 2),
        (Some(HOUR / 2), None, long, HOUR / 2),
        (None, None, long, 24 * HOUR),
    ] {
        let folder = Folder::new();
        let mut config = folder.config();
        config.providers.insert(
            Provider::new("mine").unwrap(),
            ProviderConfig {
                hosts: Some(vec!["127.0.0.1".to_owned()]),
                max_ttl,
                ..ProviderConfig::default()
            },
        );
        let cache = folder.open_with(config).await;
        let origin = origin([with(Reply::ok("one"), headers)]);
        let url = origin.url("/x");
        let request = requested.into_iter().fold(plain(&url), Request::ttl);
        let info = found(cache.fetch(request).await.unwrap()).entry.info;
        assert_eq!(info.expires_at.since(START), expected, "{max_ttl:?} {requested:?} {headers}");
        folder.clock.advance(expected);
        assert_eq!(fetch(&cache, plain(&url).offline()).await.0, FoundState::Stale);
    }
}

#[tokio::test]
async fn what_may_not_be_stored_is_returned_and_replaces_nothing() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let forbidden = |body: &str| with(Reply::ok(body), "Cache-Control: no-store, max-age=60");
    let absent = with(Reply::status(404), "Cache-Control: no-store");
    let origin = origin([
        forbidden("one"),
        absent,
        with(Reply::ok("kept"), TAGGED),
        forbidden("log in"),
        not_modified("Cache-Control: no-store"),
    ]);
    let url = origin.url("/x");
    let unstored = found(cache.fetch(plain(&url)).await.unwrap()).entry;
    assert_eq!((&unstored.data[..], unstored.info.expires_at), (&b"one"[..], START));
    assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Miss));
    assert!(matches!(cache.fetch(plain(&url)).await.unwrap(), Answer::Absent(_)));
    assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Miss));

    fetch(&cache, request(&url)).await;
    folder.clock.advance(HOUR);
    let anew = || plain(&url).must_be_fresh();
    assert_eq!(fetch(&cache, anew()).await, (FoundState::Fetched, "log in".into()));
    assert_eq!(fetch(&cache, plain(&url).offline()).await, (FoundState::Stale, "kept".into()));
    assert_eq!(fetch(&cache, anew()).await, (FoundState::Revalidated, "kept".into()));
    assert_eq!(fetch(&cache, plain(&url).offline()).await.0, FoundState::Stale);
}

#[tokio::test]
async fn what_must_be_validated_is_never_shown_unasked() {
    for headers in [
        r#"ETag: "a"; Cache-Control: no-cache"#,
        r#"ETag: "a"; Cache-Control: max-age=60, must-revalidate"#,
    ] {
        let folder = Folder::new();
        let cache = folder.open().await;
        let origin =
            origin([with(Reply::ok("one"), headers), not_modified(headers), Reply::status(500)]);
        let url = origin.url("/x");
        fetch(&cache, plain(&url)).await;
        folder.clock.advance(MINUTE);
        assert_eq!(fetch(&cache, plain(&url)).await, (FoundState::Revalidated, "one".into()));
        folder.clock.advance(MINUTE);
        assert_eq!(failure(&cache, plain(&url)).await, ErrorKind::Upstream);
        assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Miss));
        let offline = cache.fetch(plain(&url).offline()).await.unwrap();
        assert!(matches!(offline, Answer::Miss), "{offline:?}");
        let batch = cache.fetch(plain(&url).priority(Priority::Batch)).await.unwrap();
        assert!(matches!(batch, Answer::Queued), "{batch:?}");
        assert_eq!(conditions(&origin.received()[2]), ["\"a\""], "{headers}");
    }
}

#[tokio::test]
async fn an_answer_that_depends_on_a_header_is_for_those_who_send_the_same() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|request| {
        let language = request.headers.get("accept-language").cloned().unwrap_or_default();
        with(Reply::ok(language), r#"ETag: "a"; Vary: Accept-Language"#)
    })
    .unwrap();
    let url = origin.url("/x");
    let speaking = |language: &str| request(&url).header("Accept-Language", language);
    for (language, state) in [
        ("en", FoundState::Fetched),
        ("en", FoundState::Fresh),
        ("de", FoundState::Fetched),
        ("de", FoundState::Fresh),
        ("en", FoundState::Fetched),
    ] {
        assert_eq!(fetch(&cache, speaking(language)).await, (state, language.to_owned().into()));
    }
    assert!(matches!(cache.fetch(speaking("de").offline()).await.unwrap(), Answer::Miss));
    assert!(origin.received().iter().all(|request| conditions(request).is_empty()));
    // Which language is waited for is not said, so that any will do.
    assert_eq!(found(cache.wait(&url, HOUR).await.unwrap()).entry.data, "en");
    let enqueued = cache.enqueue([speaking("de")]).await.unwrap();
    assert_eq!((enqueued.new, enqueued.cached), (1, 0));
}

#[tokio::test]
async fn an_image_that_must_be_validated_is_not_picked_once_it_is_stale() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([with(Reply::ok(png()), "Cache-Control: max-age=60, must-revalidate")]);
    let logo = plain(&origin.url("/x")).identifier("x").data_type(DataType::ARTIST_LOGO);
    cache.fetch(logo).await.unwrap();
    let identifier = Identifier::new("x").unwrap();
    for is_picked in [true, false] {
        let picked = cache.random_image(&identifier, &DataType::ARTIST_LOGO, None).await.unwrap();
        assert_eq!(picked.is_some(), is_picked);
        folder.clock.advance(MINUTE);
    }
}
