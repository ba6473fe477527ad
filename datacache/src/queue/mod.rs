//! The queue: requests that are to be made later, by whichever process runs a worker.
//!
//! # What it owns
//! The table `pending_requests`: one row per key. All that is needed to make the request is in the
//! row; secrets never are. Queueing a key that is queued already only raises its priority.
//!
//! # What survives a crash
//! A queued request, once [`Queue::enqueue`] has returned.

mod job;
pub(crate) mod sql;

use crate::clock::Timestamp;
use crate::db::Db;
use crate::error::Result;
pub(crate) use job::{NewJob, Params};
pub use job::{Priority, QueueCounts};

/// A handle to the queue; clones share it.
#[derive(Clone)]
pub(crate) struct Queue {
    db: Db,
}

impl Queue {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Queues a request, or raises the priority of the one queued for its key.
    pub(crate) async fn enqueue(&self, job: &NewJob, now: Timestamp) -> Result<()> {
        let mut tx = self.db.write("enqueue").await?;
        let queued = sql::enqueue(&mut tx, job, now).await;
        queued.map_err(|source| tx.error(source))?;
        tx.commit().await
    }

    /// How many requests wait.
    pub(crate) async fn counts(&self) -> Result<QueueCounts> {
        const OPERATION: &str = "count queue";
        let mut connection = self.db.read(OPERATION).await?;
        let counts = sql::counts(&mut connection).await;
        let counts = counts.map_err(|source| connection.error(OPERATION, source))?;
        connection.close().await;
        Ok(counts)
    }
}

#[cfg(test)]
mod tests;
