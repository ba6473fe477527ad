//! `datacache rm`: removes entries and their files.

use datacache::Cache;
use serde_json::json;

use crate::args::{Global, Rm};
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(cache: &Cache, global: &Global, rm: Rm) -> anyhow::Result<Outcome> {
    let is_by_url = !rm.urls.is_empty();
    let removed = if is_by_url {
        remove_urls(cache, &rm.urls).await?
    } else {
        cache.remove_matching(&super::filter(rm.selection)).await?
    };
    if global.json {
        output::json(&json!({ "removed": removed }))?;
    } else {
        let noun = if removed == 1 { "entry" } else { "entries" };
        output::note(format_args!("removed {removed} {noun}"));
    }
    Ok(if is_by_url && removed == 0 { Outcome::Absent } else { Outcome::Done })
}

async fn remove_urls(cache: &Cache, urls: &[String]) -> anyhow::Result<u64> {
    // All are looked at before any is removed.
    let keys = urls.iter().map(|url| cache.key(url)).collect::<Result<Vec<_>, _>>()?;
    let mut removed = 0;
    for (url, key) in urls.iter().zip(keys) {
        if cache.remove(url).await? {
            removed += 1;
        } else {
            output::note(format_args!("not in the cache: {key}"));
        }
    }
    Ok(removed)
}
