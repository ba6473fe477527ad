//! Unix: a new file gets what the umask allows; one in place of another, its permissions.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// A temporary file in `folder`, to be renamed to `target`.
pub(crate) fn new_temp_file(folder: &Path, target: &Path) -> io::Result<NamedTempFile> {
    let usual = Permissions::from_mode(0o666);
    let temp = tempfile::Builder::new().permissions(usual).tempfile_in(folder)?;
    if let Ok(existing) = fs::metadata(target) {
        temp.as_file().set_permissions(existing.permissions())?;
    }
    Ok(temp)
}
