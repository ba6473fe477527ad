//! `datacache theaudiodb`: artists and albums, with pictures and texts.

use datacache::Cache;
use datacache::providers::theaudiodb::{Album, Artist};

use super::table::text;
use super::{table, tell};
use crate::args::{Global, TheAudioDb, TheAudioDbCall as Call};
use crate::outcome::Outcome;
use crate::output;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    theaudiodb: TheAudioDb,
) -> anyhow::Result<Outcome> {
    let TheAudioDb { options, lang, call } = theaudiodb;
    let it = cache.providers().theaudiodb();
    let language = lang.as_str();
    match call {
        Call::SearchArtists { name } => {
            let print = |found: &Vec<Artist>| each(found, |it| artist(it, language));
            tell(cache, global, options, it.search_artist(&name), print).await
        }
        Call::Artist { id } => {
            tell(cache, global, options, it.artist(id), |it| artist(it, language)).await
        }
        Call::SearchAlbums { artist, title } => {
            let print = |found: &Vec<Album>| each(found, |it| album(it, language));
            tell(cache, global, options, it.search_album(&artist, &title), print).await
        }
    }
}

/// Prints one after the other, with a line between them.
fn each<T>(found: &[T], print: impl Fn(&T) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for (at, it) in found.iter().enumerate() {
        if at > 0 {
            output::line("")?;
        }
        print(it)?;
    }
    Ok(())
}

fn artist(artist: &Artist, language: &str) -> anyhow::Result<()> {
    let images = &artist.images;
    let mut rows = vec![
        row("id", Some(artist.id)),
        row("MBID", artist.mbid),
        row("name", Some(&artist.name)),
        row("also", artist.other_name.as_ref()),
        row("country", artist.country.as_ref()),
        row("formed", artist.formed_year),
        row("genre", artist.genre.as_ref()),
        row("style", artist.style.as_ref()),
        row("website", artist.website.as_ref()),
        row("thumb", images.thumb.as_ref()),
        row("wide thumb", images.wide_thumb.as_ref()),
        row("logo", images.logo.as_ref()),
        row("cutout", images.cutout.as_ref()),
        row("clearart", images.clearart.as_ref()),
        row("banner", images.banner.as_ref()),
    ];
    rows.extend(images.fanart.iter().map(|url| row("fanart", Some(url))));
    rows.push(row("biography", artist.biography(language)));
    table::pairs(rows)
}

fn album(album: &Album, language: &str) -> anyhow::Result<()> {
    let images = &album.images;
    table::pairs(vec![
        row("id", Some(album.id)),
        row("MBID", album.mbid),
        row("title", Some(&album.title)),
        row("artist", album.artist.as_ref()),
        row("year", album.year),
        row("genre", album.genre.as_ref()),
        row("style", album.style.as_ref()),
        row("label", album.label.as_ref()),
        row("cover", images.cover_hq.as_ref().or(images.cover.as_ref())),
        row("back", images.back.as_ref()),
        row("disc", images.disc.as_ref()),
        row("spine", images.spine.as_ref()),
        row("text", album.description(language)),
    ])
}

fn row(name: &str, value: Option<impl ToString>) -> [String; 2] {
    [name.to_owned(), text(value)]
}
