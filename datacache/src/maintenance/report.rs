//! What the maintenance did.

use serde::{Serialize, Serializer};

use crate::db::KeptAside;
use crate::error::Error;

/// What became of a call to [`maintain`](crate::Cache::maintain).
#[derive(Clone, Debug)]
pub enum Maintained {
    /// It was done here.
    Done(MaintenanceReport),
    /// Another process is about it.
    Elsewhere,
}

/// What each task did, in the order in which they were done.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct MaintenanceReport {
    /// One for each task.
    pub tasks: Vec<TaskReport>,
    /// Databases that were damaged and moved aside: they take room until you remove them.
    pub kept_aside: Vec<KeptAside>,
}

/// One thing that the maintenance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Task {
    /// Removes entries that are past their time by more than `cache.max_stale`, and absences that
    /// are past theirs.
    Expire,
    /// Makes room for the next entries, if little is left; 512 entries at most in one step.
    Evict,
    /// Drops entries whose files are gone, and queues them to be fetched again.
    LostEntries,
    /// Removes files that no entry names, and folders that nothing lies in.
    OrphanFiles,
    /// Removes what dead processes have left half-written, and counts anew where numbers are wrong.
    /// It is done in one step, which lists one folder and reads the sizes of all entries.
    Leftovers,
    /// Removes requests that were given up a week ago.
    DeadRequests,
    /// Forgets which image was picked last of those that are all gone.
    Picks,
    /// Adds up what was counted long ago: hours to days, days to one sum.
    Numbers,
    /// Gives unused pages of the database back.
    Compact,
    /// Has SQLite look anew at what is in the database, by which it chooses among indices. It is
    /// done in one step, which reads some hundred rows by each index.
    Optimize,
    /// Copies the write-ahead log back into the database and cuts it to nothing, in one step.
    Checkpoint,
}

impl Task {
    /// In the order in which they are done.
    pub(super) const ALL: [Self; 11] = [
        Self::Expire,
        Self::Evict,
        Self::LostEntries,
        // Where processes are found to have died, orphans are looked for from the beginning.
        Self::Leftovers,
        Self::OrphanFiles,
        Self::DeadRequests,
        Self::Picks,
        Self::Numbers,
        Self::Compact,
        Self::Optimize,
        Self::Checkpoint,
    ];
}

/// What one task did.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TaskReport {
    /// Which.
    pub task: Task,
    /// How many entries, requests or the like it removed.
    pub removed: u64,
    /// How many bytes it removed or gave back, as far as that is known; of files that no entry names,
    /// what they took on disk.
    pub size_bytes: u64,
    /// How long it took.
    pub took_ms: u64,
    /// How it ended.
    #[serde(flatten)]
    pub end: TaskEnd,
}

/// How a task ended.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "end", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskEnd {
    /// There is nothing left to do.
    Done,
    /// Its time was over; the next run goes on. For the checkpoint: somebody was in the way.
    MoreLeft,
    /// It failed; what it had done before stands.
    Failed {
        /// Why.
        #[serde(serialize_with = "as_text")]
        error: Error,
    },
}

fn as_text<S: Serializer>(error: &Error, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}
