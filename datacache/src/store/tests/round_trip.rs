use super::*;

#[tokio::test]
async fn bodies_of_every_size_are_read_back_by_another_handle() {
    let folder = Folder::new();
    let (writer, reader) = (folder.open().await, folder.open().await);
    for (size, files) in [(0, 0), (1, 0), (INLINE_MAX, 0), (INLINE_MAX + 1, 1), (1 << 20, 2)] {
        let data: Bytes = (0..251_u8).cycle().take(size).collect();
        let stored = writer.put(entry(&size.to_string(), data.clone())).await.unwrap();
        let read = reader.get(&key(&size.to_string())).await.unwrap().unwrap();
        assert_eq!(read.data, data, "{size} bytes");
        assert_eq!(read.info, stored);
        assert_eq!(read.info.data_size, size as u64);
        assert_eq!(reader.blob_path(&read.info).is_some(), size > INLINE_MAX);
        assert_eq!(folder.blob_files().len(), files, "{size} bytes");
    }
    assert_eq!(folder.temp_files(), 0);
}

#[tokio::test]
async fn everything_known_about_an_entry_is_kept() {
    let folder = Folder::new();
    let store = folder.open().await;
    let metadata = serde_json::from_str::<Metadata>(r#"{"width": 2, "by": "Ö"}"#).unwrap();
    let new = NewEntry {
        identifier: Some(identifier("Sigur Rós")),
        data_type: DataType::API_RESPONSE,
        metadata: metadata.clone(),
        mime_type: "application/json".to_owned(),
        ..entry("x", "{}")
    };
    store.put(new).await.unwrap();
    let info = folder.open().await.get(&key("x")).await.unwrap().unwrap().info;
    assert_eq!(info.identifier, Some(identifier("sigur ros")));
    assert_eq!(info.data_type, DataType::API_RESPONSE);
    assert_eq!(info.provider, provider("cdn"));
    assert_eq!(info.metadata, metadata);
    assert_eq!(info.mime_type, "application/json");
    assert_eq!(info.content_checksum, Checksum::of(b"{}"));
    assert_eq!((info.created_at, info.expires_at), (NOW, LATER));
    assert_eq!((info.status_code, info.access_count), (200, 0));
}

#[tokio::test]
async fn a_refresh_keeps_the_handle_and_moves_the_times() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let old = first.put(entry("x", "old")).await.unwrap();
    let refreshed = NewEntry {
        created_at: LATER,
        expires_at: Timestamp::from_millis(3_000_000),
        ..entry("x", "new")
    };
    second.put(refreshed).await.unwrap();
    let new = first.get_by_cachekey(old.cachekey).await.unwrap().unwrap();
    assert_eq!(new.data, "new");
    assert_eq!(new.info.cachekey, old.cachekey);
    assert_eq!(new.info.created_at, LATER);
    assert_eq!(new.info.expires_at, Timestamp::from_millis(3_000_000));
    assert_eq!(entries(&first).await, 1);
}

#[tokio::test]
async fn replacing_a_body_leaves_only_the_file_that_is_named() {
    let folder = Folder::new();
    let store = folder.open().await;
    for data in [large(1), large(2), large(2), "small".into(), large(3)] {
        store.put(entry("x", data.clone())).await.unwrap();
        let needed = (data.len() > INLINE_MAX).then(|| Checksum::of(&data).to_string());
        assert_eq!(folder.blob_files(), needed.into_iter().collect());
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, data);
    }
}

#[tokio::test]
async fn another_handle_sees_a_put_and_a_removal_at_once() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    assert!(second.get(&key("x")).await.unwrap().is_none());
    first.put(entry("x", large(1))).await.unwrap();
    assert!(second.get(&key("x")).await.unwrap().is_some());
    assert!(second.remove(&key("x")).await.unwrap());
    assert!(first.get(&key("x")).await.unwrap().is_none());
    assert!(!first.remove(&key("x")).await.unwrap());
}

#[tokio::test]
async fn totals_count_fresh_stale_and_absent_by_group() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("a", "12345")).await.unwrap();
    store.put(NewEntry { expires_at: NOW, ..entry("b", "123") }).await.unwrap();
    store.put(NewEntry { status_code: 404, ..entry("c", "") }).await.unwrap();
    store.put(NewEntry { provider: provider("other"), ..entry("d", "1") }).await.unwrap();
    let totals = store.totals(NOW).await.unwrap();
    assert_eq!((totals.fresh, totals.stale, totals.absent, totals.size_bytes), (2, 1, 1, 9));
    let groups: Vec<_> = totals.groups.iter().map(|group| group.provider.as_str()).collect();
    assert_eq!(groups, ["cdn", "other"]);
    assert_eq!((totals.groups[0].fresh, totals.groups[0].size_bytes), (1, 8));
}
