//! Unix: folders 0700, files 0600, and files that are replaced while they are open.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::FileId;

/// Makes a folder, and those above it, for its owner only; one that exists stays as it is.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a file for its owner only; it must not exist.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file of locks; it is made for its owner only if it does not exist.
pub(crate) fn open_lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

/// What tells the file at `path` from any that was or will be there; `None` where there is none.
pub(crate) fn file_id(path: &Path) -> FileId {
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}
