//! What is pinned stays, and so does what was made from it.

use super::budget::{KIB, four_mib, has, image, unique};
use super::*;

fn derived_key() -> Key {
    Key::derived("palette-1", &key("pinned"))
}

async fn make_derived(store: &Store, source: &EntryInfo) {
    let from = DerivedFrom { key: key("pinned"), checksum: source.content_checksum };
    let mut made = entry("made", unique(99, 4 * KIB));
    (made.key, made.data_type) = (derived_key(), DataType::DERIVED);
    store.put_derived(made, &from).await.unwrap().unwrap();
}

fn picture(expires_at: Timestamp) -> NewEntry {
    let about = Some(identifier("daft_punk"));
    NewEntry { identifier: about, expires_at, ..image("pinned", unique(1, 20 * KIB)) }
}

/// How many of the rows are pinned.
async fn pinned(store: &Store) -> i64 {
    count(store, "SELECT COUNT(*) FROM cached_data WHERE is_pinned = 1").await
}

/// Whatever came first: the pin, the picture or its palette.
#[tokio::test]
async fn what_was_made_from_a_pinned_picture_is_pinned_with_it_and_unpinned_with_it() {
    let folder = Folder::new();
    let store = folder.open().await;
    let artist = identifier("daft_punk");
    let source = store.put(picture(LATER)).await.unwrap();
    make_derived(&store, &source).await;
    assert_eq!(pinned(&store).await, 0);
    store.pin(&artist).await.unwrap();
    assert_eq!(pinned(&store).await, 2);
    make_derived(&store, &source).await;
    let source = store.put(picture(LATER)).await.unwrap();
    make_derived(&store, &source).await;
    assert_eq!((pinned(&store).await, entries(&store).await), (2, 2));
    store.unpin(&artist).await.unwrap();
    assert_eq!(pinned(&store).await, 0);
}

/// The picture becomes somebody's who is pinned, or nobody's, and its palette with it.
#[tokio::test]
async fn a_picture_that_becomes_somebodys_who_is_pinned_takes_along_what_was_made_from_it() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.pin(&identifier("moby")).await.unwrap();
    let source = store.put(picture(LATER)).await.unwrap();
    make_derived(&store, &source).await;
    let as_mobys =
        Subject { identifier: identifier("moby"), data_type: DataType::ARTIST_THUMBNAIL };
    store.describe(&source, &as_mobys).await.unwrap();
    assert_eq!(pinned(&store).await, 2);
    // What is no picture any more is about nobody else.
    let text = NewEntry { data_type: DataType::OTHER, ..picture(LATER) };
    store.put(text).await.unwrap();
    assert_eq!((pinned(&store).await, entries(&store).await), (0, 2));
    assert_eq!(store.wrong_notes().await.unwrap(), []);
}

#[tokio::test]
async fn neither_making_room_nor_the_end_of_its_time_costs_a_pinned_picture_its_palette() {
    let folder = four_mib();
    let store = folder.open().await;
    store.pin(&identifier("daft_punk")).await.unwrap();
    let source = store.put(picture(NOW)).await.unwrap();
    make_derived(&store, &source).await;
    for number in 2..60 {
        store.put(entry(&number.to_string(), unique(number, 200 * KIB))).await.unwrap();
    }
    store.expire(LATER, LATER).await.unwrap();
    assert!(has(&store, "pinned").await);
    assert!(store.get_derived(&derived_key()).await.unwrap().is_some());
}
