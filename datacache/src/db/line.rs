//! The line of writers: they take turns, in memory within a process, at a lock file between processes.
//!
//! SQLite lets one write at a time. Who finds somebody at it looks again after pauses that grow to a
//! tenth of a second, and may never come to it where others hardly pause. So a writer asks for
//! `locks/write.lock` before, every millisecond, which anybody gets soon. Who has waited for [`LONG`]
//! shares `locks/overdue.lock` then; while anybody does, the others ask more rarely, but they do: he may
//! have been stopped. All this is a courtesy, not what keeps writers apart: where there can be no such
//! files they do without, and so do other programs.
//!
//! # What survives a crash
//! Nothing: the system gives the lock back when its holder dies.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep, timeout};

use super::{BUSY_TIMEOUT, Db, Use};
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{self, FileLock, Sharing};

const FILE_NAME: &str = "write.lock";
const OVERDUE: &str = "overdue.lock";

/// So often a writer asks whether the others have finished.
const STEP: Duration = Duration::from_millis(1);

/// Who has waited for so long goes before those who have not.
const LONG: Duration = Duration::from_millis(20);

/// Of so many steps the others ask in the last only.
const STEPS_HELD_BACK: u32 = 5;

/// Where writers wait.
pub(super) struct Line {
    in_process: Arc<Mutex<()>>,
    path: PathBuf,
    overdue: PathBuf,
}

/// A writer's turn among those of its process, which ends when it is dropped.
pub(super) struct Turn {
    line: Arc<Line>,
    _in_process: OwnedMutexGuard<()>,
    among_all: Option<FileLock>,
}

impl Line {
    pub(super) fn new(locks: &Path) -> Self {
        let (path, overdue) = (locks.join(FILE_NAME), locks.join(OVERDUE));
        Self { in_process: Arc::default(), path, overdue }
    }

    /// The lock of who writes; `None` where there can be none.
    async fn lock(&self) -> Option<FileLock> {
        let began = Instant::now();
        let mut overdue = None;
        for step in 1_u32.. {
            if overdue.is_none() && began.elapsed() >= LONG {
                overdue = lock::try_acquire_as(Sharing::Shared, &self.overdue).ok().flatten();
            }
            let is_due = overdue.is_some() || step.is_multiple_of(STEPS_HELD_BACK);
            let asks = is_due || !self.is_somebody_overdue();
            match if asks { lock::try_acquire(&self.path) } else { Ok(None) } {
                Ok(Some(lock)) => return Some(lock),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, "writers of other processes are not waited for in line");
                    return None;
                }
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "nothing tells when a file lock is free"
            )]
            sleep(STEP).await;
        }
        None
    }

    /// That two look at the same moment costs one of them a step.
    fn is_somebody_overdue(&self) -> bool {
        matches!(lock::try_acquire(&self.overdue), Ok(None))
    }

    #[cfg(test)]
    pub(super) fn is_free(&self) -> bool {
        self.in_process.try_lock().is_ok()
    }
}

impl Db {
    /// Waits for the other writers of this process, up to 15 s.
    pub(super) async fn turn(&self, operation: &'static str) -> Result<Turn> {
        if let Some(error) = self.refusal(Use::Writing) {
            return Err(error);
        }
        let line = Arc::clone(&self.0.line);
        let locked = timeout(BUSY_TIMEOUT, Arc::clone(&line.in_process).lock_owned()).await;
        let in_process = locked.map_err(|_elapsed| {
            let reason = "other writers of this process wait for the database";
            Error::new(ErrorKind::Busy, operation, self.path().display(), reason)
        })?;
        Ok(Turn { line, _in_process: in_process, among_all: None })
    }
}

impl Turn {
    /// Waits for those of other processes too; says whether they let it through in time.
    pub(super) async fn among_all(&mut self, patience: Duration) -> bool {
        let Ok(lock) = timeout(patience, self.line.lock()).await else { return false };
        self.among_all = lock;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn db(dir: &Path) -> Db {
        Db::unopened(dir, dir, None, Clock::system()).unwrap()
    }

    #[tokio::test]
    async fn who_is_never_let_through_gives_up_and_leaves_the_line() {
        let dir = tempfile::tempdir().unwrap();
        let (db, other) = (db(dir.path()), db(dir.path()));
        let mut first = other.turn("test").await.unwrap();
        assert!(first.among_all(3 * STEP).await);
        assert!(!db.turn("test").await.unwrap().among_all(3 * STEP).await);
        drop(first);
        assert!(db.turn("test").await.unwrap().among_all(3 * STEP).await);
        assert!(other.turn("test").await.unwrap().among_all(3 * STEP).await);
    }

    #[tokio::test]
    async fn who_is_not_overdue_holds_back_a_little_though_he_who_is_may_have_been_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(dir.path());
        for sharing in [Sharing::Shared, Sharing::Alone] {
            let overdue = lock::try_acquire_as(sharing, &dir.path().join(OVERDUE)).unwrap();
            assert!(!db.turn("test").await.unwrap().among_all(2 * STEP).await, "{sharing:?}");
            assert!(db.turn("test").await.unwrap().among_all(10 * LONG).await, "{sharing:?}");
            drop(overdue);
            assert!(db.turn("test").await.unwrap().among_all(2 * STEP).await, "{sharing:?}");
        }
    }

    #[tokio::test]
    async fn where_no_lock_file_can_be_there_is_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(dir.path());
        std::fs::create_dir(dir.path().join(FILE_NAME)).unwrap();
        assert!(db.turn("test").await.unwrap().among_all(3 * STEP).await);
    }
}
