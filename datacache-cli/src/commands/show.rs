//! `datacache show`: what is known about an entry.

use std::path::PathBuf;

use datacache::{Cache, Clock, Encoding, EntryInfo, Timestamp};
use serde::Serialize;

use super::get::not_cached;
use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    info: &'a EntryInfo,
    freshness: datacache::Freshness,
    age_ms: u128,
    file: Option<PathBuf>,
}

pub(crate) async fn run(cache: &Cache, global: &Global, url: &str) -> anyhow::Result<Outcome> {
    let Some((info, file)) = cache.show(url).await? else {
        let key = cache.key(url)?;
        return not_cached(global, Some(key.as_str()), &key);
    };
    let now = Clock::system().now();
    if global.json {
        let age_ms = now.since(info.created_at).as_millis();
        let freshness = info.freshness(now);
        output::json(&Report { info: &info, freshness, age_ms, file })?;
    } else {
        print(&info, file, now)?;
    }
    Ok(Outcome::Done)
}

fn print(info: &EntryInfo, file: Option<PathBuf>, now: Timestamp) -> anyhow::Result<()> {
    let file = file.map_or_else(|| "in the database".to_owned(), |path| path.display().to_string());
    let identifier = info.identifier.as_ref().map_or("-", |identifier| identifier.as_str());
    output::line(output::heading(&info.url))?;
    for (name, value) in [
        ("state", output::state(info, now)),
        ("identifier", identifier.to_owned()),
        ("type", info.data_type.to_string()),
        ("provider", info.provider.to_string()),
        ("media type", info.mime_type.clone()),
        ("size", size(info)),
        ("stored", ago(info.created_at, now)),
        ("expires", expiry(info.expires_at, now)),
        ("last read", ago(info.last_accessed, now)),
        ("reads", info.access_count.to_string()),
        ("cachekey", info.cachekey.to_string()),
        ("sha-256", info.content_checksum.to_string()),
        ("bytes lie", file),
        ("metadata", serde_json::to_string(&info.metadata)?),
    ] {
        output::line(format_args!("  {name:<11} {value}"))?;
    }
    Ok(())
}

fn size(info: &EntryInfo) -> String {
    let size = format!("{} ({} bytes)", output::size(info.data_size), info.data_size);
    match info.encoding {
        Encoding::Identity => size,
        _ => format!("{size}, compressed to {}", output::size(info.stored_size)),
    }
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({} ago)", output::moment(at), output::duration(now.since(at)))
}

fn expiry(at: Timestamp, now: Timestamp) -> String {
    if at <= now {
        return ago(at, now);
    }
    format!("{} (in {})", output::moment(at), output::duration(at.since(now)))
}
