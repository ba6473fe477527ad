//! `datacache queue stats`: how many requests wait, and for how long.

use datacache::{Cache, Clock, QueueCounts, RestingProvider, Timestamp};
use serde::Serialize;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    counts: QueueCounts,
    resting: Vec<RestingProvider>,
}

pub(super) async fn run(cache: &Cache, global: &Global) -> anyhow::Result<Outcome> {
    let counts = cache.stats().await?.queue;
    let report = Report { counts, resting: cache.resting_providers().await? };
    if global.json {
        output::json(&report)?;
    } else {
        print(&report, Clock::system().now())?;
    }
    Ok(Outcome::Done)
}

fn print(report: &Report, now: Timestamp) -> anyhow::Result<()> {
    let Report { counts, resting } = report;
    let age = |at: Timestamp| format!("{} ago", output::duration(now.since(at)));
    let due = |at: Timestamp| {
        if at <= now {
            return "now".to_owned();
        }
        format!("in {}", output::duration(at.since(now)))
    };
    for (name, value) in [
        ("immediate", counts.immediate.to_string()),
        ("batch", counts.batch.to_string()),
        ("leased", counts.leased.to_string()),
        ("dead", counts.dead.to_string()),
        ("oldest", counts.oldest.map_or_else(|| "-".to_owned(), age)),
        ("next due", counts.next_run_at.map_or_else(|| "-".to_owned(), due)),
    ] {
        output::line(format_args!("  {name:<9} {value}"))?;
    }
    for rest in resting {
        let until = if rest.is_paused { "paused".to_owned() } else { due(rest.not_before) };
        let reason = if rest.not_before > now { rest.reason.as_str() } else { "" };
        let row = format!("  resting   {} ({until}) {reason}", rest.provider);
        output::line(row.trim_end())?;
    }
    Ok(())
}
