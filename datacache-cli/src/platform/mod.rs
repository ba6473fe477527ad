//! What differs between operating systems: permissions of files, and how a program is told to stop.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{StopSignals, new_temp_file};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{StopSignals, new_temp_file};

use std::ffi::OsString;
use std::path::Path;

/// What the name of a temporary file ends with.
const SUFFIX: &str = ".part";

/// No file has a longer name on most systems; so many bytes of it are left for what is added.
const MAX_NAME_BYTES: usize = 255 - 16;

/// What the name of a temporary file for `target` begins with, `.NAME.`, so that who finds one that
/// was left behind knows of what it is a part; a name that is too long is left out.
fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    if let Some(name) = target.file_name().filter(|name| name.len() <= MAX_NAME_BYTES) {
        prefix.push(name);
        prefix.push(".");
    }
    prefix
}
