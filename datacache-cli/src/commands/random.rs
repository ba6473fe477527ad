//! `datacache random`: a random image.

use datacache::{Cache, Clock};

use super::get::{deliver_entry, not_cached};
use super::state_of;
use crate::args::{Global, Random};
use crate::outcome::Outcome;

pub(crate) async fn run(cache: &Cache, global: &Global, random: Random) -> anyhow::Result<Outcome> {
    let Random { identifier, data_type, provider, output } = random;
    let images = cache.providers().images();
    let picked = images.random_image(&identifier, &data_type, provider.as_ref()).await?;
    let Some(entry) = picked else {
        return not_cached(global, None, format_args!("a {data_type} of {identifier}"));
    };
    let state = state_of(&entry.info, Clock::system().now());
    deliver_entry(global, &entry, state, output.output.as_deref())
}
