//! `datacache queue retry` and `rm`: by URL, or all dead requests.

use datacache::Cache;
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

/// Retries the named requests, or every dead one where none is named.
pub(super) async fn retry(
    cache: &Cache,
    global: &Global,
    urls: &[String],
) -> anyhow::Result<Outcome> {
    let mut retried = if urls.is_empty() { cache.retry_all().await? } else { 0 };
    for url in urls {
        let is_dead = cache.retry(url).await?;
        retried += count(cache, url, is_dead, "not dead in the queue")?;
    }
    report(global, "retried", retried, urls)
}

/// Removes the named requests, or every dead one where none is named.
pub(super) async fn rm(cache: &Cache, global: &Global, urls: &[String]) -> anyhow::Result<Outcome> {
    let mut removed = if urls.is_empty() { cache.dequeue_dead().await? } else { 0 };
    for url in urls {
        let was_queued = cache.dequeue(url).await?;
        removed += count(cache, url, was_queued, "not queued, or a worker is at it")?;
    }
    report(global, "removed", removed, urls)
}

fn count(cache: &Cache, url: &str, changed: bool, otherwise: &str) -> anyhow::Result<u64> {
    if !changed {
        output::note(format_args!("{otherwise}: {}", cache.key(url)?));
    }
    Ok(u64::from(changed))
}

fn report(global: &Global, verb: &str, count: u64, urls: &[String]) -> anyhow::Result<Outcome> {
    if global.json {
        output::json(&json!({ verb: count }))?;
    } else {
        let noun = if count == 1 { "request" } else { "requests" };
        output::note(format_args!("{verb} {count} {noun}"));
    }
    let all_there = count >= urls.len() as u64;
    Ok(if all_there { Outcome::Done } else { Outcome::Absent })
}
