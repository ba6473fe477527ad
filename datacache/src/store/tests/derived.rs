use super::*;

fn derived_key() -> Key {
    Key::from_row("derived:small/x".to_owned())
}

fn from(data: &Bytes) -> DerivedFrom {
    DerivedFrom { key: key("x"), checksum: Checksum::of(data) }
}

/// What is made of `data`, which lies at `x`.
fn derived(data: impl Into<Bytes>) -> NewEntry {
    NewEntry { key: derived_key(), data_type: DataType::DERIVED, ..entry("", data) }
}

/// A store in which something was made from the entry `x`, both with files of their own.
async fn derive(folder: &Folder) -> Store {
    let store = folder.open().await;
    store.put(entry("x", large(1))).await.unwrap();
    assert!(store.put_derived(derived(large(9)), &from(&large(1))).await.unwrap().is_some());
    assert_eq!(store.get_derived(&derived_key()).await.unwrap().unwrap().data, large(9));
    assert_eq!(folder.blob_files().len(), 2);
    store
}

async fn assert_gone(folder: &Folder, store: &Store, files: usize) {
    assert!(store.get_derived(&derived_key()).await.unwrap().is_none());
    assert_eq!(count(store, "SELECT COUNT(*) FROM cached_data WHERE url LIKE 'd%'").await, 0);
    assert_eq!(folder.blob_files().len(), files);
}

#[tokio::test]
async fn what_was_made_goes_when_its_source_gets_other_bytes() {
    let folder = Folder::new();
    let store = derive(&folder).await;
    store.put(entry("x", large(2))).await.unwrap();
    assert_gone(&folder, &store, 1).await;
    let store = derive(&folder).await;
    store.put(NewEntry { status_code: 404, ..entry("x", "") }).await.unwrap();
    assert_gone(&folder, &store, 0).await;
}

#[tokio::test]
async fn what_was_made_goes_when_its_source_is_removed_in_whichever_way() {
    let folder = Folder::new();
    let store = derive(&folder).await;
    assert!(store.remove(&key("x")).await.unwrap());
    assert_gone(&folder, &store, 0).await;
    for filter in [
        Filter::all(),
        Filter::all().provider(provider("cdn")),
        Filter::all().data_type(DataType::OTHER),
        Filter::all().identifier(identifier("Air")),
    ] {
        let store = derive(&folder).await;
        store
            .put(NewEntry { identifier: Some(identifier("Air")), ..entry("x", large(1)) })
            .await
            .unwrap();
        assert_eq!(store.remove_matching(&filter).await.unwrap(), 1, "{filter:?}");
        assert_gone(&folder, &store, 0).await;
    }
}

#[tokio::test]
async fn what_was_made_goes_with_a_source_that_is_damaged() {
    let folder = Folder::new();
    let store = derive(&folder).await;
    let info = store.get(&key("x")).await.unwrap().unwrap().info;
    fs::remove_file(store.blob_path(&info).unwrap()).unwrap();
    assert!(store.get(&key("x")).await.unwrap().is_none());
    assert_gone(&folder, &store, 0).await;
}

#[tokio::test]
async fn what_was_made_stays_while_the_bytes_do_and_is_as_current_as_they_are() {
    let folder = Folder::new();
    let store = derive(&folder).await;
    let later = Timestamp::from_millis(LATER.as_millis() + 1);
    let again = NewEntry { created_at: LATER, expires_at: later, ..entry("x", large(1)) };
    let again = NewEntry { terms: Terms { may_be_stale: false, ..Terms::default() }, ..again };
    store.put(again).await.unwrap();
    let info = store.get_derived(&derived_key()).await.unwrap().unwrap().info;
    assert_eq!((info.created_at, info.expires_at), (LATER, later));
    assert!(!info.terms.may_be_stale);

    let old = store.get(&key("x")).await.unwrap().unwrap().info;
    let renewal = Renewal {
        identifier: None,
        data_type: old.data_type.clone(),
        provider: old.provider.clone(),
        metadata: Metadata::new(),
        expires_at: NOW,
        terms: Terms::default(),
        old,
    };
    let tx = store.db.write("test").await.unwrap();
    assert!(store.renew(tx, renewal).await.unwrap().is_some());
    let info = store.get_derived(&derived_key()).await.unwrap().unwrap().info;
    assert_eq!((info.created_at, info.expires_at), (LATER, NOW));
    assert!(info.terms.may_be_stale);
}

/// As where the source is replaced while something is being made from it.
#[tokio::test]
async fn what_was_made_from_other_bytes_is_not_stored() {
    let folder = Folder::new();
    let (maker, writer) = (folder.open().await, folder.open().await);
    assert!(maker.put_derived(derived(large(9)), &from(&large(1))).await.unwrap().is_none());
    writer.put(entry("x", large(2))).await.unwrap();
    assert!(maker.put_derived(derived(large(9)), &from(&large(1))).await.unwrap().is_none());
    assert_gone(&folder, &maker, 1).await;
    assert_eq!(folder.temp_files(), 0);
}

/// A program that knows nothing of derived entries replaces and removes their sources alone.
#[tokio::test]
async fn what_an_older_program_leaves_behind_is_not_found() {
    let folder = Folder::new();
    let store = derive(&folder).await;
    execute(&store, "UPDATE cached_data SET content_checksum = 'other' WHERE source_url IS NULL")
        .await;
    assert!(store.get_derived(&derived_key()).await.unwrap().is_none());
    execute(&store, "DELETE FROM cached_data WHERE source_url IS NULL").await;
    assert!(store.get_derived(&derived_key()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_was_made_is_no_entry_of_its_own() {
    let folder = Folder::new();
    let store = derive(&folder).await;
    let listed = store.list(&Filter::all(), 0, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    let totals = store.totals(NOW).await.unwrap();
    let size = large(1).len() as u64;
    assert_eq!((totals.fresh, totals.derived, totals.size_bytes), (1, 1, 2 * size));
    let filter = Filter::all().data_type(DataType::DERIVED);
    assert_eq!(store.remove_matching(&filter).await.unwrap(), 0);
}

/// Whoever comes first: what is made from replaced bytes is never left behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_outdated_is_left_however_makers_and_writers_meet() {
    const ROUNDS: u8 = 40;
    let folder = Folder::new();
    let (maker, writer) = (folder.open().await, folder.open().await);
    writer.put(entry("x", large(0))).await.unwrap();
    let writing = tokio::spawn(async move {
        for byte in 1..=ROUNDS {
            writer.put(entry("x", large(byte))).await.unwrap();
        }
    });
    while !writing.is_finished() {
        let source = maker.get(&key("x")).await.unwrap().unwrap();
        let made = derived(large(100 + source.data[0]));
        maker.put_derived(made, &from(&source.data)).await.unwrap();
        if let Some(made) = maker.get_derived(&derived_key()).await.unwrap() {
            assert!(made.data[0] - 100 >= source.data[0], "it is older than its source was");
        }
    }
    writing.await.unwrap();
    if let Some(made) = maker.get_derived(&derived_key()).await.unwrap() {
        assert_eq!(made.data, large(100 + ROUNDS));
    }
    let named = count(&maker, "SELECT COUNT(*) FROM cached_data").await;
    assert_eq!(folder.blob_files().len(), usize::try_from(named).unwrap());
}
