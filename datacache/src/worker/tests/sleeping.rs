use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::*;

const URL: &str = "http://127.0.0.1:1/x";

/// Leaves a job under the lease of a handle that is dead.
async fn leave_leased(folder: &Folder) {
    let dying = folder.open().await;
    dying.enqueue([request(URL).provider(provider("paused"))]).await.unwrap();
    dying.0.queue.claim(&mut Turns::default(), 1, folder.clock.now()).await.unwrap();
    dying.pause(&provider("paused")).await.unwrap();
}

#[tokio::test]
async fn a_sleeping_worker_begins_what_another_handle_queues() {
    let folder = Folder::new();
    let (working, other) = (folder.open().await, folder.open().await);
    let origin = Origin::start(|_| Reply::ok("one")).unwrap();
    let worker = Worker::new(working, WorkerConfig::default());
    let (shut, shutdown) = oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async move { drop(shutdown.await) }));
    for path in ["/a", "/b"] {
        let url = origin.url(path);
        other.enqueue([request(&url)]).await.unwrap();
        let answer = other.wait(&url, NET).await.unwrap();
        assert!(matches!(answer, Answer::Found(_)), "{answer:?}");
    }
    drop(shut);
    assert_eq!(running.await.unwrap().unwrap().done, 2);
}

#[tokio::test]
async fn a_worker_with_nothing_to_do_sleeps() {
    let folder = Folder::new();
    let (working, other) = (folder.open().await, folder.open().await);
    leave_leased(&folder).await;
    let later = request("http://127.0.0.1:1/later");
    other.enqueue([later]).await.unwrap();
    execute(&other, "UPDATE pending_requests SET run_at = 9000000 WHERE url LIKE '%later'").await;
    let rounds = Arc::new(AtomicUsize::new(0));
    let (shut, mut shutdown) = oneshot::channel::<()>();
    let counting = {
        let rounds = Arc::clone(&rounds);
        poll_fn(move |context| {
            rounds.fetch_add(1, Ordering::Relaxed);
            std::pin::Pin::new(&mut shutdown).poll(context).map(drop)
        })
    };
    let worker = Worker::new(working, WorkerConfig::default());
    let running = tokio::spawn(worker.run(counting));
    // Time passes until the worker has seen that the holder of the other job is dead.
    let mut changes = other.0.db.changes().await.unwrap();
    while job(&other, URL).await.unwrap().status == JobState::Leased {
        tokio::time::timeout(NET, changes.next()).await.unwrap().unwrap();
    }
    drop(shut);
    assert_eq!(running.await.unwrap().unwrap(), Progress::default());
    let rounds = rounds.load(Ordering::Relaxed);
    assert!(rounds < 100, "{rounds} rounds");
}

#[tokio::test]
async fn the_dead_are_noticed_however_busy_the_others_are() {
    let folder = Folder::new();
    let (working, other) = (folder.open().await, folder.open().await);
    leave_leased(&folder).await;
    let worker = Worker::new(working, WorkerConfig::default());
    let (shut, shutdown) = oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async move { drop(shutdown.await) }));
    let busy = async {
        while job(&other, URL).await.unwrap().status == JobState::Leased {
            other.pause(&provider("busy")).await.unwrap();
            other.resume(&provider("busy")).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(10), busy).await.unwrap();
    drop(shut);
    running.await.unwrap().unwrap();
}
