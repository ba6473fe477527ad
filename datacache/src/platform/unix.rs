//! Unix: folders 0700, files 0600, and files that are replaced while they are open.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt as _, MetadataExt, OpenOptionsExt};
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

/// Opens a file of locks; it is made for its owner only if it does not exist. A pipe that was put in its
/// place keeps nobody waiting for a reader.
pub(crate) fn open_lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    #[cfg(any(target_vendor = "apple", target_os = "linux"))]
    options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    options.open(path)
}

/// The memory that this process has in use, in bytes; `None` where the system tells it only to
/// callers of functions that are not safe.
pub(crate) fn resident_bytes() -> Option<u64> {
    // Linux has this file, others do not.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = size.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1_024)
}

/// What tells the file at `path` from any that was or will be there; `None` where there is none.
pub(crate) fn file_id(path: &Path) -> FileId {
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// Opens a file that is there, to be read and written by many.
pub(crate) fn open_shared_file(path: &Path) -> io::Result<File> {
    let open = |may_write| OpenOptions::new().read(true).write(may_write).open(path);
    match open(true) {
        Err(error) if is_read_only(error.kind()) => open(false),
        file => file,
    }
}

fn is_read_only(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// What tells an open file from others.
pub(crate) fn open_file_id(file: &File) -> FileId {
    file.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// Whether an open file has lost its last name.
pub(crate) fn is_removed(file: &File) -> bool {
    file.metadata().map_or(true, |file| file.nlink() == 0)
}

/// Reads so many bytes from there on, wherever others read.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(bytes, offset)
}

/// Writes the bytes there, wherever others write.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}
