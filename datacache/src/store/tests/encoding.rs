#![expect(clippy::disallowed_methods, reason = "damaged files are the point")]

use super::*;

/// A text that fits in a row once it is compressed.
fn json() -> Bytes {
    let entries: Vec<_> = (0..500).map(|n| serde_json::json!({"id": n % 5})).collect();
    serde_json::to_vec(&entries).unwrap().into()
}

/// A text that saves a quarter and needs a file all the same.
fn letters(seed: u64) -> Bytes {
    let mut rng = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| rng.alphanumeric()).take(4_000).collect::<String>().into()
}

/// That what is counted is what there is.
async fn assert_counted(folder: &Folder, store: &Store) {
    let files = files_below(&folder.dir.path().join("blobs").join("v1"));
    let size: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    let counted = "SELECT value FROM upkeep WHERE name = 'file_bytes'";
    assert_eq!(u64::try_from(count(store, counted).await).unwrap(), size);
    let rows: u64 = store
        .list(&Filter::all(), 0, 100)
        .await
        .unwrap()
        .iter()
        .map(|(_, info)| info.stored_size + (info.url.as_str().len() + "{}".len()) as u64)
        .sum();
    let counted = "SELECT COALESCE(SUM(size_bytes), 0) FROM provider_usage";
    assert_eq!(u64::try_from(count(store, counted).await).unwrap(), rows);
}

#[tokio::test]
async fn a_text_takes_less_room_and_is_read_as_it_was() {
    let folder = Folder::new();
    let (store, reader) = (folder.open().await, folder.open().await);
    let long = Bytes::from(vec![b'a'; 200_000]);
    for (path, data, files) in [("row", json(), 0), ("long", long, 0), ("file", letters(1), 1)] {
        let stored = store.put(entry(path, data.clone())).await.unwrap();
        assert_eq!(stored.encoding, Encoding::Zstd);
        assert!(stored.stored_size < stored.data_size);
        assert_eq!(stored.data_size, data.len() as u64);
        assert_eq!(stored.content_checksum, Checksum::of(&data));
        assert_eq!(folder.blob_files().len(), files);
        let read = reader.get(&key(path)).await.unwrap().unwrap();
        assert_eq!((read.info, read.data), (stored, data));
        assert_counted(&folder, &store).await;
    }
}

#[tokio::test]
async fn a_file_is_named_by_its_own_bytes_and_goes_with_its_row() {
    let folder = Folder::new();
    let store = folder.open().await;
    let info = store.put(entry("x", letters(1))).await.unwrap();
    let path = store.blob_path(&info).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(path.file_name().unwrap().to_str().unwrap(), Checksum::of(&bytes).to_string());
    assert_eq!(bytes.len() as u64, info.stored_size);
    assert!(store.remove(&key("x")).await.unwrap());
    assert_eq!(folder.blob_files().len(), 0);
    assert_counted(&folder, &store).await;
}

#[tokio::test]
async fn the_same_bytes_share_a_file_whatever_they_are_called() {
    let folder = Folder::new();
    let store = folder.open().await;
    for mime_type in ["text/plain", "application/octet-stream", "application/json"] {
        let new = NewEntry { mime_type: mime_type.to_owned(), ..entry(mime_type, letters(1)) };
        store.put(new).await.unwrap();
        assert_eq!(folder.blob_files().len(), 1);
        assert_counted(&folder, &store).await;
    }
    store.remove(&key("text/plain")).await.unwrap();
    assert_eq!(store.get(&key("application/json")).await.unwrap().unwrap().data, letters(1));
    assert_counted(&folder, &store).await;
    assert_eq!(store.remove_matching(&Filter::all()).await.unwrap(), 2);
    assert_eq!(folder.blob_files().len(), 0);
}

#[tokio::test]
async fn an_entry_may_change_from_one_form_to_every_other() {
    let folder = Folder::new();
    let store = folder.open().await;
    let forms = [Bytes::from("short"), json(), letters(1), large(1), Bytes::new()];
    for (from, to) in forms.iter().flat_map(|from| forms.iter().map(move |to| (from, to))) {
        for data in [from, to] {
            let stored = store.put(entry("x", data.clone())).await.unwrap();
            let is_text = [json(), letters(1)].contains(data);
            assert_eq!(stored.encoding == Encoding::Zstd, is_text);
            assert_eq!(stored.stored_size < stored.data_size, is_text);
            let read = store.get(&key("x")).await.unwrap().unwrap();
            assert_eq!((read.info, read.data), (stored, data.clone()));
            assert!(folder.blob_files().len() <= 1);
            assert_counted(&folder, &store).await;
        }
    }
}

#[tokio::test]
async fn a_renewal_leaves_the_bytes_as_they_are_stored() {
    let folder = Folder::new();
    let store = folder.open().await;
    for (path, data) in [("row", json()), ("file", letters(1))] {
        let old = store.put(entry(path, data.clone())).await.unwrap();
        let files = folder.blob_files();
        let renewal = Renewal {
            identifier: None,
            data_type: old.data_type.clone(),
            provider: provider("other"),
            metadata: Metadata::new(),
            expires_at: LATER,
            terms: Terms::default(),
            old: old.clone(),
        };
        let tx = store.db.write("test").await.unwrap();
        let renewed = store.renew(tx, renewal).await.unwrap().unwrap();
        assert_eq!((renewed.encoding, renewed.stored_size), (old.encoding, old.stored_size));
        assert_eq!(store.get(&key(path)).await.unwrap().unwrap().data, data);
        assert_eq!(folder.blob_files(), files);
        assert_counted(&folder, &store).await;
    }
}

#[tokio::test]
async fn damage_in_a_row_or_a_file_reads_as_a_miss_and_storing_again_mends_it() {
    let folder = Folder::new();
    let store = folder.open().await;
    for damage in [
        "UPDATE cached_data SET data_value = substr(data_value, 2)",
        "UPDATE cached_data SET data_value = x''",
        "UPDATE cached_data SET data_size = data_size + 1",
        "UPDATE cached_data SET data_size = 9223372036854775807",
        "UPDATE cached_data SET encoding = ''",
        "UPDATE cached_data SET encoding = 'br'",
        "UPDATE cached_data SET stored_size = -1",
        "UPDATE cached_data SET stored_checksum = 'x'",
        "UPDATE cached_data SET content_checksum = replace(content_checksum, 'a', 'b')",
    ] {
        store.put(entry("x", json())).await.unwrap();
        execute(&store, damage).await;
        assert!(store.get(&key("x")).await.unwrap().is_none(), "{damage}");
        assert_eq!(entries(&store).await, 0, "{damage}");
    }
    let info = store.put(entry("x", letters(1))).await.unwrap();
    let file = store.blob_path(&info).unwrap();
    let intact = fs::read(&file).unwrap();
    for position in (0..intact.len()).step_by(41) {
        let mut damaged = intact.clone();
        damaged[position] ^= 4;
        fs::write(&file, damaged).unwrap();
        assert!(store.get(&key("x")).await.unwrap().is_none(), "{position}");
        assert_eq!(folder.blob_files().len(), 0);
        store.put(entry("x", letters(1))).await.unwrap();
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, letters(1));
    }
}

/// A program of the schema before knows nothing of the columns, and leaves them as they are.
#[tokio::test]
async fn what_an_older_program_puts_in_place_of_compressed_bytes_is_read() {
    let folder = Folder::new();
    let store = folder.open().await;
    let small = Checksum::of(b"small").to_string();
    for old in [json(), letters(1)] {
        store.put(entry("x", old.clone())).await.unwrap();
        let mut tx = store.db.write("test").await.unwrap();
        let replace =
            "UPDATE cached_data SET data_value = ?1, data_size = 5, content_checksum = ?2";
        let replaced = sqlx::query(replace).bind(&b"small"[..]).bind(&small);
        replaced.execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, "small");

        // The same with a file, which such a program names by the content.
        store.put(entry("x", old)).await.unwrap();
        let staged = store.blobs.stage(large(1), Checksum::of(&large(1))).await.unwrap();
        staged.publish().await.unwrap();
        let mut tx = store.db.write("test").await.unwrap();
        let replace =
            "UPDATE cached_data SET data_value = NULL, data_size = ?1, content_checksum = ?2";
        let replaced = sqlx::query(replace)
            .bind(i64::try_from(large(1).len()).unwrap())
            .bind(Checksum::of(&large(1)).to_string());
        replaced.execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, large(1));
    }
}

/// What a program of the schema before has stored.
#[tokio::test]
async fn texts_that_were_stored_as_they_are_are_read() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("x", "short")).await.unwrap();
    let mut tx = store.db.write("test").await.unwrap();
    let replace = "UPDATE cached_data SET data_value = ?1, data_size = ?2, content_checksum = ?3";
    let replaced = sqlx::query(replace)
        .bind(&json()[..])
        .bind(i64::try_from(json().len()).unwrap())
        .bind(Checksum::of(&json()).to_string());
    replaced.execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let read = store.get(&key("x")).await.unwrap().unwrap();
    assert_eq!((read.data, read.info.encoding), (json(), Encoding::Identity));
}

#[tokio::test]
async fn what_is_made_from_an_entry_is_compressed_like_any_text() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("x", large(1))).await.unwrap();
    let made = NewEntry {
        key: Key::from_row("derived:made/x".to_owned()),
        data_type: DataType::DERIVED,
        ..entry("", letters(2))
    };
    let (at, from) = (made.key.clone(), Checksum::of(&large(1)));
    let from = DerivedFrom { key: key("x"), checksum: from };
    let made = store.put_derived(made, &from).await.unwrap().unwrap();
    assert_eq!(made.encoding, Encoding::Zstd);
    assert_eq!(store.get_derived(&at).await.unwrap().unwrap().data, letters(2));
    store.put(entry("x", json())).await.unwrap();
    assert!(store.get_derived(&at).await.unwrap().is_none());
    assert_eq!(folder.blob_files().len(), 0);
    assert_counted(&folder, &store).await;
}
