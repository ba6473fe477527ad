//! `datacache keys`: the handles of an artist's or album's entries.

use datacache::{Cache, DataType, Identifier};
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(
    cache: &Cache,
    global: &Global,
    identifier: &str,
    data_type: &DataType,
) -> anyhow::Result<Outcome> {
    let identifier = Identifier::new(identifier)?;
    let keys = cache.keys(&identifier, data_type).await?;
    for cachekey in &keys {
        if global.json {
            output::json(&json!({ "cachekey": cachekey }))?;
        } else {
            output::line(cachekey)?;
        }
    }
    if keys.is_empty() {
        output::note(format_args!("no {data_type} of {identifier} in the cache"));
        return Ok(Outcome::Absent);
    }
    Ok(Outcome::Done)
}
