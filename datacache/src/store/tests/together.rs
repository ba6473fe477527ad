//! Entries of many tasks at once.

use std::time::Duration;

use tokio::runtime::Handle;

use super::budget::{assert_counted, bounded, has, unique};
use super::*;
use crate::error::{Error, ErrorKind};
use crate::store::together::Put;

/// Waits until so many wait; for so long that nobody has given up yet.
async fn until_waiting(store: &Store, count: usize) {
    let runtime = Handle::current().id();
    let all_wait = async {
        while store.waiting.len(runtime) < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all_wait).await.unwrap();
}

/// What comes of `entries`, all of which wait before the first is stored.
async fn put_at_once(folder: &Folder, entries: Vec<NewEntry>) -> Vec<Result<EntryInfo>> {
    let (store, other) = (folder.open().await, folder.open().await);
    // The first notes that there is nothing nobody needs.
    store.put(entry("first", "x")).await.unwrap();
    let writing = other.db.write("test").await.unwrap();
    let mut puts = Vec::new();
    for (number, new) in entries.into_iter().enumerate() {
        let store = store.clone();
        puts.push(tokio::spawn({
            let store = store.clone();
            async move { store.put(new).await }
        }));
        // In this order.
        until_waiting(&store, number + 1).await;
    }
    writing.roll_back().await;
    let mut stored = Vec::new();
    for put in puts {
        stored.push(put.await.unwrap());
    }
    stored
}

#[tokio::test]
async fn all_are_stored_and_the_last_of_a_key_stands() {
    let folder = Folder::new();
    let mut entries: Vec<_> =
        (0..8).map(|number| entry(&number.to_string(), number.to_string())).collect();
    entries.extend((0..3).map(|number| entry("same", format!("body {number}"))));
    for stored in put_at_once(&folder, entries).await {
        stored.unwrap();
    }
    let store = folder.open().await;
    for number in 0..8 {
        let found = store.get(&key(&number.to_string())).await.unwrap().unwrap();
        assert_eq!(found.data, number.to_string());
    }
    assert_eq!(store.get(&key("same")).await.unwrap().unwrap().data, "body 2");
    assert_counted(&store).await;
}

#[tokio::test]
async fn one_that_cannot_be_stored_costs_the_others_nothing() {
    let folder = bounded(r#"{"providers": {"lastfm": {"max_bytes": 100}}}"#);
    let refused = NewEntry { provider: provider("lastfm"), ..entry("refused", "x".repeat(200)) };
    let stored = put_at_once(&folder, vec![entry("a", "x"), refused, entry("b", "x")]).await;
    let kinds = stored.iter().map(|it| it.as_ref().err().map(Error::kind)).collect::<Vec<_>>();
    assert_eq!(kinds, [None, Some(ErrorKind::TooLarge), None]);
    let store = folder.open().await;
    assert!(has(&store, "a").await && has(&store, "b").await && !has(&store, "refused").await);
    assert_counted(&store).await;
}

#[tokio::test]
async fn who_goes_away_before_his_turn_has_nothing_stored() {
    let folder = Folder::new();
    let (store, other) = (folder.open().await, folder.open().await);
    let writing = other.db.write("test").await.unwrap();
    let put = |path: &'static str| {
        let store = store.clone();
        tokio::spawn(async move { store.put(entry(path, "x")).await })
    };
    let (gone, stays) = (put("gone"), put("stays"));
    until_waiting(&store, 2).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    writing.roll_back().await;
    stays.await.unwrap().unwrap();
    assert!(has(&store, "stays").await && !has(&store, "gone").await);
}

/// What a transaction adds to the log is not seen by who looks how long that is.
#[tokio::test]
async fn what_is_stored_together_is_not_much() {
    let folder = Folder::new();
    let store = folder.open().await;
    let (mut service, mut told_all) = (None, Vec::new());
    for length in [100, 10, 10, 10, 30] {
        let staged = store.stage(entry("x", unique(0, length))).await.unwrap();
        let (tell, told) = tokio::sync::oneshot::channel();
        told_all.push(told);
        service = store.waiting.join(Handle::current().id(), Put { staged, tell }).or(service);
    }
    let service = service.unwrap();
    let counts = [3, 2, 3, 3, 3].map(|most| service.next(most, 30).len());
    assert_eq!(counts, [1, 2, 1, 1, 0], "one at least, else no more entries or bytes than may be");
}

/// Nobody drives the runtime whose task would store the one.
#[test]
fn a_runtime_that_stands_still_keeps_no_other_from_storing() {
    let new = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (still, running) = (new(), new());
    let folder = Folder::new();
    running.block_on(async {
        let store = folder.open().await;
        let staged = store.stage(entry("waits", "x")).await.unwrap();
        let (tell, told) = tokio::sync::oneshot::channel();
        let service = store.waiting.join(still.handle().id(), Put { staged, tell });
        store.put(entry("stored", "x")).await.unwrap();
        assert!(has(&store, "stored").await && !has(&store, "waits").await);
        // Whoever waits for a task that has ended is told so.
        assert!(service.is_some());
        drop(service);
        assert!(told.await.is_err());
    });
}
