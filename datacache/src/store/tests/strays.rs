//! What lies in the folder and no row names: it counts, and it goes.

use super::budget::{folder_bytes, four_mib, has, put_many, unique};
use super::*;
use crate::error::ErrorKind;

const KIB: usize = 1_024;
const MIB: u64 = 1_024 * 1_024;

async fn stray_bytes(store: &Store) -> u64 {
    store.stray_bytes().await.unwrap()
}

/// Files of an artist's images that no row names, as an older database leaves them.
fn leave_files(folder: &Folder, numbers: std::ops::Range<usize>, size: usize) {
    let layout = folder.dir.path().join("blobs/v1");
    for number in numbers {
        let body = unique(number, size);
        let name = Checksum::of(&body).to_string();
        let inner = layout.join(&name[..2]).join(&name[2..4]);
        fs::create_dir_all(&inner).unwrap();
        #[expect(clippy::disallowed_methods, reason = "nobody is to know of it")]
        fs::write(inner.join(name), body).unwrap();
    }
}

/// What another process does when it finds the database damaged.
fn damage(folder: &Folder) {
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.dir.path().join(format!("datacache.sqlite{suffix}")));
    }
    #[expect(clippy::disallowed_methods, reason = "the damage is the point")]
    fs::write(folder.dir.path().join("datacache.sqlite"), vec![7; 100 * KIB]).unwrap();
}

async fn forget_strays(store: &Store) {
    execute(store, "DELETE FROM upkeep WHERE name = 'stray_bytes'").await;
}

#[tokio::test]
async fn the_files_of_a_database_that_is_gone_count_and_make_room_first() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 60, |_| 40 * KIB).await;
    folder.background.finish().await;
    store.db.close().await;
    damage(&folder);
    let store = folder.open().await;
    for number in 1_001..1_050 {
        store.put(entry(&number.to_string(), unique(number, 40 * KIB))).await.unwrap();
        assert!(folder_bytes(&folder) <= 4 * MIB, "{} at {number}", folder_bytes(&folder));
        assert!(number > 1_001 || stray_bytes(&store).await > 2 * MIB, "it was not counted first");
    }
    assert_eq!(entries(&store).await, 49, "an entry went before what nobody needs");
    assert!(stray_bytes(&store).await < MIB);
}

/// A handle that was open meanwhile finds a new database with its next put, and counts with the one
/// after that.
#[tokio::test]
async fn who_has_known_of_none_counts_when_the_number_is_gone() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 5, |_| 40 * KIB).await;
    leave_files(&folder, 100..160, 40 * KIB);
    forget_strays(&store).await;
    put_many(&store, 40, |_| 40 * KIB).await;
    assert!(folder_bytes(&folder) <= 4 * MIB, "{}", folder_bytes(&folder));
    assert_eq!(entries(&store).await, 40);
    let strays = stray_bytes(&store).await;
    let left = folder.blob_files().len() as u64 - 40;
    let expected = left * 40 * KIB as u64;
    let folders = (left + 8) * 8 * KIB as u64;
    assert!((expected..=expected + folders).contains(&strays), "{strays} of {left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_store_at_once_in_a_new_database_nobody_takes_the_files_for_none() {
    const WRITERS: usize = 4;
    let folder = four_mib();
    leave_files(&folder, 0..70, 40 * KIB);
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let store = folder.open().await;
        writers.push(tokio::spawn(async move {
            for number in 0..8 {
                let number = 1_000 * (writer + 1) + number;
                store.put(entry(&number.to_string(), unique(number, 40 * KIB))).await.unwrap();
            }
        }));
    }
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let most = 4 * MIB + (WRITERS * 40 * KIB) as u64;
        assert!(folder_bytes(&folder) <= most, "{}", folder_bytes(&folder));
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(entries(&folder.open().await).await, 32);
}

#[tokio::test]
async fn requests_take_the_room_of_what_nobody_needs_too() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 5, |_| 40 * KIB).await;
    leave_files(&folder, 100..160, 40 * KIB);
    forget_strays(&store).await;
    let store = folder.open().await;
    let row_bytes = 1024 * KIB as u64;
    store.clear_the_way_of_requests(row_bytes).await.unwrap();
    let mut tx = store.db.write("test").await.unwrap();
    store.make_room_for_requests(&mut tx, &key("request"), row_bytes).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(entries(&store).await, 5);
    assert!(folder.blob_files().len() < 60);
}

/// Who needs the room of many removes them in steps, between which others write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_write_while_many_are_cleared_away() {
    const STRAYS: usize = 600;
    let folder = four_mib();
    leave_files(&folder, 0..STRAYS, 4 * KIB);
    let (store, other) = (folder.open().await, folder.open().await);
    let clearing = tokio::spawn(async move { store.clear_away(u64::MAX).await.unwrap() });
    let mut seen = BTreeSet::new();
    while !clearing.is_finished() {
        let tx = other.db.write("test").await.unwrap();
        seen.insert(folder.blob_files().len());
        tx.roll_back().await;
    }
    assert!(clearing.await.unwrap() >= (STRAYS * 4 * KIB) as u64);
    let between = seen.iter().filter(|left| (1..STRAYS).contains(*left)).count();
    assert!(between > 2, "nobody else came to write: {seen:?}");
    assert_eq!(folder.blob_files().len(), 0);
}

#[tokio::test]
async fn what_went_for_a_put_that_is_refused_is_known_to_be_gone() {
    let folder = four_mib();
    let store = folder.open().await;
    store.pin(&identifier("Air")).await.unwrap();
    for number in 0..50 {
        let new = entry(&number.to_string(), unique(number, 40 * KIB));
        store.put(NewEntry { identifier: Some(identifier("Air")), ..new }).await.unwrap();
    }
    leave_files(&folder, 100..110, 40 * KIB);
    forget_strays(&store).await;
    let store = folder.open().await;
    let error = store.put(entry("large", unique(9, 1_500 * KIB))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert_eq!((folder.blob_files().len(), stray_bytes(&store).await), (50, 0));
}

#[tokio::test]
async fn a_number_that_cannot_be_is_found_and_counted_anew() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 3, |_| 40 * KIB).await;
    for number in [i64::MAX, -1] {
        let mut tx = store.db.write("test").await.unwrap();
        sql::upkeep::note(&mut tx, STRAY_BYTES, number).await.unwrap();
        tx.commit().await.unwrap();
        let wrong = store.wrong_counters().await.unwrap();
        let [wrong] = &wrong[..] else { panic!("{wrong:?}") };
        assert_eq!((&*wrong.name, wrong.noted), ("bytes of strays", number));
        store.note_counters().await.unwrap();
        assert_eq!(store.wrong_counters().await.unwrap(), []);
        let next = folder.open().await;
        next.put(entry("next", "x")).await.unwrap();
        assert_eq!(next.noted(STRAY_BYTES).await.unwrap(), Some(0));
    }
}

/// What has no name of the cache's is its owner's: it is not counted, as nobody would remove it.
#[tokio::test]
async fn what_is_not_the_caches_is_not_counted() {
    let folder = four_mib();
    let store = folder.open().await;
    let info = store.put(entry("x", unique(1, 40 * KIB))).await.unwrap();
    let notes = store.blob_path(&info).unwrap().with_file_name("notes.txt");
    fs::File::create(notes).unwrap().set_len(MIB).unwrap();
    store.count_strays().await.unwrap();
    assert_eq!(stray_bytes(&store).await, 0);
}

/// They are the user's: they stay, and who is in their way is told.
#[tokio::test]
async fn databases_that_were_moved_aside_count_and_are_named_where_they_are_in_the_way() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 20, |_| 40 * KIB).await;
    let aside = folder.dir.path().join("datacache-damaged-20260131T120000Z.sqlite");
    fs::File::create(&aside).unwrap().set_len(2 * MIB).unwrap();
    for number in 100..130 {
        store.put(entry(&number.to_string(), unique(number, 40 * KIB))).await.unwrap();
        assert!(folder_bytes(&folder) <= 4 * MIB, "{} at {number}", folder_bytes(&folder));
    }
    fs::File::create(&aside).unwrap().set_len(3 * MIB).unwrap();
    let error = store.put(entry("large", unique(9, 900 * KIB))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    let text = error.to_string();
    assert!(text.contains("3145728 bytes") && text.contains("datacache-damaged-"), "{text}");
    fs::remove_file(&aside).unwrap();
    store.put(entry("large", unique(9, 900 * KIB))).await.unwrap();
}

#[tokio::test]
async fn a_folder_goes_with_its_last_file() {
    let folder = Folder::new();
    let store = folder.open().await;
    put_many(&store, 30, |_| 2 * KIB).await;
    assert_eq!(store.remove_matching(&Filter::all()).await.unwrap(), 30);
    let layout = folder.dir.path().join("blobs/v1");
    assert_eq!(fs::read_dir(&layout).unwrap().count(), 0);
    store.put(entry("again", unique(1, 2 * KIB))).await.unwrap();
    assert!(has(&store, "again").await);
}

/// A put makes its folder under the write lock, and puts a file there before it gives that up.
#[tokio::test]
async fn a_folder_that_was_empty_and_is_used_stays() {
    let folder = Folder::new();
    let (writer, cleaner) = (folder.open().await, folder.open().await);
    let name = Checksum::of(&large(1)).to_string();
    let layout = folder.dir.path().join("blobs/v1");
    let inner = layout.join(&name[..2]).join(&name[2..4]);
    fs::create_dir_all(&inner).unwrap();
    fs::create_dir_all(layout.join("00/ff")).unwrap();
    fs::create_dir_all(layout.join("01")).unwrap();
    let look = cleaner.look_at_folders(0, crate::blob::FOLDERS, Depth::Names).await.unwrap();
    assert_eq!((look.empty.len(), look.strays.len()), (3, 0));
    let staged = writer.stage(entry("x", large(1))).await.unwrap();
    let tx = writer.db.write("test").await.unwrap();
    let mut cleaning = Box::pin(cleaner.remove_empty_folders(look.empty));
    assert!(poll_times(cleaning.as_mut(), 1).await.is_none());
    assert!(inner.exists(), "it went without the write lock");
    writer.finish(tx, staged).await.unwrap();
    cleaning.await.unwrap();
    assert_eq!(writer.get(&key("x")).await.unwrap().unwrap().data, large(1));
    assert!(!layout.join("00").exists() && !layout.join("01").exists());
}

/// Between the look at a folder that others have just removed and the removal of what was found astray,
/// they may have made it again.
#[tokio::test]
async fn a_folder_that_is_in_use_again_is_not_removed() {
    let folder = Folder::new();
    let store = folder.open().await;
    let info = store.put(entry("a", unique(1, 40 * KIB))).await.unwrap();
    let file = store.blob_path(&info).unwrap();
    for path in file.ancestors().skip(1).take(2) {
        let (path, kind) = (path.to_owned(), StrayKind::Other);
        let stray = Stray { path, kind, disk_bytes: 0, checksum: None };
        let removed = store.settle_strays(vec![stray.clone()], Removal::AtOnce).await.unwrap();
        assert!(removed.is_empty(), "{removed:?}");
        let mut tx = store.db.write("test").await.unwrap();
        store.remove_strays(&mut tx, &[stray]).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(file.exists());
}
