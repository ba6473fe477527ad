//! Maintenance: the cache looks after itself.
//!
//! # What it owns
//! The tasks that nobody waits for, and their order: what is too old goes, then what there is no
//! room for, then what belongs to nothing any more; the database becomes as small as it can be, and
//! its log is cut back. And what somebody may want to know: whether all is sound ([`verify`]).
//!
//! # Locking
//! One process at a time, under the advisory lock `locks/maintain.lock`; whoever finds it held
//! leaves the work to its holder. A task is done in steps, each of so many rows, folders, pages or
//! entries, and holds the database's write lock for one step at most; others write between two.
//! Each task has its time, looked at after each step, and goes on with the next run where it
//! stopped. What is one step however much there is, only reads ([`Task::Leftovers`], but for the few
//! files that a dead process had in hand, and unless a number is wrong), or is bounded otherwise ([`Task::Optimize`], [`Task::Checkpoint`]).
//!
//! # What survives a crash
//! Every step that was committed. The system frees the lock.

mod finding;
mod foreign;
mod orphans;
mod report;
mod tasks;
mod verify;

use std::time::Duration;

use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{self, FileLock};
use crate::store::STRAY_BYTES;
pub use finding::{Finding, FindingCount, FindingKind, FindingState, Verification};
pub use report::{Maintained, MaintenanceReport, Task, TaskEnd, TaskReport};
pub use verify::{Repair, Verify, VerifyProgress};

const OPERATION: &str = "maintain";

/// How often a worker looks after the cache.
const PERIOD: Duration = Duration::from_mins(15);

/// When it was done last, in milliseconds: a number of the store.
const DONE_AT: &str = "maintained_at";

/// How much the maintenance may do at a time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Maintenance {
    /// How long each task may take, give or take a step: another is begun only before that has
    /// passed. Default 5 s.
    pub patience: Duration,
}

impl Default for Maintenance {
    fn default() -> Self {
        Self { patience: Duration::from_secs(5) }
    }
}

impl Cache {
    /// Looks after the cache, unless another process is about it; tells what each task did. Workers
    /// do so every quarter of an hour, unless they only drain the queue.
    ///
    /// # Errors
    /// Those of the lock file. A task that fails keeps no other from being done, and is told in the
    /// report.
    ///
    /// # Cancel safety
    /// Dropping the future ends it after the step that has begun.
    pub async fn maintain(&self, maintenance: Maintenance) -> Result<Maintained> {
        let Some(_lock) = self.maintenance_lock().await? else {
            return Ok(Maintained::Elsewhere);
        };
        let mut report = MaintenanceReport::default();
        for task in Task::ALL {
            let done = tasks::run(self, task, maintenance.patience).await;
            tracing::debug!(?task, ?done, "looked after the cache");
            report.tasks.push(done);
        }
        report.kept_aside = self.0.db.kept_aside().await;
        self.0.store.note(DONE_AT, self.0.clock.now().as_millis()).await?;
        Ok(Maintained::Done(report))
    }

    /// The same where it was last done long ago, or nobody knows what is there that no entry names, for a
    /// worker.
    pub(crate) async fn maintain_if_due(&self) -> Result<()> {
        let done_at = self.0.store.noted(DONE_AT).await?.map(Timestamp::from_millis);
        let now = self.0.clock.now();
        // A moment in the future was noted before the clock was set back.
        let is_recent = |at: Timestamp| at <= now && now.since(at) < PERIOD;
        let is_counted = self.0.store.noted(STRAY_BYTES).await?.is_some();
        if done_at.is_some_and(is_recent) && is_counted {
            return Ok(());
        }
        self.maintain(Maintenance::default()).await.map(drop)
    }

    async fn maintenance_lock(&self) -> Result<Option<FileLock>> {
        let path = self.dir().join("locks").join("maintain.lock");
        let failed = {
            let path = path.clone();
            move |source| Error::io(OPERATION, &path, source)
        };
        let locked = tokio::task::spawn_blocking(move || lock::try_acquire(&path)).await;
        let locked = locked.map_err(|join| {
            let reason = "the thread that does the file work failed";
            Error::new(ErrorKind::Internal, OPERATION, "lock", reason).with_source(join)
        })?;
        locked.map_err(failed)
    }
}

#[cfg(test)]
mod tests;
