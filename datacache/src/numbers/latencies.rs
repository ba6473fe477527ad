//! How long answers took: a histogram. Pure.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// The digits at which the buckets of a decade end, from 10 µs on, in hundredths: ten steps of
/// about a quarter each, 1, 2 and 5 among them (the R10 series of ISO 3).
const STEPS: [u64; 10] = [100, 125, 160, 200, 250, 315, 400, 500, 630, 800];

/// Below 10 µs, where the clock ticks in whole ones.
const FIRST_US: [u64; 7] = [1, 2, 3, 4, 5, 6, 8];

const BUCKETS: usize = FIRST_US.len() + 8 * STEPS.len() + 1;

/// Where the buckets end, in microseconds, and still include: from 1 µs to 1 000 s.
const BOUNDS_US: [u64; BUCKETS] = bounds_us();

const fn bounds_us() -> [u64; BUCKETS] {
    let mut bounds = [1_000_000_000; BUCKETS];
    let mut at = 0;
    while at < FIRST_US.len() {
        bounds[at] = FIRST_US[at];
        at += 1;
    }
    let mut decade = 10;
    while at + 1 < BUCKETS {
        let mut step = 0;
        while step < STEPS.len() {
            bounds[at] = STEPS[step] * decade / 100;
            at += 1;
            step += 1;
        }
        decade *= 10;
    }
    bounds
}

/// How long answers took, in buckets that are at most a quarter wide: a percentile is the upper
/// bound of its bucket, and so exact to 6 µs, and from there on up to 28 % too high.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// One for each of the bounds and one for what lies beyond; none as long as nothing was
    /// counted.
    counts: Vec<u64>,
    sum_us: u64,
}

impl Latencies {
    /// Counts an answer that took so long.
    pub fn record(&mut self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.add_to(BOUNDS_US.partition_point(|bound_us| *bound_us < took_us), 1);
        self.sum_us = self.sum_us.saturating_add(took_us);
    }

    /// Adds the answers of another time or group.
    pub fn add(&mut self, other: &Self) {
        other.buckets().for_each(|(bound_us, count)| self.add_bucket(bound_us, count));
        self.add_sum_us(other.sum_us);
    }

    /// How many answers there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all of them took together.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_us)
    }

    /// How long they took on average; `None` where there were none.
    pub fn mean(&self) -> Option<Duration> {
        self.sum_us.checked_div(self.count()).map(Duration::from_micros)
    }

    /// How long `percent` of them took at most, to the bound of the bucket; `None` where there were
    /// none. 50 is the median. What took longer than 1 000 s counts as that.
    pub fn percentile(&self, percent: u32) -> Option<Duration> {
        let count = u128::from(self.count());
        let rank = (count * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut so_far = 0;
        let at = self.counts.iter().position(|count| {
            so_far += u128::from(*count);
            so_far >= rank
        });
        at.map(|at| Duration::from_micros(bound_us(at).unwrap_or(BOUNDS_US[BUCKETS - 1])))
    }

    /// How many answers took `bound` at most. It is exact where a bucket ends: at 1, 2 and 5 of
    /// every power of ten of microseconds; anywhere else it is that of the last such end before.
    pub fn within(&self, bound: Duration) -> u64 {
        let ends = BOUNDS_US.partition_point(|end| u128::from(*end) <= bound.as_micros());
        self.counts.iter().take(ends).sum()
    }

    /// The numbers that are not 0: the bound of each bucket, none for what lies beyond, and how
    /// many answers are in it.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counts.map(|(at, count)| (bound_us(at), *count))
    }

    /// Adds what [`buckets`](Self::buckets) has told, also if it was by other bounds.
    pub(super) fn add_bucket(&mut self, bound_us: Option<u64>, count: u64) {
        let at = bound_us.map_or(BUCKETS, |bound| BOUNDS_US.partition_point(|end| *end < bound));
        self.add_to(at, count);
    }

    pub(super) fn add_sum_us(&mut self, sum_us: u64) {
        self.sum_us = self.sum_us.saturating_add(sum_us);
    }

    fn add_to(&mut self, at: usize, count: u64) {
        if self.counts.is_empty() {
            self.counts = vec![0; BUCKETS + 1];
        }
        if let Some(bucket) = self.counts.get_mut(at) {
            *bucket = bucket.saturating_add(count);
        }
    }
}

fn bound_us(at: usize) -> Option<u64> {
    BOUNDS_US.get(at).copied()
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Summary {
            count: u64,
            mean_us: Option<u64>,
            p50_us: Option<u64>,
            p90_us: Option<u64>,
            p99_us: Option<u64>,
        }
        let us = |duration: Option<Duration>| {
            duration.map(|duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
        };
        let summary = Summary {
            count: self.count(),
            mean_us: us(self.mean()),
            p50_us: us(self.percentile(50)),
            p90_us: us(self.percentile(90)),
            p99_us: us(self.percentile(99)),
        };
        summary.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn of(took_us: &[u64]) -> Latencies {
        let mut latencies = Latencies::default();
        for us in took_us {
            latencies.record(Duration::from_micros(*us));
        }
        latencies
    }

    #[test]
    fn bounds_rise_by_a_quarter_or_so_and_have_1_2_and_5_of_every_decade() {
        assert_eq!((BOUNDS_US[0], BOUNDS_US[BUCKETS - 1]), (1, 1_000_000_000));
        for pair in BOUNDS_US.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
            assert!(pair[1] * 100 <= (pair[0] + 1) * 128, "{pair:?}");
        }
        for decade in (0..9).map(|power| 10_u64.pow(power)) {
            for bound in [1, 2, 5] {
                assert!(BOUNDS_US.contains(&(bound * decade)), "{bound} * {decade}");
            }
        }
    }

    #[test]
    fn nothing_counted_has_no_mean_and_no_percentile() {
        let nothing = Latencies::default();
        assert_eq!((nothing.count(), nothing.mean(), nothing.percentile(50)), (0, None, None));
        assert_eq!(nothing.within(Duration::MAX), 0);
    }

    #[test]
    fn what_takes_for_ever_counts_as_the_longest() {
        let mut latencies = of(&[1]);
        latencies.record(Duration::MAX);
        assert_eq!(latencies.percentile(100), Some(Duration::from_secs(1_000)));
        assert_eq!((latencies.count(), latencies.within(Duration::from_secs(1_000))), (2, 1));
    }

    proptest! {
        #[test]
        fn a_percentile_is_that_of_the_sorted_list_to_its_bucket(
            mut took_us in vec(prop_oneof![0_u64..20, 0_u64..50_000, 0_u64..1_000_000_000], 1..200),
            percent in 0_u32..=100,
        ) {
            let latencies = of(&took_us);
            took_us.sort_unstable();
            let rank = (took_us.len() * percent as usize).div_ceil(100).max(1);
            let exact = took_us[rank - 1];
            let told = u64::try_from(latencies.percentile(percent).unwrap().as_micros()).unwrap();
            prop_assert!(exact <= told, "{exact} > {told}");
            prop_assert!(told * 100 <= exact.max(1) * 128, "{told} for {exact}");
            prop_assert_eq!(latencies.sum(), Duration::from_micros(took_us.iter().sum()));
            prop_assert_eq!(latencies.count(), took_us.len() as u64);
        }

        #[test]
        fn within_a_bound_is_what_took_no_longer(
            took_us in vec(0_u64..10_000_000, 0..200),
            digit in prop::sample::select(vec![1_u64, 2, 5]),
            power in 0_u32..8,
        ) {
            let bound = digit * 10_u64.pow(power);
            let counted = took_us.iter().filter(|us| **us <= bound).count();
            prop_assert_eq!(of(&took_us).within(Duration::from_micros(bound)), counted as u64);
        }

        #[test]
        fn what_is_written_down_is_read_back(took_us in vec(any::<u32>(), 0..50)) {
            let took_us: Vec<u64> = took_us.into_iter().map(u64::from).collect();
            let written = of(&took_us);
            let mut read = Latencies::default();
            written.buckets().for_each(|(bound, count)| read.add_bucket(bound, count));
            read.add_sum_us(u64::try_from(written.sum().as_micros()).unwrap());
            prop_assert_eq!(read, written);
        }
    }
}
