//! Pacing within this process, for when the shared state cannot be written: on a read-only folder,
//! a full disk, a damaged database. Then at least one process alone does not ask too often.
//!
//! It keeps the spacing of the shortest window. governor reserves nothing, but takes the time from
//! a clock that it is given; asked at the moment that it named itself, it books that moment.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::booking::{Ask, Booking, Slot};
use super::gcra::later;
use super::state::is_set_back;
use crate::clock::Timestamp;
use crate::name::Provider;

/// The paces of this process; they know of every booking that it made.
#[derive(Default)]
pub(super) struct Pacing(Mutex<BTreeMap<Provider, Pace>>);

struct Pace {
    limiter: Limiter,
    told: Told,
    /// When it was last asked.
    noted_at: Timestamp,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Told, NoOpMiddleware<Duration>>;

/// A clock that shows what it was told last, in milliseconds.
#[derive(Clone, Default)]
struct Told(Arc<AtomicU64>);

/// As nanoseconds, of which governor has 64 bits, later moments would come round to the first.
const LAST_MS: i64 = 1 << 43;

impl Told {
    fn tell(&self, now: Timestamp) {
        let millis = now.as_millis().clamp(0, LAST_MS).unsigned_abs();
        self.0.store(millis, Ordering::Relaxed);
    }
}

impl Clock for Told {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl Pacing {
    /// Books a slot, if there is one that the request may have.
    pub(super) fn book(&self, ask: &Ask<'_>, now: Timestamp) -> Booking {
        let slot = ask.slot(now, now);
        let latest = ask.latest(slot.spacing_ms, now);
        let mut paces = self.paces();
        let pace = Pace::of(&mut paces, &slot, now);
        let at = match pace.take(now) {
            Ok(()) => now,
            Err(next) if next > latest => {
                return Booking::Later(ask.over_budget(next, latest, now));
            }
            Err(next) => {
                // It was told to be free just now, under the same lock.
                let _ = pace.take(next);
                next
            }
        };
        Booking::Slot(Slot { at, is_departed: true, ..slot })
    }

    /// Takes note of a request that was booked in the shared state.
    pub(super) fn note(&self, slot: &Slot) {
        let mut paces = self.paces();
        let pace = Pace::of(&mut paces, slot, slot.booked_at);
        // Refused is what this process knows already.
        let _ = pace.take(slot.at);
    }

    /// Lets nothing be booked before `until`.
    pub(super) fn rest(&self, slot: &Slot, until: Timestamp, now: Timestamp) {
        let mut paces = self.paces();
        let pace = Pace::of(&mut paces, slot, now);
        // As if a request had been booked one spacing before; refused is a longer rest.
        let _ = pace.take(later(until, -slot.spacing_ms));
    }

    /// Forgets what was booked.
    pub(super) fn forget(&self, provider: &Provider) {
        self.paces().remove(provider);
    }

    fn paces(&self) -> MutexGuard<'_, BTreeMap<Provider, Pace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn of<'a>(
        paces: &'a mut BTreeMap<Provider, Self>,
        Slot { provider, spacing_ms, .. }: &Slot,
        now: Timestamp,
    ) -> &'a mut Self {
        if paces.get(provider).is_some_and(|pace| is_set_back(pace.noted_at, now)) {
            paces.remove(provider);
        }
        let pace = paces.entry(provider.clone()).or_insert_with(|| Self::new(*spacing_ms));
        pace.noted_at = now;
        pace
    }

    fn new(spacing_ms: i64) -> Self {
        let spacing = Duration::from_millis(spacing_ms.clamp(1, LAST_MS).unsigned_abs());
        let told = Told::default();
        // A spacing of nothing is the only one without a quota.
        let quota = Quota::with_period(spacing).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        let limiter = Limiter::direct_with_clock(quota, told.clone());
        Self { limiter, told, noted_at: Timestamp::MIN }
    }

    /// Books `moment`; `Err` says what is the next that can be booked.
    fn take(&self, moment: Timestamp) -> Result<(), Timestamp> {
        self.told.tell(moment);
        self.limiter.check().map_err(|not_until| {
            let millis = not_until.earliest_possible().as_millis();
            Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::tests::{ask, budget};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn book(pacing: &Pacing, now: Timestamp, patience_ms: u64) -> Result<i64, i64> {
        let since = |at: Timestamp| at.as_millis().saturating_sub(NOW.as_millis());
        match pacing.book(&ask(&budget("30/min"), patience_ms), now) {
            Booking::Slot(slot) => Ok(since(slot.at)),
            Booking::Later(later) => Err(since(later.at)),
        }
    }

    #[test]
    fn slots_are_spaced_and_reserved_as_far_ahead_as_the_caller_can_wait() {
        let pacing = Pacing::default();
        let booked = [0, 4_000, 4_000, 4_000, 5_999, 6_000];
        let booked = booked.map(|patience_ms| book(&pacing, NOW, patience_ms));
        assert_eq!(booked, [Ok(0), Ok(2_000), Ok(4_000), Err(6_000), Err(6_000), Ok(6_000)]);
        assert_eq!(book(&pacing, later(NOW, 60_000), 0), Ok(60_000));
    }

    #[test]
    fn what_is_noted_counts_and_a_rest_holds() {
        let pacing = Pacing::default();
        let budget = budget("30/min");
        pacing.note(&ask(&budget, 0).slot(later(NOW, 1_000), NOW));
        assert_eq!(book(&pacing, NOW, 0), Err(3_000));
        pacing.rest(&ask(&budget, 0).slot(NOW, NOW), later(NOW, 60_000), NOW);
        assert_eq!(book(&pacing, NOW, 0), Err(60_000));
        pacing.forget(&Provider::new("slow").unwrap());
        assert_eq!(book(&pacing, NOW, 0), Ok(0));
    }

    #[test]
    fn a_clock_that_was_set_back_begins_anew() {
        let pacing = Pacing::default();
        assert_eq!(book(&pacing, NOW, 0), Ok(0));
        assert_eq!(book(&pacing, later(NOW, -10_000), 0), Err(2_000));
        assert_eq!(book(&pacing, later(NOW, -90_000), 0), Ok(-90_000));
    }

    #[test]
    fn moments_without_end_are_no_trouble() {
        let pacing = Pacing::default();
        for moment in [Timestamp::MAX, Timestamp::MIN, Timestamp::MAX] {
            book(&pacing, moment, 0).ok();
        }
    }
}
