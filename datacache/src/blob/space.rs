//! What files take on disk: whole blocks, and the folders that they lie in.

use std::fs;
use std::io;
use std::path::Path;

use super::{Blobs, is_no_file, path};
use crate::error::Result;

/// What the common file systems give a file at a time, in bytes; `store/sql/counting.rs` counts in it.
pub(crate) const BLOCK_BYTES: u64 = 4_096;

/// The folders `ab/cd`, and the folders `ab` above them.
const INNER_FOLDERS: u64 = 65_536;
const OUTER_FOLDERS: u64 = 256;

/// What a file of `size_bytes` takes on disk, in bytes, where it may have to be given folders, too.
pub(crate) fn of_new_file(size_bytes: u64) -> u64 {
    of_file(size_bytes) + 2 * BLOCK_BYTES
}

/// What so many files take at most, which fill so many blocks, in bytes: a folder goes with its last file,
/// so there are no more of these.
pub(crate) fn of_files(files: u64, blocks: u64) -> u64 {
    blocks.saturating_mul(BLOCK_BYTES) + of_folders(files)
}

fn of_folders(files: u64) -> u64 {
    (files.min(INNER_FOLDERS) + files.min(OUTER_FOLDERS)) * BLOCK_BYTES
}

/// What a file of `size_bytes` takes on disk, in bytes.
pub(super) fn of_file(size_bytes: u64) -> u64 {
    size_bytes.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES)
}

/// What lies in the folder of all files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lying {
    file_bytes: u64,
    folder_bytes: u64,
}

impl Lying {
    /// What of it is more than so many files that fill so many blocks, in bytes.
    pub(crate) fn beyond(self, files: u64, blocks: u64) -> u64 {
        self.file_bytes.saturating_sub(blocks.saturating_mul(BLOCK_BYTES))
            + self.folder_bytes.saturating_sub(of_folders(files))
    }
}

impl Blobs {
    /// What the files take on disk, whichever entries need them. Every folder is read; what has no name of
    /// ours is its owner's.
    pub(crate) async fn lying(&self) -> Result<Lying> {
        self.blocking("count", |shared| below(&path::layout(&shared.root), path::is_name_of_ours))
            .await
    }
}

/// What lies at `path` takes on disk, in bytes. Links are not followed.
pub(super) fn at(path: &Path) -> io::Result<u64> {
    let looked = path.symlink_metadata();
    if looked.as_ref().is_ok_and(fs::Metadata::is_dir) {
        let Lying { file_bytes, folder_bytes } = below(path, |_| true)?;
        return Ok(file_bytes + folder_bytes + BLOCK_BYTES);
    }
    match looked {
        Ok(about) => Ok(of_file(about.len())),
        Err(error) if is_no_file(&error) => Ok(0),
        Err(error) => Err(error),
    }
}

fn below(folder: &Path, is_counted: fn(&Path) -> bool) -> io::Result<Lying> {
    let mut lying = Lying::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            // It has just been removed, or is not there yet.
            Err(error) if is_no_file(&error) => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if !is_counted(&entry.path()) {
                continue;
            }
            match entry.metadata() {
                Ok(about) if about.is_dir() => {
                    lying.folder_bytes += BLOCK_BYTES;
                    folders.push(entry.path());
                }
                Ok(about) => lying.file_bytes += of_file(about.len()),
                Err(error) if is_no_file(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(lying)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_counted_in_blocks_and_folders() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(below(&dir.path().join("none"), |_| true).unwrap(), Lying::default());
        let folder = dir.path().join("ab/cd");
        fs::create_dir_all(&folder).unwrap();
        for (name, size_bytes) in [("a", 0), ("b", 1), ("c", BLOCK_BYTES), ("d", BLOCK_BYTES + 1)] {
            fs::File::create(folder.join(name)).unwrap().set_len(size_bytes).unwrap();
        }
        let lying = below(dir.path(), |_| true).unwrap();
        assert_eq!(lying, Lying { file_bytes: 4 * BLOCK_BYTES, folder_bytes: 2 * BLOCK_BYTES });
        assert_eq!(at(&dir.path().join("ab")).unwrap(), 6 * BLOCK_BYTES);
        assert_eq!(at(&dir.path().join("none")).unwrap(), 0);
        let of_ours = below(dir.path(), path::is_name_of_ours).unwrap();
        assert_eq!(of_ours, Lying { file_bytes: 0, folder_bytes: 2 * BLOCK_BYTES });
        assert_eq!((lying.beyond(1, 4), lying.beyond(9, 9), lying.beyond(0, 1)), (0, 0, 20_480));
    }

    #[test]
    fn there_are_no_more_folders_than_files_and_only_so_many() {
        assert_eq!(of_files(0, 0), 0);
        assert_eq!(of_files(1, 5), 7 * BLOCK_BYTES);
        assert_eq!(of_new_file(BLOCK_BYTES + 1), 4 * BLOCK_BYTES);
        let all = (INNER_FOLDERS + OUTER_FOLDERS) * BLOCK_BYTES;
        assert_eq!(of_files(1 << 40, 1), all + BLOCK_BYTES);
    }
}
