//! What is counted about one provider and data type, and what each number means. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::latencies::Latencies;
use crate::error::ErrorKind;

/// How the cache has done.
///
/// Answers are what callers got: each call that asks for an entry is one, whether it had to ask the
/// origin, shared another caller's answer or ended with an error. Fetches are what origins were
/// asked, on behalf of callers or of the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Answers that were in the cache and fresh.
    pub fresh: u64,
    /// Answers that were in the cache and stale, those among them for which the origin was asked in
    /// vain, or did not answer before the deadline.
    pub stale: u64,
    /// Answers that were in the cache: "there is none".
    pub absent: u64,
    /// Answers that came from the origin, be it through a fetch of somebody else.
    pub fetched: u64,
    /// Answers that were in the cache and stale, and that the origin has confirmed.
    pub revalidated: u64,
    /// Answers of the origin: "there is none".
    pub fetched_absent: u64,
    /// Answers "nothing is known", where the origin was not to be asked.
    pub missed: u64,
    /// Answers "queued".
    pub queued: u64,
    /// Answers "pending".
    pub pending: u64,
    /// Answers that were errors, by their [kind](ErrorKind::name).
    pub errors: BTreeMap<String, u64>,
    /// Stale answers that were given because the origin had failed; `stale` counts them too.
    pub fallbacks: u64,
    /// The bytes of all answers.
    pub served_bytes: u64,
    /// How often an origin was asked; redirects and further attempts are part of the first.
    pub fetches: u64,
    /// How often asking an origin brought no answer that could be kept, by the
    /// [kind](ErrorKind::name) of the error; this includes that it was not to be asked then.
    pub fetch_errors: BTreeMap<String, u64>,
    /// The bytes of the bodies that origins have sent.
    pub fetched_bytes: u64,
    /// How long callers waited for what was in the cache.
    pub from_cache: Latencies,
    /// How long callers waited where the origin was asked: for what it answered, and for the stale
    /// entry that they got instead.
    pub from_origin: Latencies,
}

/// How a caller was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fresh,
    Stale,
    /// Stale, because the origin had failed.
    Fallback,
    Absent,
    Fetched,
    Revalidated,
    FetchedAbsent,
    Missed,
    Queued,
    Pending,
    Failed(ErrorKind),
}

impl Outcome {
    /// The name of its number; all errors have one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale | Self::Fallback => "stale",
            Self::Absent => "absent",
            Self::Fetched => "fetched",
            Self::Revalidated => "revalidated",
            Self::FetchedAbsent => "fetched_absent",
            Self::Missed => "missed",
            Self::Queued => "queued",
            Self::Pending => "pending",
            Self::Failed(_) => "failed",
        }
    }

    fn is_data(self) -> bool {
        !matches!(self, Self::Missed | Self::Queued | Self::Pending | Self::Failed(_))
    }
}

/// Whom an answer was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Cache,
    Origin,
}

/// One answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    pub(crate) outcome: Outcome,
    pub(crate) way: Way,
    pub(crate) size_bytes: u64,
    pub(crate) took: Duration,
}

/// One number as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) name: Cow<'static, str>,
    pub(super) label: String,
    pub(super) value: u64,
}

const ERRORS: &str = "errors";
const FETCH_ERRORS: &str = "fetch_errors";
const FROM_CACHE: &str = "from_cache";
const FROM_ORIGIN: &str = "from_origin";
/// The labels of a histogram beside the bounds of its buckets.
const SUM_US: &str = "sum_us";
const BEYOND: &str = "beyond";

impl Counts {
    /// Counts an answer.
    pub(crate) fn answered(&mut self, answered: Answered) {
        let Answered { outcome, way, size_bytes, took } = answered;
        if let Outcome::Failed(kind) = outcome {
            *self.errors.entry(kind.name().to_owned()).or_default() += 1;
        }
        if let Some(count) = self.plain_mut(outcome.name()) {
            *count += 1;
        }
        self.fallbacks += u64::from(outcome == Outcome::Fallback);
        self.served_bytes += size_bytes;
        match way {
            _ if !outcome.is_data() => {}
            Way::Cache => self.from_cache.record(took),
            Way::Origin => self.from_origin.record(took),
        }
    }

    /// Counts that an origin was asked, and how many bytes it sent.
    pub(crate) fn fetched(&mut self, size_bytes: u64) {
        self.fetches += 1;
        self.fetched_bytes += size_bytes;
    }

    /// Counts that asking an origin has failed.
    pub(crate) fn fetch_failed(&mut self, kind: ErrorKind) {
        *self.fetch_errors.entry(kind.name().to_owned()).or_default() += 1;
    }

    /// All answers, errors included.
    pub fn answers(&self) -> u64 {
        self.hits() + self.misses()
    }

    /// Answers that were in the cache, stale ones and "there is none" included.
    pub fn hits(&self) -> u64 {
        self.fresh + self.stale + self.absent
    }

    /// Answers that were not, errors included.
    pub fn misses(&self) -> u64 {
        let from_origin = self.fetched + self.revalidated + self.fetched_absent;
        from_origin + self.missed + self.queued + self.pending + self.failed()
    }

    /// Answers that were errors.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// How often asking an origin has failed.
    pub fn failed_fetches(&self) -> u64 {
        self.fetch_errors.values().sum()
    }

    /// The share of hits among the answers, from 0 to 1; `None` where there were none.
    pub fn hit_rate(&self) -> Option<f64> {
        share(self.hits(), self.answers())
    }

    /// The share of answers that were given because the origin had failed, from 0 to 1; `None`
    /// where there were none.
    pub fn fallback_rate(&self) -> Option<f64> {
        share(self.fallbacks, self.answers())
    }

    /// How long answers took on average, wherever they came from; `None` where there were none.
    pub fn mean(&self) -> Option<Duration> {
        let mut all = self.from_cache.clone();
        all.add(&self.from_origin);
        all.mean()
    }

    /// Adds the counts of another time or group.
    pub fn add(&mut self, other: &Self) {
        for Number { name, label, value } in other.numbers() {
            self.add_number(&name, &label, value);
        }
    }

    /// The numbers that are not 0.
    pub(super) fn numbers(&self) -> Vec<Number> {
        let number = |name: &'static str, label: String, value| Number {
            name: Cow::Borrowed(name),
            label,
            value,
        };
        let mut numbers: Vec<Number> = self
            .plain()
            .into_iter()
            .map(|(name, value)| number(name, String::new(), value))
            .collect();
        for (name, errors) in [(ERRORS, &self.errors), (FETCH_ERRORS, &self.fetch_errors)] {
            numbers.extend(errors.iter().map(|(kind, value)| number(name, kind.clone(), *value)));
        }
        for (name, latencies) in [(FROM_CACHE, &self.from_cache), (FROM_ORIGIN, &self.from_origin)]
        {
            let label = |bound_us: Option<u64>| {
                bound_us.map_or_else(|| BEYOND.to_owned(), |bound_us| bound_us.to_string())
            };
            let buckets = latencies.buckets();
            numbers.extend(buckets.map(|(bound_us, count)| number(name, label(bound_us), count)));
            let sum_us = u64::try_from(latencies.sum().as_micros()).unwrap_or(u64::MAX);
            numbers.push(number(name, SUM_US.to_owned(), sum_us));
        }
        numbers.retain(|number| number.value > 0);
        numbers
    }

    /// Adds a number; one that only a newer program knows is passed over.
    pub(super) fn add_number(&mut self, name: &str, label: &str, value: u64) {
        let errors = match name {
            ERRORS => Some(&mut self.errors),
            FETCH_ERRORS => Some(&mut self.fetch_errors),
            _ => None,
        };
        if let Some(errors) = errors {
            *errors.entry(label.to_owned()).or_default() += value;
            return;
        }
        let latencies = match name {
            FROM_CACHE => &mut self.from_cache,
            FROM_ORIGIN => &mut self.from_origin,
            _ => {
                if let Some(count) = self.plain_mut(name) {
                    *count += value;
                }
                return;
            }
        };
        match (label, label.parse()) {
            (SUM_US, _) => latencies.add_sum_us(value),
            (BEYOND, _) => latencies.add_bucket(None, value),
            (_, Ok(bound_us)) => latencies.add_bucket(Some(bound_us), value),
            _ => {}
        }
    }

    /// The numbers that need no label, by their names.
    fn plain(&self) -> [(&'static str, u64); 13] {
        [
            ("fresh", self.fresh),
            ("stale", self.stale),
            ("absent", self.absent),
            ("fetched", self.fetched),
            ("revalidated", self.revalidated),
            ("fetched_absent", self.fetched_absent),
            ("missed", self.missed),
            ("queued", self.queued),
            ("pending", self.pending),
            ("fallbacks", self.fallbacks),
            ("served_bytes", self.served_bytes),
            ("fetches", self.fetches),
            ("fetched_bytes", self.fetched_bytes),
        ]
    }

    fn plain_mut(&mut self, name: &str) -> Option<&mut u64> {
        Some(match name {
            "fresh" => &mut self.fresh,
            "stale" => &mut self.stale,
            "absent" => &mut self.absent,
            "fetched" => &mut self.fetched,
            "revalidated" => &mut self.revalidated,
            "fetched_absent" => &mut self.fetched_absent,
            "missed" => &mut self.missed,
            "queued" => &mut self.queued,
            "pending" => &mut self.pending,
            "fallbacks" => &mut self.fallbacks,
            "served_bytes" => &mut self.served_bytes,
            "fetches" => &mut self.fetches,
            "fetched_bytes" => &mut self.fetched_bytes,
            _ => return None,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 15 digits")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
