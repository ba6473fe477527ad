//! Many entries at once are what each of them is alone.

#![expect(clippy::disallowed_methods, reason = "damaged files are the point")]

use std::pin::pin;

use super::*;
use crate::db::Use;
use crate::error::{Error, ErrorKind};

/// The bytes of the entries with these paths.
async fn bytes(store: &Store, paths: &[&str]) -> Vec<Option<Bytes>> {
    let keys: Vec<Key> = paths.iter().map(|path| key(path)).collect();
    let entries = store.get_many(&keys.iter().collect::<Vec<_>>()).await.unwrap();
    entries.into_iter().map(|entry| entry.map(|entry| entry.data)).collect()
}

#[tokio::test]
async fn entries_come_in_the_order_of_their_keys_wherever_their_bytes_lie() {
    let folder = Folder::new();
    let store = folder.open().await;
    let text = "la ".repeat(2_000);
    let bodies = [("row", "row".into()), ("file", large(1)), ("packed", text.into())];
    for (path, body) in bodies.clone() {
        store.put(entry(path, body)).await.unwrap();
    }
    store.put(NewEntry { status_code: 404, ..entry("absent", "") }).await.unwrap();
    let keys = ["packed", "none", "file", "absent", "row", "file"].map(key);
    let entries = store.get_many(&keys.each_ref()).await.unwrap();
    let parts = |entry: Option<Entry>| entry.map(|entry| (entry.info, entry.data));
    for (key, entry) in keys.iter().zip(entries.clone()) {
        assert_eq!(parts(entry), parts(store.get(key).await.unwrap()), "{key}");
    }
    let found: Vec<bool> = entries.iter().map(Option::is_some).collect();
    assert_eq!(found, [true, false, true, true, true, true]);
}

#[tokio::test]
async fn what_is_damaged_is_missing_among_what_is_not() {
    let folder = Folder::new();
    let store = folder.open().await;
    let paths = ["row", "changed", "senseless", "no text", "file", "lost", "rotten"];
    for path in &paths[..4] {
        store.put(entry(path, *path)).await.unwrap();
    }
    let mut files = Vec::new();
    for (path, byte) in paths[4..].iter().zip(1..) {
        let info = store.put(entry(path, large(byte))).await.unwrap();
        files.push(store.blob_path(&info).unwrap());
    }
    for damage in [
        "UPDATE cached_data SET data_value = x'00' WHERE url LIKE '%/changed'",
        "UPDATE cached_data SET cachekey = 'x' WHERE url LIKE '%/senseless'",
        "UPDATE cached_data SET mime_type = CAST(x'ff' AS TEXT) WHERE url LIKE '%/no%text'",
    ] {
        assert_eq!(execute(&store, damage).await, 1, "{damage}");
    }
    fs::remove_file(&files[1]).unwrap();
    fs::write(&files[2], "nonsense").unwrap();

    let intact = [Some("row".into()), None, None, None, Some(large(1)), None, None];
    for _ in 0..2 {
        assert_eq!(bytes(&store, &paths).await, intact);
    }
    // As alone, all is dropped that can be told apart from what has been stored since.
    assert_eq!(entries(&store).await, 3);
}

/// After the first connection was asked for, there is none any more.
#[tokio::test]
async fn all_are_read_on_one_connection() {
    const ENTRIES: i64 = 2_500;
    let folder = Folder::new();
    let store = folder.open().await;
    insert_images(&store, ENTRIES).await;
    store.put(entry("file", large(1))).await.unwrap();
    let mut keys: Vec<Key> = (0..ENTRIES).rev().map(|number| key(&number.to_string())).collect();
    keys.push(key("file"));
    let keys: Vec<&Key> = keys.iter().collect();

    let mut getting = pin!(store.get_many(&keys));
    assert!(poll_times(getting.as_mut(), 1).await.is_none());
    let refusal = Error::new(ErrorKind::Busy, "test", "database", "no second connection");
    store.db.restrict(Use::Reading, &refusal);
    let found = getting.await.unwrap();
    let urls: Vec<&Key> = found.iter().map(|entry| &entry.as_ref().unwrap().info.url).collect();
    assert_eq!(urls, keys);
    assert!(store.get(keys[0]).await.is_err());
}
