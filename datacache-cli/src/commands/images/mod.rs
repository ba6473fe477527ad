//! `datacache images`: images of artists and albums, and what is made from them.

mod fill;
mod palette;
mod resize;

use datacache::Cache;

use crate::args::{Global, Images};
use crate::outcome::Outcome;

pub(crate) async fn run(cache: &Cache, global: &Global, images: Images) -> anyhow::Result<Outcome> {
    match images {
        Images::Fill(fill) => fill::run(cache, global, fill).await,
        Images::Palette { url } => palette::run(cache, global, &url).await,
        Images::Resize(resize) => resize::run(cache, global, resize).await,
    }
}
