//! Many look-ups at once.

use std::pin::pin;

use super::hot::{open_hot, open_with};
use super::joining::poll_times;
use super::*;

/// What a look-up tells, with the bytes.
fn told(lookup: &Lookup) -> (&'static str, &[u8]) {
    match lookup {
        Lookup::Fresh(entry) => ("fresh", &entry.data),
        Lookup::Stale(entry) => ("stale", &entry.data),
        Lookup::Absent(_) => ("absent", b""),
        Lookup::Miss => ("miss", b""),
    }
}

async fn all<'a>(cache: &Cache, urls: impl IntoIterator<Item = &'a str>) -> Vec<Lookup> {
    cache.lookup_many(urls).await.unwrap()
}

/// One of each kind, and one that varies on headers, which no look-up asks about.
async fn fill(folder: &Folder, cache: &Cache) -> String {
    cache.put(request("a://stale"), "old").await.unwrap();
    folder.clock.advance(HOUR);
    cache.put(request("a://fresh"), vec![0xff; 100_000]).await.unwrap();
    cache.put_absence(request("a://absent")).await.unwrap();
    let origin = origin([with(Reply::ok("en"), "Vary: Accept-Language")]);
    let url = origin.url("/x");
    fetch(cache, request(&url).header("Accept-Language", "en")).await;
    url
}

#[tokio::test]
async fn each_is_told_as_it_is_alone_in_the_order_of_the_urls() {
    for hot_bytes in [0, 10_000_000] {
        let folder = Folder::new();
        let cache = open_with(&folder, hot_bytes).await;
        let varying = fill(&folder, &cache).await;
        // Some of it is in memory by now.
        cache.lookup("a://stale").await.unwrap();
        cache.lookup("a://absent").await.unwrap();
        let urls = ["a://none", "a://stale", "a://fresh", &varying, "a://stale", "a://absent"];
        for _ in 0..2 {
            let lookups = all(&cache, urls).await;
            assert_eq!(lookups.len(), urls.len());
            for (url, lookup) in urls.iter().zip(&lookups) {
                assert_eq!(told(lookup), told(&cache.lookup(url).await.unwrap()), "{url}");
            }
            let kinds: Vec<&str> = lookups.iter().map(|lookup| told(lookup).0).collect();
            assert_eq!(kinds, ["miss", "stale", "fresh", "fresh", "stale", "absent"]);
        }
        assert!(all(&cache, []).await.is_empty());
    }
}

#[tokio::test]
async fn memory_is_filled_and_asked_first() {
    let folder = Folder::new();
    let (here, there) = (open_hot(&folder).await, folder.open().await);
    for url in ["a://1", "a://2", "a://3"] {
        there.put(request(url), "old").await.unwrap();
    }
    let urls = ["a://1", "a://2", "a://3", "a://none"];
    let first = all(&here, urls).await;
    for (url, first) in urls.iter().zip(&first).take(3) {
        let found = found(here.fetch(request(url).offline()).await.unwrap());
        assert_eq!(found.source, Source::Hot);
        let Lookup::Fresh(entry) = first else { panic!("{first:?}") };
        assert_eq!(found.entry.data.as_ptr(), entry.data.as_ptr(), "memory keeps the same bytes");
    }

    there.put(request("a://2"), "new").await.unwrap();
    there.put(request("a://none"), "there").await.unwrap();
    there.remove("a://3").await.unwrap();
    let second = all(&here, urls).await;
    let told: Vec<_> = second.iter().map(told).collect();
    assert_eq!(
        told,
        [("fresh", &b"old"[..]), ("fresh", b"new"), ("miss", b""), ("fresh", b"there")]
    );
    let (Lookup::Fresh(first), Lookup::Fresh(second)) = (&first[0], &second[0]) else { panic!() };
    assert_eq!(first.data.as_ptr(), second.data.as_ptr(), "nobody has changed it");
}

#[tokio::test]
async fn what_is_replaced_at_any_moment_of_the_look_up_is_not_kept() {
    let folder = Folder::new();
    let (here, there) = (open_hot(&folder).await, folder.open().await);
    let mut steps = 1;
    loop {
        there.put(request("a://1"), format!("old {steps}")).await.unwrap();
        let mut looking = pin!(here.lookup_many(["a://1"]));
        let ended = poll_times(looking.as_mut(), steps).await;
        let new = format!("new {steps}");
        there.put(request("a://1"), new.clone()).await.unwrap();
        if ended.is_none() {
            looking.await.unwrap();
        }
        assert_eq!(told(&here.lookup("a://1").await.unwrap()), ("fresh", new.as_bytes()));
        if ended.is_some() {
            break;
        }
        steps += 1;
    }
    assert!(steps >= 3, "it was interrupted at {steps} places");
}

/// What is in memory needs no database, until it cannot be read.
#[tokio::test]
async fn what_cannot_be_read_is_an_error_of_all() {
    let folder = Folder::new();
    let cache = open_hot(&folder).await;
    cache.put(request("a://1"), "one").await.unwrap();
    all(&cache, ["a://1"]).await;
    cache.close().await;
    for urls in [&["a://1"][..], &["a://1", "a://none"], &["a://none"]] {
        assert_eq!(cache.lookup_many(urls).await.unwrap_err().kind(), ErrorKind::Closed);
    }
}

#[tokio::test]
async fn the_first_url_that_is_none_is_named_and_nothing_looked_up() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(request("a://1"), "one").await.unwrap();
    let before = cache.numbers(None).await.unwrap().total;
    let error = cache.lookup_many(["a://1", "first", "second"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("first"), "{error}");
    assert_eq!(cache.numbers(None).await.unwrap().total, before);
}

#[tokio::test]
async fn each_is_counted_and_each_access_noted() {
    let folder = Folder::new();
    let cache = folder.open().await;
    fill(&folder, &cache).await;
    let before = cache.numbers(None).await.unwrap().total;
    folder.clock.advance(Duration::from_mins(6));
    all(&cache, ["a://fresh", "a://stale", "a://absent", "a://none", "a://fresh"]).await;
    let after = cache.numbers(None).await.unwrap().total;
    let counted = |counts: &crate::Counts| {
        [counts.fresh, counts.stale, counts.absent, counts.missed, counts.failed()]
    };
    let grown =
        counted(&after).into_iter().zip(counted(&before)).map(|(after, before)| after - before);
    assert_eq!(grown.collect::<Vec<_>>(), [2, 1, 1, 1, 0]);
    cache.0.deferred.flush().await;
    for (url, accesses) in [("a://fresh", 1), ("a://stale", 1), ("a://absent", 1)] {
        let (info, _) = cache.show(url).await.unwrap().unwrap();
        assert_eq!((info.access_count, info.last_accessed), (accesses, cache.now()), "{url}");
    }
}

#[tokio::test]
async fn a_thousand_are_looked_up_at_once() {
    let folder = Folder::new();
    let cache = open_hot(&folder).await;
    let urls: Vec<String> = (0..1_000).map(|number| format!("a://{number}")).collect();
    for url in urls.iter().step_by(5) {
        cache.put(request(url), url.clone()).await.unwrap();
    }
    for _ in 0..2 {
        let lookups = cache.lookup_many(&urls).await.unwrap();
        for (number, (url, lookup)) in urls.iter().zip(&lookups).enumerate() {
            let expected =
                if number % 5 == 0 { ("fresh", url.as_bytes()) } else { ("miss", &b""[..]) };
            assert_eq!(told(lookup), expected);
        }
    }
}
