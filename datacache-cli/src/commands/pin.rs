//! `datacache pin` and `unpin`: what stays, however little room there is.

use datacache::{Cache, Identifier};
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

/// Pins those named, or lists all that are.
pub(crate) async fn pin(
    cache: &Cache,
    global: &Global,
    identifiers: &[Identifier],
) -> anyhow::Result<Outcome> {
    if identifiers.is_empty() {
        return list(cache, global).await;
    }
    let mut pinned = 0;
    for identifier in identifiers {
        pinned += u64::from(cache.pin(identifier).await?);
    }
    if global.json {
        output::json(&json!({ "pinned": pinned }))?;
    } else {
        output::note(format_args!("pinned {pinned}"));
    }
    Ok(Outcome::Done)
}

pub(crate) async fn unpin(
    cache: &Cache,
    global: &Global,
    identifiers: &[Identifier],
) -> anyhow::Result<Outcome> {
    let mut unpinned = 0;
    for identifier in identifiers {
        if cache.unpin(identifier).await? {
            unpinned += 1;
        } else {
            output::note(format_args!("not pinned: {identifier}"));
        }
    }
    if global.json {
        output::json(&json!({ "unpinned": unpinned }))?;
    } else {
        output::note(format_args!("unpinned {unpinned}"));
    }
    Ok(if unpinned == 0 { Outcome::Absent } else { Outcome::Done })
}

async fn list(cache: &Cache, global: &Global) -> anyhow::Result<Outcome> {
    for identifier in cache.pinned().await? {
        if global.json {
            output::json(&json!({ "identifier": identifier }))?;
        } else {
            output::line(&identifier)?;
        }
    }
    Ok(Outcome::Done)
}
