//! `datacache stats`: what the cache holds.

use datacache::{Cache, Stats};

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(cache: &Cache, global: &Global) -> anyhow::Result<Outcome> {
    let stats = cache.stats().await?;
    if global.json {
        output::json(&stats)?;
    } else {
        print(cache, &stats)?;
    }
    Ok(Outcome::Done)
}

fn print(cache: &Cache, stats: &Stats) -> anyhow::Result<()> {
    let totals = &stats.totals;
    let entries = totals.fresh + totals.stale + totals.absent;
    output::line(output::heading(cache.dir().display()))?;
    for (name, value) in [
        (
            "entries",
            format!(
                "{entries} ({} fresh, {} stale, {} absent)",
                totals.fresh, totals.stale, totals.absent
            ),
        ),
        ("derived", format!("{} made from entries", totals.derived)),
        ("bytes", output::size(totals.size_bytes)),
        ("database", output::size(stats.database_bytes)),
        (
            "queued",
            format!(
                "{} immediate, {} batch, {} leased, {} dead",
                stats.queue.immediate, stats.queue.batch, stats.queue.leased, stats.queue.dead
            ),
        ),
    ] {
        output::line(format_args!("  {name:<9} {value}"))?;
    }
    if totals.groups.is_empty() {
        return Ok(());
    }
    let columns = format!(
        "\n{:<20}  {:<16}  {:>8}  {:>8}  {:>8}  {:>11}",
        "PROVIDER", "TYPE", "FRESH", "STALE", "ABSENT", "SIZE"
    );
    output::line(output::heading(columns))?;
    for group in &totals.groups {
        output::line(format_args!(
            "{:<20}  {:<16}  {:>8}  {:>8}  {:>8}  {:>11}",
            group.provider.as_str(),
            group.data_type.as_str(),
            group.fresh,
            group.stale,
            group.absent,
            output::size(group.size_bytes),
        ))?;
    }
    Ok(())
}
