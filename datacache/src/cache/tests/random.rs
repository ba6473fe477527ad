use super::*;

fn image(path: &str) -> Request {
    request(&format!("https://a.example/{path}"))
        .identifier("Daft Punk")
        .data_type(DataType::ARTIST_FANART)
}

async fn pick(cache: &Cache, provider: Option<&Provider>) -> Option<String> {
    let artist = Identifier::new("daft punk").unwrap();
    let picked = cache.random_image(&artist, &DataType::ARTIST_FANART, provider).await.unwrap();
    picked.map(|entry| entry.info.url.as_str().rsplit('/').next().unwrap().to_owned())
}

#[tokio::test]
async fn a_stale_image_is_picked_only_when_no_fresh_one_is_left() {
    let folder = Folder::new();
    let cache = folder.open().await;
    assert_eq!(pick(&cache, None).await, None);
    for path in ["old", "older"] {
        cache.put(image(path), png()).await.unwrap();
    }
    cache.put(image("fresh").ttl(3 * HOUR), png()).await.unwrap();
    folder.clock.advance(HOUR);
    for _ in 0..20 {
        assert_eq!(pick(&cache, None).await.unwrap(), "fresh");
    }
    folder.clock.advance(2 * HOUR);
    let mut last = "fresh".to_owned();
    for _ in 0..20 {
        let picked = pick(&cache, None).await.unwrap();
        assert_ne!(picked, last);
        last = picked;
    }
}

#[tokio::test]
async fn an_absence_is_no_image() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::status(404)]);
    let absent =
        request(&origin.url("/x")).identifier("Daft Punk").data_type(DataType::ARTIST_FANART);
    cache.fetch(absent).await.unwrap();
    assert_eq!(pick(&cache, None).await, None);
    folder.clock.advance(HOUR);
    assert_eq!(pick(&cache, None).await, None);
}

#[tokio::test]
async fn the_image_that_another_process_showed_last_is_not_shown_again() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    for path in ["a", "b"] {
        first.put(image(path), png()).await.unwrap();
    }
    let mut last = None;
    for _ in 0..10 {
        for cache in [&first, &second] {
            let picked = pick(cache, None).await;
            assert_ne!(picked, last);
            last = picked;
            cache.0.deferred.flush().await;
        }
    }
}

#[tokio::test]
async fn only_images_of_the_asked_provider_are_picked() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let (cdn, other) = (Provider::new("cdn").unwrap(), Provider::new("other").unwrap());
    cache.put(image("a").provider(cdn.clone()), png()).await.unwrap();
    cache.put(image("b"), png()).await.unwrap();
    for _ in 0..10 {
        assert_eq!(pick(&cache, Some(&cdn)).await.unwrap(), "a");
    }
    assert_eq!(pick(&cache, Some(&other)).await, None);
}

#[tokio::test]
async fn only_an_image_type_can_be_picked_from() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let artist = Identifier::new("daft punk").unwrap();
    let error = cache.random_image(&artist, &DataType::API_RESPONSE, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("artistfanart"), "{error}");
}
