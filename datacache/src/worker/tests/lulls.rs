//! Workers whose answers find no room.

use super::*;
use crate::Identifier;

const JOBS: usize = 20;
const BODY_BYTES: usize = 400_000;

/// Bytes that are no text.
fn body() -> Vec<u8> {
    vec![0xff; BODY_BYTES]
}

fn artist() -> Identifier {
    Identifier::new("daft_punk").unwrap()
}

/// A cache of 4 MiB, nearly all of which is pinned.
async fn open_full(folder: &Folder) -> Cache {
    let mut config = Config::new(folder.dir.path().join("cache"));
    config.cache.max_bytes = 4 * 1024 * 1024;
    config.cache.min_free_bytes = 0;
    let cache = Cache::open_with_clock(config, folder.clock.clone()).await.unwrap();
    cache.pin(&artist()).await.unwrap();
    for number in 0..6 {
        let pinned = request(&format!("a://{number}")).identifier("daft_punk");
        let bytes = [0xff].into_iter().chain([number]).cycle();
        cache.put(pinned, bytes.take(440_000).collect::<Vec<u8>>()).await.unwrap();
    }
    cache
}

#[tokio::test]
async fn answers_without_room_cost_no_attempt_and_are_not_asked_for_again_and_again() {
    let folder = Folder::new();
    let cache = open_full(&folder).await;
    let origin = Origin::start(|_| Reply::ok(body())).unwrap();
    let urls: Vec<String> = (0..JOBS).map(|number| origin.url(&format!("/{number}"))).collect();
    cache.enqueue(urls.iter().map(|url| request(url))).await.unwrap();

    let config = WorkerConfig { concurrency: 2, ..WorkerConfig::default() };
    let progress = drain_with(&cache, config.clone()).await;
    assert_eq!(progress, Progress { retried: 2, ..Progress::default() });
    // However often somebody comes to drain it.
    for _ in 0..10 {
        drain_with(&cache, config.clone()).await;
    }
    assert_eq!(origin.received().len(), JOBS, "each was asked for once, until the minute is over");
    for url in &urls {
        let job = job(&cache, url).await.unwrap();
        assert_eq!((job.status, job.attempts), (JobState::Pending, 0));
        assert!(job.last_error.unwrap().contains("cache.max_bytes"));
    }

    cache.unpin(&artist()).await.unwrap();
    folder.clock.advance(Duration::from_mins(1));
    assert_eq!(drain(&cache).await.done, JOBS as u64);
}

/// The clock of the cache moves on only when the test says so.
#[tokio::test]
async fn a_worker_that_stays_tries_one_job_after_a_pause_and_goes_on_when_that_is_stored() {
    let folder = Folder::new();
    let cache = open_full(&folder).await;
    let (asked, mut asking) = tokio::sync::mpsc::unbounded_channel();
    let origin = Origin::start(move |_| {
        let _ = asked.send(());
        Reply::ok(body())
    });
    let origin = origin.unwrap();
    let urls: Vec<String> = (0..JOBS).map(|number| origin.url(&format!("/{number}"))).collect();
    cache.enqueue(urls.iter().map(|url| request(url))).await.unwrap();
    let config = WorkerConfig { concurrency: 1, ..WorkerConfig::default() };
    let worker = Worker::new(cache.clone(), config);
    let mut progress = worker.progress();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker.run(async { drop(stopped.await) }));

    let pauses = [1, 2, 4];
    for (tried, pause) in pauses.into_iter().enumerate() {
        asking.recv().await.unwrap();
        progress.wait_for(|progress| progress.retried == tried as u64 + 1).await.unwrap();
        // A worker that made no pause would have asked long before these looks are done.
        for _ in 0..50 {
            cache.stats().await.unwrap();
        }
        assert!(asking.try_recv().is_err(), "nothing is asked for during the pause");
        if tried + 1 == pauses.len() {
            cache.unpin(&artist()).await.unwrap();
        }
        folder.clock.advance(Duration::from_secs(pause));
    }
    // All but those that were put off for a minute.
    let rest = (JOBS - pauses.len()) as u64;
    let done = progress.wait_for(|progress| progress.done == rest);
    tokio::time::timeout(NET, done).await.unwrap().unwrap();
    drop(stop);
    working.await.unwrap().unwrap();
}
