//! `datacache stats`: what the cache holds, and how it has done.

mod text;

use std::convert::Infallible;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use datacache::{Cache, Numbers};
use serde::Serialize;

use crate::args::{Global, Stats};
use crate::outcome::Outcome;
use crate::output;
use crate::platform::StopSignals;

/// What `--json` prints; a contract.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    stats: &'a datacache::Stats,
    numbers: Rated<'a>,
}

/// The numbers, and what follows from those of all groups together.
#[derive(Serialize)]
struct Rated<'a> {
    answers: u64,
    hits: u64,
    misses: u64,
    hit_rate: Option<f64>,
    fallback_rate: Option<f64>,
    mean_us: Option<u128>,
    #[serde(flatten)]
    numbers: &'a Numbers,
}

impl<'a> Rated<'a> {
    fn new(numbers: &'a Numbers) -> Self {
        let total = &numbers.total;
        Self {
            answers: total.answers(),
            hits: total.hits(),
            misses: total.misses(),
            hit_rate: total.hit_rate(),
            fallback_rate: total.fallback_rate(),
            mean_us: total.mean().as_ref().map(Duration::as_micros),
            numbers,
        }
    }
}

pub(crate) async fn run(cache: &Cache, global: &Global, args: Stats) -> anyhow::Result<Outcome> {
    if args.prometheus {
        let (stats, numbers) = (cache.stats().await?, cache.numbers(None).await?);
        output::text(stats.prometheus(&numbers))?;
    } else if args.watch {
        let mut signals = StopSignals::listen()?;
        tokio::select! {
            failed = watch(cache, global, &args) => match failed? {},
            () = signals.next() => {}
        }
    } else {
        output::text(shown(cache, global, args.since).await?)?;
    }
    Ok(Outcome::Done)
}

/// Shows them again and again. A terminal shows the latest only; elsewhere each follows the last.
async fn watch(cache: &Cache, global: &Global, args: &Stats) -> anyhow::Result<Infallible> {
    let is_redrawn = io::stdout().is_terminal() && !global.json;
    let mut turn = tokio::time::interval(args.interval);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut separator = "";
    loop {
        turn.tick().await;
        let shown = shown(cache, global, args.since).await?;
        if is_redrawn {
            output::clear()?;
        }
        output::text(format_args!("{separator}{shown}"))?;
        separator = if is_redrawn || global.json { "" } else { "\n" };
    }
}

async fn shown(cache: &Cache, global: &Global, since: Option<Duration>) -> anyhow::Result<String> {
    let (stats, numbers) = (cache.stats().await?, cache.numbers(since).await?);
    if !global.json {
        return Ok(text::of(&cache.dir().display(), &stats, &numbers, since));
    }
    let report = Report { stats: &stats, numbers: Rated::new(&numbers) };
    Ok(serde_json::to_string(&report)? + "\n")
}
