//! Systems where the user's own folders are private by inheritance, as on Windows.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::FileExt as _;
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

/// Opens a file that is there, to be read and written by many.
pub(crate) fn open_shared_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// A file that is open cannot be replaced, so nobody needs to tell.
pub(crate) fn open_file_id(_file: &File) -> FileId {
    None
}

/// A file that is open keeps its name.
pub(crate) fn is_removed(_file: &File) -> bool {
    false
}

/// Reads so many bytes from there on, wherever others read.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    whole(file.seek_read(bytes, offset)?, bytes.len())
}

/// Writes the bytes there, wherever others write.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    whole(file.seek_write(bytes, offset)?, bytes.len())
}

fn whole(done: usize, wanted: usize) -> io::Result<()> {
    if done == wanted { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
