//! Loose files: those whose fate is being decided.
//!
//! # What it owns
//! `<cache dir>/locks/loose`: the checksums of files that are about to get or to lose their names, one a
//! line, up to the first line that is none. They are written there before a file gets its final name,
//! and before a removal is committed, or its files go. Whoever decides about files next removes those
//! that no row names, and strikes all of them out. So a process that dies between a rename and a
//! commit, or between a commit and a removal, leaves nothing that would have to be looked for.
//!
//! # Locking
//! The database's write lock. Who has written a name does not strike it out: when he knows what has
//! become of the file, he has given the lock back. A name too many costs the next one a look.
//!
//! # What survives a crash
//! All that was written, but for a power cut: it is not synced. What is lost by that, or because the
//! file cannot be written or is removed, the maintenance finds, which looks through all folders. The
//! file is written over from its beginning and never cut, so that a process killed meanwhile leaves at
//! worst names that were struck out.
//!
//! What is read and written is some lines that are in the system's memory, on the thread that asks:
//! going to another one would take longer.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{Blobs, Shared, is_no_file, lying, path, remove, remove_empty_above};
use crate::checksum::Checksum;
use crate::error::Result;
use crate::platform;

const FILE_NAME: &str = "loose";

/// More than that nobody has written: some hundred names at a time are.
const MAX_BYTES: u64 = 1024 * 1024;

impl Blobs {
    /// The files whose fate is undecided, as far as that is known. The caller holds the write lock.
    pub(crate) fn loose(&self) -> BTreeSet<Checksum> {
        noted(&self.0)
    }

    /// Notes that the fate of some more files is being decided. The caller holds the write lock. Where it
    /// cannot be noted, only the maintenance will find what a crash leaves.
    pub(crate) fn note_loose(&self, checksums: &[Checksum]) {
        if !checksums.is_empty() {
            let mut loose = noted(&self.0);
            loose.extend(checksums);
            note(&self.0, &loose);
        }
    }

    /// Removes those of the loose files that no row names, which is known under the write lock, and
    /// strikes all others out. One that cannot be removed stays loose.
    pub(crate) async fn settle_loose(&self, unnamed: Vec<Checksum>) -> Result<()> {
        if unnamed.is_empty() {
            note(&self.0, &BTreeSet::new());
            return Ok(());
        }
        self.blocking("remove blob", move |shared| {
            let (mut left, mut result) = (BTreeSet::new(), Ok(()));
            for checksum in unnamed {
                if let Err(error) = remove_named(shared, checksum) {
                    left.insert(checksum);
                    result = Err(error);
                }
            }
            note(shared, &left);
            result
        })
        .await
    }
}

/// Removes the file named by `checksum`, with the folders that nothing else lies in.
pub(super) fn remove_named(shared: &Shared, checksum: Checksum) -> io::Result<()> {
    let path = path::of(&shared.root, checksum);
    if lying::leads_elsewhere(&path) {
        return Ok(());
    }
    remove(&path)?;
    remove_empty_above(&shared.root, &path);
    Ok(())
}

fn noted(shared: &Shared) -> BTreeSet<Checksum> {
    match read(&path_in(shared)) {
        Ok(text) => text.lines().map_while(|line| line.parse().ok()).collect(),
        Err(error) => {
            tracing::debug!(%error, "the list of loose files cannot be read");
            BTreeSet::new()
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    match path.symlink_metadata() {
        Ok(file) if file.is_file() => {}
        Err(error) if !is_no_file(&error) => return Err(error),
        // What is no file, such as a pipe put in its place, might never end.
        _ => return Ok(String::new()),
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn note(shared: &Shared, loose: &BTreeSet<Checksum>) {
    let mut text = String::new();
    for checksum in loose {
        let _ = writeln!(text, "{checksum}");
    }
    // What was written before, and is longer, is not to be read on.
    text.push('\n');
    let path = path_in(shared);
    let is_file = path.symlink_metadata().map_or(true, |file| file.is_file());
    let file = if is_file { platform::open_lock_file(&path) } else { Err(no_file()) };
    if let Err(error) = file.and_then(|file| platform::write_at(&file, text.as_bytes(), 0)) {
        tracing::debug!(%error, "the list of loose files cannot be written");
    }
}

fn no_file() -> io::Error {
    io::Error::other("something that is no file has its name")
}

fn path_in(shared: &Shared) -> PathBuf {
    shared.session.locks().join(FILE_NAME)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::tests::{Folder, folder};
    use super::*;

    fn checksums(range: std::ops::Range<u8>) -> Vec<Checksum> {
        range.map(|byte| Checksum::of(&[byte])).collect()
    }

    fn assert_loose(folder: &Folder, expected: &[Checksum]) {
        assert_eq!(folder.blobs.loose(), expected.iter().copied().collect());
    }

    #[tokio::test]
    async fn names_add_up_until_they_are_settled_and_the_file_is_never_cut() {
        let folder = folder().await;
        assert_loose(&folder, &[]);
        folder.blobs.note_loose(&checksums(0..200));
        folder.blobs.note_loose(&checksums(150..200));
        assert_loose(&folder, &checksums(0..200));
        folder.blobs.settle_loose(checksums(0..3)).await.unwrap();
        assert_loose(&folder, &[]);
        folder.blobs.note_loose(&checksums(7..9));
        assert_loose(&folder, &checksums(7..9));
        let file = path_in(&folder.blobs.0);
        assert!(file.metadata().unwrap().len() > 200 * 65, "the longest that was written");
    }

    #[tokio::test]
    async fn what_is_no_list_is_an_empty_one_and_written_over_if_it_can_be() {
        let folder = folder().await;
        let file = path_in(&folder.blobs.0);
        for garbage in [b"\xff\0\x01".to_vec(), vec![b'a'; 100_000], b"\n\n".to_vec()] {
            #[expect(clippy::disallowed_methods, reason = "the damage is the point")]
            fs::write(&file, garbage).unwrap();
            assert_loose(&folder, &[]);
            folder.blobs.note_loose(&checksums(0..2));
            assert_loose(&folder, &checksums(0..2));
        }
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        folder.blobs.note_loose(&checksums(0..2));
        assert_loose(&folder, &[]);
    }

    #[tokio::test]
    async fn what_no_row_names_goes_with_its_folders() {
        let folder = folder().await;
        let (gone, kept) = (folder.write(b"gone").await, folder.write(b"kept").await);
        folder.blobs.note_loose(&[gone, kept]);
        folder.blobs.settle_loose(vec![gone]).await.unwrap();
        assert_loose(&folder, &[]);
        let (gone, kept) = (folder.blobs.path(gone), folder.blobs.path(kept));
        assert!(!gone.parent().unwrap().exists() && kept.exists());
    }
}
