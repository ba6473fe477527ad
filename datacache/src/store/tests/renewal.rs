use super::*;

fn terms(etag: &str) -> Terms {
    Terms {
        etag: Some(etag.to_owned()),
        last_modified: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
        varies_on: "accept: 1".to_owned(),
        may_be_stale: false,
        is_untrusted: true,
    }
}

/// A renewal of `old` that changes all it can.
fn renewal(old: EntryInfo) -> Renewal {
    Renewal {
        old,
        identifier: Some(identifier("Daft Punk")),
        data_type: DataType::ARTIST_LOGO,
        provider: provider("other"),
        metadata: Metadata::from_iter([("a".to_owned(), 1.into())]),
        expires_at: Timestamp::from_millis(3_000_000),
        terms: terms("\"b\""),
    }
}

async fn renew(store: &Store, old: &EntryInfo) -> Option<EntryInfo> {
    let tx = store.db.write("test").await.unwrap();
    store.renew(tx, renewal(old.clone())).await.unwrap()
}

#[tokio::test]
async fn a_renewal_changes_what_is_known_and_leaves_the_bytes() {
    let folder = Folder::new();
    let (store, reader) = (folder.open().await, folder.open().await);
    for (path, data) in [("row", Bytes::from("small")), ("file", large(1))] {
        let new = NewEntry { terms: terms("\"a\""), ..entry(path, data.clone()) };
        let old = store.put(new).await.unwrap();
        assert_eq!(old.terms, terms("\"a\""));
        let files = folder.blob_files();
        let renewed = renew(&store, &old).await.unwrap();
        let expected = EntryInfo {
            identifier: Some(identifier("Daft Punk")),
            data_type: DataType::ARTIST_LOGO,
            provider: provider("other"),
            metadata: Metadata::from_iter([("a".to_owned(), 1.into())]),
            expires_at: Timestamp::from_millis(3_000_000),
            terms: terms("\"b\""),
            ..old
        };
        assert_eq!(renewed, expected);
        let read = reader.get(&key(path)).await.unwrap().unwrap();
        assert_eq!((read.info, read.data), (expected, data));
        assert_eq!(folder.blob_files(), files);
    }
    // Both are now of one identifier and type, with a number each.
    let numbers = "SELECT COUNT(DISTINCT ordinal) FROM subjects WHERE identifier = 'daft_punk'";
    assert_eq!(count(&store, numbers).await, 2);
}

#[tokio::test]
async fn what_was_replaced_or_removed_is_not_renewed() {
    let folder = Folder::new();
    let (store, other) = (folder.open().await, folder.open().await);
    let old = store.put(entry("x", "one")).await.unwrap();
    for replaced in [entry("x", "two"), NewEntry { created_at: LATER, ..entry("x", "one") }] {
        let new = other.put(replaced).await.unwrap();
        assert_eq!(renew(&store, &old).await, None);
        assert_eq!(store.get(&key("x")).await.unwrap().unwrap().info, new);
    }
    other.remove(&key("x")).await.unwrap();
    assert_eq!(renew(&store, &old).await, None);
    assert_eq!(entries(&store).await, 0);
}
