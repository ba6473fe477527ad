//! `datacache images resize`: a picture scaled down.

use datacache::{Cache, Clock, ImageSize};

use crate::args::{Global, Resize};
use crate::commands::get::{deliver_entry, not_cached};
use crate::commands::state_of;
use crate::outcome::Outcome;

pub(crate) async fn run(cache: &Cache, global: &Global, resize: Resize) -> anyhow::Result<Outcome> {
    let Resize { url, width, height, output } = resize;
    let key = cache.key(&url)?;
    let max_width = width.unwrap_or(ImageSize::MAX.max_width);
    let size = ImageSize::new(max_width, height.unwrap_or(ImageSize::MAX.max_height))?;
    let Some(entry) = cache.providers().images().resized(&url, size).await? else {
        return not_cached(global, Some(key.as_str()), &key);
    };
    let state = state_of(&entry.info, Clock::system().now());
    deliver_entry(global, &entry, state, output.output.as_deref())
}
