//! Advisory file locks between processes.
//!
//! The operating system releases them when their holder dies, however it dies.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs4::{FileExt, TryLockError};

use crate::error::{Error, ErrorKind, Result};
use crate::platform;

/// How long a lock is waited for, in steps of [`STEP`].
const PATIENCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(5);

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub(crate) struct FileLock(#[expect(dead_code, reason = "holding it open is its use")] File);

/// Whether others may hold a lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    Alone,
    /// With all who share it, too.
    Shared,
}

/// Waits for the lock on `path`, up to 30 s.
pub(crate) async fn acquire(path: PathBuf, operation: &'static str) -> Result<FileLock> {
    acquire_as(Sharing::Alone, path, operation).await
}

/// The same for a lock that others may share.
pub(crate) async fn acquire_as(
    sharing: Sharing,
    path: PathBuf,
    operation: &'static str,
) -> Result<FileLock> {
    let waiting = move || acquire_blocking(sharing, &path, operation);
    let waited = tokio::task::spawn_blocking(waiting).await;
    waited.unwrap_or_else(|join| {
        Err(Error::new(ErrorKind::Internal, operation, "lock", "the waiting thread failed")
            .with_source(join))
    })
}

fn acquire_blocking(sharing: Sharing, path: &Path, operation: &'static str) -> Result<FileLock> {
    let failed = |source| Error::io(operation, path, source);
    let mut waited = Duration::ZERO;
    loop {
        if let Some(lock) = try_acquire_as(sharing, path).map_err(failed)? {
            return Ok(lock);
        }
        if waited >= PATIENCE {
            let reason = "another process has held this lock for 30 s";
            return Err(Error::new(ErrorKind::Busy, operation, path.display(), reason));
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the system's own waiting for file locks cannot be bounded"
        )]
        std::thread::sleep(STEP);
        waited += STEP;
    }
}

/// The lock on `path`, made if it does not exist; `None` when somebody else holds it.
pub(crate) fn try_acquire(path: &Path) -> io::Result<Option<FileLock>> {
    try_acquire_as(Sharing::Alone, path)
}

/// The same for a lock that others may share; `None` when somebody holds it who does not.
pub(crate) fn try_acquire_as(sharing: Sharing, path: &Path) -> io::Result<Option<FileLock>> {
    try_lock_as(sharing, platform::open_lock_file(path)?)
}

/// Locks an open file; `None` when somebody else holds its lock.
pub(crate) fn try_lock(file: File) -> io::Result<Option<FileLock>> {
    try_lock_as(Sharing::Alone, file)
}

fn try_lock_as(sharing: Sharing, file: File) -> io::Result<Option<FileLock>> {
    let locked = match sharing {
        Sharing::Alone => FileExt::try_lock(&file),
        Sharing::Shared => FileExt::try_lock_shared(&file),
    };
    match locked {
        Ok(()) => Ok(Some(FileLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_holder_and_ends_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let held = try_acquire(&path).unwrap();
        assert!(held.is_some());
        assert!(try_acquire(&path).unwrap().is_none());
        drop(held);
        assert!(try_acquire(&path).unwrap().is_some());
    }

    #[test]
    fn who_shares_a_lock_keeps_out_those_who_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let share = || try_acquire_as(Sharing::Shared, &path).unwrap();
        let (one, other) = (share(), share());
        assert!(one.is_some() && other.is_some());
        drop(one);
        assert!(try_acquire(&path).unwrap().is_none());
        drop(other);
        let alone = try_acquire(&path).unwrap();
        assert!(alone.is_some() && share().is_none());
    }

    #[test]
    fn waiting_ends_when_the_holder_does() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let held = try_acquire(&path).unwrap().unwrap();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| acquire_blocking(Sharing::Alone, &path, "test").map(drop));
            drop(held);
            waiter.join().unwrap().unwrap();
        });
    }
}
