//! Requests that meet the queue, and each other.

use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::Poll;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::*;
use crate::queue::{Enqueued, Finish, JobState, Turns};

/// An origin that says when it is asked, and gives each answer when it is told to.
pub(super) fn held_origin() -> (Origin, UnboundedReceiver<()>, mpsc::Sender<Reply>) {
    let (asked, is_asked) = unbounded_channel();
    let (release, replies) = mpsc::channel();
    let replies = Mutex::new(replies);
    let answer = move |_: &_| {
        asked.send(()).unwrap();
        replies.lock().unwrap().recv().unwrap()
    };
    (Origin::start(answer).unwrap(), is_asked, release)
}

pub(super) fn batch(url: &str) -> Request {
    request(url).priority(Priority::Batch)
}

fn fetching(cache: &Cache, url: &str) -> JoinHandle<Result<Answer>> {
    fetching_request(cache, request(url))
}

pub(super) fn fetching_request(cache: &Cache, request: Request) -> JoinHandle<Result<Answer>> {
    let cache = cache.clone();
    tokio::spawn(async move { tokio::time::timeout(NET, cache.fetch(request)).await.unwrap() })
}

fn data(answer: Answer) -> Bytes {
    found(answer).entry.data
}

async fn leased(cache: &Cache) -> u64 {
    cache.stats().await.unwrap().queue.leased
}

#[tokio::test]
async fn who_asks_for_what_is_queued_runs_it() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let url = origin.url("/x");
    cache.enqueue([batch(&url)]).await.unwrap();
    assert_eq!(fetch(&cache, request(&url)).await, (FoundState::Fetched, "one".into()));
    assert_eq!(origin.received().len(), 1);
    assert_eq!(cache.jobs(Page::default()).await.unwrap().0, []);
}

#[tokio::test]
async fn who_asks_for_what_another_handle_is_fetching_waits_for_it() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let (origin, mut is_asked, release) = held_origin();
    let url = origin.url("/x");
    first.enqueue([batch(&url)]).await.unwrap();
    let holder = fetching(&first, &url);
    is_asked.recv().await.unwrap();
    let hasty = request(&url).deadline(Duration::from_millis(20));
    assert!(matches!(second.fetch(hasty).await.unwrap(), Answer::Pending));
    let waiter = fetching(&second, &url);
    release.send(Reply::ok("one")).unwrap();
    for task in [holder, waiter] {
        assert_eq!(data(task.await.unwrap().unwrap()), "one");
    }
    assert_eq!(origin.received().len(), 1);
    assert_eq!(first.jobs(Page::default()).await.unwrap().0, []);
}

#[tokio::test]
async fn of_a_hundred_tasks_and_three_handles_one_asks_the_origin() {
    let folder = Folder::new();
    let (origin, mut is_asked, release) = held_origin();
    let url = origin.url("/x");
    let handles = [folder.open().await, folder.open().await, folder.open().await];
    let tasks: Vec<_> =
        (0..100).map(|number| fetching(&handles[number % handles.len()], &url)).collect();
    is_asked.recv().await.unwrap();
    release.send(Reply::ok("one")).unwrap();
    for task in tasks {
        assert_eq!(data(task.await.unwrap().unwrap()), "one");
    }
    assert_eq!(origin.received().len(), 1);
    assert_eq!(handles[0].jobs(Page::default()).await.unwrap().0, []);
}

#[tokio::test]
async fn a_failure_that_stays_is_tried_by_two_and_told_to_all() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let (origin, mut is_asked, release) = held_origin();
    let url = origin.url("/x");
    let tasks: Vec<_> = (0..50).map(|_| fetching(&cache, &url)).collect();
    for _ in 0..2 {
        is_asked.recv().await.unwrap();
        release.send(Reply::status(503)).unwrap();
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Upstream);
    }
    assert_eq!(origin.received().len(), 2);
    assert_eq!(cache.jobs(Page::default()).await.unwrap().0, [], "nobody has left it to workers");
}

#[tokio::test]
async fn what_a_dead_process_was_asking_for_is_taken_up_unless_it_needs_its_secret() {
    for (path, left) in [("/x", 1), ("/x?api_key=s3cret", 0)] {
        let folder = Folder::new();
        let (origin, mut is_asked, _release) = held_origin();
        let dying = folder.open().await;
        let asking = fetching(&dying, &origin.url(path));
        is_asked.recv().await.unwrap();
        let cache = folder.open().await;
        assert_eq!(leased(&cache).await, 1);
        // Its lease is all that the others know of it.
        let hour_later = folder.clock.now().checked_add(HOUR).unwrap();
        let begun = cache.0.queue.claim(&mut Turns::default(), 9, hour_later).await.unwrap();
        assert_eq!(begun.len(), left);
        asking.abort();
    }
}

#[tokio::test]
async fn one_of_those_who_wait_takes_over_when_the_holder_fails() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let (origin, mut is_asked, release) = held_origin();
    let url = origin.url("/x");
    first.enqueue([batch(&url)]).await.unwrap();
    let holder = fetching(&first, &url);
    is_asked.recv().await.unwrap();
    let waiters = [fetching(&first, &url), fetching(&second, &url), fetching(&second, &url)];
    release.send(Reply::status(503)).unwrap();
    assert_eq!(holder.await.unwrap().unwrap_err().kind(), ErrorKind::Upstream);
    is_asked.recv().await.unwrap();
    release.send(Reply::ok("one")).unwrap();
    for waiter in waiters {
        assert_eq!(data(waiter.await.unwrap().unwrap()), "one");
    }
    assert_eq!(origin.received().len(), 2);
    assert_eq!(first.jobs(Page::default()).await.unwrap().0, []);
}

#[tokio::test]
async fn the_job_of_a_dead_holder_is_taken_over_however_busy_the_others_are() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let url = origin.url("/x");
    let dying = folder.open().await;
    dying.enqueue([batch(&url)]).await.unwrap();
    dying.0.queue.claim(&mut Turns::default(), 1, START).await.unwrap();
    let waiter = fetching(&cache, &url);
    let provider = Provider::new("busy").unwrap();
    drop(dying);
    while !waiter.is_finished() {
        cache.pause(&provider).await.unwrap();
        cache.resume(&provider).await.unwrap();
    }
    assert_eq!(data(waiter.await.unwrap().unwrap()), "one");
    assert_eq!(cache.jobs(Page::default()).await.unwrap().0, []);
}

#[tokio::test]
async fn a_deadline_in_mid_fetch_hands_the_job_back_with_priority_1() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::silence()]);
    let url = origin.url("/x");
    cache.enqueue([batch(&url)]).await.unwrap();
    let hasty = request(&url).deadline(Duration::from_millis(50));
    assert!(matches!(cache.fetch(hasty).await.unwrap(), Answer::Pending));
    cache.close().await;
    let (jobs, _) = folder.open().await.jobs(Page::default()).await.unwrap();
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((job.status, job.priority), (JobState::Pending, Priority::Immediate));
    assert_eq!(job.attempts, 0);
}

/// Drives `future` so many steps and no further; its result if that ended it.
pub(super) async fn poll_times<F: Future>(
    mut future: Pin<&mut F>,
    times: usize,
) -> Option<F::Output> {
    let mut left = times;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            left -= 1;
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

#[tokio::test]
async fn wherever_a_fetch_is_called_off_no_lease_is_left() {
    for reply in [Reply::ok("one"), Reply::status(503)] {
        let folder = Folder::new();
        let origin = origin([reply]);
        for steps in 1.. {
            let cache = folder.open().await;
            let url = origin.url(&format!("/{steps}"));
            cache.enqueue([batch(&url)]).await.unwrap();
            let end = poll_times(pin!(cache.fetch(request(&url))), steps).await;
            cache.close().await;
            assert_eq!(leased(&folder.open().await).await, 0, "called off after {steps} steps");
            if end.is_some() {
                break;
            }
        }
    }
}

#[test]
fn a_fetch_may_be_dropped_after_its_runtime() {
    let folder = Folder::new();
    let (origin, mut is_asked, _release) = held_origin();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cache = runtime.block_on(folder.open());
    let url = origin.url("/x");
    let mut fetch = Box::pin(cache.fetch(request(&url)));
    runtime.block_on(async {
        cache.enqueue([batch(&url)]).await.unwrap();
        tokio::select! {
            answer = &mut fetch => panic!("{answer:?}"),
            _ = is_asked.recv() => {}
        }
    });
    drop(runtime);
    drop(fetch);
}

#[tokio::test]
async fn waiting_ends_with_what_becomes_of_the_job() {
    let folder = Folder::new();
    let (waiting, working) = (folder.open().await, folder.open().await);
    let origin = Origin::start(|received| match &*received.path {
        "/found" => Reply::ok("one"),
        "/absent" => Reply::status(404),
        _ => Reply::status(400),
    })
    .unwrap();
    let wait = |path: &str| {
        let (cache, url) = (waiting.clone(), origin.url(path));
        tokio::spawn(async move { cache.wait(&url, NET).await })
    };
    assert!(matches!(wait("/found").await.unwrap().unwrap(), Answer::Miss));
    let urls = ["/found", "/absent", "/dead"].map(|path| origin.url(path));
    waiting.enqueue(urls.iter().map(|url| batch(url))).await.unwrap();
    let pending = waiting.wait(&urls[0], Duration::from_millis(5)).await.unwrap();
    assert!(matches!(pending, Answer::Pending), "{pending:?}");
    assert!(origin.received().is_empty());
    let waits = ["/found", "/absent", "/dead"].map(wait);
    for url in &urls {
        working.fetch(request(url)).await.ok();
    }
    let [found, absent, dead] = waits;
    assert_eq!(data(found.await.unwrap().unwrap()), "one");
    assert!(matches!(absent.await.unwrap().unwrap(), Answer::Absent(_)));
    let error = dead.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Upstream);
    assert!(error.to_string().contains("400"), "{error}");
}

#[tokio::test]
async fn a_subscriber_sees_what_other_handles_finish_in_order() {
    let folder = Folder::new();
    let (watching, working) = (folder.open().await, folder.open().await);
    let origin = Origin::start(|received| match &*received.path {
        "/absent" => Reply::status(404),
        "/dead" => Reply::status(400),
        _ => Reply::ok("one"),
    })
    .unwrap();
    let url = |path: &str| origin.url(path);
    working.fetch(request(&url("/before"))).await.unwrap();
    let mut finishes = watching.subscribe().await.unwrap();
    watching.enqueue(["/queued", "/dead"].map(|path| batch(&url(path)))).await.unwrap();
    for path in ["/direct", "/dead", "/absent", "/queued"] {
        working.fetch(request(&url(path))).await.ok();
    }
    for (path, finish) in [
        ("/direct", Finish::Found),
        ("/dead", Finish::Failed),
        ("/absent", Finish::Absent),
        ("/queued", Finish::Found),
    ] {
        let next = tokio::time::timeout(NET, finishes.next()).await.unwrap().unwrap();
        assert_eq!(next, FinishedKey { key: watching.key(&url(path)).unwrap(), finish });
    }
}

#[tokio::test]
async fn queueing_says_what_became_of_each_request() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(request("http://a.example/cached"), "one").await.unwrap();
    let [cached, known, raised, new] =
        ["cached", "known", "raised", "new"].map(|path| format!("http://a.example/{path}"));
    cache.enqueue([batch(&known), batch(&raised)]).await.unwrap();
    let requests = [batch(&cached), batch(&known), request(&raised), request(&new)];
    let enqueued = cache.enqueue(requests).await.unwrap();
    assert_eq!(enqueued, Enqueued { new: 1, raised: 1, known: 1, cached: 1 });
    assert_eq!(queued(&cache).await, (2, 1));
}

#[tokio::test]
async fn what_is_cached_as_something_else_is_queued_and_looked_at_by_the_worker() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok(png())]);
    let [text, picture] = ["/text", "/picture"].map(|path| origin.url(path));
    cache.put(request(&text), "text").await.unwrap();
    cache.put(request(&picture), png()).await.unwrap();
    let logos = [&text, &picture].map(|url| batch(url).data_type(DataType::ARTIST_LOGO));
    let enqueued = cache.enqueue(logos).await.unwrap();
    assert_eq!(enqueued, Enqueued { new: 2, ..Enqueued::default() });
    assert_eq!(drain(&cache).await.done, 2);
    assert_eq!(origin.received().len(), 1, "a picture is one, whatever it was stored as");
    let offline = request(&text).data_type(DataType::ARTIST_LOGO).offline();
    assert_eq!(fetch(&cache, offline).await.1, png());
}

#[tokio::test]
async fn a_request_that_cannot_be_made_keeps_the_others_from_being_queued() {
    let folder = Folder::new();
    let cache = folder.open().await;
    for (wrong, kind) in [
        ("ftp://a.example/", ErrorKind::InvalidInput),
        ("http://a.example/?api_key=s3cret", ErrorKind::Unsupported),
    ] {
        let error = cache.enqueue([batch("http://a.example/"), batch(wrong)]).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(queued(&cache).await, (0, 0));
    }
}
