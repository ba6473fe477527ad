//! Who finds no room has cost nobody an entry, and who could be given some is given it.

use super::budget::{assert_counted, bounded, four_mib, has, image, unique};
use super::*;
use crate::error::ErrorKind;

const KIB: usize = 1024;

async fn put_pinned(store: &Store, count: usize, size: usize) {
    store.pin(&identifier("daft_punk")).await.unwrap();
    for number in 0..count {
        let identifier = Some(identifier("daft_punk"));
        let path = format!("pinned/{number}");
        let pinned = NewEntry { identifier, ..entry(&path, unique(number, size)) };
        store.put(pinned).await.unwrap();
    }
}

fn with_metadata(path: &str, size: usize) -> NewEntry {
    let told = Metadata::from_iter([("told".to_owned(), "x".repeat(size).into())]);
    NewEntry { metadata: told, ..entry(path, unique(1, 100)) }
}

#[tokio::test]
async fn a_file_that_several_name_is_not_taken_for_several() {
    let folder = four_mib();
    let store = folder.open().await;
    let paths: Vec<_> = (0..12).map(|number| format!("shared/{number}")).collect();
    for path in &paths {
        store.put(entry(path, unique(0, 300 * KIB))).await.unwrap();
    }
    put_pinned(&store, 10, 200 * KIB).await;
    folder.background.finish().await;
    assert!(has(&store, &paths[0]).await, "otherwise this shows nothing");
    let refused = store.put(entry("large", unique(77, 1_500 * KIB))).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Full);
    for path in &paths {
        assert!(has(&store, path).await, "{path}");
    }
    assert_counted(&store).await;
}

/// Rows give back less than they seem to: pages are shared.
#[tokio::test]
async fn images_do_not_go_for_what_finds_no_room_beside_small_rows() {
    let folder = four_mib();
    let store = folder.open().await;
    for number in 0..4 {
        store.put(image(&format!("image/{number}"), unique(number, 60 * KIB))).await.unwrap();
    }
    for number in 0..200 {
        store.put(entry(&format!("row/{number}"), unique(number, 10))).await.unwrap();
    }
    put_pinned(&store, 10, 200 * KIB).await;
    folder.background.finish().await;
    let before = store.list(&Filter::all(), 0, 1_000).await.unwrap();
    assert!(before.len() > 210, "otherwise this shows nothing");
    let refused = store.put(entry("large", unique(77, 1_200 * KIB))).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Full);
    for (_, info) in before {
        assert!(store.get(&info.url).await.unwrap().is_some(), "{}", info.url);
    }
    assert_counted(&store).await;
}

#[tokio::test]
async fn what_is_told_of_entries_is_room_too() {
    let folder = four_mib();
    let store = folder.open().await;
    for number in 0..60 {
        store.put(with_metadata(&number.to_string(), 60 * KIB)).await.unwrap();
    }
    store.put(entry("large", unique(77, 900 * KIB))).await.unwrap();
    assert!(has(&store, "large").await);
    assert_counted(&store).await;
}

#[tokio::test]
async fn long_keys_are_room_too() {
    let folder = four_mib();
    let store = folder.open().await;
    for number in 0..250 {
        let path = format!("{number}/{}", "q".repeat(4_000));
        store.put(entry(&path, unique(number, 100))).await.unwrap();
    }
    store.put(entry("large", unique(77, 1_000 * KIB))).await.unwrap();
    assert!(has(&store, "large").await);
}

#[tokio::test]
async fn metadata_counts_for_its_provider() {
    let folder = bounded(r#"{"providers": {"cdn": {"max_bytes": 100000}}}"#);
    let store = folder.open().await;
    for number in 0..10 {
        store.put(with_metadata(&number.to_string(), 30_000)).await.unwrap();
    }
    let told = "SELECT SUM(octet_length(metadata)) FROM cached_data";
    assert!((50_000..100_000).contains(&count(&store, told).await));
    assert_counted(&store).await;
}

#[tokio::test]
async fn requests_are_beside_a_database_that_was_moved_aside_too() {
    let folder = four_mib();
    let store = folder.open().await;
    let ask = async || {
        let mut tx = store.db.write("test").await.unwrap();
        let made = store.make_room_for_requests(&mut tx, &key("x"), 100_000).await;
        tx.commit().await.unwrap();
        made.map_err(|error| error.kind())
    };
    assert_eq!(ask().await, Ok(()));
    let aside = folder.dir.path().join("datacache-damaged-20260101T000000Z.sqlite");
    fs::File::create(aside).unwrap().set_len(3 * 1024 * 1024).unwrap();
    assert_eq!(ask().await, Err(ErrorKind::Full));
}
