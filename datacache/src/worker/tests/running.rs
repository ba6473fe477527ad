use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};

use tokio::sync::mpsc::unbounded_channel;

use super::*;

#[tokio::test]
async fn what_can_be_had_is_stored_and_what_cannot_is_tried_again_or_given_up() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|received| match &*received.path {
        "/found" | "/refused" => Reply::ok("one"),
        "/absent" => Reply::status(404),
        "/transient" => Reply::status(503),
        _ => Reply::status(400),
    })
    .unwrap();
    let url = |path: &str| origin.url(path);
    let plain = ["/found", "/absent", "/transient", "/permanent"].map(|path| request(&url(path)));
    let refused = request(&url("/refused")).data_type(DataType::ARTIST_LOGO);
    cache.enqueue(plain.into_iter().chain([refused])).await.unwrap();
    let progress = drain(&cache).await;
    assert_eq!(progress, Progress { done: 2, retried: 1, dead: 2, ..Progress::default() });
    assert!(matches!(cache.lookup(&url("/found")).await.unwrap(), Lookup::Fresh(_)));
    assert!(matches!(cache.lookup(&url("/absent")).await.unwrap(), Lookup::Absent(_)));
    for (path, status, reason) in [
        ("/transient", JobState::Pending, "503"),
        ("/permanent", JobState::Dead, "400"),
        ("/refused", JobState::Dead, "not"),
    ] {
        let job = job(&cache, &url(path)).await.unwrap();
        assert_eq!((job.status, job.attempts), (status, 1), "{path}");
        assert!(job.last_error.unwrap().contains(reason), "{path}");
    }
    assert_eq!(cache.stats().await.unwrap().queue.leased, 0);
    // Not before its time, which the drain did not wait for.
    assert_eq!(drain(&cache).await, Progress::default());
    folder.clock.advance(Duration::from_secs(5));
    assert_eq!(drain(&cache).await.retried, 1);
    assert_eq!(origin.received().len(), 6);
}

#[tokio::test]
async fn as_many_jobs_run_at_once_as_is_configured_and_no_more() {
    const CONCURRENCY: usize = 3;
    let folder = Folder::new();
    let cache = folder.open().await;
    let (running, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let origin = Origin::start({
        let most = Arc::clone(&most);
        // Nobody is answered before so many have asked.
        let barrier = Barrier::new(CONCURRENCY);
        move |_| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            barrier.wait();
            running.fetch_sub(1, Ordering::SeqCst);
            Reply::ok("one")
        }
    })
    .unwrap();
    let requests = (0..3 * CONCURRENCY).map(|n| request(&origin.url(&format!("/{n}"))));
    cache.enqueue(requests).await.unwrap();
    let config = WorkerConfig { concurrency: CONCURRENCY, ..WorkerConfig::default() };
    assert_eq!(drain_with(&cache, config).await.done, 3 * CONCURRENCY as u64);
    assert_eq!(most.load(Ordering::SeqCst), CONCURRENCY);
}

#[tokio::test]
async fn jobs_that_are_answered_already_are_completed_without_asking() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let urls: Vec<_> = (0..20).map(|n| format!("http://127.0.0.1:1/{n}")).collect();
    cache.enqueue(urls.iter().map(|url| request(url))).await.unwrap();
    for url in &urls {
        cache.put(request(url), "one").await.unwrap();
    }
    assert_eq!(drain(&cache).await, Progress { done: 20, ..Progress::default() });
    assert_eq!(cache.jobs(crate::Page::default()).await.unwrap().0, []);
}

#[tokio::test]
async fn who_waits_is_told_what_the_answer_was_that_was_there_already() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|_| Reply::status(404)).unwrap();
    let url = origin.url("/x");
    cache.fetch(request(&url)).await.unwrap();
    let mut finishes = cache.subscribe().await.unwrap();
    let again = "INSERT INTO pending_requests \
          (url, identifier, data_type, provider, params, priority, created_at, run_at) \
        SELECT url, '', 'other', 'a', '{}', 2, 0, 0 FROM cached_data";
    execute(&cache, again).await;
    assert_eq!(drain(&cache).await.done, 1);
    assert_eq!(finishes.next().await.unwrap().finish, crate::Finish::Absent);
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn a_job_that_cannot_be_read_is_given_up_and_the_queue_goes_on() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|_| Reply::ok("one")).unwrap();
    let [broken, sound] = ["/broken", "/sound"].map(|path| origin.url(path));
    cache.enqueue([request(&broken)]).await.unwrap();
    execute(&cache, "UPDATE pending_requests SET params = 'nonsense'").await;
    cache.enqueue([request(&sound)]).await.unwrap();
    assert_eq!(drain(&cache).await, Progress { done: 1, dead: 1, ..Progress::default() });
    let reason = job(&cache, &broken).await.unwrap().last_error.unwrap();
    assert!(reason.contains("its parameters cannot be read"), "{reason}");
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn a_job_that_no_answer_could_fulfil_is_given_up_without_asking() {
    const FOR_EVER: &str = "UPDATE pending_requests \
        SET params = json_set(params, '$.ttl_ms', 9223372036854775807)";
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|_| Reply::ok("one")).unwrap();
    cache.enqueue([request(&origin.url("/x"))]).await.unwrap();
    execute(&cache, FOR_EVER).await;
    assert_eq!(drain(&cache).await, Progress { dead: 1, ..Progress::default() });
    assert_eq!(origin.received().len(), 0);
}

#[tokio::test]
async fn a_job_that_is_answered_but_lost_is_not_counted_as_done() {
    let folder = Folder::new();
    let (cache, other) = (folder.open().await, folder.open().await);
    let url = "http://127.0.0.1:1/x";
    cache.enqueue([request(url)]).await.unwrap();
    let claim = async |cache: &Cache| {
        let claimed = cache.0.queue.claim(&mut Turns::default(), 1, folder.clock.now()).await;
        claimed.unwrap().pop().unwrap()
    };
    let lost = claim(&cache).await;
    folder.clock.advance(Duration::from_mins(1));
    let held = claim(&other).await;
    cache.put(request(url), "one").await.unwrap();
    assert_eq!(jobs::run(&cache.0, &lost).await.unwrap(), Ended::Lost);
    assert_eq!(jobs::run(&other.0, &held).await.unwrap(), Ended::Completed);
}

#[tokio::test]
async fn a_panic_in_a_job_is_a_failure_of_the_job() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.enqueue([request("http://a.example/")]).await.unwrap();
    let worker = Worker::new(cache.clone(), WorkerConfig::default());
    let mut shift = Shift::of(&worker).await.unwrap();
    for attempt in 1..=5 {
        let mut jobs = cache.0.queue.claim(&mut shift.turns, 1, folder.clock.now()).await.unwrap();
        let task = shift.running.tasks.spawn(async { panic!("as a defect would") });
        shift.running.jobs.insert(task.id(), Arc::new(jobs.pop().unwrap()));
        let ended = shift.running.tasks.join_next_with_id().await.unwrap();
        shift.reap(ended).await.unwrap();
        let job = job(&cache, "http://a.example/").await.unwrap();
        let status = if attempt < 5 { JobState::Pending } else { JobState::Dead };
        assert_eq!((job.status, job.attempts), (status, attempt));
        assert!(job.last_error.unwrap().contains("panicked"));
        folder.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(
        *worker.progress().borrow(),
        Progress { retried: 4, dead: 1, ..Progress::default() }
    );
}

#[tokio::test]
async fn a_worker_that_cannot_note_how_a_job_ended_says_so_and_leaves_it_to_the_next() {
    const TROUBLE: &str = "CREATE TRIGGER trouble BEFORE UPDATE ON pending_requests \
        WHEN old.status = 'leased' BEGIN SELECT RAISE(ABORT, 'as a full disk would'); END";
    let folder = Folder::new();
    let (cache, next) = (folder.open().await, folder.open().await);
    let first = AtomicBool::new(true);
    let origin = Origin::start(move |_| {
        if first.swap(false, Ordering::SeqCst) { Reply::status(500) } else { Reply::ok("one") }
    })
    .unwrap();
    cache.enqueue([request(&origin.url("/x"))]).await.unwrap();
    execute(&cache, TROUBLE).await;
    let until = Until::Drained { patience: Duration::ZERO };
    let worker = Worker::new(cache, WorkerConfig { until, ..WorkerConfig::default() });
    let error = tokio::time::timeout(NET, worker.run(pending())).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("as a full disk would"), "{error}");
    execute(&next, "DROP TRIGGER trouble").await;
    assert_eq!(drain(&next).await, Progress { done: 1, ..Progress::default() });
}

#[tokio::test]
async fn a_provider_that_asks_to_be_left_alone_is_and_the_others_go_on() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let first = AtomicUsize::new(0);
    let cold = Origin::start(move |_| match first.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::status(429).header("Retry-After", "3"),
        _ => Reply::ok("one"),
    })
    .unwrap();
    let other = Origin::start(|_| Reply::ok("one")).unwrap();
    let of = |n, origin: &Origin, name: &str| {
        request(&origin.url(&format!("/{n}"))).provider(provider(name))
    };
    cache.enqueue((0..5).map(|n| of(n, &cold, "cold"))).await.unwrap();
    cache.enqueue((0..5).map(|n| of(n, &other, "other"))).await.unwrap();
    let config = WorkerConfig { concurrency: 1, ..WorkerConfig::default() };
    let progress = drain_with(&cache, config).await;
    assert_eq!((progress.done, progress.retried), (5, 1));
    assert_eq!((cold.received().len(), other.received().len()), (1, 5));
    let resting = cache.resting_providers().await.unwrap();
    assert_eq!(resting[0].not_before, START.checked_add(Duration::from_secs(3)).unwrap());
    let (jobs, _) = cache.jobs(crate::Page::default()).await.unwrap();
    assert!(jobs.iter().all(|job| job.attempts == 0 && job.status == JobState::Pending));
    folder.clock.advance(Duration::from_secs(3));
    assert_eq!(drain(&cache).await.done, 5);
}

#[tokio::test]
async fn a_provider_is_left_alone_for_a_while_whatever_it_asks_for() {
    for retry_after in ["0", "18446744073709551615"] {
        let folder = Folder::new();
        let cache = folder.open().await;
        let reply = Reply::status(429).header("Retry-After", retry_after);
        let origin = Origin::start(move |_| reply.clone()).unwrap();
        cache.enqueue([request(&origin.url("/x"))]).await.unwrap();
        assert_eq!(drain(&cache).await.retried, 1, "{retry_after}");
        assert_eq!(origin.received().len(), 1, "{retry_after}");
    }
}

#[tokio::test]
async fn a_job_that_outlasts_the_grace_is_handed_back_as_if_not_begun() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let (asked, mut is_asked) = unbounded_channel();
    let origin = Origin::start(move |_| {
        asked.send(()).unwrap();
        Reply::silence()
    })
    .unwrap();
    let url = origin.url("/x");
    cache.enqueue([request(&url)]).await.unwrap();
    let config = WorkerConfig { grace: Duration::from_millis(5), ..WorkerConfig::default() };
    let worker = Worker::new(cache.clone(), config);
    let shutdown = async move { is_asked.recv().await.unwrap() };
    tokio::time::timeout(NET, worker.run(shutdown)).await.unwrap().unwrap();
    let job = job(&cache, &url).await.unwrap();
    assert_eq!((job.status, job.attempts, job.last_error), (JobState::Pending, 0, None));
}

#[tokio::test]
async fn a_job_that_ends_within_the_grace_is_done_and_none_is_begun_after() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let (asked, mut is_asked) = unbounded_channel();
    let (release, held) = mpsc::channel();
    let held = std::sync::Mutex::new(held);
    let origin = Origin::start(move |_| {
        asked.send(()).unwrap();
        held.lock().unwrap().recv().unwrap();
        Reply::ok("one")
    })
    .unwrap();
    let urls = [origin.url("/first"), origin.url("/second")];
    cache.enqueue(urls.iter().map(|url| request(url))).await.unwrap();
    let config = WorkerConfig { concurrency: 1, grace: NET, ..WorkerConfig::default() };
    let worker = Worker::new(cache.clone(), config);
    let is_shut = Arc::new(AtomicBool::new(false));
    let shutdown = {
        let is_shut = Arc::clone(&is_shut);
        async move {
            is_asked.recv().await.unwrap();
            is_shut.store(true, Ordering::Release);
        }
    };
    let running = tokio::spawn(worker.run(shutdown));
    while !is_shut.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    let progress = tokio::time::timeout(NET, running).await.unwrap().unwrap().unwrap();
    assert_eq!(progress.done, 1);
    assert_eq!(leased(&cache).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_the_jobs_and_ask_for_each_once() {
    const JOBS: usize = 60;
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let origin = Origin::start(|_| Reply::ok("one")).unwrap();
    let urls: Vec<_> = (0..JOBS).map(|n| origin.url(&format!("/{n}"))).collect();
    first.enqueue(urls.iter().map(|url| request(url))).await.unwrap();
    let drains =
        [first.clone(), second].map(|cache| tokio::spawn(async move { drain(&cache).await }));
    let mut done = 0;
    for drained in drains {
        done += drained.await.unwrap().done;
    }
    assert_eq!(done, JOBS as u64);
    let paths = origin.received().into_iter().map(|received| received.path);
    let paths: Vec<String> = paths.collect();
    assert_eq!(paths.len(), JOBS);
    assert_eq!(BTreeSet::from_iter(paths).len(), JOBS);
    assert_eq!(first.jobs(crate::Page::default()).await.unwrap().0, []);
}

#[tokio::test]
async fn a_drain_ends_though_jobs_are_paused_or_due_after_its_patience() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let paused = request("http://127.0.0.1:1/paused").provider(provider("paused"));
    cache.pause(&provider("paused")).await.unwrap();
    cache.enqueue([paused, request("http://127.0.0.1:1/later")]).await.unwrap();
    execute(&cache, "UPDATE pending_requests SET run_at = 1000001 WHERE url LIKE '%later'").await;
    assert_eq!(drain(&cache).await, Progress::default());
}

#[tokio::test]
async fn a_drain_ends_though_who_is_asked_is_paused_under_another_name() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let paused = request("https://musicbrainz.org/ws/2/x").provider(provider("cold"));
    cache.pause(&provider("musicbrainz")).await.unwrap();
    cache.enqueue([paused]).await.unwrap();
    assert_eq!(drain(&cache).await, Progress::default());
    // Nor is a row of an older program run again and again, which does not say who is asked.
    execute(&cache, "UPDATE pending_requests SET origin = NULL").await;
    assert_eq!(drain(&cache).await.retried, 1);
}

/// Each slot costs a claim or two too many, however much is queued.
#[tokio::test]
async fn what_a_slow_provider_costs_does_not_grow_with_its_queue() {
    const JOBS: u64 = 40;
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("cache"));
    config.providers =
        serde_json::from_str(r#"{"slow": {"hosts": ["127.0.0.1"], "budget": "20/s"}}"#).unwrap();
    let cache = Cache::open(config).await.unwrap();
    let origin = Origin::start(|_| Reply::ok("one")).unwrap();
    cache.enqueue((0..JOBS).map(|n| request(&origin.url(&format!("/{n}"))))).await.unwrap();
    let until = Until::Drained { patience: NET };
    let worker = Worker::new(cache, WorkerConfig { until, ..WorkerConfig::default() });
    let progress = tokio::time::timeout(NET, worker.run(pending())).await.unwrap().unwrap();
    assert_eq!(progress.done, JOBS);
    assert!(progress.retried <= 3 * JOBS, "{progress:?}");
}

#[tokio::test]
async fn a_job_that_expects_other_bytes_than_the_cached_ones_is_run() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|_| Reply::ok("new")).unwrap();
    let url = origin.url("/x");
    cache.put(request(&url), "old").await.unwrap();
    let expecting = request(&url).expected_checksum(crate::Checksum::of(b"new"));
    assert_eq!(cache.enqueue([expecting.clone()]).await.unwrap().new, 1);
    assert_eq!(drain(&cache).await.done, 1);
    assert_eq!(origin.received().len(), 1);
    cache.enqueue([expecting]).await.unwrap();
    assert_eq!(drain(&cache).await.done, 1);
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn a_request_that_was_given_up_is_forgotten_once_somebody_has_fetched_it() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let first = std::sync::atomic::AtomicBool::new(true);
    let origin = Origin::start(move |_| {
        let is_first = first.swap(false, std::sync::atomic::Ordering::AcqRel);
        if is_first { Reply::status(403) } else { Reply::ok("x") }
    });
    let origin = origin.unwrap();
    let url = origin.url("/x");
    cache.enqueue([request(&url)]).await.unwrap();
    assert_eq!(drain(&cache).await.dead, 1);
    assert!(matches!(cache.fetch(request(&url)).await.unwrap(), Answer::Found(_)));
    assert!(job(&cache, &url).await.is_none());
}
