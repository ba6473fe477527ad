//! Numbers: how the cache has done, in all processes and over restarts.
//!
//! # What it owns
//! The tables `numbers` and `number_groups`: sums by provider and data type, for each hour of the
//! last two days, each day of the last month, and all time before. They are only ever added to, so
//! that any number of processes write them together. What each means is said in [`Counts`].
//!
//! # Counting does not write
//! What happens is counted in memory, under a lock that is held for the counting only. A task adds
//! what has gathered to the database every [`INTERVAL`], in one transaction, as long as anything is
//! counted; closing the cache does so too. What cannot be written, or would make a log longer that a reader
//! keeps, is kept and tried again.
//!
//! # What survives a crash
//! Everything but what this process has counted since the last writing.

mod counts;
mod gathered;
mod latencies;
mod period;
mod report;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::db::Db;
use crate::error::{ErrorKind, Result};
use crate::name::{DataType, Provider};
pub use counts::Counts;
pub(crate) use counts::{Answered, Outcome, Way};
use gathered::Gathered;
pub use latencies::Latencies;
use period::Period;
pub use report::{GroupCounts, Numbers};

/// So long numbers gather before they are written.
const INTERVAL: Duration = Duration::from_secs(5);

/// So long who closes the cache or reads the numbers waits for this process's own to be written.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

/// So many numbers are rolled up in one transaction.
const ROLL_UP_AT_ONCE: i64 = 1_000;

/// Counts for one cache handle; clones share it.
#[derive(Clone)]
pub(crate) struct Tally(Arc<Shared>);

struct Shared {
    db: Db,
    clock: Clock,
    state: Mutex<State>,
    /// Held by the writer at work.
    writing: tokio::sync::Mutex<()>,
}

/// Whether numbers are in the database.
enum Added {
    Yes,
    /// A reader keeps the log, and it has no room left.
    Later,
}

#[derive(Default)]
struct State {
    gathered: Gathered,
    /// Writes what has gathered, later; it ends when that is nothing.
    writer: Option<JoinHandle<()>>,
}

impl Tally {
    pub(crate) fn new(db: Db, clock: Clock) -> Self {
        let (state, writing) = (Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Shared { db, clock, state, writing }))
    }

    /// Counts something about a provider and a data type.
    pub(crate) fn count(
        &self,
        provider: &Provider,
        data_type: &DataType,
        count: impl FnOnce(&mut Counts),
    ) {
        let mut state = self.0.state();
        state.gathered.count(provider, data_type, count);
        // A writer also ends, without saying so, with the runtime it was spawned on.
        if state.writer.as_ref().is_none_or(JoinHandle::is_finished) {
            let writer = || write_from_time_to_time(Arc::downgrade(&self.0));
            state.writer = Handle::try_current().ok().map(|runtime| runtime.spawn(writer()));
        }
    }

    /// Waits until everything counted so far is written, but not for long: another process may be
    /// writing.
    pub(crate) async fn flush(&self) {
        let shared = Arc::clone(&self.0);
        // It goes on when nobody waits for it any more.
        let writing = tokio::spawn(async move { shared.write().await });
        let _ = tokio::time::timeout(FLUSH_PATIENCE, writing).await;
    }

    /// The sums of all time, or of the hours and days that reach into the last `period`.
    pub(crate) async fn read(&self, period: Option<Duration>) -> Result<Numbers> {
        const OPERATION: &str = "read numbers";
        let now = self.0.clock.now();
        let since = period.map(|period| period::earliest(now, period));
        let mut connection = self.0.db.read(OPERATION).await?;
        let sums = sql::sums(&mut connection, since).await;
        let sums = sums.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        Ok(report::of_sums(since, sums))
    }

    /// Rolls up numbers that need no longer be told apart by the hour or the day; returns how many,
    /// 0 when nothing is left to do. It takes one short transaction.
    pub(crate) async fn roll_up(&self) -> Result<u64> {
        let mut tx = self.0.db.write("roll up numbers").await?;
        let mut rolled_up = 0;
        for step in Period::steps(self.0.clock.now()) {
            let done = sql::roll_up(&mut tx, step, ROLL_UP_AT_ONCE).await;
            rolled_up += done.map_err(|source| tx.error(source))?;
        }
        tx.commit().await?;
        Ok(rolled_up)
    }
}

impl Shared {
    /// Writes what has gathered; says whether there was anything.
    async fn write(&self) -> bool {
        let _turn = self.writing.lock().await;
        let gathered = mem::take(&mut self.state().gathered);
        if gathered.is_empty() {
            return false;
        }
        match self.add(&gathered).await {
            Ok(Added::Yes) => {}
            Ok(Added::Later) => {
                tracing::debug!("numbers are written later: the log has no room");
                self.state().gathered.add(&gathered);
            }
            // Nobody can write them any more.
            Err(error) if error.kind() == ErrorKind::Closed => return false,
            Err(error) => {
                tracing::debug!(%error, "numbers are written later");
                self.state().gathered.add(&gathered);
            }
        }
        true
    }

    async fn add(&self, gathered: &Gathered) -> Result<Added> {
        self.db.keep_log_short().await;
        if self.db.is_log_full() {
            return Ok(Added::Later);
        }
        let mut tx = self.db.write("write numbers").await?;
        let added = sql::add(&mut tx, gathered, self.clock.now()).await;
        added.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(Added::Yes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps nothing alive: when the last handle has gone, what it counted last goes with it.
async fn write_from_time_to_time(shared: Weak<Shared>) {
    loop {
        #[expect(clippy::disallowed_methods, reason = "how much a crash loses is real time")]
        tokio::time::sleep(INTERVAL).await;
        let Some(shared) = shared.upgrade() else { return };
        if !shared.write().await && shared.let_writer_end() {
            return;
        }
    }
}

impl Shared {
    /// Whether nothing has been counted meanwhile; then the next one who counts begins a new
    /// writer.
    fn let_writer_end(&self) -> bool {
        let mut state = self.state();
        let may_end = state.gathered.is_empty();
        if may_end {
            state.writer = None;
        }
        may_end
    }
}
