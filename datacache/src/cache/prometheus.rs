//! The numbers in Prometheus' text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>). Pure.

use std::fmt::{self, Display, Write as _};
use std::time::Duration;

use super::numbers::Stats;
use crate::numbers::{Counts, GroupCounts, Latencies, Numbers};

/// The decades of microseconds in which buckets end at 1, 2 and 5: from 10 µs to 50 s.
const DECADES: std::ops::Range<u32> = 1..8;
const LONGEST: Duration = Duration::from_secs(100);

/// What one metric is called and means.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: "counter", help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: "gauge", help }
}

impl Stats {
    /// What the cache holds and, with `numbers` of all time, how it has done, as Prometheus reads
    /// it: text format 0.0.4, bytes and seconds, every name beginning with `datacache_`.
    pub fn prometheus(&self, numbers: &Numbers) -> String {
        let mut text = Text(String::new());
        text.answers(numbers);
        text.fetches(numbers);
        text.latencies(numbers);
        text.entries(self);
        text.gauges(self);
        text.0
    }
}

struct Text(String);

impl Text {
    fn answers(&mut self, numbers: &Numbers) {
        const ANSWERS: Metric = counter("datacache_answers_total", "What callers were answered.");
        const ERRORS: Metric =
            counter("datacache_answer_errors_total", "Answers that were errors, by their kind.");
        const FALLBACKS: Metric = counter(
            "datacache_fallbacks_total",
            "Stale answers that were given because the origin had failed.",
        );
        const BYTES: Metric = counter("datacache_served_bytes_total", "The bytes of all answers.");
        self.head(&ANSWERS);
        for group in &numbers.groups {
            for (outcome, count) in outcomes(&group.counts) {
                self.sample(ANSWERS.name, &labels(group, &[("outcome", &outcome)]), count);
            }
        }
        self.by_kind(&ERRORS, numbers, |counts| &counts.errors);
        self.by_group(&FALLBACKS, numbers, |counts| counts.fallbacks);
        self.by_group(&BYTES, numbers, |counts| counts.served_bytes);
    }

    fn fetches(&mut self, numbers: &Numbers) {
        const FETCHES: Metric = counter("datacache_fetches_total", "How often origins were asked.");
        const ERRORS: Metric = counter(
            "datacache_fetch_errors_total",
            "How often asking an origin brought nothing that could be kept, by the kind of error.",
        );
        const BYTES: Metric =
            counter("datacache_fetched_bytes_total", "The bytes of the bodies of origins.");
        self.by_group(&FETCHES, numbers, |counts| counts.fetches);
        self.by_kind(&ERRORS, numbers, |counts| &counts.fetch_errors);
        self.by_group(&BYTES, numbers, |counts| counts.fetched_bytes);
    }

    fn latencies(&mut self, numbers: &Numbers) {
        const LATENCIES: Metric = Metric {
            name: "datacache_answer_seconds",
            kind: "histogram",
            help: "How long callers waited for what was in the cache, and for the origin.",
        };
        self.head(&LATENCIES);
        for group in &numbers.groups {
            let GroupCounts { counts, .. } = group;
            for (source, latencies) in
                [("cache", &counts.from_cache), ("origin", &counts.from_origin)]
            {
                if latencies.count() > 0 {
                    self.histogram(LATENCIES.name, group, source, latencies);
                }
            }
        }
    }

    fn histogram(&mut self, name: &str, group: &GroupCounts, source: &str, of: &Latencies) {
        let digits = |power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power));
        let bounds = DECADES.flat_map(digits).map(Duration::from_micros);
        let bucket = format!("{name}_bucket");
        for bound in bounds.chain([LONGEST]) {
            let le = bound.as_secs_f64().to_string();
            let labels = labels(group, &[("source", &source), ("le", &le)]);
            self.sample(&bucket, &labels, of.within(bound));
        }
        let all = labels(group, &[("source", &source), ("le", &"+Inf")]);
        self.sample(&bucket, &all, of.count());
        let labels = labels(group, &[("source", &source)]);
        self.sample(&format!("{name}_sum"), &labels, of.sum().as_secs_f64());
        self.sample(&format!("{name}_count"), &labels, of.count());
    }

    fn entries(&mut self, stats: &Stats) {
        const ENTRIES: Metric = gauge("datacache_entries", "Entries, by how current they are.");
        const BYTES: Metric = gauge("datacache_entry_bytes", "The bytes of entries.");
        let groups = &stats.totals.groups;
        self.head(&ENTRIES);
        for group in groups {
            for (state, count) in
                [("fresh", group.fresh), ("stale", group.stale), ("absent", group.absent)]
            {
                let labels: [(&str, &dyn Display); 3] = [
                    ("provider", &group.provider),
                    ("data_type", &group.data_type),
                    ("state", &state),
                ];
                self.sample(ENTRIES.name, &labels, count);
            }
        }
        self.head(&BYTES);
        for group in groups {
            let labels: [(&str, &dyn Display); 2] =
                [("provider", &group.provider), ("data_type", &group.data_type)];
            self.sample(BYTES.name, &labels, group.size_bytes);
        }
    }

    fn gauges(&mut self, stats: &Stats) {
        const QUEUED: Metric = gauge("datacache_queued_requests", "Requests in the queue.");
        const DISK: Metric = gauge("datacache_disk_bytes", "What the cache takes on disk.");
        const MEMORY: Metric = gauge(
            "datacache_resident_memory_bytes",
            "The memory of the process that tells these numbers.",
        );
        let Stats { queue, disk, .. } = stats;
        self.head(&QUEUED);
        for (state, count) in [
            ("immediate", queue.immediate),
            ("batch", queue.batch),
            ("leased", queue.leased),
            ("dead", queue.dead),
        ] {
            self.sample(QUEUED.name, &[("state", &state)], count);
        }
        self.head(&DISK);
        for (part, bytes) in [
            ("database", disk.database_bytes),
            ("log", disk.log_bytes),
            ("blobs", disk.blob_bytes),
            ("temporary", disk.temporary_bytes),
            ("strays", disk.stray_bytes),
            ("aside", disk.aside_bytes),
        ] {
            self.sample(DISK.name, &[("part", &part)], bytes);
        }
        if let Some(bytes) = stats.resident_bytes {
            self.head(&MEMORY);
            self.sample(MEMORY.name, &[], bytes);
        }
    }

    fn by_group(&mut self, metric: &Metric, numbers: &Numbers, count: fn(&Counts) -> u64) {
        self.head(metric);
        for group in &numbers.groups {
            self.sample(metric.name, &labels(group, &[]), count(&group.counts));
        }
    }

    fn by_kind(
        &mut self,
        metric: &Metric,
        numbers: &Numbers,
        kinds: fn(&Counts) -> &std::collections::BTreeMap<String, u64>,
    ) {
        self.head(metric);
        for group in &numbers.groups {
            for (kind, count) in kinds(&group.counts) {
                self.sample(metric.name, &labels(group, &[("kind", kind)]), *count);
            }
        }
    }

    fn head(&mut self, metric: &Metric) {
        let Metric { name, kind, help } = metric;
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &dyn Display)], value: impl Display) {
        if labels.is_empty() {
            return self.line(format_args!("{name} {value}"));
        }
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        self.line(format_args!("{name}{{{}}} {value}", labels.join(",")));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

fn outcomes(counts: &Counts) -> [(&'static str, u64); 10] {
    [
        ("fresh", counts.fresh),
        ("stale", counts.stale),
        ("absent", counts.absent),
        ("fetched", counts.fetched),
        ("revalidated", counts.revalidated),
        ("fetched_absent", counts.fetched_absent),
        ("missed", counts.missed),
        ("queued", counts.queued),
        ("pending", counts.pending),
        ("failed", counts.failed()),
    ]
}

fn labels<'a>(
    group: &'a GroupCounts,
    more: &[(&'a str, &'a dyn Display)],
) -> Vec<(&'a str, &'a dyn Display)> {
    let mut labels: Vec<(&str, &dyn Display)> =
        vec![("provider", &group.provider), ("data_type", &group.data_type)];
    labels.extend_from_slice(more);
    labels
}

/// A label's value may have any character; these three are written otherwise.
fn escaped(text: &dyn Display) -> String {
    text.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
