use super::*;

/// The main operations once over, on two clones.
async fn use_a_cache() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let clone = cache.clone();
    let origin = origin([Reply::ok(vec![7; 100_000])]);
    let url = origin.url("/x");
    assert_eq!(fetch(&cache, request(&url)).await.0, FoundState::Fetched);
    assert_eq!(fetch(&clone, request(&url)).await.0, FoundState::Fresh);
    let tasks: Vec<_> = (0..10)
        .map(|task| {
            let (cache, url) = (clone.clone(), url.clone());
            tokio::spawn(async move {
                cache.put(request(&format!("a://{task}")), "x").await.unwrap();
                fetch(&cache, request(&url)).await.0
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), FoundState::Fresh);
    }
    assert_eq!(cache.stats().await.unwrap().totals.fresh, 11);
    assert_eq!(cache.remove_matching(&Filter::all()).await.unwrap(), 11);
    drop(cache);
    assert!(matches!(clone.lookup(&url).await.unwrap(), Lookup::Miss));
    clone.close().await;
}

#[tokio::test]
async fn a_cache_works_on_one_thread() {
    use_a_cache().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_works_on_many_threads() {
    use_a_cache().await;
}

#[tokio::test]
async fn a_closed_cache_refuses_every_operation_in_all_its_clones() {
    let folder = Folder::new();
    let (closed, open) = (folder.open().await, folder.open().await);
    let info = closed.put(request("a://b"), "x").await.unwrap();
    let clone = closed.clone();
    closed.close().await;
    closed.close().await;

    let filter = Filter::all();
    let artist = Identifier::new("x").unwrap();
    let image = DataType::ARTIST_LOGO;
    for cache in [&closed, &clone] {
        let large = vec![7; 100_000];
        let refusals = [
            cache.lookup("a://b").await.map(drop),
            cache.lookup_cachekey(info.cachekey).await.map(drop),
            cache.fetch(request("http://a.example/")).await.map(drop),
            cache.fetch(request("a://b").offline()).await.map(drop),
            cache.put(request("a://b"), "y").await.map(drop),
            cache.put(request("a://b"), large).await.map(drop),
            cache.remove("a://b").await.map(drop),
            cache.remove_matching(&filter).await.map(drop),
            cache.random_image(&artist, &image, None).await.map(drop),
            cache.keys(&artist, &image).await.map(drop),
            cache.list(&filter, Page::default()).await.map(drop),
            cache.show("a://b").await.map(drop),
            cache.stats().await.map(drop),
        ];
        for (number, refusal) in refusals.into_iter().enumerate() {
            assert_eq!(refusal.unwrap_err().kind(), ErrorKind::Closed, "operation {number}");
        }
    }
    assert_eq!(fetch(&open, request("a://b")).await, (FoundState::Fresh, "x".into()));
}

#[tokio::test]
async fn closing_gives_back_the_slots_of_those_who_wait() {
    let folder = Folder::new();
    let mut config = folder.config();
    let settings = r#"{"slow": {"hosts": ["127.0.0.1"], "budget": "1/30s"}}"#;
    config.providers = serde_json::from_str(settings).unwrap();
    let origin = origin([Reply::ok("one")]);
    let next_slot = async |cache: &Cache| {
        let limits = cache.limits().await.unwrap();
        let slow = limits.iter().find(|limits| limits.provider.as_str() == "slow").unwrap();
        slow.next_slot.since(START).as_secs()
    };
    let first = folder.open_with(config.clone()).await;
    fetch(&first, request(&origin.url("/1"))).await;
    for path in ["/2", "/3"] {
        let cache = folder.open_with(config.clone()).await;
        let hasty = request(&origin.url(path)).deadline(Duration::from_millis(1));
        assert!(matches!(cache.fetch(hasty).await.unwrap(), Answer::Pending));
        // Until the flight, which goes on without its caller, has booked.
        while next_slot(&cache).await < 60 {}
        cache.close().await;
        assert_eq!(next_slot(&first).await, 30, "{path}");
    }
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn closing_writes_what_was_noted() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(request("a://b"), "x").await.unwrap();
    folder.clock.advance(HOUR / 2);
    fetch(&cache, request("a://b")).await;
    cache.close().await;
    let (info, _) = folder.open().await.show("a://b").await.unwrap().unwrap();
    assert_eq!((info.access_count, info.last_accessed), (1, folder.clock.now()));
}

#[tokio::test]
async fn a_fetch_that_is_given_up_leaves_nothing_and_the_next_one_works() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let (asked, mut is_asked) = tokio::sync::mpsc::unbounded_channel();
    let origin = Origin::start(move |received| {
        asked.send(()).unwrap();
        if received.path == "/silent" { Reply::silence() } else { Reply::ok("one") }
    })
    .unwrap();
    let fetching = tokio::spawn({
        let (cache, request) = (cache.clone(), request(&origin.url("/silent")));
        async move { cache.fetch(request).await.map(drop) }
    });
    is_asked.recv().await.unwrap();
    fetching.abort();
    assert!(fetching.await.unwrap_err().is_cancelled());

    assert!(!cache.dir().join("blobs").exists());
    assert!(matches!(cache.lookup(&origin.url("/silent")).await.unwrap(), Lookup::Miss));
    assert_eq!(queued(&cache).await, (0, 0));
    assert_eq!(fetch(&cache, request(&origin.url("/x"))).await.0, FoundState::Fetched);
}

#[tokio::test]
async fn a_folder_that_cannot_be_one_is_a_clear_error() {
    let folder = Folder::new();
    std::fs::File::create(folder.dir.path().join("cache")).unwrap();
    let error = Cache::open(folder.config()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("is a file"), "{error}");
    let error = Cache::open(Config::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

/// A writer in another process may hold the lock for as long as it likes.
#[tokio::test]
async fn nothing_that_reads_waits_for_a_writer() {
    let folder = Folder::new();
    let (reader, writer) = (folder.open().await, folder.open().await);
    let picture = || request("https://a.example/x").data_type(DataType::FRONT_COVER);
    reader.put(picture().identifier("Daft Punk"), png()).await.unwrap();
    reader.put(request("https://a.example/damaged"), "intact").await.unwrap();
    folder.clock.advance(HOUR);
    let mut lock = writer.0.db.write("test").await.unwrap();
    let damage = "UPDATE cached_data SET data_value = x'00' WHERE url LIKE '%damaged'";
    sqlx::query(damage).execute(&mut *lock).await.unwrap();
    lock.commit().await.unwrap();

    let lock = writer.0.db.write("test").await.unwrap();
    let reading = async {
        assert!(matches!(reader.lookup("https://a.example/x").await.unwrap(), Lookup::Stale(_)));
        found(reader.fetch(picture().offline()).await.unwrap());
        let daft_punk = Identifier::new("Daft Punk").unwrap();
        let random = reader.random_image(&daft_punk, &DataType::FRONT_COVER, None);
        assert!(random.await.unwrap().is_some());
        let damaged = reader.lookup("https://a.example/damaged").await.unwrap();
        assert!(matches!(damaged, Lookup::Miss));
        reader.stats().await.unwrap();
        reader.close().await;
    };
    let bound = Duration::from_secs(5);
    tokio::time::timeout(bound, reading).await.expect("no reader waits for the lock");
    lock.commit().await.unwrap();
}

/// That somebody has died is the business of who writes next.
#[tokio::test]
async fn after_a_death_the_next_to_open_waits_for_no_writer() {
    let folder = Folder::new();
    let writer = folder.open().await;
    writer.put(request("https://a.example/a"), "a").await.unwrap();
    let session = uuid::Uuid::new_v4().simple();
    std::fs::File::create(writer.dir().join(format!("locks/{session}.session"))).unwrap();
    let writing = writer.0.db.write("test").await.unwrap();
    let reading = async {
        let cache = folder.open().await;
        cache.lookup("https://a.example/a").await.unwrap()
    };
    let lookup = tokio::time::timeout(NET, reading).await.unwrap();
    assert!(matches!(lookup, Lookup::Fresh(_)));
    drop(writing);
}
