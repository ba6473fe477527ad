//! Answers that the way from their origin has spoilt.

use super::*;

/// A body without a length, as a proxy of a venue sends it, of which the connection lost the rest.
fn torn(picture: &[u8]) -> Reply {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n";
    Reply::raw([&head[..], &picture[..picture.len() - 9]].concat())
}

fn portal() -> Reply {
    Reply::ok("<!DOCTYPE html><html>log in</html>").header("Content-Type", "image/png")
}

fn cover(url: &str) -> Request {
    request(url).data_type(DataType::FRONT_COVER)
}

#[tokio::test]
async fn a_torn_picture_replaces_none_and_is_an_error_that_may_pass() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([torn(&png())]));
    let url = origin.url("/x");
    let error = cache.fetch(cover(&url)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Interrupted, true));
    assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Miss));
    cache.put(cover(&url), png()).await.unwrap();
    folder.clock.advance(HOUR);
    let error = cache.fetch(cover(&url).must_be_fresh()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    let Lookup::Stale(entry) = cache.lookup(&url).await.unwrap() else { panic!("it is gone") };
    assert_eq!(entry.data, png());
    let refused = cache.put(cover(&url), png()[..60].to_vec()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn a_torn_picture_is_asked_for_once_more() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([torn(&png()), Reply::ok(png())]));
    let (state, data) = fetch(&cache, cover(&origin.url("/x")).retries(1)).await;
    assert_eq!((state, data), (FoundState::Fetched, png().into()));
    assert_eq!(origin.received().len(), 2);
}

/// At a venue, a log-in page stands in place of everything until somebody logs in.
#[tokio::test]
async fn a_worker_tries_again_what_the_way_has_spoilt() {
    for (spoilt, data_type) in [
        (torn(&png()), DataType::FRONT_COVER),
        (portal(), DataType::FRONT_COVER),
        (portal(), DataType::API_RESPONSE),
    ] {
        let folder = Folder::new();
        let whole = if data_type.is_image() { png() } else { b"{}".to_vec() };
        let (cache, origin) = (folder.open().await, origin([spoilt, Reply::ok(whole)]));
        let url = origin.url("/x");
        cache.enqueue([request(&url).data_type(data_type)]).await.unwrap();
        let progress = drain(&cache).await;
        assert_eq!((progress.retried, progress.dead), (1, 0), "{progress:?}");
        folder.clock.advance(HOUR);
        assert_eq!(drain(&cache).await.done, 1);
        assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Fresh(_)));
    }
}
