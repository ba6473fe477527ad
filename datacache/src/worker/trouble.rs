//! Trouble with the cache itself: whether a worker waits until it has passed. Pure.

use super::Until;
use crate::error::{Error, ErrorKind};

/// What is wrong with files may be a disk that is being mounted, a scanner that holds them, or a database
/// that is being replaced. After so many failures in a row, one a second, it will not pass by itself.
const MOST_FAILURES: u32 = 60;

/// What a worker has met with since it last did as it was to.
#[derive(Debug)]
pub(super) struct Trouble {
    until: Until,
    failures: u32,
}

impl Trouble {
    pub(super) fn new(until: Until) -> Self {
        Self { until, failures: 0 }
    }

    /// Whether to try again at the next look. Who drains waits for who holds the lock and works, but
    /// not for somebody to make room.
    pub(super) fn may_pass(&mut self, error: &Error) -> bool {
        let stays = self.until == Until::Shutdown;
        let may_pass = match error.kind() {
            ErrorKind::Busy => true,
            ErrorKind::Full => stays,
            ErrorKind::Io => stays && self.failures < MOST_FAILURES,
            // A damaged database is replaced behind the worker's back.
            ErrorKind::Corrupt => self.failures < MOST_FAILURES,
            _ => false,
        };
        if may_pass && self.failures == 0 {
            tracing::warn!(%error, "the worker waits until the cache can be used again");
        }
        self.failures += 1;
        may_pass
    }

    /// The worker could do as it was to.
    pub(super) fn is_over(&mut self) {
        if std::mem::take(&mut self.failures) > 0 {
            tracing::info!("the worker goes on");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "claim", "database", "as it happens")
    }

    #[test]
    fn a_worker_that_stays_waits_for_more_than_one_that_drains() {
        let drained = Until::Drained { patience: Duration::ZERO };
        for (kind, stays, drains) in [
            (ErrorKind::Busy, true, true),
            (ErrorKind::Full, true, false),
            (ErrorKind::Io, true, false),
            (ErrorKind::Corrupt, true, true),
            (ErrorKind::ReadOnly, false, false),
            (ErrorKind::Closed, false, false),
        ] {
            let may_pass = |until| Trouble::new(until).may_pass(&error(kind));
            assert_eq!((may_pass(Until::Shutdown), may_pass(drained)), (stays, drains), "{kind:?}");
        }
    }

    #[test]
    fn only_trouble_with_files_that_goes_on_is_taken_for_lasting() {
        for (kind, expected) in [
            (ErrorKind::Busy, false),
            (ErrorKind::Full, false),
            (ErrorKind::Io, true),
            (ErrorKind::Corrupt, true),
        ] {
            let mut trouble = Trouble::new(Until::Shutdown);
            for _ in 0..MOST_FAILURES {
                assert!(trouble.may_pass(&error(kind)), "{kind:?}");
            }
            assert_eq!(!trouble.may_pass(&error(kind)), expected, "{kind:?}");
            trouble.is_over();
            assert!(trouble.may_pass(&error(kind)), "{kind:?}");
        }
    }
}
