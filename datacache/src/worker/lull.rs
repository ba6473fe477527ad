//! No room for answers: how long a worker claims nothing, so that no origin is asked for what cannot be
//! kept. Pure.

use std::time::Duration;

use crate::clock::Timestamp;

/// The first pause; each one that follows is twice as long, up to the longest.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// What a worker has met with since an answer of its was stored.
#[derive(Debug, Default)]
pub(super) struct Lull(Option<Pause>);

#[derive(Clone, Copy, Debug)]
struct Pause {
    length: Duration,
    until: Timestamp,
}

impl Lull {
    /// There was no room at `now`. What was begun before the pause tells nothing new.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let length = match self.0 {
            Some(pause) if now < pause.until => return,
            Some(pause) => LONGEST.min(pause.length * 2),
            None => {
                tracing::warn!("answers find no room: the worker asks for one at a time, if any");
                SHORTEST
            }
        };
        self.0 = Some(Pause { length, until: now.checked_add(length).unwrap_or(now) });
    }

    /// An answer was stored.
    pub(super) fn is_over(&mut self) {
        if self.0.take().is_some() {
            tracing::info!("there is room for answers again");
        }
    }

    /// How many of so many `free` slots may be filled at `now`: none during a pause, and after it one,
    /// until that has ended well.
    pub(super) fn slots(&self, free: usize, running: usize, now: Timestamp) -> usize {
        match self.0 {
            None => free,
            Some(pause) if now < pause.until || running > 0 => 0,
            Some(_) => free.min(1),
        }
    }

    /// Whether nothing is begun before `at`.
    pub(super) fn lasts_beyond(&self, at: Timestamp) -> bool {
        self.0.is_some_and(|pause| pause.until > at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn after_each_pause_one_job_is_tried_until_one_ends_well() {
        let mut lull = Lull::default();
        assert_eq!(lull.slots(8, 0, START), 8);
        lull.begin(START);
        // The others that were running.
        lull.begin(START);
        assert_eq!((lull.slots(8, 0, START), lull.slots(8, 0, after(1))), (0, 1));
        assert_eq!(lull.slots(7, 1, after(1)), 0, "one at a time");
        assert_eq!(lull.slots(0, 0, after(1)), 0);
        lull.begin(after(1));
        assert!(lull.lasts_beyond(after(2)) && !lull.lasts_beyond(after(3)));
        lull.is_over();
        assert_eq!(lull.slots(8, 0, after(1)), 8);
        lull.begin(after(9));
        assert!(!lull.lasts_beyond(after(10)), "it begins anew");
    }

    #[test]
    fn pauses_become_longer_up_to_a_minute() {
        let (mut lull, mut now) = (Lull::default(), 0);
        for length in [1, 2, 4, 8, 16, 32, 60, 60] {
            lull.begin(after(now));
            now += length;
            assert_eq!(lull.slots(8, 0, after(now - 1)), 0, "{length}");
            assert_eq!(lull.slots(8, 0, after(now)), 1, "{length}");
        }
    }
}
