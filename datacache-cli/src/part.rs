//! Files on the way to their names: `.NAME.XXXXXX.part`, beside the file to be.
//!
//! Whoever writes one holds its lock, which ends with him, however he ends. So who comes next can tell
//! what nobody is at any more, and removes it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::platform;

/// A file in `folder`, to be renamed to `target`. What was left there for the same target is removed.
pub(crate) fn begin(folder: &Path, target: &Path) -> io::Result<NamedTempFile> {
    remove_left(folder, target);
    loop {
        let part = platform::new_temp_file(folder, target)?;
        // Where there are no locks, nobody finds it free either.
        let _ = part.as_file().try_lock();
        // Somebody may have found it before it was locked.
        if part.path().exists() {
            return Ok(part);
        }
    }
}

/// What cannot be removed is left.
fn remove_left(folder: &Path, target: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && platform::is_part_of(target, &entry.file_name()) {
            let path = entry.path();
            if let Some(_lock) = lock(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// The lock of a part that nobody is at.
fn lock(part: &Path) -> Option<File> {
    let file = OpenOptions::new().read(true).write(true).open(part).ok()?;
    file.try_lock().is_ok().then_some(file)
}
