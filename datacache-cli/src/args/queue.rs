//! The command line of what waits for workers, and of the workers.

use std::time::Duration;

use clap::{ArgGroup, Subcommand};
use datacache::{Priority, Provider};

use super::values::{concurrency, duration, provider};
use super::{AskOptions, RequestOptions};

#[derive(Debug, clap::Args)]
pub(crate) struct Enqueue {
    /// What to fetch; - reads URLs or JSON objects from standard input, one a line
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    /// How urgent it is
    #[arg(long, default_value = "batch")]
    pub(crate) priority: Urgency,
    #[command(flatten)]
    pub(crate) options: RequestOptions,
    #[command(flatten)]
    pub(crate) asking: AskOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// List queued requests
    Ls,
    /// Show how many requests wait, and for how long
    Stats,
    /// Try dead requests again
    #[command(group = ArgGroup::new("which").required(true).args(["urls", "all"]))]
    Retry {
        /// Which
        #[arg(value_name = "URL")]
        urls: Vec<String>,
        /// Every dead one
        #[arg(long)]
        all: bool,
    },
    /// Remove requests from the queue
    #[command(group = ArgGroup::new("which").required(true).args(["urls", "dead"]))]
    Rm {
        /// Which
        #[arg(value_name = "URL")]
        urls: Vec<String>,
        /// Every dead one
        #[arg(long)]
        dead: bool,
    },
    /// Keep workers from asking a provider
    Pause {
        /// Which
        #[arg(value_parser = provider)]
        provider: Provider,
    },
    /// Let workers ask a provider again
    Resume {
        /// Which
        #[arg(value_parser = provider)]
        provider: Provider,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Limits {
    /// Forget how much is used, a cooldown and past failures
    Clear {
        /// Of which provider
        #[arg(value_parser = provider)]
        provider: Provider,
    },
}

/// How urgent a request is, as it is written.
#[derive(Clone, Copy, Debug, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Urgency {
    /// Somebody waits for it
    Immediate,
    /// Prefetched for later
    Batch,
}

impl From<Urgency> for Priority {
    fn from(urgency: Urgency) -> Self {
        match urgency {
            Urgency::Immediate => Self::Immediate,
            Urgency::Batch => Self::Batch,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct WorkerOptions {
    /// End when nothing is left to do; the cache is looked after by maintain then
    #[arg(long)]
    pub(crate) drain: bool,
    /// With --drain: do not wait for requests that are put off for longer than this
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s")]
    pub(crate) patience: Duration,
    /// How many requests run at once, 256 at most
    #[arg(long, value_name = "N", value_parser = concurrency, default_value = "8")]
    pub(crate) concurrency: usize,
}
