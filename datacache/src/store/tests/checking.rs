#![expect(clippy::disallowed_methods, reason = "damaged files are the point")]

use super::*;
use crate::blob::FOLDERS;

impl Folder {
    fn blob_path(&self, data: &[u8]) -> PathBuf {
        let name = Checksum::of(data).to_string();
        self.layout().join(&name[..2]).join(&name[2..4]).join(&name)
    }

    fn layout(&self) -> PathBuf {
        self.dir.path().join("blobs").join("v1")
    }
}

/// What all rows together are suspected of, confirmed.
async fn lost(store: &Store) -> Vec<Lost> {
    let mut suspects = Vec::new();
    let mut next = Some(0);
    while let Some(after) = next {
        let look = store.look_at_rows(after, 2, Depth::Bytes).await.unwrap();
        suspects.extend(look.suspects);
        next = look.next;
    }
    let mut next = Some(0);
    while let Some(from) = next {
        let look = store.look_at_folders(from, FOLDERS / 4, Depth::Bytes).await.unwrap();
        suspects.extend(look.suspects);
        next = look.next;
    }
    let mut tx = store.db.write("test").await.unwrap();
    let lost = store.confirm_lost(&mut tx, &suspects).await.unwrap();
    tx.roll_back().await;
    lost
}

async fn strays(store: &Store, removal: Removal) -> Vec<(PathBuf, StrayKind)> {
    let look = store.look_at_folders(0, FOLDERS, Depth::Names).await.unwrap();
    assert_eq!(look.next, None);
    let strays = store.settle_strays(look.strays, removal).await.unwrap();
    strays.into_iter().map(|stray| (stray.path, stray.kind)).collect()
}

async fn drop_all(store: &Store) {
    let lost = lost(store).await;
    let tx = store.db.write("test").await.unwrap();
    store.drop_lost(tx, lost).await.unwrap();
}

#[tokio::test]
async fn nothing_is_wrong_with_a_sound_cache() {
    let folder = Folder::new();
    let store = folder.open().await;
    assert_eq!(store.count().await.unwrap(), 0);
    for byte in 0..5 {
        store.put(entry(&format!("large/{byte}"), large(byte % 3))).await.unwrap();
        store.put(entry(&format!("small/{byte}"), vec![byte; 9])).await.unwrap();
    }
    assert_eq!(store.count().await.unwrap(), 10);
    assert_eq!(lost(&store).await, []);
    assert_eq!(strays(&store, Removal::AtOnce).await, []);
    assert_eq!(store.wrong_counters().await.unwrap(), []);
    let look = store.look_at_folders(0, FOLDERS, Depth::Bytes).await.unwrap();
    assert_eq!((look.files, look.bytes), (3, 3 * (INLINE_MAX as u64 + 1)));
}

#[tokio::test]
async fn each_flaw_is_told_from_the_others_and_dropping_it_leaves_a_sound_cache() {
    type Damage = fn(&Path);
    let damages: [(Damage, Flaw); 7] = [
        (|file| fs::remove_file(file).unwrap(), Flaw::MissingFile),
        (|file| fs::remove_dir_all(file.parent().unwrap()).unwrap(), Flaw::MissingFile),
        (
            |file| fs::write(file, "short").unwrap(),
            Flaw::WrongSize { found_bytes: 5, expected_bytes: INLINE_MAX as u64 + 1 },
        ),
        (
            |file| fs::write(file, vec![1; INLINE_MAX + 2]).unwrap(),
            Flaw::WrongSize {
                found_bytes: INLINE_MAX as u64 + 2,
                expected_bytes: INLINE_MAX as u64 + 1,
            },
        ),
        (|file| fs::write(file, vec![2; INLINE_MAX + 1]).unwrap(), Flaw::DamagedFile),
        (
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir_all(file.join("below")).unwrap();
            },
            Flaw::NotAFile,
        ),
        (
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file.with_extension("aside")).unwrap();
                fs::rename(file.with_extension("aside"), file).unwrap();
            },
            Flaw::NotAFile,
        ),
    ];
    for (damage, flaw) in damages {
        let folder = Folder::new();
        let store = folder.open().await;
        store.put(entry("x", large(1))).await.unwrap();
        store.put(entry("sound", large(9))).await.unwrap();
        damage(&folder.blob_path(&large(1)));
        let found = lost(&store).await;
        let flaws: Vec<_> = found.iter().map(|lost| (lost.id, &lost.flaw)).collect();
        assert_eq!(flaws, [(1, &flaw)]);
        drop_all(&store).await;
        assert_eq!((lost(&store).await, strays(&store, Removal::None).await), (vec![], vec![]));
        assert_eq!((entries(&store).await, folder.blob_files().len()), (1, 1), "{flaw:?}");
    }
}

#[tokio::test]
async fn rows_that_make_no_sense_are_found_whatever_is_in_them() {
    for (damage, words) in [
        ("UPDATE cached_data SET content_checksum = 'x'", "content_checksum"),
        ("UPDATE cached_data SET metadata = '[]'", "metadata"),
        ("UPDATE cached_data SET mime_type = CAST(x'ff80' AS TEXT)", "mime_type"),
        ("UPDATE cached_data SET identifier = CAST(x'ff80' AS TEXT)", "identifier"),
        ("UPDATE cached_data SET url = CAST(x'ff80' AS TEXT)", "url"),
    ] {
        let folder = Folder::new();
        let store = folder.open().await;
        store.put(entry("x", "intact")).await.unwrap();
        execute(&store, damage).await;
        let found = lost(&store).await;
        assert!(
            matches!(&found[..], [Lost { flaw: Flaw::Unreadable(why), .. }] if why.contains(words)),
            "{found:?}"
        );
        drop_all(&store).await;
        assert_eq!(entries(&store).await, 0, "{damage}");
    }
    for damage in [
        "UPDATE cached_data SET data_value = x'00'",
        "UPDATE cached_data SET data_size = 7",
        "UPDATE cached_data SET data_value = x''",
    ] {
        let folder = Folder::new();
        let store = folder.open().await;
        store.put(entry("x", "intact")).await.unwrap();
        execute(&store, damage).await;
        let found = lost(&store).await;
        assert!(matches!(&found[..], [Lost { flaw: Flaw::DamagedBytes, .. }]), "{found:?}");
    }
}

/// As an older program leaves it, which replaces the source without knowing of what was made of it.
#[tokio::test]
async fn what_was_made_from_something_that_is_gone_is_found() {
    let folder = Folder::new();
    let store = folder.open().await;
    let source = store.put(entry("x", "source")).await.unwrap();
    let from = DerivedFrom { key: key("x"), checksum: source.content_checksum };
    let mut derived = entry("y", "derived");
    derived.key = Key::derived("palette-1", &key("x"));
    derived.data_type = DataType::DERIVED;
    store.put_derived(derived, &from).await.unwrap().unwrap();
    assert_eq!(lost(&store).await, []);
    execute(&store, "DELETE FROM cached_data WHERE source_url IS NULL").await;
    let found = lost(&store).await;
    assert!(matches!(&found[..], [Lost { flaw: Flaw::Sourceless, .. }]), "{found:?}");
}

#[tokio::test]
async fn what_nobody_names_is_found_wherever_it_lies_and_removed_if_it_is_to_be() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("x", large(1))).await.unwrap();
    let layout = folder.layout();
    let orphan = folder.blob_path(b"orphan");
    for folder in [orphan.parent().unwrap(), &layout.join("zz"), &layout.join("00").join("0")] {
        fs::create_dir_all(folder).unwrap();
    }
    let misplaced = orphan.with_file_name(Checksum::of(b"elsewhere").to_string());
    let no_folder = layout.join("ff");
    let capitals = orphan.with_file_name(Checksum::of(b"orphan").to_string().to_uppercase());
    let foreign = [layout.join("note"), orphan.with_extension("part"), capitals];
    for path in foreign.iter().chain([&orphan, &misplaced, &no_folder]) {
        fs::write(path, "orphan").unwrap();
    }
    let others = [misplaced, no_folder].map(|path| (path, StrayKind::Other));
    let mut expected: Vec<_> = others.into_iter().chain([(orphan, StrayKind::Orphan)]).collect();
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    for removal in [Removal::None, Removal::AtOnce] {
        let mut found = strays(&store, removal).await;
        found.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(found, expected);
    }
    assert_eq!(strays(&store, Removal::None).await, []);
    // What has no name of ours is told, and left to whoever put it there.
    let mut left = store.look_at_folders(0, FOLDERS, Depth::Names).await.unwrap().foreign;
    left.sort();
    let folders = [layout.join("zz"), layout.join("00").join("0")];
    let mut foreign: Vec<PathBuf> = foreign.into_iter().chain(folders).collect();
    foreign.sort();
    assert_eq!(left, foreign);
    assert_eq!(store.get(&key("x")).await.unwrap().unwrap().data, large(1));
}

/// What is behind a link is not the cache's: it is neither looked at nor removed.
#[cfg(unix)]
#[tokio::test]
async fn links_are_removed_and_never_followed() {
    use std::os::unix::fs::symlink;
    let (folder, outside) = (Folder::new(), tempfile::tempdir().unwrap());
    let store = folder.open().await;
    let precious = outside.path().join("precious");
    fs::write(&precious, large(1)).unwrap();
    for byte in [1, 2] {
        store.put(entry(&byte.to_string(), large(byte))).await.unwrap();
    }
    // One for a file, with the right bytes; one for the folder of a folder, with the right file.
    let file = folder.blob_path(&large(1));
    fs::remove_file(&file).unwrap();
    symlink(&precious, &file).unwrap();
    let file = folder.blob_path(&large(2));
    let outer = file.ancestors().nth(2).unwrap();
    fs::rename(outer, outside.path().join("outer")).unwrap();
    symlink(outside.path().join("outer"), outer).unwrap();

    let found = lost(&store).await;
    let flaws: Vec<_> = found.iter().map(|lost| lost.flaw.clone()).collect();
    assert_eq!(flaws, [Flaw::NotAFile, Flaw::NotAFile]);
    drop_all(&store).await;
    assert_eq!(strays(&store, Removal::AtOnce).await, [(outer.to_owned(), StrayKind::Other)]);
    assert_eq!(fs::read(precious).unwrap(), large(1));
    assert_eq!(files_below(&outside.path().join("outer")).len(), 1);
    assert_eq!((entries(&store).await, folder.blob_files().len()), (0, 0));
}

/// A file gets its name before its row is committed.
#[tokio::test]
async fn a_put_under_way_is_neither_told_nor_disturbed() {
    let folder = Folder::new();
    let (writer, checker) = (folder.open().await, folder.open().await);
    let staged = writer.stage(entry("x", large(1))).await.unwrap();
    let tx = writer.db.write("test").await.unwrap();
    let blob = writer.blobs.stage(large(1), Checksum::of(&large(1))).await.unwrap();
    blob.publish().await.unwrap();
    let look = checker.look_at_folders(0, FOLDERS, Depth::Bytes).await.unwrap();
    assert_eq!(look.strays.len(), 1);
    let mut settling = Box::pin(checker.settle_strays(look.strays, Removal::AtOnce));
    assert!(poll_times(settling.as_mut(), 1).await.is_none());
    writer.finish(tx, staged).await.unwrap();
    assert_eq!(settling.await.unwrap(), []);
    assert_eq!(writer.get(&key("x")).await.unwrap().unwrap().data, large(1));
}

/// A row that seemed to have lost its file was being replaced.
#[tokio::test]
async fn an_entry_that_was_replaced_meanwhile_is_not_lost() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("x", large(1))).await.unwrap();
    fs::remove_file(folder.blob_path(&large(1))).unwrap();
    let look = store.look_at_rows(0, 9, Depth::Names).await.unwrap();
    assert_eq!(look.suspects, [1]);
    store.put(entry("x", large(2))).await.unwrap();
    let mut tx = store.db.write("test").await.unwrap();
    assert_eq!(store.confirm_lost(&mut tx, &look.suspects).await.unwrap(), []);
}

#[tokio::test]
async fn numbers_that_are_wrong_are_found_and_counted_anew() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.put(entry("x", large(1))).await.unwrap();
    store.put(entry("y", large(1))).await.unwrap();
    execute(&store, "UPDATE provider_usage SET size_bytes = 7").await;
    execute(&store, "INSERT INTO provider_usage VALUES ('nobody', 5)").await;
    execute(&store, "UPDATE upkeep SET value = 3 WHERE name IN ('file_bytes', 'files')").await;
    let mut wrong = store.wrong_counters().await.unwrap();
    wrong.sort_by(|one, other| one.name.cmp(&other.name));
    let wrong: Vec<_> = wrong.into_iter().map(|it| (it.name, it.noted, it.actual)).collect();
    let size = i64::try_from(INLINE_MAX).unwrap() + 1;
    let beside = i64::try_from(key("x").as_str().len() + "{}".len()).unwrap();
    assert_eq!(
        wrong,
        [
            ("bytes in files".to_owned(), 3, size),
            ("bytes of cdn".to_owned(), 7, 2 * (size + beside)),
            ("bytes of nobody".to_owned(), 5, 0),
            ("files".to_owned(), 3, 1),
        ]
    );
    store.note_counters().await.unwrap();
    assert_eq!(store.wrong_counters().await.unwrap(), []);
    store.remove_matching(&Filter::all()).await.unwrap();
    assert_eq!(store.wrong_counters().await.unwrap(), []);
}
