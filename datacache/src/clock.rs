//! The time: the only place that reads it.
//!
//! Wall-clock milliseconds are used throughout, because moments are shared by processes and
//! survive restarts. Pure code takes a [`Timestamp`] as an argument; only the facade asks the
//! [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Before every moment that is ever noted.
    pub(crate) const MIN: Self = Self(i64::MIN);

    /// After every moment that is ever stored.
    pub(crate) const MAX: Self = Self(i64::MAX);

    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This moment and `duration` later; `None` when that is out of range.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let millis = i64::try_from(duration.as_millis()).ok()?;
        self.0.checked_add(millis).map(Self)
    }

    /// This moment less `duration`; `None` when that is out of range.
    pub(crate) fn checked_sub(self, duration: Duration) -> Option<Self> {
        let millis = i64::try_from(duration.as_millis()).ok()?;
        self.0.checked_sub(millis).map(Self)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

/// Where the time comes from: the system, or a test's hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's wall clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`advance`](Self::advance) moves it. Clones share
    /// their time.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.0))))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(millis) => Timestamp(millis.load(Ordering::Acquire)),
        }
    }

    /// Measures from now on how long something takes, finer than by milliseconds, and however the
    /// system's clock is set meanwhile.
    pub(crate) fn stopwatch(&self) -> Stopwatch {
        match &self.0 {
            Source::System => Stopwatch::Running(instant()),
            Source::Manual(_) => Stopwatch::OfClock(self.clone(), self.now()),
        }
    }

    /// Moves a manual clock forward; the system's clock stays as it is.
    pub fn advance(&self, duration: Duration) {
        if let Source::Manual(millis) = &self.0 {
            let step = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
            millis.fetch_add(step, Ordering::AcqRel);
        }
    }

    /// Sets a manual clock, back as well.
    #[cfg(test)]
    pub(crate) fn set(&self, now: Timestamp) {
        if let Source::Manual(millis) = &self.0 {
            millis.store(now.0, Ordering::Release);
        }
    }
}

/// What has passed since somebody began to measure.
#[derive(Clone, Debug)]
pub(crate) enum Stopwatch {
    Running(Instant),
    OfClock(Clock, Timestamp),
}

impl Stopwatch {
    pub(crate) fn elapsed(&self) -> Duration {
        match self {
            Self::Running(since) => since.elapsed(),
            Self::OfClock(clock, since) => clock.now().since(*since),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
fn system_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_share_their_time() {
        let clock = Clock::manual(Timestamp::from_millis(1_000));
        let clone = clock.clone();
        clock.advance(Duration::from_secs(2));
        assert_eq!(clone.now(), Timestamp::from_millis(3_000));
    }

    #[test]
    fn a_duration_that_leaves_the_range_is_refused() {
        let now = Timestamp::from_millis(1);
        assert_eq!(now.checked_add(Duration::from_millis(2)), Some(Timestamp(3)));
        assert_eq!(now.checked_add(Duration::MAX), None);
        assert_eq!(now.checked_add(Duration::from_millis(i64::MAX.unsigned_abs())), None);
    }

    #[test]
    fn a_clock_set_back_gives_no_negative_age() {
        let earlier = Timestamp::from_millis(5_000);
        let later = Timestamp::from_millis(4_000);
        assert_eq!(later.since(earlier), Duration::ZERO);
    }
}
