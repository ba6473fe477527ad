use std::pin::pin;
use std::time::Duration;

use super::*;

const FIVE_MINUTES: i64 = 5 * 60 * 1_000;
const PICKS: &str = "SELECT COUNT(*) FROM last_picks";

fn after(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + millis)
}

fn subject(number: usize) -> Subject {
    Subject { identifier: identifier(&number.to_string()), data_type: DataType::ARTIST_LOGO }
}

#[tokio::test]
async fn an_access_is_counted_once_per_five_minutes_by_all_handles_together() {
    let folder = Folder::new();
    let store = folder.open().await;
    let handles = [Deferred::new(store.clone()), Deferred::new(folder.open().await)];
    let info = store.put(entry("x", "x")).await.unwrap();
    for (at, expected) in [
        (FIVE_MINUTES - 1, 0),
        (FIVE_MINUTES, 1),
        (FIVE_MINUTES + 1, 1),
        (2 * FIVE_MINUTES - 1, 1),
        (2 * FIVE_MINUTES, 2),
    ] {
        for handle in &handles {
            handle.touch(&info, after(at));
            handle.flush().await;
        }
        let now = store.get(&key("x")).await.unwrap().unwrap().info;
        assert_eq!(now.access_count, expected, "after {at} ms");
    }
    let last = store.get(&key("x")).await.unwrap().unwrap().info.last_accessed;
    assert_eq!(last, after(2 * FIVE_MINUTES));
}

#[tokio::test]
async fn a_refresh_keeps_the_count_and_an_access_to_a_removed_entry_counts_for_nobody() {
    let folder = Folder::new();
    let store = folder.open().await;
    let deferred = Deferred::new(store.clone());
    let info = store.put(entry("x", "x")).await.unwrap();
    deferred.touch(&info, after(FIVE_MINUTES));
    deferred.flush().await;
    assert_eq!(store.put(entry("x", "y")).await.unwrap().access_count, 1);

    store.put(entry("y", "y")).await.unwrap();
    store.remove(&key("x")).await.unwrap();
    deferred.touch(&info, after(3 * FIVE_MINUTES));
    deferred.flush().await;
    assert_eq!(store.get(&key("y")).await.unwrap().unwrap().info.access_count, 0);
    assert_eq!(entries(&store).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notes_of_many_tasks_are_written() {
    let folder = Folder::new();
    let store = folder.open().await;
    insert_images(&store, 100).await;
    let deferred = Deferred::new(store.clone());
    let infos = store.list(&Filter::all(), 0, 100).await.unwrap();
    let tasks: Vec<_> = infos
        .into_iter()
        .enumerate()
        .map(|(number, (_, info))| {
            let deferred = deferred.clone();
            tokio::spawn(async move {
                deferred.touch(&info, after(FIVE_MINUTES));
                deferred.picked(subject(number), info.cachekey);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    deferred.flush().await;
    let touched = "SELECT COUNT(*) FROM cached_data WHERE access_count = 1";
    assert_eq!(count(&store, touched).await, 100);
    assert_eq!(count(&store, PICKS).await, 100);
}

/// The second note is made as soon as the writer has nothing more in hand. Nobody flushes: that
/// would write what a writer has forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_not_lost_to_a_writer_that_is_finishing() {
    const ROUNDS: usize = 150;
    let folder = Folder::new();
    let store = folder.open().await;
    let deferred = Deferred::new(store.clone());
    let mut noted = 0;
    for round in 0..ROUNDS {
        deferred.picked(subject(2 * round), Cachekey::new_random());
        while deferred.last_pick(&subject(2 * round)).is_some() {
            std::hint::spin_loop();
        }
        deferred.picked(subject(2 * round + 1), Cachekey::new_random());
        noted += 2;
        let written = async { while count(&store, PICKS).await < noted {} };
        tokio::time::timeout(Duration::from_secs(10), written).await.expect("both are written");
    }
}

#[tokio::test]
async fn a_flush_waits_though_another_was_given_up() {
    let folder = Folder::new();
    let store = folder.open().await;
    let deferred = Deferred::new(store.clone());
    deferred.picked(subject(1), Cachekey::new_random());
    assert!(poll_times(pin!(deferred.flush()), 1).await.is_none());
    deferred.flush().await;
    assert_eq!(count(&store, PICKS).await, 1);
}

#[tokio::test]
async fn the_last_pick_is_known_before_it_is_written() {
    let folder = Folder::new();
    let deferred = Deferred::new(folder.open().await);
    let picked = Cachekey::new_random();
    deferred.picked(subject(1), picked);
    assert_eq!(deferred.last_pick(&subject(1)), Some(picked));
    assert_eq!(deferred.last_pick(&subject(2)), None);
}

/// As when a program makes a runtime for each of its calls.
#[test]
fn notes_are_written_though_the_runtime_of_the_writer_is_gone() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = Folder::new();
    let first = runtime();
    let store = first.block_on(folder.open());
    let deferred = Deferred::new(store.clone());
    first.block_on(async { deferred.picked(subject(1), Cachekey::new_random()) });
    drop(first);
    runtime().block_on(async {
        deferred.picked(subject(2), Cachekey::new_random());
        deferred.flush().await;
        assert_eq!(count(&store, PICKS).await, 2);
    });
}
