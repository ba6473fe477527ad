//! Entries in the memory of one process, while others write.
//!
//! Who waits for another process blocks his thread. What the cache writes behind his back needs one of
//! its own, lest it keep the database locked meanwhile.

use datacache::testing;
use datacache::{Answer, Cache, Checksum, Found, Request, Source};
use datacache_tests::{Folder, Peer, body};

const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

/// The cache with so much memory for entries, whatever this run of the tests is about.
async fn open(folder: &Folder, hot_bytes: u64) -> Cache {
    let mut config = folder.config();
    config.cache.hot_bytes = hot_bytes;
    Cache::open(config).await.unwrap()
}

async fn found(cache: &Cache, url: &str) -> Option<Found> {
    match cache.fetch(Request::new(url).offline()).await.unwrap() {
        Answer::Found(found) => Some(*found),
        Answer::Miss => None,
        other => panic!("{other:?}"),
    }
}

/// The promise is 50 ms; what is shown is none at all: the very next look-up after another process has
/// said that its put has returned finds the new entry, with the old one in memory until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_next_look_up_after_another_process_has_written_sees_it() {
    const URL: &str = "https://a.example/x";
    let folder = Folder::new();
    let cache = open(&folder, MEMORY_BYTES).await;
    let mut peer = Peer::start(&folder.dir());
    let mut hot = 0;
    for seed in 0..200 {
        peer.order(&format!("put {URL} {seed} 1000"));
        let expected = Checksum::of(&body(seed, 1_000));
        for _ in 0..3 {
            let found = found(&cache, URL).await.unwrap();
            assert_eq!(found.entry.info.content_checksum, expected, "{:?}", found.source);
            hot += u32::from(found.source == Source::Hot);
        }
        if seed % 10 == 0 {
            assert_eq!(peer.order(&format!("remove {URL}")), "removed true");
            assert!(found(&cache, URL).await.is_none());
        }
    }
    assert_eq!(hot, 400, "two of three look-ups need not go to the store");
}

/// While three processes write without pause, and are killed again and again, memory never says
/// anything else than the store does.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn memory_and_store_agree_whoever_dies() {
    let folder = Folder::new();
    let cache = open(&folder, MEMORY_BYTES).await;
    let urls: Vec<String> = (0..20).map(|number| format!("https://a.example/{number}")).collect();
    let mut hot = 0;
    for round in 0..15_u64 {
        let mut writers: Vec<Peer> = (0..3)
            .map(|number| {
                let mut peer = Peer::start(&folder.dir());
                peer.tell(&format!("write {}", 3 * round + number));
                peer
            })
            .collect();
        for pace in 0..10 {
            for writer in &mut writers {
                assert!(writer.answer().is_some());
            }
            hot += look_at_all(&cache, &urls, pace).await;
        }
        writers.iter_mut().for_each(Peer::kill);
        // Nobody writes now. What was read while they did is compared to what is there.
        let store = open(&folder, 0).await;
        for url in &urls {
            let (kept, stored) = (found(&cache, url).await, found(&store, url).await);
            let checksum = |found: Option<Found>| found.map(|it| it.entry.info.content_checksum);
            assert_eq!(checksum(kept), checksum(stored), "{url} in round {round}");
        }
        store.close().await;
    }
    assert!(hot > 100, "only {hot} look-ups were answered by memory: the test shows nothing");
}

/// Returns how many came from memory.
async fn look_at_all(cache: &Cache, urls: &[String], pace: u32) -> u32 {
    let mut hot = 0;
    for url in urls {
        // Twice at once now and then, so that memory has something to say.
        for _ in 0..=pace % 2 {
            if let Some(found) = found(cache, url).await {
                hot += u32::from(found.source == Source::Hot);
            }
        }
    }
    hot
}

/// Else the second run of all tests would show nothing.
#[tokio::test]
async fn caches_have_the_memory_that_the_run_of_the_tests_is_told() {
    const URL: &str = "https://a.example/x";
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(Request::new(URL), "x").await.unwrap();
    for _ in 0..2 {
        found(&cache, URL).await.unwrap();
    }
    let is_kept = cache.stats().await.unwrap().hot_bytes > 0;
    assert_eq!(is_kept, testing::hot_bytes() != Some(0));
}
