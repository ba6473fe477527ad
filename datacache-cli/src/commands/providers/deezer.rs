//! `datacache deezer`: artists and their pictures.

use datacache::Cache;
use datacache::providers::deezer::{Artist, Artists};

use super::table::{self, image, text};
use super::tell;
use crate::args::{Deezer, DeezerCall as Call, Global};
use crate::outcome::Outcome;
use crate::output;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    deezer: Deezer,
) -> anyhow::Result<Outcome> {
    let Deezer { options, call } = deezer;
    let it = cache.providers().deezer();
    match call {
        Call::SearchArtists { name } => {
            tell(cache, global, options, it.search_artists(&name), artists).await
        }
        Call::Artist { id } => tell(cache, global, options, it.artist(id), artist).await,
    }
}

fn artists(found: &Artists) -> anyhow::Result<()> {
    let rows = found.artists.iter().map(|artist| {
        let widest = artist.images.first().map(|image| &image.url);
        [artist.id.to_string(), text(artist.fans), artist.name.clone(), text(widest)]
    });
    table::print(["ID", "FANS", "NAME", "IMAGE"], rows)?;
    let (shown, count) = (found.artists.len(), found.count);
    if (shown as u64) < count {
        output::note(format_args!("{shown} of {count}; Deezer tells of no more"));
    }
    Ok(())
}

fn artist(artist: &Artist) -> anyhow::Result<()> {
    let mut rows = vec![
        ["id".to_owned(), artist.id.to_string()],
        ["name", &artist.name].map(str::to_owned),
        ["albums".to_owned(), text(artist.albums)],
        ["fans".to_owned(), text(artist.fans)],
        ["page".to_owned(), text(artist.url.as_ref())],
    ];
    rows.extend(artist.images.iter().map(image));
    table::pairs(rows)
}
