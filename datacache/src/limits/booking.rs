//! What is asked of the limits, and what they say.

use std::time::Duration;

use super::gcra::{self, later};
use crate::clock::Timestamp;
use crate::config::Payer;
use crate::name::Provider;

/// A request that is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Whose budget it is paid from, and who is asked.
    pub(crate) payer: &'a Payer,
    pub(crate) urgency: Urgency,
    /// So long it can wait for its slot.
    pub(crate) max_wait: Duration,
    /// So long it may take once it is sent; the others wait for a probe no longer.
    pub(crate) timeout: Duration,
}

/// Whether somebody waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// It may book as far ahead as it can wait, and goes on though the provider is paused.
    Live,
    /// It may book the next slot only, so that no live request waits behind more than one.
    Batch,
    /// What a batch request leads to once it has been sent: it waits as if it were live, lest what
    /// is done already be done again, but for no provider that is paused.
    UnderWay,
}

impl Ask<'_> {
    /// A slot at `at` of a provider of which nothing bad is known.
    pub(super) fn slot(&self, at: Timestamp, now: Timestamp) -> Slot {
        Slot {
            provider: self.payer.provider.clone(),
            origin: self.payer.origin.clone(),
            at,
            booked_at: now,
            latest: after(now, self.max_wait),
            spacing_ms: gcra::spacing_ms(&gcra::cells(&self.payer.budget)),
            is_departed: false,
            probe: None,
            booked: None,
        }
    }

    /// The last slot that it may have. Of batch requests no more than one waits, lest a live one
    /// find a row of them before it.
    pub(super) fn latest(&self, spacing_ms: i64, now: Timestamp) -> Timestamp {
        let patience = after(now, self.max_wait);
        match self.urgency {
            Urgency::Live | Urgency::UnderWay => patience,
            Urgency::Batch => patience.min(later(now, spacing_ms)),
        }
    }

    /// What it is told whose slot would come after the `latest`: when it would be sent, or, as a
    /// batch request, from when it may book.
    pub(super) fn over_budget(&self, slot: Timestamp, latest: Timestamp, now: Timestamp) -> Later {
        let beyond_ms = slot.as_millis().saturating_sub(latest.as_millis());
        let at = match self.urgency {
            Urgency::Live | Urgency::UnderWay => slot,
            Urgency::Batch => later(now, beyond_ms),
        };
        let reason = format!("its budget of {} is used up for the moment", self.payer.budget);
        Later { at, why: Why::Budget, reason }
    }
}

/// `duration` after `moment`, or never.
pub(super) fn after(moment: Timestamp, duration: Duration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// Whether a request may be made.
#[derive(Clone, Debug)]
pub(crate) enum Booking {
    /// At its slot; then it asks for its departure.
    Slot(Slot),
    Later(Later),
}

/// A booked moment.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) provider: Provider,
    pub(crate) origin: Provider,
    /// Until then the request waits; never before the moment it was booked.
    pub(crate) at: Timestamp,
    pub(super) booked_at: Timestamp,
    /// It can wait until then.
    pub(super) latest: Timestamp,
    pub(super) spacing_ms: i64,
    /// Its moment counts as that of its sending.
    pub(super) is_departed: bool,
    /// It finds out whether the provider has recovered, which rests for the others until then.
    pub(super) probe: Option<Timestamp>,
    /// What was booked for it in each window, until it departs.
    pub(super) booked: Option<Vec<Booked>>,
}

/// How a booking has changed one window.
#[derive(Clone, Debug)]
pub(super) struct Booked {
    pub(super) window: String,
    /// Its arrival time.
    pub(super) before: Timestamp,
    pub(super) after: Timestamp,
}

/// A departure that was booked holds for so small a part of the spacing. Within that, the moments
/// of requests are not kept apart.
const PUNCTUALITY: i64 = 20;

impl Slot {
    /// Whether something was noted for it that others need not respect if it is not used.
    pub(crate) fn is_of_use_to_others(&self) -> bool {
        self.probe.is_some() || self.booked.is_some()
    }

    /// Whether it has departed already, unless the process has stalled since.
    pub(super) fn departs_as_booked(&self, now: Timestamp) -> bool {
        let holds_ms = if self.spacing_ms > 0 { self.spacing_ms / PUNCTUALITY } else { i64::MAX };
        self.is_departed && now <= later(self.at, holds_ms)
    }
}

/// Whether a request whose slot has come may be sent.
#[derive(Clone, Debug)]
pub(crate) enum Departure {
    /// At this moment, without asking again.
    At(Timestamp),
    /// Its slot is forfeit.
    Later(Later),
}

/// Not now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Later {
    /// It may be asked again from then on.
    pub(crate) at: Timestamp,
    pub(crate) why: Why,
    /// In words, such as those with which the provider asked to be left alone.
    pub(crate) reason: String,
}

/// What is in a request's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Others have booked all slots that it could wait for.
    Budget,
    /// The provider has asked to be left alone.
    Cooldown,
    /// It has failed again and again.
    Circuit,
    /// A person has paused it.
    Paused,
}

/// What an answer says about its provider.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It works, whatever it answered.
    Good,
    /// It failed in a way that may pass.
    Failed { reason: String },
    /// It works, but takes no more requests for now. It does not say for how long; evenly spaced,
    /// the oldest of those it has counted leaves its window within one spacing.
    UsedUp,
    /// It asks to be left alone, and does not say for how long.
    Hurried { reason: String },
    /// It asks to be left alone until then.
    Throttled { until: Timestamp, reason: String },
}
