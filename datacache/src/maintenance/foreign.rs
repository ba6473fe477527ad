//! What lies in the cache folder and is not the cache's. It is told, and left to whoever put it
//! there.
//!
//! Below `blobs/v1` the store looks itself. What lies in `blobs/tmp` is the cache's in any case,
//! and goes as what a dead process has left; in `locks` nobody looks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::db;
use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "verify";

/// What is the cache's in its folder, beside databases.
const FOLDERS: [&str; 2] = ["blobs", "locks"];

/// What is the cache's among the files of bodies.
const LAYOUTS: [&str; 2] = ["v1", "tmp"];

/// What is foreign in the cache folder `dir`, and in its folder of files, in alphabetical order.
pub(super) async fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let root = dir.to_owned();
    let listed = tokio::task::spawn_blocking(move || {
        let is_ours = |name: &str| FOLDERS.contains(&name) || is_database(name);
        let mut foreign = list(&root, is_ours)?;
        foreign.extend(list(&root.join("blobs"), |name| LAYOUTS.contains(&name))?);
        foreign.sort();
        Ok(foreign)
    });
    let listed = listed.await.map_err(|join| {
        let reason = "the thread that does the file work failed";
        Error::new(ErrorKind::Internal, OPERATION, dir.display(), reason).with_source(join)
    })?;
    listed.map_err(|source| Error::io(OPERATION, dir, source))
}

/// The database, one that was moved aside or is about to take its place, and what lies beside them.
fn is_database(name: &str) -> bool {
    let (stem, suffix) = db::FILE_NAME.split_once('.').unwrap_or_default();
    let rest = name.strip_prefix(stem).and_then(|rest| rest.split_once('.'));
    rest.is_some_and(|(infix, rest)| {
        (infix.is_empty() || infix.starts_with('-')) && rest.starts_with(suffix)
    })
}

fn list(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut foreign = Vec::new();
    let entries = match fs::read_dir(folder) {
        // Nothing has needed a file yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(foreign),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(&is_ours) {
            foreign.push(path);
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_lies_beside_the_caches_own_is_listed_and_what_is_not_there_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(files(dir.path()).await.unwrap(), [] as [PathBuf; 0]);
        for folder in ["blobs/v1", "blobs/tmp", "blobs/v2", "locks", "more"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let expected = ["blobs/v2", "more"].map(|name| dir.path().join(name));
        assert_eq!(files(dir.path()).await.unwrap(), expected);
    }

    #[test]
    fn databases_are_told_from_what_is_only_called_alike() {
        for (name, expected) in [
            ("datacache.sqlite", true),
            ("datacache.sqlite-wal", true),
            ("datacache-new.sqlite", true),
            ("datacache-damaged-1700000000000.sqlite-shm", true),
            ("datacache.toml", false),
            ("datacaches.sqlite", false),
            ("notes.txt", false),
        ] {
            assert_eq!(is_database(name), expected, "{name}");
        }
    }
}
