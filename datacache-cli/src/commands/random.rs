//! `datacache random`: a random image.

use datacache::{Cache, Clock, FoundState, Freshness};

use super::get::{deliver_entry, not_cached};
use crate::args::{Global, Random};
use crate::outcome::Outcome;

pub(crate) async fn run(cache: &Cache, global: &Global, random: Random) -> anyhow::Result<Outcome> {
    let Random { identifier, data_type, provider, output } = random;
    let picked = cache.random_image(&identifier, &data_type, provider.as_ref()).await?;
    let Some(entry) = picked else {
        return not_cached(global, None, format_args!("a {data_type} of {identifier}"));
    };
    let state = match entry.info.freshness(Clock::system().now()) {
        Freshness::Fresh => FoundState::Fresh,
        Freshness::Stale => FoundState::Stale,
    };
    deliver_entry(global, &entry, state, output.output.as_deref())
}
