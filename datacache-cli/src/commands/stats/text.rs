//! The numbers for people.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use datacache::{Counts, Latencies, Numbers, Stats};

use crate::output;

/// The widest bar, in columns.
const BAR: u64 = 24;

/// The last column of a bar, in eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// What the cache in `dir` holds, and how it has done in the last `period`.
pub(super) fn of(
    dir: &dyn Display,
    stats: &Stats,
    numbers: &Numbers,
    period: Option<Duration>,
) -> String {
    let mut page = Page(String::new());
    page.heading(dir);
    page.holdings(stats);
    page.answers(&numbers.total, period);
    if numbers.total.answers() > 0 {
        page.waits(&numbers.total);
    }
    page.errors(&numbers.total);
    page.groups(numbers);
    page.entries(stats);
    page.0
}

/// A period as it is counted: whole hours, or days where those are no longer told apart.
fn whole(period: Duration) -> Duration {
    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);
    let unit = if period <= 2 * DAY { HOUR } else { DAY };
    let units = period.as_nanos().div_ceil(unit.as_nanos()).max(1);
    unit.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX))
}

struct Page(String);

impl Page {
    fn line(&mut self, line: impl Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{}", line.to_string().trim_end());
    }

    fn heading(&mut self, text: impl Display) {
        self.line(output::heading(text.to_string().trim_end()));
    }

    fn pair(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("  {name:<9} {value}"));
    }

    fn holdings(&mut self, stats: &Stats) {
        let Stats { totals, queue, disk, .. } = stats;
        let (fresh, stale, absent) = (totals.fresh, totals.stale, totals.absent);
        let entries = fresh + stale + absent;
        self.pair(
            "entries",
            format_args!("{entries} ({fresh} fresh, {stale} stale, {absent} absent)"),
        );
        self.pair("derived", format_args!("{} made from entries", totals.derived));
        self.pair("bytes", output::size(totals.size_bytes));
        self.pair(
            "disk",
            format_args!(
                "{} (database {}, log {}, files {}, temporary {}, strays {})",
                output::size(disk.total_bytes()),
                output::size(disk.database_bytes),
                output::size(disk.log_bytes),
                output::size(disk.blob_bytes),
                output::size(disk.temporary_bytes),
                output::size(disk.stray_bytes),
            ),
        );
        for kept in &stats.kept_aside {
            self.pair("aside", output::kept_aside(kept));
        }
        if let Some(bytes) = stats.resident_bytes {
            self.pair("memory", format_args!("{} (this process)", output::size(bytes)));
        }
        let datacache::QueueCounts { immediate, batch, leased, dead, .. } = queue;
        self.pair(
            "queued",
            format_args!("{immediate} immediate, {batch} batch, {leased} leased, {dead} dead"),
        );
    }

    fn answers(&mut self, total: &Counts, period: Option<Duration>) {
        let answers = total.answers();
        let when = period.map_or_else(String::new, |period| {
            format!("in the last {}", humantime::format_duration(whole(period)))
        });
        self.line("");
        self.heading(format_args!("{:<16} {answers:>9}  {when}", "ANSWERS"));
        for (name, count) in [
            ("fresh", total.fresh),
            ("stale", total.stale),
            ("absent", total.absent),
            ("fetched", total.fetched),
            ("revalidated", total.revalidated),
            ("fetched absent", total.fetched_absent),
            ("missed", total.missed),
            ("queued", total.queued),
            ("pending", total.pending),
            ("failed", total.failed()),
        ] {
            if count > 0 {
                let share = percent(count, answers);
                self.line(format_args!(
                    "  {name:<14} {count:>9}  {share:>6}  {}",
                    bar(count, answers)
                ));
            }
        }
    }

    fn waits(&mut self, total: &Counts) {
        let answers = total.answers();
        self.line("");
        self.pair("hits", percent(total.hits(), answers));
        let fallbacks = percent(total.fallbacks, answers);
        self.pair("fallbacks", format_args!("{fallbacks} (stale because an origin had failed)"));
        self.pair("served", output::size(total.served_bytes));
        self.pair(
            "fetched",
            format_args!("{} in {} fetches", output::size(total.fetched_bytes), total.fetches),
        );
        self.pair("average", span(total.mean()));
        self.line("");
        self.heading(format_args!(
            "{:<12}  {:>9}  {:>8}  {:>8}  {:>8}  {:>8}",
            "TIME", "ANSWERS", "MEAN", "P50", "P90", "P99"
        ));
        for (name, latencies) in
            [("from cache", &total.from_cache), ("from origin", &total.from_origin)]
        {
            let [p50, p90, p99] = [50, 90, 99].map(|percent| span(latencies.percentile(percent)));
            self.line(format_args!(
                "{name:<12}  {:>9}  {:>8}  {p50:>8}  {p90:>8}  {p99:>8}",
                latencies.count(),
                span(latencies.mean()),
            ));
        }
    }

    fn errors(&mut self, total: &Counts) {
        let Counts { errors, fetch_errors, .. } = total;
        if errors.is_empty() && fetch_errors.is_empty() {
            return;
        }
        self.line("");
        self.heading(format_args!("{:<16}  {:>9}  {:>9}", "ERROR", "ANSWERS", "FETCHES"));
        let mut kinds: Vec<&String> = errors.keys().chain(fetch_errors.keys()).collect();
        kinds.sort();
        kinds.dedup();
        for kind in kinds {
            let [answers, fetches] = [errors, fetch_errors].map(|of| of.get(kind).unwrap_or(&0));
            self.line(format_args!("{kind:<16}  {answers:>9}  {fetches:>9}"));
        }
    }

    fn groups(&mut self, numbers: &Numbers) {
        if numbers.groups.is_empty() {
            return;
        }
        self.line("");
        self.heading(format_args!(
            "{:<20}  {:<16}  {:>8}  {:>6}  {:>8}  {:>7}  {:>8}  {:>8}",
            "PROVIDER", "TYPE", "ANSWERS", "HITS", "FETCHES", "FAILED", "P50", "P99"
        ));
        for group in &numbers.groups {
            let Counts { fetches, from_cache, from_origin, .. } = &group.counts;
            let (answers, failed) = (group.counts.answers(), group.counts.failed_fetches());
            let all = together(from_cache, from_origin);
            self.line(format_args!(
                "{:<20}  {:<16}  {answers:>8}  {:>6}  {fetches:>8}  {failed:>7}  {:>8}  {:>8}",
                group.provider.as_str(),
                group.data_type.as_str(),
                percent(group.counts.hits(), answers),
                span(all.percentile(50)),
                span(all.percentile(99)),
            ));
        }
    }

    fn entries(&mut self, stats: &Stats) {
        if stats.totals.groups.is_empty() {
            return;
        }
        self.line("");
        self.heading(format_args!(
            "{:<20}  {:<16}  {:>8}  {:>8}  {:>8}  {:>11}",
            "PROVIDER", "TYPE", "FRESH", "STALE", "ABSENT", "SIZE"
        ));
        for group in &stats.totals.groups {
            self.line(format_args!(
                "{:<20}  {:<16}  {:>8}  {:>8}  {:>8}  {:>11}",
                group.provider.as_str(),
                group.data_type.as_str(),
                group.fresh,
                group.stale,
                group.absent,
                output::size(group.size_bytes),
            ));
        }
    }
}

fn together(one: &Latencies, other: &Latencies) -> Latencies {
    let mut all = one.clone();
    all.add(other);
    all
}

/// `81.2%`
fn percent(part: u64, whole: u64) -> String {
    let per_mille = (part.saturating_mul(1_000) + whole / 2).checked_div(whole);
    per_mille.map_or_else(|| "-".to_owned(), |it| format!("{}.{}%", it / 10, it % 10))
}

/// As wide as the share; what is not nothing can be seen.
fn bar(part: u64, whole: u64) -> String {
    let eighths = part.saturating_mul(BAR * 8).checked_div(whole).unwrap_or(0).max(1);
    let full = usize::try_from(eighths / 8).unwrap_or(0);
    let rest = usize::try_from(eighths % 8).unwrap_or(0);
    "█".repeat(full) + EIGHTHS[rest]
}

/// `320 µs`, `4.1 ms`, `2.5 s`
fn span(span: Option<Duration>) -> String {
    let Some(span) = span else { return "-".to_owned() };
    let us = span.as_micros();
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        _ => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use datacache::{DataType, GroupCounts, Provider};

    use super::*;

    fn latencies(millis: &[u64]) -> Latencies {
        let mut latencies = Latencies::default();
        for it in millis {
            latencies.record(Duration::from_millis(*it));
        }
        latencies
    }

    fn numbers() -> Numbers {
        let mut api = Counts::default();
        (api.fresh, api.stale, api.fetched, api.fallbacks) = (900, 50, 40, 5);
        (api.fetches, api.fetched_bytes, api.served_bytes) = (45, 400_000, 9_900_000);
        api.errors.insert("offline".to_owned(), 9);
        api.fetch_errors.insert("offline".to_owned(), 14);
        api.fetch_errors.insert("rate_limited".to_owned(), 2);
        api.from_cache = latencies(&[1; 945]);
        api.from_origin = latencies(&[400; 45]);
        let mut covers = Counts::default();
        (covers.absent, covers.queued) = (1, 1);
        covers.from_cache.record(Duration::from_micros(320));
        let group = |provider, data_type, counts| {
            GroupCounts::new(Provider::new(provider).unwrap(), data_type, counts)
        };
        let groups = vec![
            group("cdn", DataType::FRONT_COVER, covers),
            group("musicbrainz", DataType::API_RESPONSE, api),
        ];
        Numbers::new(None, groups)
    }

    const PAGE: &str = "\
/cache
  entries   13 (12 fresh, 0 stale, 1 absent)
  derived   0 made from entries
  bytes     3.00 MiB
  disk      4.00 MiB (database 1.00 MiB, log 0 B, files 3.00 MiB, temporary 0 B, strays 0 B)
  memory    10.00 MiB (this process)
  queued    0 immediate, 2 batch, 0 leased, 0 dead

ANSWERS               1001  in the last 1h
  fresh                900   89.9%  █████████████████████▌
  stale                 50    5.0%  █▏
  absent                 1    0.1%  ▏
  fetched               40    4.0%  ▉
  queued                 1    0.1%  ▏
  failed                 9    0.9%  ▏

  hits      95.0%
  fallbacks 0.5% (stale because an origin had failed)
  served    9.44 MiB
  fetched   390.62 KiB in 45 fetches
  average   19.1 ms

TIME            ANSWERS      MEAN       P50       P90       P99
from cache          946    999 µs    1.0 ms    1.0 ms    1.0 ms
from origin          45  400.0 ms  400.0 ms  400.0 ms  400.0 ms

ERROR               ANSWERS    FETCHES
offline                   9         14
rate_limited              0          2

PROVIDER              TYPE               ANSWERS    HITS   FETCHES   FAILED       P50       P99
cdn                   front_cover              2   50.0%         0        0    400 µs    400 µs
musicbrainz           api_response           999   95.1%        45       16    1.0 ms  400.0 ms
";

    #[test]
    fn the_page_is_as_it_was() {
        let mut stats = Stats::default();
        (stats.totals.fresh, stats.totals.absent, stats.totals.size_bytes) = (12, 1, 3 << 20);
        (stats.disk.database_bytes, stats.disk.blob_bytes) = (1 << 20, 3 << 20);
        stats.resident_bytes = Some(10 << 20);
        stats.queue.batch = 2;
        let hour = Some(Duration::from_hours(1));
        let page = of(&"/cache", &stats, &numbers(), hour);
        let plain = anstream::adapter::strip_str(&page).to_string();
        assert_eq!(plain, PAGE, "{plain}");
    }

    #[test]
    fn a_cache_that_was_never_asked_has_no_rates() {
        let page = of(&"/cache", &Stats::default(), &Numbers::default(), None);
        assert!(!page.contains("TIME") && !page.contains("NaN"));
    }

    #[test]
    fn shares_and_spans_read_well() {
        assert_eq!(
            (percent(1, 3), percent(1, 0), percent(5, 5)),
            ("33.3%".into(), "-".into(), "100.0%".into())
        );
        assert_eq!((bar(1, 1).chars().count(), bar(1, 1_000_000)), (24, "▏".to_owned()));
        assert_eq!(bar(1, 16), "█▌");
        for (micros, text) in
            [(0, "0 µs"), (999, "999 µs"), (4_160, "4.1 ms"), (2_500_000, "2.5 s")]
        {
            assert_eq!(span(Some(Duration::from_micros(micros))), text);
        }
    }
}
