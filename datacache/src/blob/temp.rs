//! Temporary files: written, synced, then renamed or removed; and folders.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use tempfile::{TempDir, TempPath};
use uuid::Uuid;

use super::{Shared, path};
use crate::checksum::Checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::{platform, session};

const SUFFIX: &str = ".part";

/// A complete file that has no final name yet; dropping it removes it.
#[derive(Debug)]
pub(crate) struct Staged {
    temp: TempPath,
    checksum: Checksum,
    target: PathBuf,
}

impl Staged {
    /// Gives the file its final name. The caller holds the write lock.
    ///
    /// A file of the same content that is there already is replaced rather than trusted: it may be
    /// damaged, and replacing it mends it.
    pub(crate) async fn publish(self) -> Result<()> {
        let done = tokio::task::spawn_blocking(move || self.publish_blocking()).await;
        done.unwrap_or_else(|join| {
            let reason = "the thread that does the file work failed";
            Err(Error::new(ErrorKind::Internal, "store", "blobs", reason).with_source(join))
        })
    }

    fn publish_blocking(self) -> Result<()> {
        let Self { temp, checksum, target } = self;
        let failed = |source| Error::io("store", &target, source);
        if let Some(folder) = target.parent() {
            platform::create_private_dir(folder).map_err(failed)?;
        }
        let Err(refused) = temp.persist(&target) else { return Ok(()) };
        if target.is_dir() {
            // A rename replaces files only.
            super::remove(&target).map_err(failed)?;
            return refused.path.persist(&target).map_err(|refused| failed(refused.error));
        }
        // Windows does not replace a file that somebody is reading. It is the same content.
        let intact = fs::read(&target).is_ok_and(|data| Checksum::of(&data) == checksum);
        if intact { Ok(()) } else { Err(failed(refused.error)) }
    }
}

/// Writes and syncs a temporary file of this session. Blocking.
pub(super) fn stage(
    shared: &Shared,
    session: Uuid,
    data: &[u8],
    checksum: Checksum,
) -> io::Result<Staged> {
    let path = next_path(shared, session)?;
    let mut file = platform::create_private_file(&path)?;
    let temp = TempPath::try_from_path(path)?;
    file.write_all(data)?;
    file.sync_all()?;
    Ok(Staged { temp, checksum, target: path::of(&shared.root, checksum) })
}

/// The bytes of all temporary files, and of those in temporary folders. Blocking.
pub(super) fn size_bytes(root: &Path) -> io::Result<u64> {
    let mut total = 0;
    for file in files_in(&path::temp_dir(root))? {
        // One that cannot be looked at has just been renamed or removed.
        let Ok(about) = file.metadata() else { continue };
        total += if about.is_dir() {
            let inner = files_in(&file.path())?;
            inner.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
        } else {
            about.len()
        };
    }
    Ok(total)
}

/// What is in a folder; nothing where there is none.
fn files_in(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(files) => Ok(files.filter_map(io::Result::ok).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Makes a temporary folder of this session. Blocking.
pub(super) fn scratch(shared: &Shared, session: Uuid) -> io::Result<TempDir> {
    let path = next_path(shared, session)?;
    let (folder, name) = (path.parent().unwrap_or(&shared.root), path.file_name());
    let name = name.unwrap_or_default();
    tempfile::Builder::new().prefix(name).rand_bytes(0).tempdir_in(folder)
}

/// A path that nothing has yet, in the folder for what is temporary.
fn next_path(shared: &Shared, session: Uuid) -> io::Result<PathBuf> {
    let dir = path::temp_dir(&shared.root);
    platform::create_private_dir(&dir)?;
    let number = shared.next_temp.fetch_add(1, Ordering::Relaxed);
    Ok(dir.join(format!("{}-{number}{SUFFIX}", session.simple())))
}

/// Removes the temporary files of dead sessions, then their lock files. Blocking.
pub(super) fn sweep(root: &Path, locks: &Path) -> io::Result<()> {
    for path in leftovers(root, locks)? {
        // Another process may be sweeping too.
        let _ = super::remove(&path);
    }
    session::sweep(locks)
}

/// The temporary files of dead sessions, and what else lies among them. Blocking.
pub(super) fn leftovers(root: &Path, locks: &Path) -> io::Result<Vec<PathBuf>> {
    let mut leftovers = Vec::new();
    let files = match fs::read_dir(path::temp_dir(root)) {
        Ok(files) => Some(files),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    for file in files.into_iter().flatten() {
        let path = file?.path();
        let alive = match session_of(&path) {
            Some(session) => session::is_alive(locks, session)?,
            None => false,
        };
        if !alive {
            leftovers.push(path);
        }
    }
    Ok(leftovers)
}

fn session_of(path: &Path) -> Option<Uuid> {
    let name = path.file_name().and_then(OsStr::to_str)?;
    let (session, _) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    Uuid::try_parse(session).ok()
}
