//! `datacache random`: a random image.

use datacache::{Cache, Clock, FoundState, Freshness, Source};

use super::get::{Report, deliver_data, outcome_of};
use crate::args::{Global, Random};
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(cache: &Cache, global: &Global, random: Random) -> anyhow::Result<Outcome> {
    let Random { identifier, data_type, provider, output } = random;
    let picked = cache.random_image(&identifier, &data_type, provider.as_ref()).await?;
    let Some(entry) = picked else {
        output::note(format_args!("no {data_type} of {identifier} in the cache"));
        return Ok(Outcome::Absent);
    };
    if global.json {
        let state = match entry.info.freshness(Clock::system().now()) {
            Freshness::Fresh => FoundState::Fresh,
            Freshness::Stale => FoundState::Stale,
        };
        output::json(&Report::found(&entry.info, outcome_of(state), Source::Store))?;
    }
    deliver_data(global, &entry.data, output.output.as_deref())?;
    Ok(Outcome::Done)
}
