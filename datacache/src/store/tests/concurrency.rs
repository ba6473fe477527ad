use std::pin::pin;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::*;

/// Files are published and removed under the write lock; otherwise a removal by one task deletes
/// the file that another has just named.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shared_bytes_survive_puts_and_removals_of_all_who_share_them() {
    const ROUNDS: usize = 60;
    let folder = Folder::new();
    let stores = [folder.open().await, folder.open().await];
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let store = stores[task % 2].clone();
            let mut rng = fastrand::Rng::with_seed(task as u64);
            tokio::spawn(async move {
                let path = task.to_string();
                for round in 0..ROUNDS {
                    let data = large(rng.u8(..2));
                    store.put(entry(&path, data.clone())).await.unwrap();
                    let read = store.get(&key(&path)).await.unwrap();
                    assert_eq!(read.expect("nobody else removes it").data, data);
                    if round + 1 < ROUNDS {
                        assert!(store.remove(&key(&path)).await.unwrap());
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let rows = stores[0].list(&Filter::all(), 0, 100).await.unwrap();
    assert_eq!(rows.len(), 4);
    for (_, info) in &rows {
        assert!(stores[1].get(&info.url).await.unwrap().is_some(), "{info:?}");
    }
    let named = rows.iter().map(|(_, info)| info.content_checksum.to_string()).collect();
    assert_eq!(folder.blob_files(), named);
    assert_eq!(folder.temp_files(), 0);
}

/// One thread for blocking work, so that file operations run in the order they were begun.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap()
}

/// The row that the reader has seen names a file that is gone by the time it looks for it.
#[test]
fn a_body_replaced_between_reading_its_row_and_its_file_is_no_miss() {
    assert_replaced_is_read(async |store, key| store.get(key).await);
    assert_replaced_is_read(async |store, key| Ok(store.get_many(&[key]).await?.remove(0)));
}

fn assert_replaced_is_read(get: impl AsyncFnOnce(&Store, &Key) -> Result<Option<Entry>>) {
    let (folder, key, runtime) = (Folder::new(), key("x"), runtime());
    let reader = runtime.block_on(folder.open());
    runtime.block_on(reader.put(entry("x", large(1)))).unwrap();
    let replace = async || {
        let writer = folder.open().await;
        writer.put(NewEntry { created_at: LATER, ..entry("x", large(2)) }).await.unwrap();
    };

    let (open_gate, gate) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || gate.recv());
    runtime.block_on(async {
        let mut get = pin!(get(&reader, &key));
        // The row is read once others have been many times.
        let others = async {
            for _ in 0..20 {
                entries(&reader).await;
            }
        };
        tokio::select! {
            biased;
            _ = &mut get => panic!("the file was read through a closed gate"),
            () = others => {}
        }
        thread::scope(|scope| scope.spawn(|| self::runtime().block_on(replace())).join()).unwrap();
        open_gate.send(()).unwrap();
        assert_eq!(get.await.unwrap().expect("the entry is always there").data, large(2));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_sees_one_whole_body_while_another_handle_replaces_it() {
    const REPLACEMENTS: u8 = 100;
    let folder = Folder::new();
    let (reader, writer) = (folder.open().await, folder.open().await);
    writer.put(entry("x", large(0))).await.unwrap();
    let writing = tokio::spawn(async move {
        for byte in 1..=REPLACEMENTS {
            let created_at = Timestamp::from_millis(NOW.as_millis() + i64::from(byte));
            writer.put(NewEntry { created_at, ..entry("x", large(byte)) }).await.unwrap();
        }
    });
    let mut seen = 0;
    while seen < REPLACEMENTS {
        let data = reader.get(&key("x")).await.unwrap().expect("the entry is always there").data;
        assert!(data[0] >= seen, "an older body came back");
        seen = data[0];
        assert_eq!(data, large(seen));
    }
    writing.await.unwrap();
}

#[test]
fn a_put_dropped_at_any_await_leaves_no_file_too_many_and_a_working_store() {
    runtime().block_on(async {
        let folder = Folder::new();
        let store = folder.open().await;
        store.put(entry("x", large(0))).await.unwrap();
        let mut polls = 1;
        while poll_times(pin!(store.put(entry("x", large(1)))), polls).await.is_none() {
            polls += 1;
        }
        assert!(polls >= 3, "the operation was dropped at {polls} places");
        until(|| folder.temp_files() == 0 && folder.blob_files().len() == 1).await;
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, large(1));
        assert_eq!(entries(&store).await, 1);
    });
}

/// A file removal that has begun cannot be called back, so it must keep the lock until it is done.
#[tokio::test]
async fn a_removal_runs_to_its_end_though_its_caller_is_dropped() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("x", large(1))).await.unwrap();
    assert!(poll_times(pin!(store.remove(&key("x"))), 1).await.is_none());
    until(|| folder.blob_files().is_empty()).await;
    assert_eq!(entries(&store).await, 0);
}

/// What was begun for a caller that is gone is done in the end.
async fn until(is_done: impl Fn() -> bool + Send + Sync) {
    let done = async {
        while !is_done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), done).await.expect("it is done in the end");
}
