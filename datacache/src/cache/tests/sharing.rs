//! What requests for one key that are not the same have to do with each other.

use tokio::task::JoinHandle;

use super::*;
use crate::cache::tests::joining::{batch, fetching_request, held_origin};
use crate::queue::JobState;

async fn jobs(cache: &Cache) -> Vec<(JobState, u32)> {
    let (jobs, _) = cache.jobs(Page::default()).await.unwrap();
    jobs.into_iter().map(|job| (job.status, job.attempts)).collect()
}

/// A request that waits for somebody else's.
async fn waiting(cache: &Cache, request: Request) -> JoinHandle<Result<Answer>> {
    let (cache, trail) = (cache.clone(), Trail::kept(cache.0.clock.clone()));
    let steps = trail.clone();
    let task = tokio::spawn(async move {
        let asked = tokio::time::timeout(NET, cache.ask_along(request, steps)).await.unwrap();
        asked.and_then(Asked::counted)
    });
    while !trail.steps().iter().any(|step| step.what.contains("is fetching it")) {
        tokio::task::yield_now().await;
    }
    task
}

const WAITING: (JobState, u32) = (JobState::Pending, 0);

#[tokio::test]
async fn an_answer_is_shared_with_whom_it_is_for() {
    for (name, one, other) in
        [("Accept-Language", "de", "en"), ("Authorization", "Bearer alice", "Bearer bob")]
    {
        let folder = Folder::new();
        let cache = folder.open().await;
        let (origin, mut is_asked, release) = held_origin();
        let asking = |value| request(&origin.url("/x")).header(name, value);
        let first = fetching_request(&cache, asking(one));
        is_asked.recv().await.unwrap();
        let same = waiting(&cache, asking(one)).await;
        let different = waiting(&cache, asking(other)).await;
        for body in ["for one", "for the other"] {
            release.send(with(Reply::ok(body), &format!("Vary: {name}"))).unwrap();
        }
        for (task, body) in [(first, "for one"), (same, "for one"), (different, "for the other")] {
            assert_eq!(found(task.await.unwrap().unwrap()).entry.data, body);
        }
        assert_eq!(origin.received().len(), 2);
    }
}

fn token(request: Request) -> Request {
    request.header("X-Token", "wrong")
}

fn logo(request: Request) -> Request {
    request.data_type(DataType::ARTIST_LOGO)
}

fn other_bytes(request: Request) -> Request {
    request.expected_checksum(Checksum::of(b"other"))
}

#[tokio::test]
async fn a_failure_is_shared_with_who_asks_the_same() {
    let text = || Reply::ok("text");
    for (ask, reply) in [
        (token as fn(Request) -> Request, Reply::status(401)),
        (logo, text()),
        (other_bytes, text()),
        (|it| it, Reply::status(400)),
    ] {
        let folder = Folder::new();
        let cache = folder.open().await;
        let (origin, mut is_asked, release) = held_origin();
        let url = origin.url("/x");
        let first = fetching_request(&cache, ask(request(&url)));
        is_asked.recv().await.unwrap();
        let same = waiting(&cache, ask(request(&url))).await;
        let different = waiting(&cache, request(&url).header("X-Token", "good")).await;
        release.send(reply).unwrap();
        release.send(text()).unwrap();
        let kind = first.await.unwrap().unwrap_err().kind();
        assert_eq!(same.await.unwrap().unwrap_err().kind(), kind);
        assert_eq!(found(different.await.unwrap().unwrap()).entry.data, "text");
        assert_eq!(origin.received().len(), 2);
    }
}

#[tokio::test]
async fn a_live_request_that_fails_leaves_the_queued_one_as_it_was() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::status(403), Reply::ok("one")]);
    let url = origin.url("/x");
    cache.enqueue([batch(&url).header("X-Client", "mine")]).await.unwrap();
    assert_eq!(failure(&cache, request(&url)).await, ErrorKind::Unauthorized);
    assert_eq!(jobs(&cache).await, [WAITING]);
    assert_eq!(drain(&cache).await.done, 1);
    assert_eq!(origin.received()[1].headers["x-client"], "mine");
}

#[tokio::test]
async fn however_often_a_live_request_is_tried_the_queued_one_is_not_given_up() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::raw("")]);
    let url = origin.url("/x");
    cache.enqueue([batch(&url)]).await.unwrap();
    for _ in 0..4 {
        cache.fetch(request(&url)).await.unwrap_err();
        assert_eq!(jobs(&cache).await, [WAITING]);
    }
}

#[tokio::test]
async fn what_nobody_can_have_is_given_up_by_whoever_finds_out() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::status(400)]);
    let url = origin.url("/x");
    cache.enqueue([batch(&url)]).await.unwrap();
    assert_eq!(failure(&cache, request(&url)).await, ErrorKind::Upstream);
    assert_eq!(jobs(&cache).await, [(JobState::Dead, 1)]);
    // It stays so when another request fails.
    let other = request(&url).header("X-Client", "mine");
    assert_eq!(failure(&cache, other).await, ErrorKind::Upstream);
    assert_eq!(jobs(&cache).await[0].0, JobState::Dead);
}

#[tokio::test]
async fn a_live_request_is_answered_with_what_the_queued_one_said() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let url = origin.url("/x");
    let bio = DataType::new("bio_en").unwrap();
    let metadata = Metadata::from_iter([("a".to_owned(), 1.into())]);
    let queued = Request::new(&url).identifier("Daft Punk").data_type(bio.clone());
    let queued = queued.metadata(metadata.clone()).ttl(7 * HOUR).priority(Priority::Batch);
    cache.enqueue([queued]).await.unwrap();
    let info = found(cache.fetch(Request::new(&url)).await.unwrap()).entry.info;
    assert_eq!((info.data_type, info.metadata), (bio, metadata));
    assert_eq!(info.identifier, Some(Identifier::new("Daft Punk").unwrap()));
    assert_eq!(info.expires_at.since(folder.clock.now()), 7 * HOUR);
    assert_eq!(jobs(&cache).await, []);
}

#[tokio::test]
async fn a_job_that_wants_certain_bytes_is_not_done_with_others() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::ok("two")]);
    let url = origin.url("/x");
    cache.enqueue([batch(&url).expected_checksum(Checksum::of(b"two"))]).await.unwrap();
    assert_eq!(fetch(&cache, request(&url)).await.1, "one");
    assert_eq!(jobs(&cache).await, [WAITING]);
    assert_eq!(drain(&cache).await.done, 1);
    assert_eq!(fetch(&cache, request(&url)).await, (FoundState::Fresh, "two".into()));
}

#[tokio::test]
async fn a_renewal_that_was_given_up_is_left_alone_for_an_hour() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::status(403)]);
    let url = origin.url("/x");
    fetch(&cache, request(&url)).await;
    folder.clock.advance(HOUR);
    for (minutes, asked) in [(0, 2), (1, 2), (58, 2), (1, 3)] {
        folder.clock.advance(Duration::from_mins(minutes));
        for priority in [Priority::Immediate, Priority::Batch] {
            let stale = cache.fetch(request(&url).priority(priority)).await.unwrap();
            assert_eq!(found(stale).state, FoundState::Stale);
            queued(&cache).await;
            drain(&cache).await;
        }
        assert_eq!(origin.received().len(), asked, "{minutes}");
    }
}

#[tokio::test]
async fn a_stale_entry_is_delivered_though_its_renewal_cannot_be_queued() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let secret = || request(&origin.url("/x")).header("Authorization", "s3cret");
    fetch(&cache, secret()).await;
    folder.clock.advance(HOUR);
    let stale = found(cache.fetch(secret().priority(Priority::Batch)).await.unwrap());
    assert!(stale.warning.unwrap().to_string().contains("cannot be queued"));
    assert_eq!((origin.received().len(), queued(&cache).await), (1, (0, 0)));
}

#[tokio::test]
async fn who_waits_for_another_handle_is_answered_with_what_has_expired_on_arrival() {
    for headers in ["Cache-Control: max-age=0", "Cache-Control: no-cache"] {
        let folder = Folder::new();
        let (first, second) = (folder.open().await, folder.open().await);
        let (origin, mut is_asked, release) = held_origin();
        let url = origin.url("/x");
        let holder = fetching_request(&first, Request::new(&url));
        is_asked.recv().await.unwrap();
        let waiter = waiting(&second, Request::new(&url)).await;
        release.send(with(Reply::ok("one"), headers)).unwrap();
        release.send(Reply::ok("two")).unwrap();
        for task in [holder, waiter] {
            assert_eq!(found(task.await.unwrap().unwrap()).entry.data, "one");
        }
        assert_eq!(origin.received().len(), 1);
    }
}
