//! When a failed job is tried again. Pure.

use std::time::Duration;

use crate::clock::Timestamp;

/// A job is run so often before it is dead.
pub(crate) const MAX_ATTEMPTS: u32 = 5;

/// No job is put off for longer than this, whatever its origin asks for.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_hours(24);

const FIRST: Duration = Duration::from_secs(5);
const FACTOR: u32 = 5;
const LAST: Duration = Duration::from_mins(15);

/// When to try again after the failed attempt number `attempt`, counted from 1: after 5 s, 25 s,
/// 2 min and 10 min, less up to half of it by `jitter` (in `[0, 1)`), so that what failed together
/// does not return together; but not before `retry_after`, if the origin said so, up to
/// [`LONGEST_PAUSE`]. The pauses are long because a venue's network is away for minutes, not for
/// milliseconds.
pub(crate) fn retry_at(
    attempt: u32,
    jitter: f64,
    retry_after: Option<Duration>,
    now: Timestamp,
) -> Timestamp {
    let factor = FACTOR.saturating_pow(attempt.saturating_sub(1));
    let pause = FIRST.saturating_mul(factor).min(LAST).mul_f64(1.0 - jitter / 2.0);
    let pause = pause.max(retry_after.unwrap_or_default()).min(LONGEST_PAUSE);
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn pauses_grow_to_a_quarter_of_an_hour() {
        let pauses = (1..7).map(|attempt| retry_at(attempt, 0.0, None, NOW).as_millis() / 1_000);
        assert_eq!(pauses.collect::<Vec<_>>(), [5, 25, 125, 625, 900, 900]);
    }

    #[test]
    fn the_origin_may_ask_for_more_but_not_for_less() {
        let at = |seconds| {
            let retry_after = Some(Duration::from_secs(seconds));
            retry_at(1, 0.0, retry_after, NOW).as_millis() / 1_000
        };
        assert_eq!(at(1), 5);
        assert_eq!(at(86_400), 86_400);
        assert_eq!(at(u64::MAX), 86_400);
    }

    proptest! {
        #[test]
        fn jitter_takes_up_to_half(attempt in 1u32..100, jitter in 0.0f64..1.0) {
            let full = retry_at(attempt, 0.0, None, NOW).as_millis();
            let jittered = retry_at(attempt, jitter, None, NOW).as_millis();
            prop_assert!(jittered <= full && jittered >= full / 2);
        }
    }
}
