//! The command line of `stats`.

use std::time::Duration;

use super::values::{duration, interval};

const EXAMPLES: &str = "\
Examples:
  datacache stats --since 24h
  datacache stats --watch --interval 5s
  datacache stats --prometheus > /var/lib/node_exporter/datacache.prom";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Stats {
    /// Count only what happened in this time, to the whole hour or, before two days ago, the whole
    /// day
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) since: Option<Duration>,
    /// Show it again and again, until interrupted
    #[arg(long)]
    pub(crate) watch: bool,
    /// With --watch: how often, at most every 100ms
    #[arg(long, value_name = "DURATION", value_parser = interval, default_value = "2s")]
    #[arg(requires = "watch")]
    pub(crate) interval: Duration,
    /// Print the numbers of all time in Prometheus' text format
    #[arg(long, conflicts_with_all = ["json", "since", "watch"])]
    pub(crate) prometheus: bool,
}
