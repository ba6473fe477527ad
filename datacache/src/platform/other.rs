//! Systems where the user's own folders are private by inheritance, as on Windows.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::FileId;

/// Makes a folder and those above it; one that exists stays as it is.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes a file; it must not exist.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// Opens a file of locks; it is made if it does not exist.
pub(crate) fn open_lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

/// The memory that this process has in use: nothing tells it to safe code.
pub(crate) fn resident_bytes() -> Option<u64> {
    None
}

/// A file that is open cannot be replaced, so nobody needs to tell.
pub(crate) fn file_id(_path: &Path) -> FileId {
    None
}
