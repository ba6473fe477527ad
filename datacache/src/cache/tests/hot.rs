//! Entries in memory, and what others do to them meanwhile.

use super::*;

const URL: &str = "https://a.example/a";
const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

/// A handle with memory for entries, whatever this run of the tests is about.
pub(super) async fn open_hot(folder: &Folder) -> Cache {
    open_with(folder, MEMORY_BYTES).await
}

pub(super) async fn open_with(folder: &Folder, hot_bytes: u64) -> Cache {
    let mut config = folder.config();
    config.cache.hot_bytes = hot_bytes;
    folder.open_with(config).await
}

/// Where a request was answered from, and with what.
async fn from(cache: &Cache, url: &str) -> (Source, Bytes) {
    let found = found(cache.fetch(request(url).offline()).await.unwrap());
    (found.source, found.entry.data)
}

/// Reads it until it is in memory.
async fn warm(cache: &Cache, url: &str) -> Bytes {
    from(cache, url).await;
    let (source, data) = from(cache, url).await;
    assert_eq!(source, Source::Hot);
    data
}

#[tokio::test]
async fn what_is_read_again_comes_from_memory_and_is_not_copied() {
    let folder = Folder::new();
    let cache = open_hot(&folder).await;
    cache.put(request(URL), "a").await.unwrap();
    assert_eq!(from(&cache, URL).await, (Source::Store, "a".into()));
    let first = from(&cache, URL).await;
    let second = from(&cache, URL).await;
    assert_eq!((first.0, second.0), (Source::Hot, Source::Hot));
    assert_eq!(first.1.as_ptr(), second.1.as_ptr());
    cache.put_absence(request("https://a.example/none")).await.unwrap();
    for expected in [Source::Store, Source::Hot] {
        let request = request("https://a.example/none").offline();
        let Answer::Absent(absence) = cache.fetch(request).await.unwrap() else { panic!() };
        assert_eq!(absence.source, expected);
    }
    cache.close().await;
    assert_eq!(cache.lookup(URL).await.unwrap_err().kind(), ErrorKind::Closed);
}

/// Whatever another handle does to an entry ends what this one keeps, and nothing that it does to
/// others.
#[tokio::test]
async fn what_another_handle_changes_is_seen_at_once() {
    let folder = Folder::new();
    let (here, there) = (open_hot(&folder).await, folder.open().await);
    let about = |url| request(url).identifier("daft_punk").data_type(DataType::OTHER);
    there.put(about(URL), "old").await.unwrap();
    there.put(about("https://a.example/b"), "b").await.unwrap();
    warm(&here, "https://a.example/b").await;

    assert_eq!(warm(&here, URL).await, "old");
    there.put(about(URL), "new").await.unwrap();
    assert_eq!(from(&here, URL).await, (Source::Store, "new".into()));

    assert_eq!(warm(&here, URL).await, "new");
    there.put_absence(about(URL)).await.unwrap();
    assert!(matches!(here.lookup(URL).await.unwrap(), Lookup::Absent(_)));

    there.remove(URL).await.unwrap();
    assert!(matches!(here.lookup(URL).await.unwrap(), Lookup::Miss));

    there.put(about(URL), "again").await.unwrap();
    warm(&here, URL).await;
    assert_eq!(from(&here, "https://a.example/b").await.0, Source::Hot);
    there.remove_matching(&Filter::default()).await.unwrap();
    for url in [URL, "https://a.example/b"] {
        assert!(matches!(here.lookup(url).await.unwrap(), Lookup::Miss));
    }
}

#[tokio::test]
async fn a_renewal_and_an_expiry_are_seen_at_once() {
    let folder = Folder::new();
    let (here, there) = (open_hot(&folder).await, folder.open().await);
    let origin = origin([with(Reply::ok("a"), TAGGED), not_modified(TAGGED)]);
    let url = origin.url("/a");
    fetch(&there, request(&url)).await;
    warm(&here, &url).await;
    folder.clock.advance(HOUR);
    let stale = found(here.fetch(request(&url).offline()).await.unwrap());
    assert_eq!((stale.state, stale.source), (FoundState::Stale, Source::Hot));
    assert_eq!(fetch(&there, request(&url).must_be_fresh()).await.0, FoundState::Revalidated);
    assert_eq!(fetch(&here, request(&url)).await.0, FoundState::Fresh);

    warm(&here, &url).await;
    folder.clock.advance(Duration::from_hours(200 * 24));
    there.maintain(crate::Maintenance::default()).await.unwrap();
    assert!(matches!(here.lookup(&url).await.unwrap(), Lookup::Miss));
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_may_be_nothing() {
    let folder = Folder::new();
    let little = open_with(&folder, 1_000_000).await;
    let nothing = open_with(&folder, 0).await;
    for number in 0..30 {
        let url = format!("https://a.example/{number}");
        little.put(request(&url), vec![number; 100_000]).await.unwrap();
        from(&little, &url).await;
        for _ in 0..2 {
            assert_eq!(from(&nothing, &url).await.0, Source::Store);
        }
    }
    let kept = little.stats().await.unwrap().hot_bytes;
    assert!((500_000..=1_000_000).contains(&kept), "{kept}");
    assert_eq!(nothing.stats().await.unwrap().hot_bytes, 0);
}

#[tokio::test]
async fn accesses_to_what_is_in_memory_are_counted_once_in_five_minutes() {
    let folder = Folder::new();
    let cache = open_hot(&folder).await;
    cache.put(request(URL).ttl(10 * HOUR), "a").await.unwrap();
    warm(&cache, URL).await;
    for _ in 0..3 {
        folder.clock.advance(Duration::from_mins(6));
        for _ in 0..3 {
            assert_eq!(from(&cache, URL).await.0, Source::Hot);
        }
        cache.0.deferred.flush().await;
    }
    let (info, _) = cache.show(URL).await.unwrap().unwrap();
    assert_eq!((info.access_count, info.last_accessed), (3, cache.now()));
    assert_eq!(from(&cache, URL).await.0, Source::Hot, "counting changed nothing that is read");
}

#[tokio::test]
async fn of_a_database_that_was_replaced_nothing_is_kept() {
    let folder = Folder::new();
    let (here, there) = (open_hot(&folder).await, folder.open().await);
    there.put(request(URL), "old").await.unwrap();
    warm(&here, URL).await;
    there.close().await;
    std::fs::remove_file(here.dir().join("datacache.sqlite")).unwrap();
    let other = folder.open().await;
    assert!(matches!(here.lookup(URL).await.unwrap(), Lookup::Miss));
    other.put(request(URL), "new").await.unwrap();
    assert_eq!(from(&here, URL).await.1, "new");
}

#[tokio::test]
async fn without_its_folder_memory_answers_nothing() {
    let folder = Folder::new();
    let cache = open_hot(&folder).await;
    cache.put(request(URL), "a").await.unwrap();
    warm(&cache, URL).await;
    std::fs::remove_dir_all(cache.dir()).unwrap();
    assert!(!matches!(cache.lookup(URL).await, Ok(Lookup::Fresh(_))));
}
