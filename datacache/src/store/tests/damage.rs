#![expect(clippy::disallowed_methods, reason = "damaged files are the point")]

use super::*;

#[tokio::test]
async fn a_damaged_row_reads_as_a_miss_and_is_dropped() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("x", "intact")).await.unwrap();
    execute(&store, "UPDATE cached_data SET data_value = x'00'").await;
    assert!(store.get(&key("x")).await.unwrap().is_none());
    assert_eq!(entries(&store).await, 0);
}

#[tokio::test]
async fn a_lost_or_damaged_file_reads_as_a_miss_and_storing_again_mends_it() {
    let damages: [fn(&Path); 3] = [
        |file| fs::remove_file(file).unwrap(),
        |file| fs::write(file, &fs::read(file).unwrap()[..INLINE_MAX]).unwrap(),
        |file| {
            let mut data = fs::read(file).unwrap();
            data[7] ^= 1;
            fs::write(file, data).unwrap();
        },
    ];
    let folder = Folder::new();
    let store = folder.open().await;
    for damage in damages {
        let info = store.put(entry("x", large(1))).await.unwrap();
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, large(1));
        damage(&store.blob_path(&info).unwrap());
        assert!(store.get(&key("x")).await.unwrap().is_none());
        assert_eq!(entries(&store).await, 0);
        assert_eq!(folder.blob_files().len(), 0);
    }
}

/// Replacing the file mends every entry that names it.
#[tokio::test]
async fn a_put_does_not_trust_a_file_that_is_there_already() {
    let folder = Folder::new();
    let store = folder.open().await;
    let info = store.put(entry("x", large(1))).await.unwrap();
    fs::write(store.blob_path(&info).unwrap(), "nonsense").unwrap();
    store.put(entry("y", large(1))).await.unwrap();
    for path in ["x", "y"] {
        assert_eq!(store.get(&key(path)).await.unwrap().unwrap().data, large(1));
    }
}

#[tokio::test]
async fn a_row_that_makes_no_sense_reads_as_a_miss_and_storing_again_mends_it() {
    let folder = Folder::new();
    let store = folder.open().await;
    for damage in [
        "UPDATE cached_data SET content_checksum = 'x'",
        "UPDATE cached_data SET cachekey = 'x'",
        "UPDATE cached_data SET metadata = '[]'",
        "UPDATE cached_data SET status_code = -1",
        "UPDATE cached_data SET data_size = -1",
        "UPDATE cached_data SET access_count = -1",
    ] {
        store.put(entry("x", "intact")).await.unwrap();
        execute(&store, damage).await;
        assert_eq!(store.list(&Filter::all(), 0, 10).await.unwrap(), []);
        assert!(store.get(&key("x")).await.unwrap().is_none(), "{damage}");
        assert_eq!(entries(&store).await, 0, "{damage}");
    }
}

#[tokio::test]
async fn a_row_that_names_no_possible_file_does_not_keep_the_files_of_others() {
    let folder = Folder::new();
    let store = folder.open().await;
    let info = store.put(entry("x", large(1))).await.unwrap();
    fs::remove_file(store.blob_path(&info).unwrap()).unwrap();
    execute(&store, "UPDATE cached_data SET content_checksum = 'x'").await;
    store.put(entry("y", large(2))).await.unwrap();
    assert_eq!(store.remove_matching(&Filter::all()).await.unwrap(), 2);
    assert_eq!(folder.blob_files().len(), 0);
}

#[tokio::test]
async fn a_row_with_bytes_that_are_no_text_reads_as_a_miss_and_storing_again_mends_it() {
    let folder = Folder::new();
    let store = folder.open().await;
    for column in ["identifier", "mime_type", "metadata", "etag"] {
        store.put(entry("x", "intact")).await.unwrap();
        let damage = format!("UPDATE cached_data SET {column} = CAST(x'ff80' AS TEXT)");
        let mut tx = store.db.write("test").await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(damage)).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.get(&key("x")).await.unwrap().is_none(), "{column}");
        store.put(entry("x", "again")).await.unwrap();
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, "again", "{column}");
    }
}
