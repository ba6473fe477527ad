//! Sessions: which processes are alive.
//!
//! A session is a lock file `locks/<uuid>.session` that its process holds locked. When the process
//! dies, however it dies, the system frees the lock, and whoever looks next sees that the session
//! is dead. What a session leaves behind carries its id.
//!
//! A session becomes visible only once it is locked: its file is made and locked under another
//! name and then renamed, so nobody can take a session that is being born for a dead one.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::lock::{self, FileLock};

const ALIVE: &str = "session";
const UNBORN: &str = "unborn";

/// The proof that this process is alive; dropping it ends the session.
#[derive(Debug)]
pub(crate) struct Session {
    id: Uuid,
    path: PathBuf,
    _lock: FileLock,
}

impl Session {
    /// Begins a session. Blocking.
    pub(crate) fn begin(locks: &Path) -> io::Result<Self> {
        loop {
            let id = Uuid::new_v4();
            let unborn = path_of(locks, id, UNBORN);
            let path = path_of(locks, id, ALIVE);
            let Some(lock) = lock::try_acquire(&unborn)? else {
                continue; // A sweeper took it for a leftover.
            };
            match fs::rename(&unborn, &path) {
                Ok(()) => {
                    return Ok(Self { id, path, _lock: lock });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Left behind, the file is swept by the next process.
        let _ = fs::remove_file(&self.path);
    }
}

/// The session of one cache handle, begun when it is first needed: readers need none.
#[derive(Debug)]
pub(crate) struct OwnSession {
    locks: PathBuf,
    begun: OnceCell<Session>,
}

impl OwnSession {
    pub(crate) fn new(locks: PathBuf) -> Self {
        Self { locks, begun: OnceCell::new() }
    }

    /// The folder of lock files.
    pub(crate) fn locks(&self) -> &Path {
        &self.locks
    }

    /// The session's id.
    pub(crate) async fn id(&self) -> Result<Uuid> {
        let begin = || async {
            let locks = self.locks.clone();
            let begun = tokio::task::spawn_blocking(move || Session::begin(&locks)).await;
            let failed = |source| Error::io("begin session", &self.locks, source);
            begun.map_err(|join| failed(io::Error::other(join)))?.map_err(failed)
        };
        Ok(self.begun.get_or_try_init(begin).await?.id())
    }
}

/// Whether the process of session `id` is alive. Blocking.
pub(crate) fn is_alive(locks: &Path, id: Uuid) -> io::Result<bool> {
    match OpenOptions::new().write(true).open(path_of(locks, id, ALIVE)) {
        Ok(file) => Ok(lock::try_lock(file)?.is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the lock files of sessions whose process is dead. Blocking.
pub(crate) fn sweep(locks: &Path) -> io::Result<()> {
    for file in fs::read_dir(locks)? {
        let path = file?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some(ALIVE | UNBORN)) {
            continue;
        }
        // Another sweeper, or the end of the session itself, may be faster.
        let Ok(file) = OpenOptions::new().write(true).open(&path) else {
            continue;
        };
        if let Some(_dead) = lock::try_lock(file)? {
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

fn path_of(locks: &Path, id: Uuid, extension: &str) -> PathBuf {
    locks.join(id.simple().to_string()).with_extension(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_as_long_as_its_holder() {
        let locks = tempfile::tempdir().unwrap();
        let session = Session::begin(locks.path()).unwrap();
        let id = session.id();
        sweep(locks.path()).unwrap();
        assert!(is_alive(locks.path(), id).unwrap());
        drop(session);
        assert!(!is_alive(locks.path(), id).unwrap());
        assert_eq!(fs::read_dir(locks.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_crash_leaves_is_swept() {
        let locks = tempfile::tempdir().unwrap();
        let dead = Uuid::new_v4();
        for extension in [ALIVE, UNBORN] {
            fs::File::create(path_of(locks.path(), dead, extension)).unwrap();
        }
        fs::File::create(locks.path().join("migrate.lock")).unwrap();
        assert!(!is_alive(locks.path(), dead).unwrap());
        sweep(locks.path()).unwrap();
        assert_eq!(fs::read_dir(locks.path()).unwrap().count(), 1);
    }

    #[test]
    fn sessions_begin_while_others_sweep() {
        let locks = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let session = Session::begin(locks.path()).unwrap();
                        sweep(locks.path()).unwrap();
                        assert!(is_alive(locks.path(), session.id()).unwrap());
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(locks.path()).unwrap().count(), 0);
    }
}
