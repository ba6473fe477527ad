//! `datacache images resize`: a picture scaled down.

use datacache::{Cache, ImageSize, Lookup};

use super::nothing;
use crate::args::{Global, Resize};
use crate::commands::get::{answer_of, deliver};
use crate::outcome::Outcome;
use crate::report::Report;

pub(crate) async fn run(cache: &Cache, global: &Global, resize: Resize) -> anyhow::Result<Outcome> {
    let Resize { url, width, height, output } = resize;
    let max_width = width.unwrap_or(ImageSize::MAX.max_width);
    let size = ImageSize::new(max_width, height.unwrap_or(ImageSize::MAX.max_height))?;
    let Some(entry) = cache.providers().images().resized(&url, size).await? else {
        return nothing(cache, global, &url).await;
    };
    let (key, answer) = (cache.key(&url)?, answer_of(entry));
    let identifier = match cache.lookup(&url).await? {
        Lookup::Fresh(source) | Lookup::Stale(source) => source.info.identifier,
        _ => None,
    };
    let report = Report::new(key.as_str(), &answer).resized(&key, identifier.as_ref(), size);
    deliver(global, key.as_str(), &answer, &report, output.output.as_deref())
}
