//! Whoever dies between a file's getting or losing its name and the commit leaves nothing for long.

use std::pin::pin;

use super::budget::unique;
use super::*;

const SIZE: usize = 20_000;

fn name(number: usize) -> Checksum {
    Checksum::of(&unique(number, SIZE))
}

async fn put(store: &Store, path: &str, number: usize) {
    store.put(entry(path, unique(number, SIZE))).await.unwrap();
}

fn names(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
    numbers.into_iter().map(|number| name(number).to_string()).collect()
}

/// A put that comes to its file's name and no further.
async fn die_before_the_commit(store: &Store, number: usize) {
    let tx = store.db.write("test").await.unwrap();
    let staged = store.blobs.stage(unique(number, SIZE), name(number)).await.unwrap();
    store.blobs.note_loose(&[name(number)]);
    staged.publish().await.unwrap();
    tx.roll_back().await;
}

/// A removal that comes to its commit and no further.
async fn die_after_the_commit(store: &Store, path: &str) {
    let mut tx = store.db.write("test").await.unwrap();
    let removed = sql::remove_by_key(&mut tx, &key(path)).await.unwrap();
    let files = removed.blobs.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>();
    store.blobs.note_loose(&files);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_dies_between_file_and_commit_leaves_what_the_next_put_removes() {
    let folder = Folder::new();
    let store = folder.open().await;
    put(&store, "kept", 0).await;
    die_before_the_commit(&store, 1).await;
    die_before_the_commit(&store, 2).await;
    assert_eq!(folder.blob_files(), names([0, 1, 2]));
    let next = folder.open().await;
    next.put(entry("small", "no file")).await.unwrap();
    assert_eq!(folder.blob_files(), names([0]));
    put(&next, "next", 3).await;
    assert_eq!(folder.blob_files(), names([0, 3]));
    assert_eq!(store.get(&key("kept")).await.unwrap().unwrap().data, unique(0, SIZE));
}

#[tokio::test]
async fn who_dies_between_commit_and_removal_leaves_what_the_next_removal_removes() {
    let folder = Folder::new();
    let store = folder.open().await;
    for (number, path) in ["kept", "gone", "also gone", "next"].into_iter().enumerate() {
        put(&store, path, number).await;
    }
    die_after_the_commit(&store, "gone").await;
    die_after_the_commit(&store, "also gone").await;
    assert_eq!(folder.blob_files(), names(0..4));
    assert!(folder.open().await.remove(&key("next")).await.unwrap());
    assert_eq!(folder.blob_files(), names([0]));
}

#[tokio::test]
async fn the_maintenance_removes_what_was_left_too() {
    let folder = Folder::new();
    let store = folder.open().await;
    die_before_the_commit(&store, 1).await;
    assert!(store.settle_leftovers(Removal::None).await.unwrap().is_empty());
    assert_eq!(folder.blob_files(), names([1]));
    store.settle_leftovers(Removal::AtOnce).await.unwrap();
    assert_eq!(folder.blob_files(), names([]));
}

/// What a dead process was about to store may be what the next one stores.
#[tokio::test]
async fn a_file_that_was_left_and_is_named_by_now_stays() {
    let folder = Folder::new();
    let store = folder.open().await;
    die_before_the_commit(&store, 1).await;
    put(&store, "x", 1).await;
    put(&store, "y", 1).await;
    die_after_the_commit(&store, "y").await;
    put(&store, "z", 2).await;
    assert_eq!(folder.blob_files(), names([1, 2]));
    assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, unique(1, SIZE));
}

/// A put names its file before that has its name: the name is there still, as nobody has decided about
/// files since. What it replaces is named too, until the file is gone.
#[tokio::test]
async fn puts_and_removals_write_down_what_they_decide_about() {
    let folder = Folder::new();
    let store = folder.open().await;
    let loose = async || store.blobs.loose();
    put(&store, "x", 1).await;
    assert_eq!(loose().await, [name(1)].into());
    put(&store, "x", 2).await;
    assert_eq!(loose().await, [].into());
    put(&store, "y", 3).await;
    assert_eq!(loose().await, [name(3)].into());
    store.remove(&key("x")).await.unwrap();
    assert_eq!(loose().await, [].into());
    assert_eq!(folder.blob_files(), names([3]));
}

/// Writers of one process take turns, so this one comes between the commit and the end of the file.
#[tokio::test]
async fn what_a_removal_takes_is_written_down_before_its_commit() {
    let folder = Folder::new();
    let store = folder.open().await;
    put(&store, "x", 1).await;
    store.blobs.settle_loose(Vec::new()).await.unwrap();
    let first = store.db.write("test").await.unwrap();
    let key = key("x");
    let mut removing = pin!(store.remove(&key));
    assert!(poll_times(removing.as_mut(), 1).await.is_none());
    let second = tokio::spawn({
        let db = store.db.clone();
        async move { db.write("test").await.unwrap() }
    });
    first.roll_back().await;
    let second = second.await.unwrap();
    assert_eq!((entries(&store).await, folder.blob_files()), (0, names([1])));
    assert_eq!(store.blobs.loose(), [name(1)].into());
    second.roll_back().await;
    assert!(removing.await.unwrap());
    assert_eq!(folder.blob_files(), names([]));
}

#[tokio::test]
async fn a_put_that_cannot_name_its_file_leaves_nothing_loose() {
    let folder = Folder::new();
    let store = folder.open().await;
    put(&store, "x", 1).await;
    let in_the_way = folder.dir.path().join("blobs/v1").join(&name(2).to_string()[..2]);
    assert_ne!(name(1).to_string()[..2], name(2).to_string()[..2]);
    fs::File::create(&in_the_way).unwrap();
    store.put(entry("x", unique(2, SIZE))).await.unwrap_err();
    assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, unique(1, SIZE));
    fs::remove_file(in_the_way).unwrap();
    put(&store, "x", 2).await;
    assert_eq!(folder.blob_files(), names([2]));
}

#[tokio::test]
async fn a_list_that_cannot_be_written_hinders_nobody() {
    let folder = Folder::new();
    let store = folder.open().await;
    fs::create_dir(folder.dir.path().join("locks/loose")).unwrap();
    put(&store, "x", 1).await;
    put(&store, "x", 2).await;
    put(&store, "y", 3).await;
    assert!(store.remove(&key("y")).await.unwrap());
    assert_eq!(folder.blob_files(), names([2]));
}
