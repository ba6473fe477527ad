//! The tasks, each in steps.

use std::time::Duration;

use super::orphans;
use super::report::{Task, TaskEnd, TaskReport};
use crate::cache::Cache;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::store::{FOLDERS_SEEN, Gone};

/// Requests that were given up are kept for so long, with the reason.
const DEAD_KEPT: Duration = Duration::from_hours(7 * 24);

/// So many unused pages are given back in one step.
const COMPACT_PAGES: u64 = 256;

/// So many unused pages stay, for what is stored next.
const SPARE_PAGES: u64 = 64;

/// Up to which entry it has been looked: a number of the store.
const ROWS_SEEN: &str = "rows_seen";

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

/// Does a task, step by step until there is nothing left to do or its time is over. Where it is then is
/// noted once, for the next run.
pub(super) async fn run(cache: &Cache, task: Task, patience: Duration) -> TaskReport {
    let started_at = cache.0.clock.now();
    let mut gone = Gone::default();
    let mut place = Place::of(task);
    let mut end = match place.find(cache).await {
        Ok(()) => steps(cache, task, patience, &mut place, &mut gone).await,
        Err(error) => TaskEnd::Failed { error },
    };
    if let Err(error) = place.note(cache).await {
        end = TaskEnd::Failed { error };
    }
    let took_ms = cache.0.clock.now().since(started_at).as_millis();
    TaskReport {
        task,
        removed: gone.count,
        size_bytes: gone.size_bytes,
        took_ms: u64::try_from(took_ms).unwrap_or(u64::MAX),
        end,
    }
}

async fn steps(
    cache: &Cache,
    task: Task,
    patience: Duration,
    place: &mut Place,
    gone: &mut Gone,
) -> TaskEnd {
    let started_at = cache.0.clock.now();
    loop {
        let step = step(cache, task, started_at, place).await;
        if let Ok(Step::Did(done) | Step::Last(done)) = &step {
            *gone += *done;
        }
        let is_over = cache.0.clock.now().since(started_at) >= patience;
        match step {
            Ok(Step::Last(_)) => return TaskEnd::Done,
            Ok(Step::Prevented) => return TaskEnd::MoreLeft,
            Ok(Step::Did(_)) if is_over => return TaskEnd::MoreLeft,
            Ok(Step::Did(_)) => {}
            Err(error) => return TaskEnd::Failed { error },
        }
    }
}

/// Up to where a task has come that walks over rows or folders.
pub(super) struct Place {
    /// The number of the store under which it is noted; `None` for a task that walks over nothing.
    name: Option<&'static str>,
    noted: i64,
    pub(super) now: i64,
}

impl Place {
    fn of(task: Task) -> Self {
        let name = match task {
            Task::LostEntries => Some(ROWS_SEEN),
            Task::OrphanFiles => Some(FOLDERS_SEEN),
            _ => None,
        };
        Self { name, noted: 0, now: 0 }
    }

    async fn find(&mut self, cache: &Cache) -> Result<()> {
        if let Some(name) = self.name {
            self.noted = cache.0.store.noted(name).await?.unwrap_or(0);
            self.now = self.noted;
        }
        Ok(())
    }

    async fn note(&self, cache: &Cache) -> Result<()> {
        match self.name.filter(|_| self.now != self.noted) {
            Some(name) => cache.0.store.note(name, self.now).await,
            None => Ok(()),
        }
    }

    /// What a step comes to that has done so much, after which the next one begins at `next`.
    pub(super) fn step(&mut self, next: Option<i64>, done: Gone) -> Step {
        self.now = next.unwrap_or(0);
        if next.is_some() { Step::Did(done) } else { Step::Last(done) }
    }
}

async fn step(cache: &Cache, task: Task, now: Timestamp, place: &mut Place) -> Result<Step> {
    let ago = |time: Duration| now.checked_sub(time).unwrap_or(Timestamp::MIN);
    Ok(match task {
        Task::Expire => Step::of(cache.0.store.expire(ago(cache.0.max_stale), now).await?),
        Task::Evict => Step::of(cache.0.store.tidy().await?),
        Task::LostEntries => orphans::rows(cache, place).await?,
        Task::OrphanFiles => orphans::files(cache, place).await?,
        Task::Leftovers => orphans::leftovers(cache).await?,
        Task::DeadRequests => {
            let finishes = cache.0.queue.forget_finishes().await?;
            let count = cache.0.queue.forget_dead(ago(DEAD_KEPT)).await?;
            let gone = Gone { count, size_bytes: 0 };
            if finishes > 0 { Step::Did(gone) } else { Step::of(gone) }
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
