//! `datacache queue`: sees and changes what is queued.

mod change;
mod ls;
mod rest;
mod stats;

use datacache::Cache;

use crate::args::{Global, Queue};
use crate::outcome::Outcome;

pub(crate) async fn run(cache: &Cache, global: &Global, queue: Queue) -> anyhow::Result<Outcome> {
    match queue {
        Queue::Ls => ls::run(cache, global).await,
        Queue::Stats => stats::run(cache, global).await,
        Queue::Retry { urls, .. } => change::retry(cache, global, &urls).await,
        Queue::Rm { urls, .. } => change::rm(cache, global, &urls).await,
        Queue::Pause { provider } => rest::pause(cache, global, &provider).await,
        Queue::Resume { provider } => rest::resume(cache, global, &provider).await,
    }
}
