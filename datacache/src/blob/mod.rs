//! Blob files: bodies too large for a row, one file per content.
//!
//! # What it owns
//! ```text
//! <cache dir>/blobs/v1/ab/cd/<sha256>          the bytes with that checksum
//! <cache dir>/blobs/tmp/<session>-<n>.part     being written by a live process, or a folder of its own
//! ```
//! Entries with the same bytes share a file. This module knows no SQL; which files are named by an
//! entry is the store's business.
//!
//! # Locking
//! A file appears under its final name, and disappears from it, only while the caller holds the
//! database's write lock ([`Staged::publish`], [`Blobs::remove`]). So no process can delete a file
//! between another's writing it and naming it in a row; and none can remove a folder, which goes with
//! its last file, between another's making it and putting a file there. The slow part, writing and syncing, is
//! done before, without any lock ([`Blobs::stage`]).
//!
//! # What survives a crash
//! A published file is complete: it was synced before it was renamed. What a process leaves that dies
//! while it publishes or removes files is written down ([`loose`]). A process that dies while
//! writing leaves a temporary file with the id of its dead session, which the next opening of the
//! cache removes. All temporary files lie in one folder, so that finding them does not mean walking
//! 65 536 others; it is on the same file system, so renaming stays atomic. The rename itself is
//! not synced: should a power cut undo it, the entry reads as a miss.

mod loose;
mod lying;
mod path;
pub(crate) mod space;
mod temp;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use tempfile::TempDir;

use crate::checksum::Checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::session::OwnSession;
pub(crate) use lying::{FOLDERS, Found, Lies, Listed};
pub(crate) use path::is_name_of_ours;
pub(crate) use temp::Staged;

/// A handle to the blob files of a cache folder; clones share it.
#[derive(Clone)]
pub(crate) struct Blobs(Arc<Shared>);

struct Shared {
    root: PathBuf,
    session: Arc<OwnSession>,
    next_temp: AtomicU64,
}

/// What reading a blob file found.
#[derive(Debug)]
pub(crate) enum BlobRead {
    Intact(Bytes),
    Missing,
    /// The bytes do not have the checksum they are named by.
    Damaged,
}

impl Blobs {
    /// Opens the blob folder and removes what dead processes left half-written.
    pub(crate) async fn open(dir: &Path, session: Arc<OwnSession>) -> Result<Self> {
        let blobs = Self::unopened(dir, session);
        let swept = blobs
            .blocking("open cache", |shared| temp::sweep(&shared.root, shared.session.locks()));
        swept.await?;
        Ok(blobs)
    }

    /// The same without touching the folder.
    pub(crate) fn unopened(dir: &Path, session: Arc<OwnSession>) -> Self {
        let root = dir.join("blobs");
        Self(Arc::new(Shared { root, session, next_temp: AtomicU64::new(0) }))
    }

    /// Writes and syncs `data` to a temporary file. Dropping the result removes the file.
    pub(crate) async fn stage(&self, data: Bytes, checksum: Checksum) -> Result<Staged> {
        let session = self.0.session.id().await?;
        self.blocking("store", move |shared| temp::stage(shared, session, &data, checksum)).await
    }

    /// A folder for files that nobody needs any longer than this process lives. It is removed with
    /// its handle, or, should the process die, like a half-written file.
    pub(crate) async fn scratch(&self) -> Result<TempDir> {
        let session = self.0.session.id().await?;
        self.blocking("make folder", move |shared| temp::scratch(shared, session)).await
    }

    /// The bytes of the file named by `checksum`, verified.
    pub(crate) async fn read(&self, checksum: Checksum) -> Result<BlobRead> {
        self.blocking("read blob", move |shared| read(&shared.root, checksum)).await
    }

    /// Removes the file named by `checksum`. The caller holds the write lock and knows that no
    /// entry names it. A file that is not there is no error.
    pub(crate) async fn remove(&self, checksum: Checksum) -> Result<()> {
        self.blocking("remove blob", move |shared| loose::remove_named(shared, checksum)).await
    }

    /// The bytes of the files that are being written, in all processes.
    pub(crate) async fn temp_bytes(&self) -> Result<u64> {
        self.blocking("count", |shared| temp::size_bytes(&shared.root)).await
    }

    /// Where the file named by `checksum` lies, if there is one.
    pub(crate) fn path(&self, checksum: Checksum) -> PathBuf {
        path::of(&self.0.root, checksum)
    }

    /// File operations go to the runtime's threads for blocking work.
    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Shared) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            work(&shared).map_err(|source| Error::io(operation, &shared.root, source))
        });
        done.await.unwrap_or_else(|join| {
            let reason = "the thread that does the file work failed";
            Err(Error::new(ErrorKind::Internal, operation, "blobs", reason).with_source(join))
        })
    }
}

fn read(root: &Path, checksum: Checksum) -> io::Result<BlobRead> {
    let path = path::of(root, checksum);
    let data = match path.symlink_metadata() {
        // What is no file, such as a pipe put in its place, might never end.
        Ok(file) if !file.is_file() => return Ok(BlobRead::Missing),
        looked => looked.and_then(|_| std::fs::read(&path)),
    };
    let data = match data {
        Ok(data) => data,
        Err(error) if is_no_file(&error) => return Ok(BlobRead::Missing),
        Err(error) => return Err(error),
    };
    if Checksum::of(&data) == checksum {
        Ok(BlobRead::Intact(data.into()))
    } else {
        Ok(BlobRead::Damaged)
    }
}

/// Removes what has the name of a blob file, though it may be a folder that was put in its place.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(_) if path.is_dir() => std::fs::remove_dir_all(path),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A folder goes with the last of its files, and the one above it with its last folder. The caller holds the
/// write lock, under which alone folders are made: nobody is about to use them. Returns how many went.
fn remove_empty_above(root: &Path, path: &Path) -> u64 {
    let layout = path::layout(root);
    let folders = path.ancestors().skip(1).take_while(|folder| **folder != layout);
    // It fails where there is something left.
    folders.map_while(|folder| std::fs::remove_dir(folder).ok()).count() as u64
}

/// Nothing there, or something that is no file, such as a folder put in its place.
fn is_no_file(error: &io::Error) -> bool {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory)
}

#[cfg(test)]
mod tests;
