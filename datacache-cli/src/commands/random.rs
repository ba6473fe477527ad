//! `datacache random`: a random image.

use datacache::Cache;

use super::get::{answer_of, deliver, not_cached};
use crate::args::{Global, Random};
use crate::outcome::Outcome;
use crate::report::Report;

pub(crate) async fn run(cache: &Cache, global: &Global, random: Random) -> anyhow::Result<Outcome> {
    let Random { identifier, data_type, provider, output } = random;
    let images = cache.providers().images();
    let picked = images.random_image(&identifier, &data_type, provider.as_ref()).await?;
    let Some(entry) = picked else {
        return not_cached(global, None, format_args!("{data_type} of {identifier}"));
    };
    let (key, answer) = (entry.info.url.clone(), answer_of(entry));
    let report = Report::new(key.as_str(), &answer);
    deliver(global, key.as_str(), &answer, &report, output.output.as_deref())
}
