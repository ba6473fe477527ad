//! The worker looks after the cache, beside its jobs.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Interval;

use super::Until;
use crate::cache::Cache;
use crate::cache::jobs::looks;

/// How often a worker looks whether the maintenance is due.
const LOOK: Duration = Duration::from_mins(1);

/// The maintenance of one shift, in a task that ends with it.
pub(super) struct Upkeep {
    look: Interval,
    task: JoinSet<()>,
    is_wanted: bool,
}

impl Upkeep {
    /// One that drains has been called to work off the queue, and is gone soon.
    pub(super) fn new(until: Until) -> Self {
        let is_wanted = until == Until::Shutdown;
        Self { look: looks(LOOK), task: JoinSet::new(), is_wanted }
    }

    /// Ends when it is time to look.
    pub(super) async fn time(&mut self) {
        if !self.is_wanted {
            std::future::pending::<()>().await;
        }
        self.look.tick().await;
    }

    /// Looks after the cache if that is due and not yet under way.
    pub(super) fn begin(&mut self, cache: &Cache) {
        while self.task.try_join_next().is_some() {}
        if !self.task.is_empty() {
            return;
        }
        let cache = cache.clone();
        self.task.spawn(async move {
            if let Err(error) = cache.maintain_if_due().await {
                tracing::warn!(%error, "the cache was not looked after");
            }
        });
    }
}
