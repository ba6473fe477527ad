//! What differs between operating systems: permissions of files, and how a program is told to stop.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{StopSignals, new_temp_file};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{StopSignals, new_temp_file};

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What the name of a temporary file ends with.
const SUFFIX: &str = ".part";

/// So many letters and digits stand between.
const RANDOM_LENGTH: usize = 6;

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

/// Whether `name` is that of a temporary file for `target`. Where that has a name that is left out, nobody
/// can tell.
pub(crate) fn is_part_of(target: &Path, name: &OsStr) -> bool {
    let prefix = prefix(target);
    let rest = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
    let random = rest.and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    let is_random = |random: &[u8]| {
        random.len() == RANDOM_LENGTH && random.iter().all(u8::is_ascii_alphanumeric)
    };
    prefix.len() > 1 && random.is_some_and(is_random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_told_by_its_name() {
        let of = |target: &str, name: &str| is_part_of(Path::new(target), OsStr::new(name));
        assert!(of("/x/cache.dca", ".cache.dca.aB3xyz.part"));
        for other in [
            ".cache.dca.aB3xyz.par",
            ".cache.dca.aB3xy.part",
            ".cache.dca.a.3xyz.part",
            "cache.dca.aB3xyz.part",
            ".cache.dca.1.aB3xyz.part",
            ".aB3xyz.part",
            "cache.dca",
        ] {
            assert!(!of("/x/cache.dca", other), "{other}");
        }
        assert!(!of(&"x".repeat(250), ".aB3xyz.part"));
    }

    #[test]
    fn a_temporary_file_has_such_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("cache.dca");
        let part = new_temp_file(folder.path(), &target).unwrap();
        assert!(is_part_of(&target, part.path().file_name().unwrap()));
    }
}
