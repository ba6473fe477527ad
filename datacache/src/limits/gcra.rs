//! When a provider may be asked: the generic cell rate algorithm, one cell per window. Pure.
//!
//! Of a window of `N` requests in a period, `B` may be used at once: one of the shortest, half of a
//! longer one. Its state is one moment, the theoretical arrival time: by then it will have
//! forgotten all that was booked, one booking per interval of `period / (N + 1 - B)`, rounded up. A
//! request conforms when fewer than `B` bookings are left to be forgotten.
//!
//! That no more than `N` fall into any half-open period: the `k`-th of them raises the arrival time
//! to at least `k` intervals after the first, and conforms no earlier than `k - B` intervals after
//! it. Were there an `N + 1`-th, it would lie `N + 1 - B` intervals after the first, which is a
//! period.

use crate::clock::Timestamp;
use crate::config::{Budget, Window};

/// One window as it is reckoned with, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) window: Window,
    /// It forgets one booking in so long.
    interval_ms: i64,
    /// So far in the future may its arrival time lie when a request is sent.
    tolerance_ms: i64,
}

impl Cell {
    fn new(window: Window, burst: u32) -> Self {
        let steps = i64::from(window.count) + 1 - i64::from(burst);
        // Both are positive.
        let interval_ms = (window.period_ms + steps - 1) / steps;
        Self { window, interval_ms, tolerance_ms: (i64::from(burst) - 1) * interval_ms }
    }

    /// How many bookings it has not forgotten, at most as many as it takes.
    pub(super) fn used(&self, arrival: Timestamp, now: Timestamp) -> u32 {
        let ahead_ms = arrival.as_millis().saturating_sub(now.as_millis()).max(0);
        let used = ahead_ms.saturating_add(self.interval_ms - 1) / self.interval_ms;
        u32::try_from(used).map_or(self.window.count, |used| used.min(self.window.count))
    }
}

/// The cells of a budget, the shortest window's first.
pub(super) fn cells(budget: &Budget) -> Vec<Cell> {
    let cell = |(at, window): (usize, &Window)| {
        let burst = if at == 0 { 1 } else { (window.count / 2).max(1) };
        Cell::new(*window, burst)
    };
    budget.windows().iter().enumerate().map(cell).collect()
}

/// How far apart requests are at least, in milliseconds.
pub(super) fn spacing_ms(cells: &[Cell]) -> i64 {
    cells.first().map_or(0, |shortest| shortest.interval_ms)
}

/// The earliest moment, not before `earliest`, at which all cells allow a request.
pub(super) fn slot(cells: &[Cell], arrivals: &[Timestamp], earliest: Timestamp) -> Timestamp {
    let conforms = |(cell, arrival): (&Cell, &Timestamp)| later(*arrival, -cell.tolerance_ms);
    cells.iter().zip(arrivals).map(conforms).fold(earliest, Timestamp::max)
}

/// The arrival times after a request was booked at `slot`.
pub(super) fn booked(cells: &[Cell], arrivals: &[Timestamp], slot: Timestamp) -> Vec<Timestamp> {
    let raise = |(cell, arrival): (&Cell, &Timestamp)| later(slot.max(*arrival), cell.interval_ms);
    cells.iter().zip(arrivals).map(raise).collect()
}

/// `moment`, moved by so many milliseconds.
pub(super) fn later(moment: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(moment.as_millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Books at each of the moments, which rise, and returns the slots.
    fn book_all(budget: &Budget, moments: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let cells = cells(budget);
        let mut arrivals = vec![Timestamp::from_millis(0); cells.len()];
        let mut book = |moment| {
            let slot = slot(&cells, &arrivals, Timestamp::from_millis(moment));
            arrivals = booked(&cells, &arrivals, slot);
            slot.as_millis()
        };
        moments.into_iter().map(&mut book).collect()
    }

    fn budget(text: &str) -> Budget {
        text.parse().unwrap()
    }

    #[test]
    fn the_shortest_window_is_spaced_evenly() {
        for (text, slots) in [
            ("1/s", [9, 1_009, 2_009, 3_009]),
            ("30/min", [9, 2_009, 4_009, 6_009]),
            ("3/s", [9, 343, 677, 1_011]),
            ("5000/s", [9, 10, 11, 12]),
        ] {
            assert_eq!(book_all(&budget(text), [9; 4]), slots, "{text}");
        }
    }

    #[test]
    fn half_of_a_longer_window_may_be_used_as_fast_as_the_shorter_allows() {
        let slots = book_all(&budget("1/s, 10/min"), [0; 11]);
        // Five of ten, then one in 10 s, so that the eleventh falls into the next minute.
        assert_eq!(slots[..5], [0, 1_000, 2_000, 3_000, 4_000]);
        assert_eq!(slots[5..], [10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
    }

    #[test]
    fn a_long_window_of_one_or_two_is_used_to_the_full() {
        assert_eq!(book_all(&budget("1/s, 1/h"), [0; 3]), [0, 3_600_000, 7_200_000]);
        assert_eq!(book_all(&budget("1/s, 2/h"), [0; 3]), [0, 1_800_000, 3_600_000]);
    }

    #[test]
    fn what_was_not_used_is_no_credit() {
        assert_eq!(book_all(&budget("1/s"), [0, 86_400_000, 86_400_000])[2], 86_401_000);
    }

    #[test]
    fn bookings_are_forgotten_one_by_one() {
        let cells = cells(&budget("1/s, 10/min"));
        let at = Timestamp::from_millis;
        let used = |arrival, now| cells[1].used(at(arrival), at(now));
        assert_eq!((used(0, 5), used(5, 5), used(6, 5)), (0, 0, 1));
        assert_eq!((used(10_000, 0), used(10_001, 0)), (1, 2));
        assert_eq!(used(i64::MAX, 0), 10);
    }

    prop_compose! {
        fn any_window()(count in 1u32..40, period_ms in 1i64..20_000) -> String {
            format!("{count}/{period_ms}ms")
        }
    }

    proptest! {
        #[test]
        fn no_period_ever_has_more_than_its_number(
            windows in vec(any_window(), 1..4),
            steps in vec(prop_oneof![Just(0i64), 0i64..50, 0i64..5_000], 1..300),
        ) {
            let budget = budget(&windows.join(","));
            let moments: Vec<i64> = steps.iter().scan(0, |now, step| {
                *now += step;
                Some(*now)
            }).collect();
            let slots = book_all(&budget, moments.iter().copied());
            prop_assert!(slots.iter().zip(&moments).all(|(slot, moment)| slot >= moment));
            for window in budget.windows() {
                let count = window.count as usize;
                // A period that begins at a slot has as many as any.
                let apart = slots.iter().zip(slots.iter().skip(count));
                for (first, beyond) in apart {
                    prop_assert!(beyond - first >= window.period_ms, "{window}: {slots:?}");
                }
            }
        }

        #[test]
        fn the_shortest_window_alone_delays_nobody_who_keeps_the_interval(
            window in any_window(),
            extra in vec(0i64..100, 1..100),
        ) {
            let budget = budget(&window);
            let interval_ms = cells(&budget)[0].interval_ms;
            let moments = extra.iter().scan(0, |now, extra| {
                *now += interval_ms + extra;
                Some(*now)
            });
            let moments: Vec<i64> = moments.collect();
            prop_assert_eq!(book_all(&budget, moments.iter().copied()), moments);
        }
    }
}
