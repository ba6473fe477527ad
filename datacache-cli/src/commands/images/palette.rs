//! `datacache images palette`: the colours of a picture.

use datacache::{Cache, Palette, PaletteKind};

use super::nothing;
use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(cache: &Cache, global: &Global, url: &str) -> anyhow::Result<Outcome> {
    let Some(palette) = cache.providers().images().palette(url).await? else {
        return nothing(cache, global, url).await;
    };
    if global.json {
        output::json(&palette)?;
    } else {
        print(&palette)?;
    }
    Ok(Outcome::Done)
}

/// One line for the kind and one for each colour, for people and for `grep`.
fn print(palette: &Palette) -> anyhow::Result<()> {
    let kind = match palette.kind {
        PaletteKind::Vibrant => "vibrant",
        PaletteKind::Desaturated => "desaturated",
        PaletteKind::Monochrome => "monochrome",
    };
    output::line(format_args!("kind      {kind}"))?;
    for (name, colours) in [("display", &palette.display), ("lighting", &palette.lighting)] {
        for colour in colours {
            output::line(format_args!("{name:<8}  {colour}{}", output::block(*colour)))?;
        }
    }
    Ok(())
}
