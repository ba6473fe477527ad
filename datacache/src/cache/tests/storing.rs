use super::*;

#[tokio::test]
async fn spellings_and_api_keys_of_one_address_share_an_entry() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let origin = origin([Reply::ok("one")]);
    let url = origin.url("/a?q=1&api_key=mine");
    fetch(&first, request(&url)).await;
    for url in [
        origin.url("/a?q=1&api_key=yours"),
        origin.url("/a?q=1"),
        origin.url("/b/../a?q=1#top"),
        origin.url("/a?q=1").replace("http://", "HTTP://somebody:secret@"),
    ] {
        assert_eq!(fetch(&second, request(&url)).await.0, FoundState::Fresh, "{url}");
    }
    assert_eq!(origin.received().len(), 1);
    assert_eq!(origin.received()[0].path, "/a?q=1&api_key=mine");
    assert!(matches!(first.lookup(&origin.url("/a?q=2")).await.unwrap(), Lookup::Miss));
}

#[tokio::test]
async fn what_no_origin_serves_can_be_put_and_looked_up_but_not_fetched() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let url = "embedded://Album/1";
    assert_eq!(failure(&cache, request(url)).await, ErrorKind::InvalidInput);
    let put = request(url).identifier("Daft Punk").data_type(DataType::FRONT_COVER);
    let info = cache.put(put, png()).await.unwrap();
    assert_eq!((&*info.mime_type, info.provider.as_str()), ("image/png", "album"));
    for spelling in [url, "EMBEDDED://album/1"] {
        match cache.lookup(spelling).await.unwrap() {
            Lookup::Fresh(entry) => assert_eq!(&entry.data[..], &png()[..]),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fetch(&cache, request(url)).await.0, FoundState::Fresh);
    folder.clock.advance(HOUR);
    assert_eq!(fetch(&cache, request(url)).await.0, FoundState::Stale);
    assert_eq!(failure(&cache, request(url).must_be_fresh()).await, ErrorKind::InvalidInput);
}

#[tokio::test]
async fn an_image_type_takes_no_other_bytes() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let logo = || request("embedded://a/1").data_type(DataType::ARTIST_LOGO);
    for bytes in [&b""[..], b"text", &png()[..20]] {
        let error = cache.put(logo(), bytes.to_vec()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
    assert!(matches!(cache.lookup("embedded://a/1").await.unwrap(), Lookup::Miss));
    cache.put(request("embedded://a/1"), "text").await.unwrap();
    cache.put(logo(), png()).await.unwrap();
}

#[tokio::test]
async fn a_handle_leads_to_its_entry_whatever_becomes_of_it() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let info = first.put(request("a://b"), "one").await.unwrap();
    let text: Cachekey = info.cachekey.to_string().parse().unwrap();
    assert!(matches!(second.lookup_cachekey(text).await.unwrap(), Lookup::Fresh(_)));
    folder.clock.advance(HOUR);
    assert!(matches!(second.lookup_cachekey(text).await.unwrap(), Lookup::Stale(_)));
    first.put(request("a://b"), "two").await.unwrap();
    match second.lookup_cachekey(text).await.unwrap() {
        Lookup::Fresh(entry) => assert_eq!(&entry.data[..], b"two"),
        other => panic!("{other:?}"),
    }
    assert!(first.remove("a://b").await.unwrap());
    assert!(matches!(second.lookup_cachekey(text).await.unwrap(), Lookup::Miss));
}

#[tokio::test]
async fn the_keys_of_an_identifier_leave_out_absences_and_other_types() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok(png()), Reply::status(404), Reply::ok(png())]);
    let image = |path: &str| {
        request(&origin.url(path)).identifier("Daft Punk").data_type(DataType::ARTIST_FANART)
    };
    let mut expected = Vec::new();
    for path in ["/1", "/2", "/3"] {
        if let Answer::Found(found) = cache.fetch(image(path)).await.unwrap() {
            expected.push(found.entry.info.cachekey);
        }
    }
    cache.put(image("/4").data_type(DataType::ARTIST_LOGO), png()).await.unwrap();
    cache.put(image("/5").identifier("Air"), png()).await.unwrap();
    let artist = Identifier::new("daft punk").unwrap();
    assert_eq!(expected.len(), 2);
    assert_eq!(cache.keys(&artist, &DataType::ARTIST_FANART).await.unwrap(), expected);
}

#[tokio::test]
async fn what_is_shown_names_the_file_of_a_large_body() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let large = vec![0xff; folder.config().cache.inline_max_bytes + 1];
    cache.put(request("a://small"), "x").await.unwrap();
    cache.put(request("a://large"), large.clone()).await.unwrap();
    assert!(cache.show("a://none").await.unwrap().is_none());
    let (_, path) = cache.show("a://small").await.unwrap().unwrap();
    assert_eq!(path, None);
    let (info, path) = cache.show("a://large").await.unwrap().unwrap();
    assert_eq!(info.data_size, large.len() as u64);
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), large);
}
