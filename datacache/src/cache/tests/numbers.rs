//! Each answer and each fetch is counted once, whichever way it takes.

use super::*;
use crate::cache::tests::joining::{batch, fetching_request, held_origin};
use crate::media::ImageSize;
use crate::numbers::Counts;

async fn counts(cache: &Cache) -> Counts {
    // A flight that nobody waits for is counted when it ends.
    cache.0.background.finish().await;
    cache.numbers(None).await.unwrap().total
}

/// What was counted since `before`, by the names of the numbers, without bytes and times.
fn since(before: &Counts, after: &Counts) -> Vec<(&'static str, u64)> {
    let numbers = |counts: &Counts| {
        [
            ("fresh", counts.fresh),
            ("stale", counts.stale),
            ("absent", counts.absent),
            ("fetched", counts.fetched),
            ("revalidated", counts.revalidated),
            ("fetched_absent", counts.fetched_absent),
            ("missed", counts.missed),
            ("queued", counts.queued),
            ("pending", counts.pending),
            ("failed", counts.failed()),
            ("fallbacks", counts.fallbacks),
            ("fetches", counts.fetches),
            ("fetch_errors", counts.failed_fetches()),
        ]
    };
    let changes = numbers(after).into_iter().zip(numbers(before));
    let changes = changes.map(|((name, after), (_, before))| (name, after - before));
    changes.filter(|(_, change)| *change > 0).collect()
}

/// What `work` makes the numbers of `cache` grow by.
async fn grown(cache: &Cache, work: impl Future<Output = ()>) -> Vec<(&'static str, u64)> {
    let before = counts(cache).await;
    work.await;
    since(&before, &counts(cache).await)
}

#[tokio::test]
async fn a_fetch_is_counted_as_what_its_caller_is_told() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let one = || with(Reply::ok("one"), TAGGED);
    let origin = origin([one(), one(), not_modified(TAGGED), Reply::status(500)]);
    let url = origin.url("/x");
    let ask = |request: Request| async { drop(cache.fetch(request).await) };
    let plain = || request(&url);
    assert_eq!(grown(&cache, ask(plain().offline())).await, [("missed", 1)]);
    assert_eq!(grown(&cache, ask(plain())).await, [("fetched", 1), ("fetches", 1)]);
    assert_eq!(grown(&cache, ask(plain())).await, [("fresh", 1)]);
    let explained = async { drop(cache.explain(plain()).await) };
    assert_eq!(grown(&cache, explained).await, [("fresh", 1)]);
    folder.clock.advance(HOUR);
    assert_eq!(grown(&cache, ask(plain().offline())).await, [("stale", 1)]);
    assert_eq!(grown(&cache, ask(plain())).await, [("stale", 1)]);
    let renew = || plain().must_be_fresh();
    assert_eq!(grown(&cache, ask(renew())).await, [("fetched", 1), ("fetches", 1)]);
    folder.clock.advance(HOUR);
    assert_eq!(grown(&cache, ask(renew())).await, [("revalidated", 1), ("fetches", 1)]);
    folder.clock.advance(HOUR);
    let failed = [("failed", 1), ("fetches", 1), ("fetch_errors", 1)];
    assert_eq!(grown(&cache, ask(renew())).await, failed);
    let counts = counts(&cache).await;
    assert_eq!((&counts.errors, &counts.fetch_errors), (&counts.fetch_errors, &counts.errors));
    assert_eq!(counts.errors["upstream"], 1);
}

#[tokio::test]
async fn absence_queueing_and_a_passed_deadline_are_counted() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let absent = origin([Reply::status(404)]);
    let ask = |request: Request| async { drop(cache.fetch(request).await) };
    let url = absent.url("/x");
    assert_eq!(grown(&cache, ask(request(&url))).await, [("fetched_absent", 1), ("fetches", 1)]);
    assert_eq!(grown(&cache, ask(request(&url))).await, [("absent", 1)]);
    let looked_up = async { drop(cache.lookup(&url).await) };
    assert_eq!(grown(&cache, looked_up).await, [("absent", 1)]);
    assert_eq!(grown(&cache, ask(batch(&absent.url("/y")))).await, [("queued", 1)]);

    let (held, mut is_asked, release) = held_origin();
    let hasty = || request(&held.url("/z")).deadline(Duration::from_millis(1));
    assert_eq!(grown(&cache, ask(hasty())).await, [("pending", 1)]);
    is_asked.recv().await.unwrap();
    let waited = async {
        release.send(Reply::ok("late")).unwrap();
        found(cache.wait(&held.url("/z"), NET).await.unwrap());
    };
    assert_eq!(grown(&cache, waited).await, [("fetched", 1), ("fetches", 1)]);
    let at_hand = async { drop(cache.wait(&held.url("/z"), NET).await) };
    assert_eq!(grown(&cache, at_hand).await, [("fresh", 1)]);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_no_answer() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let wrong = async {
        cache.fetch(request("no url")).await.unwrap_err();
        cache.lookup("no url").await.unwrap_err();
        let artist = Identifier::new("Daft Punk").unwrap();
        cache.random_image(&artist, &DataType::OTHER, None).await.unwrap_err();
    };
    assert_eq!(grown(&cache, wrong).await, []);
    let placeholder = "https://cdn-images.dzcdn.net/images/artist//500.jpg";
    let star = async { drop(cache.fetch(request(placeholder)).await.unwrap()) };
    // Nobody was asked.
    assert_eq!(grown(&cache, star).await, [("fetched_absent", 1)]);
}

#[tokio::test]
async fn look_ups_and_picks_are_answers_and_what_looks_after_entries_is_none() {
    let folder = Folder::new();
    let mut config = folder.config();
    let fallbacks = r#"{"fallbacks": {"artistlogo": ["artistbanner", "artistthumbnail"]}}"#;
    config.images = serde_json::from_str(fallbacks).unwrap();
    let cache = folder.open_with(config).await;
    let url = "https://a.example/x.png";
    let picture = request(url).identifier("Daft Punk").data_type(DataType::ARTIST_THUMBNAIL);
    let care = async {
        let info = cache.put(picture, png()).await.unwrap();
        cache.0.deriving.idle().await;
        cache.show(url).await.unwrap();
        cache.list(&Filter::all(), Page::default()).await.unwrap();
        cache.stats().await.unwrap();
        cache.palette(url).await.unwrap();
        assert_eq!(info.provider.as_str(), "a.example");
    };
    assert_eq!(Box::pin(grown(&cache, care)).await, []);

    let (info, _) = cache.show(url).await.unwrap().unwrap();
    let artist = Identifier::new("Daft Punk").unwrap();
    let size = ImageSize { max_width: 1, max_height: 1 };
    let answers = async {
        cache.lookup(url).await.unwrap();
        cache.lookup_cachekey(info.cachekey).await.unwrap();
        cache.resized(url, size).await.unwrap();
        cache.random_image(&artist, &DataType::ARTIST_THUMBNAIL, None).await.unwrap().unwrap();
        // After two types that have no image.
        cache.random_choice(&artist, &DataType::ARTIST_LOGO, None).await.unwrap().unwrap();
    };
    assert_eq!(Box::pin(grown(&cache, answers)).await, [("fresh", 5)]);
    let misses = async {
        cache.lookup("https://a.example/none").await.unwrap();
        cache
            .lookup_cachekey("00000000-0000-4000-8000-000000000000".parse().unwrap())
            .await
            .unwrap();
        cache.resized("https://a.example/none", size).await.unwrap();
        assert!(
            cache.random_choice(&artist, &DataType::FRONT_COVER, None).await.unwrap().is_none()
        );
    };
    assert_eq!(Box::pin(grown(&cache, misses)).await, [("missed", 4)]);
    let groups = cache.numbers(None).await.unwrap().groups;
    let answers = |group: &crate::numbers::GroupCounts| {
        (group.provider.to_string(), group.data_type.to_string(), group.counts.answers())
    };
    let expected = [
        ("a.example", "artistthumbnail", 4),
        ("a.example", "derived", 2),
        ("a.example", "other", 1),
        ("unknown", "front_cover", 1),
        ("unknown", "other", 1),
    ];
    let expected = expected.map(|(provider, of, count)| (provider.into(), of.into(), count));
    assert_eq!(groups.iter().map(answers).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn who_shares_a_fetch_is_counted_and_the_fetch_once() {
    let folder = Folder::new();
    let (cache, other) = (folder.open().await, folder.open().await);
    let (origin, mut is_asked, release) = held_origin();
    let url = origin.url("/x");
    let first = fetching_request(&cache, request(&url));
    is_asked.recv().await.unwrap();
    let sharers: Vec<_> = [&cache, &cache, &other, &other]
        .map(|cache| fetching_request(cache, request(&url)))
        .into_iter()
        .collect();
    release.send(Reply::ok("one")).unwrap();
    for task in std::iter::once(first).chain(sharers) {
        found(task.await.unwrap().unwrap());
    }
    other.close().await;
    let counts = counts(&cache).await;
    assert_eq!((counts.answers(), counts.fetches, counts.fetched_bytes), (5, 1, 3));
    // Whoever came late enough found it stored.
    assert_eq!(counts.fetched + counts.fresh, 5);
    assert!(counts.fetched >= 1);
    assert_eq!(counts.served_bytes, 15);
    assert_eq!(counts.from_cache.count() + counts.from_origin.count(), 5);
}

#[tokio::test]
async fn a_worker_fetches_and_nobody_is_answered() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::status(500)]);
    let work = async {
        cache.enqueue([batch(&origin.url("/1"))]).await.unwrap();
        drain(&cache).await;
        cache.enqueue([batch(&origin.url("/2"))]).await.unwrap();
        drain(&cache).await;
    };
    assert_eq!(grown(&cache, work).await, [("fetches", 2), ("fetch_errors", 1)]);
    assert_eq!(counts(&cache).await.fetched_bytes, 3);
}

#[tokio::test]
async fn a_stale_answer_in_place_of_a_failure_is_a_fallback() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one"), Reply::status(500)]);
    // With a credential the renewal cannot be queued, and is made at once.
    let secret = || request(&origin.url("/x")).header("Authorization", "Bearer s3cret");
    fetch(&cache, secret()).await;
    folder.clock.advance(HOUR);
    let ask = async { assert_eq!(fetch(&cache, secret()).await.0, FoundState::Stale) };
    let expected = [("stale", 1), ("fallbacks", 1), ("fetches", 1), ("fetch_errors", 1)];
    assert_eq!(grown(&cache, ask).await, expected);
    let counts = counts(&cache).await;
    assert_eq!((counts.from_cache.count(), counts.from_origin.count()), (0, 2));
    assert_eq!((counts.hit_rate(), counts.fallback_rate()), (Some(0.5), Some(0.5)));
}

#[tokio::test]
async fn times_are_those_of_the_clock_and_kept_apart_by_who_was_waited_for() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let clock = folder.clock.clone();
    let origin = Origin::start(move |_| {
        clock.advance(Duration::from_millis(400));
        Reply::ok("one")
    })
    .unwrap();
    fetch(&cache, request(&origin.url("/x"))).await;
    fetch(&cache, request(&origin.url("/x"))).await;
    let counts = counts(&cache).await;
    assert_eq!(counts.from_origin.percentile(50), Some(Duration::from_millis(400)));
    assert_eq!(counts.from_cache.sum(), Duration::ZERO);
    assert_eq!(counts.mean(), Some(Duration::from_millis(200)));
}

#[tokio::test]
async fn reading_writes_nothing_and_closing_writes_what_was_counted() {
    let folder = Folder::new();
    let (cache, other) = (folder.open().await, folder.open().await);
    cache.put(request("a://b"), "x").await.unwrap();
    let mut watching = other.0.db.read("test").await.unwrap();
    let mut version = async || -> i64 {
        sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *watching).await.unwrap()
    };
    let before = version().await;
    for _ in 0..100 {
        cache.lookup("a://b").await.unwrap();
        fetch(&cache, request("a://b")).await;
    }
    assert_eq!(version().await, before);
    cache.close().await;
    assert_ne!(version().await, before);
    assert_eq!(counts(&other).await.fresh, 200);
}

#[tokio::test]
async fn stats_tell_what_is_on_disk_and_in_memory() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(request("a://1"), vec![0xff; 100_000]).await.unwrap();
    cache.put(request("a://2"), vec![0xff; 100_000]).await.unwrap();
    let temp = cache.dir().join("blobs").join("tmp");
    std::fs::File::create(temp.join("x.part")).unwrap().set_len(2).unwrap();
    std::fs::create_dir(temp.join("y.part")).unwrap();
    std::fs::File::create(temp.join("y.part").join("z")).unwrap().set_len(3).unwrap();
    let stats = cache.stats().await.unwrap();
    let disk = &stats.disk;
    assert_eq!((disk.blob_bytes, disk.temporary_bytes), (100_000, 5));
    assert!(disk.database_bytes > 0 && disk.log_bytes > 0, "{disk:?}");
    let on_disk = disk.database_bytes + disk.log_bytes + 100_005;
    assert_eq!(disk.total_bytes(), on_disk);
    if cfg!(target_os = "linux") {
        assert!(stats.resident_bytes.unwrap() > 1 << 20);
    }
}
