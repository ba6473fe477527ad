//! For how long numbers are told apart by time. Pure.

use std::time::Duration;

use crate::clock::Timestamp;

/// Hours older than this are rolled up to days.
const KEEP_HOURS: Duration = Duration::from_hours(2 * 24);
/// Days older than this are rolled up to one sum.
const KEEP_DAYS: Duration = Duration::from_hours(31 * 24);

/// The time that one sum is of; the order is that of rolling up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    Hour,
    Day,
    All,
}

/// What is to be rolled up: sums of `from` that begin before `before`, to sums of `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) from: Period,
    pub(super) to: Period,
    pub(super) before: Timestamp,
}

impl Period {
    /// As it is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::All => "all",
        }
    }

    /// All time is longer than any other and begins at 0.
    pub(super) fn length_ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::All => i64::MAX,
        }
    }

    /// The beginning of the period in which `at` lies, in UTC.
    pub(super) fn start(self, at: Timestamp) -> Timestamp {
        let length_ms = self.length_ms();
        Timestamp::from_millis(at.as_millis().div_euclid(length_ms).saturating_mul(length_ms))
    }

    /// What is due at `now`, the shortest periods first.
    pub(super) fn steps(now: Timestamp) -> [Step; 2] {
        let step = |from: Self, to, keep: Duration| {
            let oldest_ms = now.as_millis().saturating_sub_unsigned(millis(keep));
            let before = from.start(Timestamp::from_millis(oldest_ms));
            Step { from, to, before }
        };
        [step(Self::Hour, Self::Day, KEEP_HOURS), step(Self::Day, Self::All, KEEP_DAYS)]
    }
}

/// The beginning of sums that reach into the time since `ago` before `now`.
pub(super) fn earliest(now: Timestamp, ago: Duration) -> Timestamp {
    // What came before the calendar is in the sum of all time only.
    Timestamp::from_millis(now.as_millis().saturating_sub_unsigned(millis(ago)).max(0))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_periods_are_rolled_up_and_never_that_of_now() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        for Step { from, to, before } in Period::steps(now) {
            assert_eq!(from.start(before), before);
            assert!(before < from.start(now));
            assert!(to.length_ms() > from.length_ms());
        }
        assert_eq!(Period::All.start(now).as_millis(), 0);
        assert_eq!(Period::Hour.start(Timestamp::from_millis(3_599_999)).as_millis(), 0);
        assert_eq!(Period::Hour.start(Timestamp::from_millis(-1)).as_millis(), -3_600_000);
    }
}
