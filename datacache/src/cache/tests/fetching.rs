use super::*;
use crate::checksum::Checksum;
use crate::store::Metadata;

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[tokio::test]
async fn what_was_fetched_is_fresh_for_everybody() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let origin = origin([Reply::ok("one"), Reply::ok("two")]);
    let url = origin.url("/x");
    assert_eq!(fetch(&first, request(&url)).await, (FoundState::Fetched, bytes("one")));
    for cache in [&first, &second] {
        assert_eq!(fetch(cache, request(&url)).await, (FoundState::Fresh, bytes("one")));
        assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Fresh(_)));
    }
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn what_has_expired_is_fetched_again_under_the_same_handle() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::ok("two")]);
    let url = origin.url("/x");
    let old = found(cache.fetch(request(&url)).await.unwrap()).entry.info;
    folder.clock.advance(HOUR / 2);
    assert_eq!(fetch(&cache, request(&url)).await.0, FoundState::Fresh);
    folder.clock.advance(HOUR / 2);
    assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Stale(_)));
    let new = found(cache.fetch(request(&url).must_be_fresh()).await.unwrap());
    assert_eq!((new.state, &new.entry.data[..]), (FoundState::Fetched, &b"two"[..]));
    assert_eq!(new.entry.info.cachekey, old.cachekey);
    assert_eq!(new.entry.info.created_at, folder.clock.now());
    assert_eq!(fetch(&cache, request(&url)).await, (FoundState::Fresh, bytes("two")));
}

#[tokio::test]
async fn a_stale_entry_is_the_answer_at_once_and_renewed_once_by_a_worker() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::ok("two")]);
    let url = origin.url("/x");
    fetch(&cache, request(&url)).await;
    folder.clock.advance(HOUR + Duration::from_mins(3));
    for _ in 0..3 {
        let stale = found(cache.fetch(request(&url)).await.unwrap());
        assert_eq!(stale.state, FoundState::Stale);
        assert_ne!(stale.source, Source::Origin);
        let warning = stale.warning.unwrap();
        assert_eq!(warning.kind(), ErrorKind::Expired);
        assert!(warning.to_string().contains("3m ago"), "{warning}");
        assert_eq!(queued(&cache).await, (0, 1));
    }
    assert_eq!(origin.received().len(), 1);
    assert_eq!(drain(&cache).await.done, 1);
    assert_eq!(fetch(&cache, request(&url)).await, (FoundState::Fresh, bytes("two")));
}

#[tokio::test]
async fn who_is_in_a_hurry_opens_no_circuit_for_the_others() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|request| match request.path.as_str() {
        "/slow" => Reply::silence(),
        _ => Reply::ok("one"),
    })
    .unwrap();
    for _ in 0..6 {
        let hasty = request(&origin.url("/slow")).timeout(Duration::from_millis(1));
        assert_eq!(failure(&cache, hasty).await, ErrorKind::Timeout);
    }
    assert_eq!(fetch(&cache, request(&origin.url("/fast"))).await.1, "one");
}

#[tokio::test]
async fn a_server_that_fails_is_given_the_time_it_asks_for() {
    for (wait, asked, kind) in [("1", 2, None), ("3600", 1, Some(ErrorKind::RateLimited))] {
        let folder = Folder::new();
        let cache = folder.open().await;
        let failure = Reply::status(502).header("Retry-After", wait);
        let origin = origin([failure, Reply::ok("one")]);
        let first = cache.fetch(request(&origin.url("/1")).retries(1)).await;
        assert_eq!(first.is_ok(), kind.is_none(), "{first:?}");
        assert_eq!(origin.received().len(), asked);
        let second = cache.fetch(request(&origin.url("/2"))).await;
        assert_eq!(second.err().map(|error| error.kind()), kind);
    }
}

#[tokio::test]
async fn an_origin_that_fails_leaves_the_stale_entry() {
    let broken = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    let failures = [500, 429, 401, 408].map(Reply::status);
    for failure in failures.into_iter().chain([broken]) {
        let folder = Folder::new();
        let cache = folder.open().await;
        let origin = origin([Reply::ok("one"), failure, Reply::ok("two")]);
        let url = origin.url("/x");
        fetch(&cache, request(&url)).await;
        folder.clock.advance(HOUR);
        for _ in 0..2 {
            assert_eq!(fetch(&cache, request(&url)).await, (FoundState::Stale, bytes("one")));
            queued(&cache).await;
            assert_eq!(drain(&cache).await.done, 0);
        }
        assert_eq!(origin.received().len(), 2);
        folder.clock.advance(Duration::from_mins(1));
        let anew = request(&url).must_be_fresh();
        assert_eq!(fetch(&cache, anew).await, (FoundState::Fetched, bytes("two")));
    }
}

#[tokio::test]
async fn who_wants_it_fresh_gets_the_error_instead() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::status(500)]);
    let url = origin.url("/x");
    fetch(&cache, request(&url)).await;
    assert_eq!(fetch(&cache, request(&url).must_be_fresh()).await.0, FoundState::Fresh);
    folder.clock.advance(HOUR);
    assert_eq!(failure(&cache, request(&url).must_be_fresh()).await, ErrorKind::Upstream);
    let offline = cache.fetch(request(&url).must_be_fresh().offline()).await.unwrap();
    assert!(matches!(offline, Answer::Miss), "{offline:?}");
    assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Stale(_)));
}

#[tokio::test]
async fn an_offline_request_asks_nobody_and_queues_nothing() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let url = origin.url("/x");
    let miss = cache.fetch(request(&url).offline()).await.unwrap();
    assert!(matches!(miss, Answer::Miss), "{miss:?}");
    assert_eq!(origin.received().len(), 0);
    fetch(&cache, request(&url)).await;
    folder.clock.advance(HOUR);
    let stale = found(cache.fetch(request(&url).offline()).await.unwrap());
    assert_eq!(stale.state, FoundState::Stale);
    let warning = stale.warning.unwrap();
    assert_eq!(warning.kind(), ErrorKind::Expired);
    assert!(warning.to_string().contains("may not leave the machine"), "{warning}");
    assert_eq!(origin.received().len(), 1);
    assert_eq!(queued(&cache).await, (0, 0));
}

#[tokio::test]
async fn absence_is_believed_until_its_time_has_passed() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let origin = origin([Reply::status(404), Reply::status(410), Reply::ok("now")]);
    let url = origin.url("/x");
    for asked in [1, 2] {
        for (cache, source) in [(&first, Source::Origin), (&second, Source::Store)] {
            match cache.fetch(request(&url)).await.unwrap() {
                Answer::Absent(absence) => assert_eq!(absence.source, source),
                other => panic!("{other:?}"),
            }
            assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Absent(_)));
        }
        assert_eq!(origin.received().len(), asked);
        folder.clock.advance(HOUR);
        assert!(matches!(second.lookup(&url).await.unwrap(), Lookup::Miss));
        let offline = second.fetch(request(&url).offline()).await.unwrap();
        assert!(matches!(offline, Answer::Miss), "{offline:?}");
    }
    assert_eq!(fetch(&second, request(&url)).await, (FoundState::Fetched, bytes("now")));
}

#[tokio::test]
async fn a_failure_that_may_pass_is_never_remembered() {
    let folder = Folder::new();
    let cache = folder.open().await;
    for status in [401, 403, 408, 429, 500, 502, 503, 504] {
        let origin = origin([Reply::status(status), Reply::ok("now")]);
        let url = origin.url(&format!("/{status}"));
        cache.fetch(request(&url)).await.unwrap_err();
        assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Miss), "{status}");
        // So long a provider is left alone that does not say for how long it wants to be.
        folder.clock.advance(Duration::from_mins(1));
        assert_eq!(fetch(&cache, request(&url)).await, (FoundState::Fetched, bytes("now")));
    }
    let gone = origin([Reply::ok("")]).url("/x");
    assert_eq!(failure(&cache, request(&gone)).await, ErrorKind::Offline);
    assert!(matches!(cache.lookup(&gone).await.unwrap(), Lookup::Miss));
}

#[tokio::test]
async fn a_page_in_place_of_an_image_neither_counts_as_absence_nor_replaces_the_image() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let portal = Reply::ok("<html>log in</html>").header("Content-Type", "image/png");
    let origin = origin([portal.clone(), Reply::ok(png()), portal]);
    let logo = || request(&origin.url("/x")).data_type(DataType::ARTIST_LOGO);
    assert_eq!(failure(&cache, logo()).await, ErrorKind::Refused);
    assert!(matches!(cache.lookup(&origin.url("/x")).await.unwrap(), Lookup::Miss));
    assert_eq!(fetch(&cache, logo()).await, (FoundState::Fetched, png().into()));
    folder.clock.advance(HOUR);
    assert_eq!(failure(&cache, logo().must_be_fresh()).await, ErrorKind::Refused);
    assert_eq!(fetch(&cache, logo()).await, (FoundState::Stale, png().into()));
}

#[tokio::test]
async fn a_batch_request_is_queued_and_the_origin_left_alone() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let url = origin.url("/x");
    let batch = || request(&url).priority(Priority::Batch);
    for _ in 0..2 {
        let answer = cache.fetch(batch()).await.unwrap();
        assert!(matches!(answer, Answer::Queued), "{answer:?}");
        assert_eq!(queued(&cache).await, (0, 1));
    }
    assert_eq!(origin.received().len(), 0);
    fetch(&cache, request(&url)).await;
    assert_eq!(fetch(&cache, batch()).await.0, FoundState::Fresh);
}

#[tokio::test]
async fn a_batch_request_gets_the_stale_entry_and_is_queued() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let batch = || request(&origin.url("/x")).priority(Priority::Batch);
    fetch(&cache, request(&origin.url("/x"))).await;
    fetch(&cache, batch()).await;
    assert_eq!(queued(&cache).await, (0, 0));
    folder.clock.advance(HOUR);
    assert_eq!(fetch(&cache, batch()).await, (FoundState::Stale, bytes("one")));
    assert_eq!(queued(&cache).await, (0, 1));
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn a_deadline_ends_the_waiting_and_the_request_stays_queued() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::silence()]);
    let hasty = |path: &str| request(&origin.url(path)).deadline(Duration::from_millis(5));
    fetch(&cache, request(&origin.url("/known"))).await;
    assert_eq!(fetch(&cache, hasty("/known")).await.0, FoundState::Fresh);
    folder.clock.advance(HOUR);
    assert_eq!(fetch(&cache, hasty("/known")).await, (FoundState::Stale, bytes("one")));
    assert_eq!(queued(&cache).await, (0, 1));
    for unknown in [hasty("/new"), hasty("/known").must_be_fresh()] {
        let answer = cache.fetch(unknown).await.unwrap();
        assert!(matches!(answer, Answer::Pending), "{answer:?}");
    }
    // Both are still under way, and left to a worker when this process ends.
    cache.close().await;
    assert_eq!(queued(&folder.open().await).await, (2, 0));
}

#[tokio::test]
async fn a_deadline_raises_the_priority_of_what_is_queued_already() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::silence()]);
    let url = origin.url("/x");
    cache.fetch(request(&url).priority(Priority::Batch)).await.unwrap();
    cache.fetch(request(&url).deadline(Duration::from_millis(5))).await.unwrap();
    cache.close().await;
    assert_eq!(queued(&folder.open().await).await, (1, 0));
}

#[tokio::test]
async fn what_comes_after_the_deadline_is_stored() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Mutex::new(released);
    let origin = Origin::start(move |_| {
        released.lock().unwrap().recv().unwrap();
        Reply::ok("one")
    });
    let origin = origin.unwrap();
    let url = origin.url("/x");
    let hasty = request(&url).deadline(Duration::from_millis(5));
    assert!(matches!(cache.fetch(hasty).await.unwrap(), Answer::Pending));
    release.send(()).unwrap();
    assert!(matches!(cache.wait(&url, NET).await.unwrap(), Answer::Found(_)));
    assert_eq!((origin.received().len(), queued(&cache).await), (1, (0, 0)));
}

#[tokio::test]
async fn a_request_with_a_secret_cannot_wait_in_the_queue() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::silence()]);
    let secret = || request(&origin.url("/x?api_key=s3cret"));
    let batch = || secret().priority(Priority::Batch);
    assert_eq!(failure(&cache, batch()).await, ErrorKind::Unsupported);
    fetch(&cache, secret()).await;
    folder.clock.advance(HOUR);
    let stale = cache.fetch(secret().deadline(Duration::from_millis(5))).await.unwrap();
    assert_eq!(found(stale).warning.unwrap().kind(), ErrorKind::Timeout);
    assert_eq!(queued(&cache).await, (0, 0));
}

#[tokio::test]
async fn an_entry_with_another_checksum_than_expected_is_fetched_again() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::ok("two"), Reply::ok("three")]);
    let url = origin.url("/x");
    let expecting = |data: &str| request(&url).expected_checksum(Checksum::of(data.as_bytes()));
    fetch(&cache, request(&url)).await;
    assert_eq!(fetch(&cache, expecting("one")).await.0, FoundState::Fresh);
    assert_eq!(fetch(&cache, expecting("two")).await, (FoundState::Fetched, bytes("two")));
    assert_eq!(failure(&cache, expecting("four")).await, ErrorKind::Refused);
    assert_eq!(fetch(&cache, request(&url)).await, (FoundState::Fresh, bytes("two")));
}

/// A venue's log-in page answers every URL with status 200.
#[tokio::test]
async fn refreshing_an_entry_keeps_what_it_is_and_takes_no_page_for_a_picture() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("<html>log in</html>"), Reply::ok(png())]);
    let url = origin.url("/x");
    let metadata = Metadata::from_iter([("a".to_owned(), 1.into())]);
    let labelled = request(&url).data_type(DataType::FRONT_COVER).identifier("Daft Punk");
    cache.put(labelled.metadata(metadata.clone()).ttl(HOUR), png()).await.unwrap();
    folder.clock.advance(HOUR);

    let anew = || Request::new(&url).retries(0).must_be_fresh();
    assert_eq!(failure(&cache, anew()).await, ErrorKind::Refused);
    assert_eq!(fetch(&cache, Request::new(&url)).await, (FoundState::Stale, png().into()));
    let renewed = found(cache.fetch(anew()).await.unwrap());
    assert_eq!(renewed.state, FoundState::Fetched);
    let info = renewed.entry.info;
    assert_eq!(info.data_type, DataType::FRONT_COVER);
    assert_eq!((info.identifier.unwrap().as_str(), info.metadata), ("daft_punk", metadata));
}

#[tokio::test]
async fn a_page_that_was_cached_untyped_is_no_answer_where_a_picture_is_asked_for() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("<html>log in</html>"), Reply::ok(png())]);
    let url = origin.url("/x");
    fetch(&cache, Request::new(&url)).await;
    let typed = || Request::new(&url).data_type(DataType::FRONT_COVER);
    assert!(matches!(cache.fetch(typed().offline()).await.unwrap(), Answer::Miss));
    assert_eq!(found(cache.fetch(typed()).await.unwrap()).entry.data, png());
}
