use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::*;
use crate::media::{ImageSize, PaletteKind};
use crate::providers::Images;

const URL: &str = "https://a.example/cover";
const RED: [u8; 3] = [200, 10, 10];
const BLUE: [u8; 3] = [10, 10, 200];

fn picture(rgb: [u8; 3]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = DynamicImage::from(RgbImage::from_pixel(40, 20, Rgb(rgb)));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn cover() -> Request {
    request(URL).data_type(DataType::FRONT_COVER).identifier("Daft Punk")
}

fn images(cache: &Cache) -> Images {
    cache.providers().images()
}

/// The first colour of the palette that is there already.
async fn stored_palette(cache: &Cache) -> Option<String> {
    cache.0.deriving.idle().await;
    let key = Key::derived("palette-1", &cache.key(URL).unwrap());
    let entry = cache.0.store.get_derived(&key).await.unwrap()?;
    let palette: serde_json::Value = serde_json::from_slice(&entry.data).unwrap();
    Some(palette["display"][0].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_stored_image_gets_a_palette_behind_everybodys_back_and_another_with_other_bytes() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(cover(), picture(RED)).await.unwrap();
    assert_eq!(stored_palette(&cache).await.unwrap(), "#c80a0a");
    cache.put(cover(), picture(BLUE)).await.unwrap();
    assert_eq!(stored_palette(&cache).await.unwrap(), "#0a0ac8");
}

#[tokio::test]
async fn so_does_one_that_was_fetched_be_it_by_a_worker() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok(picture(RED))]);
    for (path, priority) in [("/a", Priority::Immediate), ("/b", Priority::Batch)] {
        let url = origin.url(path);
        let artist = Identifier::new("air").unwrap();
        images(&cache).cache_artist_fanart(&url, &artist, None, priority).await.unwrap();
        drain(&cache).await;
        cache.0.deriving.idle().await;
        let key = Key::derived("palette-1", &cache.key(&url).unwrap());
        assert!(cache.0.store.get_derived(&key).await.unwrap().is_some(), "{path}");
    }
}

#[tokio::test]
async fn the_palette_of_a_logo_is_made_for_who_asks_for_it() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(cover().data_type(DataType::ARTIST_LOGO), picture(RED)).await.unwrap();
    assert_eq!(stored_palette(&cache).await, None);
    let palette = images(&cache).palette(URL).await.unwrap().unwrap();
    assert_eq!((palette.display.len(), palette.kind), (1, PaletteKind::Vibrant));
    assert_eq!(stored_palette(&cache).await.unwrap(), "#c80a0a");
}

#[tokio::test]
async fn what_is_no_picture_has_no_palette_and_no_smaller_form() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let size = ImageSize::new(10, 10).unwrap();
    let whole = picture(RED);
    assert_eq!(images(&cache).palette(URL).await.unwrap(), None);
    assert!(images(&cache).resized(URL, size).await.unwrap().is_none());
    for bytes in [&b"{}"[..], b"", b"<html>", &whole[..whole.len() - 20], &whole[..20]] {
        cache.put(request(URL), bytes.to_vec()).await.unwrap();
        let errors = [
            images(&cache).palette(URL).await.unwrap_err(),
            images(&cache).resized(URL, size).await.unwrap_err(),
        ];
        assert_eq!(errors.map(|error| error.kind()), [ErrorKind::Refused; 2], "{bytes:?}");
    }
    let origin = origin([Reply::status(404)]);
    cache.fetch(request(&origin.url("/x"))).await.unwrap();
    assert_eq!(images(&cache).palette(&origin.url("/x")).await.unwrap(), None);
    assert!(images(&cache).resized(&origin.url("/x"), size).await.unwrap().is_none());
    for (max_width, max_height) in [(0, 1), (1, 4_097)] {
        let refused = images(&cache).resized(URL, ImageSize { max_width, max_height }).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn a_smaller_picture_is_made_once_and_goes_with_the_bytes_it_was_made_from() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(cover(), picture(RED)).await.unwrap();
    let size = ImageSize::new(10, 10).unwrap();
    let first = images(&cache).resized(URL, size).await.unwrap().unwrap();
    let small = image::load_from_memory(&first.data).unwrap();
    assert_eq!((small.width(), small.height()), (10, 5));
    assert_eq!(first.info.mime_type, "image/jpeg");

    // Another process needs no thread to decode for what is there.
    let other = folder.open().await;
    other.0.deriving.refuse_threads();
    let again = images(&other).resized(URL, size).await.unwrap().unwrap();
    assert_eq!((again.info.cachekey, again.data), (first.info.cachekey, first.data));
    let found = other.lookup_cachekey(first.info.cachekey).await.unwrap();
    assert!(matches!(found, Lookup::Fresh(_)));

    cache.put(cover(), picture(BLUE)).await.unwrap();
    assert!(matches!(cache.lookup_cachekey(first.info.cachekey).await.unwrap(), Lookup::Miss));
    let renewed = images(&cache).resized(URL, size).await.unwrap().unwrap();
    assert_ne!(renewed.info.content_checksum, first.info.content_checksum);
    cache.remove(URL).await.unwrap();
    assert!(images(&cache).resized(URL, size).await.unwrap().is_none());
    assert_eq!(cache.stats().await.unwrap().totals.size_bytes, 0);
}

#[tokio::test]
async fn a_picture_that_fits_is_returned_as_it_is() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(cover(), picture(RED)).await.unwrap();
    let same = images(&cache).resized(URL, ImageSize::MAX).await.unwrap().unwrap();
    assert_eq!((same.data, same.info.mime_type.as_str()), (picture(RED).into(), "image/png"));
}

#[tokio::test]
async fn a_smaller_picture_is_as_stale_as_its_source() {
    let folder = Folder::new();
    let cache = folder.open().await;
    cache.put(cover(), picture(RED)).await.unwrap();
    let size = ImageSize::new(10, 10).unwrap();
    let made = images(&cache).resized(URL, size).await.unwrap().unwrap();
    folder.clock.advance(HOUR);
    let Lookup::Stale(stale) = cache.lookup_cachekey(made.info.cachekey).await.unwrap() else {
        panic!("it is not stale");
    };
    assert_eq!(stale.data, made.data);
    cache.put(cover(), picture(RED)).await.unwrap();
    let renewed = images(&cache).resized(URL, size).await.unwrap().unwrap();
    assert_eq!(renewed.info.freshness(folder.clock.now()), Freshness::Fresh);
    assert_eq!(renewed.info.cachekey, made.info.cachekey);
}

#[tokio::test]
async fn nothing_is_made_of_what_may_not_be_shown_and_what_was_made_is_not_shown() {
    let folder = Folder::new();
    let reply = with(Reply::ok(picture(RED)), "Cache-Control: max-age=60, must-revalidate");
    let (cache, origin) = (folder.open().await, origin([reply]));
    let size = ImageSize::new(10, 10).unwrap();
    // Of one everything is there when it expires, of the other nothing.
    for (path, are_made) in [("/made", true), ("/unmade", false)] {
        let url = origin.url(path);
        cache.fetch(Request::new(&url)).await.unwrap();
        let made = async || {
            let palette = images(&cache).palette(&url).await.unwrap();
            (palette.is_some(), images(&cache).resized(&url, size).await.unwrap().is_some())
        };
        if are_made {
            assert_eq!(made().await, (true, true));
        }
        folder.clock.advance(HOUR);
        assert_eq!(made().await, (false, false), "{path}");
    }
}

/// Where nobody asks for the URL, as where pages have handles.
#[tokio::test]
async fn what_is_used_after_its_time_is_renewed_once_by_a_worker() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([Reply::ok(picture(RED))]));
    let (url, artist) = (origin.url("/x"), Identifier::new("daft punk").unwrap());
    let fanart = request(&url).data_type(DataType::ARTIST_FANART).identifier("Daft Punk");
    let Found { entry, .. } = found(cache.fetch(fanart).await.unwrap());
    let size = ImageSize::new(10, 10).unwrap();
    let small = images(&cache).resized(&url, size).await.unwrap().unwrap();
    let random = async || {
        let type_ = DataType::ARTIST_FANART;
        images(&cache).random_image(&artist, &type_, None).await.unwrap().unwrap();
    };
    let by_handle = async |handle| {
        assert!(matches!(cache.lookup_cachekey(handle).await.unwrap(), Lookup::Stale(_)));
    };
    for use_ in 0..4 {
        assert_eq!(queued(&cache).await, (0, 0), "what is fresh is not renewed");
        folder.clock.advance(Duration::from_hours(24 * 30));
        for _ in 0..3 {
            match use_ {
                0 => random().await,
                1 => by_handle(entry.info.cachekey).await,
                2 => by_handle(small.info.cachekey).await,
                _ => drop(images(&cache).resized(&url, size).await.unwrap()),
            }
        }
        assert_eq!(queued(&cache).await, (0, 1), "use {use_}");
        assert_eq!(drain(&cache).await.done, 1);
        let Lookup::Fresh(renewed) = cache.lookup(&url).await.unwrap() else { panic!("{use_}") };
        assert_eq!(renewed.info.identifier.as_ref(), Some(&artist));
        assert_eq!(renewed.info.data_type, DataType::ARTIST_FANART);
    }
}

#[tokio::test]
async fn what_has_no_origin_is_not_renewed() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let stored = cache.put(request("embedded://x").data_type(DataType::FRONT_COVER), picture(RED));
    let handle = stored.await.unwrap().cachekey;
    folder.clock.advance(HOUR);
    assert!(matches!(cache.lookup_cachekey(handle).await.unwrap(), Lookup::Stale(_)));
    assert_eq!(queued(&cache).await, (0, 0));
}

/// The name of a stranger's URL may lead to this machine by now.
#[tokio::test]
async fn what_a_strangers_url_has_brought_is_renewed_as_such() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let url = "http://localhost:1/x";
    let handle = cache.put(request(url).untrusted(), "x").await.unwrap().cachekey;
    folder.clock.advance(HOUR);
    cache.lookup_cachekey(handle).await.unwrap();
    assert_eq!(queued(&cache).await, (0, 1));
    let worked = drain(&cache).await;
    let (jobs, _) = cache.jobs(Page::default()).await.unwrap();
    let why = jobs[0].last_error.as_deref().unwrap();
    assert!(worked.dead == 1 && why.contains("untrusted"), "{why}");
}

#[tokio::test]
async fn images_of_strangers_are_asked_for_as_such() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([Reply::ok(picture(RED))]));
    let images = images(&cache).with(|request| request.retries(0)).with(Request::untrusted);
    let (artist, type_) = (Identifier::new("air").unwrap(), DataType::ARTIST_FANART);
    let url = origin.url("/x");
    let refused = [
        images.cache_artist_fanart(&url, &artist, None, Priority::Immediate).await.unwrap_err(),
        images.fill_queue(&artist, &type_, [url], None, 9).await.unwrap_err(),
    ];
    assert_eq!(refused.map(|error| error.kind()), [ErrorKind::Refused; 2]);
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn a_worker_that_drains_ends_when_the_palettes_are_made() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([Reply::ok(picture(RED))]));
    let covers = (0..5)
        .map(|number| request(&origin.url(&format!("/{number}"))).data_type(DataType::FRONT_COVER));
    cache.enqueue(covers).await.unwrap();
    assert_eq!(drain(&cache).await.done, 5);
    assert_eq!(cache.stats().await.unwrap().totals.derived, 5);
}

/// The source is replaced after it was read and before its palette is made.
#[tokio::test]
async fn a_palette_of_bytes_that_were_replaced_meanwhile_is_not_stored() {
    let folder = Folder::new();
    let (cache, writer) = (folder.open().await, folder.open().await);
    cache.put(request(URL), picture(RED)).await.unwrap();
    let busy = cache.0.deriving.all_threads().await;
    let asking = images(&cache);
    let mut asking = std::pin::pin!(asking.palette(URL));
    // The source is read once others have been many times.
    let others = async {
        for _ in 0..20 {
            cache.lookup("a://other").await.unwrap();
        }
    };
    tokio::select! {
        biased;
        _ = &mut asking => panic!("a palette was made without a thread"),
        () = others => {}
    }
    writer.put(request(URL), picture(BLUE)).await.unwrap();
    drop(busy);
    let palette = asking.await.unwrap().unwrap();
    assert_eq!(palette.display[0].to_string(), "#c80a0a", "the bytes that were there");
    assert_eq!(cache.stats().await.unwrap().totals.derived, 0);
    let palette = images(&cache).palette(URL).await.unwrap().unwrap();
    assert_eq!(palette.display[0].to_string(), "#0a0ac8");
}

#[tokio::test]
async fn closing_gives_up_palettes_that_nobody_asked_for_and_that_are_not_begun() {
    let folder = Folder::new();
    let (cache, other) = (folder.open().await, folder.open().await);
    let turn = cache.0.deriving.unasked_turn().await;
    cache.put(cover(), picture(RED)).await.unwrap();
    tokio::time::timeout(NET, cache.close()).await.expect("it does not wait for a turn");
    drop(turn);
    assert_eq!(stored_palette(&other).await, None);
    assert!(images(&other).palette(URL).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_made_is_not_among_an_artists_images() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let stored = cache.put(cover(), picture(RED)).await.unwrap();
    images(&cache).resized(URL, ImageSize::new(9, 9).unwrap()).await.unwrap().unwrap();
    assert!(stored_palette(&cache).await.is_some());
    let artist = Identifier::new("daft punk").unwrap();
    let type_ = DataType::FRONT_COVER;
    assert_eq!(images(&cache).image_keys(&artist, &type_).await.unwrap(), [stored.cachekey]);
    for _ in 0..5 {
        let picked = images(&cache).random_image(&artist, &type_, None).await.unwrap().unwrap();
        assert_eq!(picked.info.cachekey, stored.cachekey);
    }
    let (listed, _) = cache.list(&Filter::all(), Page::default()).await.unwrap();
    assert_eq!(listed.len(), 1);
    let totals = cache.stats().await.unwrap().totals;
    assert_eq!((totals.fresh, totals.derived), (1, 2));
    let refused = cache.put(request("derived:palette-1/a://b"), "{}").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let refused = images(&cache).image_keys(&artist, &DataType::OTHER).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_type_without_images_falls_back_as_configured() {
    let folder = Folder::new();
    let mut config = folder.config();
    let fallbacks = vec![DataType::ARTIST_BANNER, DataType::FRONT_COVER];
    config.images.fallbacks.insert(DataType::ARTIST_LOGO, fallbacks);
    let cache = folder.open_with(config).await;
    cache.put(cover(), picture(RED)).await.unwrap();
    let artist = Identifier::new("daft punk").unwrap();
    let pick = async |data_type| {
        let picked = images(&cache).random_image(&artist, &data_type, None).await.unwrap();
        picked.map(|entry| entry.info.data_type)
    };
    assert_eq!(pick(DataType::ARTIST_LOGO).await, Some(DataType::FRONT_COVER));
    assert_eq!(pick(DataType::ARTIST_FANART).await, None);
    let logo = request("a://logo").data_type(DataType::ARTIST_LOGO).identifier("Daft Punk");
    cache.put(logo, picture(RED)).await.unwrap();
    assert_eq!(pick(DataType::ARTIST_LOGO).await, Some(DataType::ARTIST_LOGO));
}

#[tokio::test]
async fn a_fallback_that_is_no_image_type_is_refused_at_once() {
    let folder = Folder::new();
    let mut config = folder.config();
    config.images.max_per_artist.insert(DataType::API_RESPONSE, 1);
    let error = Cache::open(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
