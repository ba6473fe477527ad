//! Queueing requests, in the room that is made for them.
//!
//! They live in the database, so entries go for them as for other entries, but only for as many as
//! the queue's share of the cache has place for. What is beyond that is refused.

use std::ops::Range;
use std::sync::Arc;

use super::Inner;
use crate::clock::Timestamp;
use crate::db::{Connection, Db, WriteTransaction};
use crate::error::{Error, ErrorKind, Result};
use crate::queue::{Enqueued, NewJob, Queue};
use crate::store::Store;

pub(super) const OPERATION: &str = "enqueue";

/// How many requests one transaction queues at most, so that it holds the write lock only briefly.
const BATCH: usize = 1_000;

/// Queues `jobs`, some in each transaction.
///
/// # Errors
/// [`Full`](ErrorKind::Full) when not all of them find room in the queue; then none is queued,
/// unless others fill it up meanwhile.
///
/// # Cancel safety
/// Dropping the future while it waits for the lock leaves what is not queued yet. A transaction
/// that has begun runs to its end: files that are removed to make room must not outlive the lock.
pub(super) async fn enqueue(
    cache: &Inner,
    connection: Connection,
    jobs: Vec<NewJob>,
) -> Result<Enqueued> {
    if jobs.is_empty() {
        connection.close();
        return Ok(Enqueued::default());
    }
    let row_bytes = jobs.iter().map(NewJob::row_bytes).sum();
    cache.store.clear_the_way_of_requests(row_bytes).await?;
    let (jobs, mut done) = (Arc::<[NewJob]>::from(jobs), 0);
    let (mut total, mut connection) = (Enqueued::default(), Some(connection));
    while done < jobs.len() {
        let tx = match connection.take() {
            Some(connection) => cache.db.write_on(connection, OPERATION).await?,
            None => cache.db.write(OPERATION).await?,
        };
        let batch = done..done + batch_of(&jobs[done..], &cache.db);
        done = batch.end;
        let (store, now) = (cache.store.clone(), cache.clock.now());
        let queueing = enqueue_batch(tx, store, Arc::clone(&jobs), batch, now);
        let queued = cache.background.see_through(queueing).await;
        let enqueued = queued.unwrap_or_else(|| {
            let reason = "the task that queues requests failed";
            Err(Error::new(ErrorKind::Internal, OPERATION, &jobs[0].key, reason))
        })?;
        total.new += enqueued.new;
        total.raised += enqueued.raised;
        total.known += enqueued.known;
    }
    let Enqueued { new, raised, known, .. } = total;
    tracing::debug!(new, raised, known, "queued");
    Ok(total)
}

async fn enqueue_batch(
    mut tx: WriteTransaction,
    store: Store,
    jobs: Arc<[NewJob]>,
    batch: Range<usize>,
    now: Timestamp,
) -> Result<Enqueued> {
    make_room(&mut tx, &store, &jobs[batch.start..], &jobs[batch.clone()]).await?;
    let enqueued = Queue::enqueue_in(&mut tx, &jobs[batch], now).await?;
    tx.commit().await?;
    Ok(enqueued)
}

/// Makes room for a batch, if all that are left find some. The caller sees it to its end.
pub(super) async fn make_room(
    tx: &mut WriteTransaction,
    store: &Store,
    rest: &[NewJob],
    batch: &[NewJob],
) -> Result<()> {
    Queue::check_share(tx, rest, store.queue_bytes()).await?;
    let Some(first) = batch.first() else { return Ok(()) };
    let row_bytes = batch.iter().map(NewJob::row_bytes).sum();
    store.make_room_for_requests(tx, &first.key, row_bytes).await
}

/// How many of the requests are queued in one transaction: so many that the log does not become
/// much longer by it.
fn batch_of(jobs: &[NewJob], db: &Db) -> usize {
    let mut left = db.log_max_bytes() / 2;
    let fits = |job: &&NewJob| {
        let size_bytes = job.row_bytes();
        let is_left = left >= size_bytes;
        left = left.saturating_sub(size_bytes);
        is_left
    };
    jobs.iter().take(BATCH).take_while(fits).count().max(1)
}
