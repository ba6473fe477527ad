//! The tasks, each in steps.

use std::time::Duration;

use super::orphans;
use super::report::{Task, TaskEnd, TaskReport};
use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::store::Gone;

/// Requests that were given up are kept for so long, with the reason.
const DEAD_KEPT: Duration = Duration::from_hours(7 * 24);

/// So many unused pages are given back in one step.
const COMPACT_PAGES: u64 = 256;

/// So many unused pages stay, for what is stored next.
const SPARE_PAGES: u64 = 64;

/// What a step found.
pub(super) enum Step {
    /// Something to do, which is done; there may be more.
    Did(Gone),
    /// Nothing, or nothing more.
    Last(Gone),
    /// Something that cannot be done now.
    Prevented,
}

impl Step {
    fn of(gone: Gone) -> Self {
        if gone.count == 0 && gone.size_bytes == 0 { Self::Last(gone) } else { Self::Did(gone) }
    }

    fn once(count: u64) -> Self {
        Self::Last(Gone { count, size_bytes: 0 })
    }
}

/// Does a task, step by step until there is nothing left to do or its time is over.
pub(super) async fn run(cache: &Cache, task: Task, patience: Duration) -> TaskReport {
    let started_at = cache.0.clock.now();
    let mut gone = Gone::default();
    let end = loop {
        let step = step(cache, task, started_at).await;
        let done = match &step {
            Ok(Step::Did(done) | Step::Last(done)) => *done,
            Ok(Step::Prevented) | Err(_) => Gone::default(),
        };
        gone.count += done.count;
        gone.size_bytes += done.size_bytes;
        let is_over = cache.0.clock.now().since(started_at) >= patience;
        match step {
            Ok(Step::Last(_)) => break TaskEnd::Done,
            Ok(Step::Prevented) => break TaskEnd::MoreLeft,
            Ok(Step::Did(_)) if is_over => break TaskEnd::MoreLeft,
            Ok(Step::Did(_)) => {}
            Err(error) => break TaskEnd::Failed { error },
        }
    };
    let took_ms = cache.0.clock.now().since(started_at).as_millis();
    TaskReport {
        task,
        removed: gone.count,
        size_bytes: gone.size_bytes,
        took_ms: u64::try_from(took_ms).unwrap_or(u64::MAX),
        end,
    }
}

async fn step(cache: &Cache, task: Task, now: Timestamp) -> Result<Step> {
    let ago = |time: Duration| now.checked_sub(time).unwrap_or(Timestamp::MIN);
    Ok(match task {
        Task::Expire => Step::of(cache.0.store.expire(ago(cache.0.max_stale), now).await?),
        Task::Evict => Step::of(Gone { count: cache.0.store.tidy().await?, size_bytes: 0 }),
        Task::LostEntries => orphans::rows(cache).await?,
        Task::OrphanFiles => orphans::files(cache).await?,
        Task::Leftovers => orphans::leftovers(cache).await?,
        Task::DeadRequests => {
            let count = cache.0.queue.forget_dead(ago(DEAD_KEPT)).await?;
            Step::of(Gone { count, size_bytes: 0 })
        }
        Task::Picks => {
            let count = cache.0.store.forget_picks().await?;
            Step::of(Gone { count, size_bytes: 0 })
        }
        Task::Numbers => {
            let count = cache.0.tally.roll_up().await?;
            Step::of(Gone { count, size_bytes: 0 })
        }
        Task::Compact => {
            let size_bytes = cache.0.db.compact(COMPACT_PAGES, SPARE_PAGES).await?;
            Step::of(Gone { count: 0, size_bytes })
        }
        Task::Optimize => {
            cache.0.db.optimize().await?;
            Step::once(0)
        }
        Task::Checkpoint if cache.0.db.checkpoint().await? => Step::once(0),
        Task::Checkpoint => Step::Prevented,
    })
}
