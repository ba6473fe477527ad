use std::fs;

use uuid::Uuid;

use super::*;

pub(super) struct Folder {
    _dir: tempfile::TempDir,
    pub(super) blobs: Blobs,
}

pub(super) async fn folder() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let locks = dir.path().join("locks");
    fs::create_dir(&locks).unwrap();
    let session = Arc::new(OwnSession::new(locks));
    let blobs = Blobs::open(dir.path(), session).await.unwrap();
    Folder { _dir: dir, blobs }
}

impl Folder {
    pub(super) async fn write(&self, data: &'static [u8]) -> Checksum {
        let checksum = Checksum::of(data);
        let staged = self.blobs.stage(data.into(), checksum).await.unwrap();
        staged.publish().await.unwrap();
        checksum
    }

    fn temp_files(&self) -> usize {
        fs::read_dir(path::temp_dir(&self.blobs.0.root)).map_or(0, Iterator::count)
    }
}

#[tokio::test]
async fn what_was_written_is_read_back() {
    let folder = folder().await;
    let checksum = folder.write(b"hello").await;
    let read = folder.blobs.read(checksum).await.unwrap();
    assert!(matches!(read, BlobRead::Intact(data) if &data[..] == b"hello"));
    assert_eq!(folder.temp_files(), 0);
}

#[tokio::test]
async fn a_file_that_was_not_published_leaves_nothing() {
    let folder = folder().await;
    let checksum = Checksum::of(b"x");
    drop(folder.blobs.stage(Bytes::from_static(b"x"), checksum).await.unwrap());
    assert_eq!(folder.temp_files(), 0);
    assert!(matches!(folder.blobs.read(checksum).await.unwrap(), BlobRead::Missing));
}

#[tokio::test]
async fn damage_is_seen_and_mended_by_writing_again() {
    let folder = folder().await;
    let checksum = folder.write(b"hello").await;
    #[expect(clippy::disallowed_methods, reason = "the damage is the point")]
    fs::write(folder.blobs.path(checksum), b"hellO").unwrap();
    assert!(matches!(folder.blobs.read(checksum).await.unwrap(), BlobRead::Damaged));
    folder.write(b"hello").await;
    assert!(matches!(folder.blobs.read(checksum).await.unwrap(), BlobRead::Intact(_)));
}

#[tokio::test]
async fn a_folder_in_place_of_a_file_is_a_missing_file() {
    let folder = folder().await;
    let checksum = Checksum::of(b"y");
    fs::create_dir_all(folder.blobs.path(checksum)).unwrap();
    assert!(matches!(folder.blobs.read(checksum).await.unwrap(), BlobRead::Missing));
}

#[tokio::test]
async fn removing_what_is_not_there_is_no_error() {
    let folder = folder().await;
    let checksum = folder.write(b"z").await;
    folder.blobs.remove(checksum).await.unwrap();
    folder.blobs.remove(checksum).await.unwrap();
    assert!(matches!(folder.blobs.read(checksum).await.unwrap(), BlobRead::Missing));
}

#[tokio::test]
async fn the_next_opening_removes_what_dead_processes_left_and_nothing_else() {
    let folder = folder().await;
    let live = folder.blobs.stage(Bytes::from_static(b"a"), Checksum::of(b"a")).await.unwrap();
    let dir = path::temp_dir(&folder.blobs.0.root);
    fs::File::create(dir.join(format!("{}-0.part", Uuid::new_v4().simple()))).unwrap();
    fs::File::create(dir.join("not ours")).unwrap();
    let scratch = folder.blobs.scratch().await.unwrap();
    let abandoned = dir.join(format!("{}-1.part", Uuid::new_v4().simple()));
    fs::create_dir(&abandoned).unwrap();
    fs::File::create(abandoned.join("file")).unwrap();
    assert_eq!(folder.temp_files(), 5);

    let next = Arc::new(OwnSession::new(folder.blobs.0.session.locks().to_owned()));
    Blobs::open(folder.blobs.0.root.parent().unwrap(), next).await.unwrap();
    assert_eq!(folder.temp_files(), 2);
    live.publish().await.unwrap();
    assert!(scratch.path().is_dir());
    drop(scratch);
    assert_eq!(folder.temp_files(), 0);
}
