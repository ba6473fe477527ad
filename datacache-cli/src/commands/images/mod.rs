//! `datacache images`: images of artists and albums, and what is made from them.

mod fill;
mod palette;
mod resize;

use datacache::{Answer, Cache, Clock, Lookup};

use super::get::deliver;
use crate::args::{Global, Images};
use crate::outcome::Outcome;
use crate::report::Report;

pub(crate) async fn run(cache: &Cache, global: &Global, images: Images) -> anyhow::Result<Outcome> {
    match images {
        Images::Fill(fill) => fill::run(cache, global, fill).await,
        Images::Palette { url } => palette::run(cache, global, &url).await,
        Images::Resize(resize) => resize::run(cache, global, resize).await,
    }
}

/// Tells that there is no picture at `url`, and whether its origin has said so.
async fn nothing(cache: &Cache, global: &Global, url: &str) -> anyhow::Result<Outcome> {
    let key = cache.key(url)?;
    let answer = match cache.lookup(url).await? {
        absent @ Lookup::Absent(_) => absent.into_answer(Clock::system().now()),
        _ => Answer::Miss,
    };
    deliver(global, key.as_str(), &answer, &Report::new(key.as_str(), &answer), None)
}
