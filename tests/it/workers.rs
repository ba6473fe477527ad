//! Workers in several processes on one queue.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};

use datacache::testing::{Origin, Reply};
use datacache::{Lookup, Priority, Request};
use datacache_tests::{Directed, Folder, PATIENCE, Peer};

const JOBS: usize = 5_000;
const WORKERS: usize = 8;
const REQUESTS_PER_KILL: usize = 200;

#[tokio::test]
async fn eight_workers_of_whom_one_is_killed_now_and_then_fetch_everything_once() {
    let folder = Folder::new();
    let (kill, kills) = mpsc::channel();
    let arrived = AtomicUsize::new(0);
    let origin = Origin::start(move |request| {
        if arrived.fetch_add(1, Ordering::AcqRel) % REQUESTS_PER_KILL == REQUESTS_PER_KILL - 1 {
            // Once everything is fetched, nobody listens any more.
            let _ = kill.send(());
        }
        Reply::ok(request.path.clone())
    })
    .unwrap();
    let urls: Vec<String> = (0..JOBS).map(|number| origin.url(&format!("/{number}"))).collect();
    let cache = folder.open().await;
    let requests = urls.iter().map(|url| Request::new(url).priority(Priority::Batch));
    assert_eq!(cache.enqueue(requests).await.unwrap().new, JOBS as u64);

    let killed = work_and_kill(&folder, &kills);
    let queue = cache.stats().await.unwrap().queue;
    assert_eq!((queue.batch, queue.immediate, queue.leased, queue.dead), (0, 0, 0, 0));
    for (number, url) in urls.iter().enumerate() {
        let Lookup::Fresh(entry) = cache.lookup(url).await.unwrap() else {
            panic!("{url} is not in the cache");
        };
        assert_eq!(entry.data, format!("/{number}"));
    }
    let mut seen = BTreeMap::new();
    for request in origin.received() {
        *seen.entry(request.path).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), JOBS);
    let more: usize = seen.values().map(|times| times - 1).sum();
    assert!(more <= killed, "{more} requests too many for {killed} kills");
    assert!(killed >= 10, "only {killed} kills: the test shows nothing");
}

/// Keeps the workers at work until all are done; returns how many were killed on the way.
fn work_and_kill(folder: &Folder, kills: &Receiver<()>) -> usize {
    let start = || {
        let mut worker = Peer::start(&folder.dir());
        worker.tell("work");
        worker
    };
    let mut workers: Vec<Peer> = (0..WORKERS).map(|_| start()).collect();
    let mut killed = 0;
    // The last kill may fall due before the last request is answered, so one less is waited for.
    while killed < JOBS / REQUESTS_PER_KILL - 1 {
        kills.recv_timeout(PATIENCE).unwrap();
        workers[killed % WORKERS].kill();
        workers[killed % WORKERS] = start();
        killed += 1;
    }
    for worker in &mut workers {
        let worked = worker.answer().unwrap();
        assert!(worked.starts_with("worked "), "{worked}");
        assert!(worked.ends_with(" 0 0 0"), "{worked}");
    }
    killed
}

#[cfg(unix)]
#[tokio::test]
async fn a_worker_that_slept_through_its_lease_stores_nothing() {
    const NOW: i64 = 1_800_000_000_000;
    let (folder, directed) = (Folder::new(), Directed::start());
    let url = directed.origin.url("/x");
    let mut sleeper = Peer::start_at(&folder.dir(), NOW);
    let mut successor = Peer::start_at(&folder.dir(), NOW + 31_000);
    sleeper.order(&format!("enqueue {url}"));

    sleeper.tell("work");
    let first = directed.next();
    sleeper.signal("STOP");
    successor.tell("work");
    directed.next().send(Reply::ok("from the successor")).unwrap();
    assert_eq!(successor.answer().unwrap(), "worked 1 0 0 0");
    first.send(Reply::ok("from the sleeper")).unwrap();
    sleeper.signal("CONT");
    assert_eq!(sleeper.answer().unwrap(), "worked 0 0 0 1");

    let cache = folder.open().await;
    let (Lookup::Stale(entry) | Lookup::Fresh(entry)) = cache.lookup(&url).await.unwrap() else {
        panic!("there is no entry");
    };
    assert_eq!(entry.data, "from the successor");
    assert_eq!(directed.origin.received().len(), 2);
}

#[test]
fn a_clock_that_is_set_back_between_two_workers_keeps_the_second_from_nothing() {
    const NOW: i64 = 1_800_000_000_000;
    const HOUR_MS: i64 = 60 * 60 * 1_000;
    let (folder, directed) = (Folder::new(), Directed::start());
    let mut before = Peer::start_at(&folder.dir(), NOW);
    let mut after = Peer::start_at(&folder.dir(), NOW - HOUR_MS);
    before.order(&format!("enqueue {}", directed.origin.url("/begun")));
    before.tell("work");
    let begun = directed.next();
    after.tell("work");
    directed.next().send(Reply::ok("from the second")).unwrap();
    assert_eq!(after.answer().unwrap(), "worked 1 0 0 0");
    begun.send(Reply::ok("from the first")).unwrap();
    assert_eq!(before.answer().unwrap(), "worked 0 0 0 1");
}

#[test]
fn a_live_request_in_another_process_joins_the_job_that_runs() {
    let (folder, directed) = (Folder::new(), Directed::start());
    let url = directed.origin.url("/x");
    let (mut worker, mut live) = (Peer::start(&folder.dir()), Peer::start(&folder.dir()));
    worker.order(&format!("enqueue {url}"));
    worker.tell("work");
    let answer = directed.next();
    live.tell(&format!("fetch {url}"));
    answer.send(Reply::ok("once")).unwrap();
    assert_eq!(worker.answer().unwrap(), "worked 1 0 0 0");
    assert!(live.answer().unwrap().starts_with("found "));
    assert_eq!(directed.origin.received().len(), 1);
}

#[test]
fn a_live_request_takes_over_the_job_of_a_process_that_was_killed() {
    let (folder, directed) = (Folder::new(), Directed::start());
    let url = directed.origin.url("/x");
    let (mut worker, mut live) = (Peer::start(&folder.dir()), Peer::start(&folder.dir()));
    worker.order(&format!("enqueue {url}"));
    worker.tell("work");
    let _unanswered = directed.next();
    live.tell(&format!("fetch {url}"));
    worker.kill();
    directed.next().send(Reply::ok("at last")).unwrap();
    assert!(live.answer().unwrap().starts_with("found "));
    assert_eq!(directed.origin.received().len(), 2);
}
