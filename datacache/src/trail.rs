//! The trail of a request: what was asked and decided on the way to its answer.
//!
//! It is kept only for who wants to know ([`Cache::explain`](crate::Cache::explain)); for all
//! others nothing is written down, nor even put into words. No step has a secret in it: steps speak
//! of keys.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::clock::{Clock, Timestamp};

/// One step on the way to an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// When it was taken.
    pub at: Timestamp,
    /// What was asked or decided, and why; one line.
    pub what: String,
}

/// Where steps are written down; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Trail(Option<Arc<Written>>);

struct Written {
    clock: Clock,
    steps: Mutex<Vec<Step>>,
}

impl Trail {
    /// A trail that is kept.
    pub(crate) fn kept(clock: Clock) -> Self {
        Self(Some(Arc::new(Written { clock, steps: Mutex::default() })))
    }

    /// Writes a step down, if anybody wants to know.
    pub(crate) fn note<T: fmt::Display>(&self, what: impl FnOnce() -> T) {
        if let Some(written) = &self.0 {
            let step = Step { at: written.clock.now(), what: what().to_string() };
            written.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
        }
    }

    /// The steps so far.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.0.as_ref().map_or_else(Vec::new, |written| {
            written.steps.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_written_down_in_order_for_who_wants_to_know() {
        let clock = Clock::manual(Timestamp::from_millis(7));
        let kept = Trail::kept(clock);
        kept.clone().note(|| "one");
        kept.note(|| format!("two: {}", 2));
        let steps = kept.steps();
        assert_eq!(steps.iter().map(|step| &*step.what).collect::<Vec<_>>(), ["one", "two: 2"]);
        assert_eq!(steps[0].at.as_millis(), 7);
        let not_kept = Trail::default();
        not_kept.note(|| -> &str { panic!("nobody wants to know") });
        assert_eq!(not_kept.steps(), []);
    }
}
