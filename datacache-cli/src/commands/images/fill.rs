//! `datacache images fill`: queues what is missing.

use datacache::Cache;

use crate::args::{Fill, Global};
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(cache: &Cache, global: &Global, fill: Fill) -> anyhow::Result<Outcome> {
    let Fill { identifier, data_type, urls, provider, max } = fill;
    let (images, max) = (cache.providers().images(), max.unwrap_or(usize::MAX));
    let filled = images.fill_queue(&identifier, &data_type, urls, provider.as_ref(), max).await?;
    if global.json {
        output::json(&filled)?;
    } else {
        output::note(format_args!(
            "{} queued, {} known already, {} not needed",
            filled.queued, filled.known, filled.left_out
        ));
    }
    Ok(Outcome::Done)
}
