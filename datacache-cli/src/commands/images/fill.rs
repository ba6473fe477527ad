//! `datacache images fill`: queues what is missing.

use datacache::{Cache, Request};

use crate::args::{Fill, Global};
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(cache: &Cache, global: &Global, fill: Fill) -> anyhow::Result<Outcome> {
    let Fill { identifier, data_type, urls, provider, max, untrusted } = fill;
    let (mut images, max) = (cache.providers().images(), max.unwrap_or(usize::MAX));
    if untrusted {
        images = images.with(Request::untrusted);
    }
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
