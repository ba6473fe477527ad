//! Requests find room in a part of the cache, and cost no entry beyond that.

use super::*;
use crate::cache::QueueFill;
use crate::store::Subject;

/// An eighth of 4 MiB is room for so many requests.
const SHARE: usize = 341;

async fn open_small(folder: &Folder) -> Cache {
    let mut config = folder.config();
    config.cache.max_bytes = 4 * 1024 * 1024;
    config.cache.min_free_bytes = 0;
    folder.open_with(config).await
}

fn requests(numbers: std::ops::Range<usize>) -> impl Iterator<Item = Request> {
    let url = |number| format!("http://127.0.0.1:1/{number}");
    numbers.map(move |number| request(&url(number)).priority(Priority::Batch))
}

/// Bytes that are no text, and that nothing else has.
fn body(number: usize) -> Vec<u8> {
    let bytes = [0xff].into_iter().chain(number.to_le_bytes()).cycle();
    bytes.take(50_000).collect()
}

async fn entries(cache: &Cache) -> u64 {
    cache.stats().await.unwrap().totals.fresh
}

/// Fills the cache with entries, and the queue with requests.
async fn fill(cache: &Cache) {
    for number in 0..60 {
        cache.put(request(&format!("a://{number}")), body(number)).await.unwrap();
    }
    assert_eq!(cache.enqueue(requests(0..SHARE)).await.unwrap().new, SHARE as u64);
    cache.0.background.finish().await;
}

#[tokio::test]
async fn a_full_queue_refuses_requests_and_takes_no_more_room_from_entries() {
    let folder = Folder::new();
    let cache = open_small(&folder).await;
    fill(&cache).await;
    let before = entries(&cache).await;
    assert!(before > 30, "{before}");
    for more in [1, 5_000] {
        let error = cache.enqueue(requests(SHARE..SHARE + more)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Full);
        assert!(error.to_string().contains("the queue takes all it may"), "{error}");
    }
    assert_eq!(queued(&cache).await, (0, SHARE as u64), "none of many");
    assert_eq!(entries(&cache).await, before);
    // Those that are there may become more urgent, and make room when they have gone.
    let raised = requests(0..9).map(|request| request.priority(Priority::Immediate));
    assert_eq!(cache.enqueue(raised).await.unwrap().raised, 9);
    assert!(cache.dequeue("http://127.0.0.1:1/0").await.unwrap());
    assert_eq!(cache.enqueue(requests(SHARE..SHARE + 1)).await.unwrap().new, 1);
}

#[tokio::test]
async fn many_who_queue_at_once_keep_within_the_share_together() {
    let folder = Folder::new();
    let cache = open_small(&folder).await;
    let mut queueing = tokio::task::JoinSet::new();
    for number in 0..32 {
        let cache = cache.clone();
        queueing.spawn(async move { cache.enqueue(requests(number * 50..number * 50 + 50)).await });
    }
    let results = queueing.join_all().await;
    let new: u64 = results.iter().flatten().map(|enqueued| enqueued.new).sum();
    assert_eq!(new, 300);
    assert_eq!(queued(&cache).await, (0, new));
}

#[tokio::test]
async fn who_waits_for_an_answer_gets_it_though_the_queue_is_full() {
    let folder = Folder::new();
    let cache = open_small(&folder).await;
    fill(&cache).await;
    let origin = origin([Reply::ok("one")]);
    assert_eq!(
        failure(&cache, request(&origin.url("/x")).priority(Priority::Batch)).await,
        ErrorKind::Full
    );
    let (state, data) = fetch(&cache, request(&origin.url("/x"))).await;
    assert_eq!((state, &data[..]), (FoundState::Fetched, &b"one"[..]));
    // The renewal of a stale one cannot be queued, and it is the answer all the same.
    folder.clock.advance(2 * HOUR);
    let (state, _) = fetch(&cache, request(&origin.url("/x"))).await;
    assert_eq!(state, FoundState::Stale);
    assert_eq!(queued(&cache).await, (0, SHARE as u64));
}

#[tokio::test]
async fn missing_images_are_queued_within_the_share_too() {
    let folder = Folder::new();
    let cache = open_small(&folder).await;
    cache.enqueue(requests(0..SHARE - 2)).await.unwrap();
    let identifier = Identifier::new("daft_punk").unwrap();
    let subject = Subject { identifier, data_type: DataType::ARTIST_FANART };
    let images = |count| (0..count).map(|n| request(&format!("http://127.0.0.1:1/image/{n}")));
    let error = cache.fill_queue(&subject, images(3), 9).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    let QueueFill { queued, .. } = cache.fill_queue(&subject, images(2), 9).await.unwrap();
    assert_eq!(queued, 2);
}
