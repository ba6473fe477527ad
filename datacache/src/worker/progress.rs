//! What a worker has done.

use serde::Serialize;

use crate::cache::jobs::Ended;

/// What a worker has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Jobs that were completed.
    pub done: u64,
    /// Runs that failed and will be tried again.
    pub retried: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Jobs that were lost to another worker.
    pub lost: u64,
    /// Jobs that are running.
    pub running: usize,
}

impl Progress {
    pub(super) fn count(&mut self, ended: Ended) {
        match ended {
            Ended::Completed => self.done += 1,
            Ended::Retried | Ended::Refused { .. } | Ended::Unkept => self.retried += 1,
            Ended::Dead => self.dead += 1,
            Ended::Lost => self.lost += 1,
        }
    }
}
