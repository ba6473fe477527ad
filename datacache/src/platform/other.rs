//! Systems where the user's own folders are private by inheritance, as on Windows.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes a folder and those above it; one that exists stays as it is.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes a file; it must not exist.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// Files inherit the folder's access list, which is private already.
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail here")]
pub(crate) fn restrict_file(_path: &Path) -> io::Result<()> {
    Ok(())
}
