//! `datacache lastfm`: who listens to what, and what it is.

use datacache::Cache;
use datacache::providers::lastfm::{Album, Artist, Image, Track};

use super::table::{self, length, text};
use super::tell;
use crate::args::{Global, LastFm, LastFmCall as Call};
use crate::outcome::Outcome;
use crate::output;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    lastfm: LastFm,
) -> anyhow::Result<Outcome> {
    let LastFm { options, lang, call } = lastfm;
    let mut it = cache.providers().lastfm();
    if let Some(language) = lang {
        it = it.language(language);
    }
    // Without an id there are names: the command line sees to that.
    match call {
        Call::Artist { name, mbid } => {
            let query = match mbid {
                Some(mbid) => it.artist_by_mbid(mbid),
                None => it.artist(&name.unwrap_or_default()),
            };
            tell(cache, global, options, query, artist).await
        }
        Call::Album(of) => {
            let query = match of.mbid {
                Some(mbid) => it.album_by_mbid(mbid),
                None => it.album(&of.artist.unwrap_or_default(), &of.title.unwrap_or_default()),
            };
            tell(cache, global, options, query, album).await
        }
        Call::Track(of) => {
            let query = match of.mbid {
                Some(mbid) => it.track_by_mbid(mbid),
                None => it.track(&of.artist.unwrap_or_default(), &of.title.unwrap_or_default()),
            };
            tell(cache, global, options, query, track).await
        }
    }
}

fn artist(artist: &Artist) -> anyhow::Result<()> {
    let mut rows = vec![
        ["name", &artist.name].map(str::to_owned),
        ["MBID".to_owned(), text(artist.mbid)],
        ["listeners".to_owned(), text(artist.listeners)],
        ["plays".to_owned(), text(artist.play_count)],
        ["tags".to_owned(), artist.tags.join(", ")],
        ["similar".to_owned(), artist.similar.join(", ")],
        ["page".to_owned(), text(artist.url.as_ref())],
        ["about".to_owned(), text(artist.biography.as_ref().or(artist.summary.as_ref()))],
    ];
    rows.extend(images(&artist.images));
    table::pairs(rows)
}

fn album(album: &Album) -> anyhow::Result<()> {
    let mut rows = vec![
        ["title", &album.title].map(str::to_owned),
        ["by".to_owned(), text(album.artist.as_ref())],
        ["MBID".to_owned(), text(album.mbid)],
        ["listeners".to_owned(), text(album.listeners)],
        ["plays".to_owned(), text(album.play_count)],
        ["tags".to_owned(), album.tags.join(", ")],
        ["page".to_owned(), text(album.url.as_ref())],
        ["about".to_owned(), text(album.summary.as_ref())],
    ];
    rows.extend(images(&album.images));
    table::pairs(rows)?;
    if album.tracks.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let rows = album.tracks.iter().map(|track| {
        [length(track.length_s.map(|length_s| length_s.saturating_mul(1_000))), track.title.clone()]
    });
    table::print(["LENGTH", "TITLE"], rows)
}

fn track(track: &Track) -> anyhow::Result<()> {
    let album = track.album.as_ref();
    let mut rows = vec![
        ["title", &track.title].map(str::to_owned),
        ["by".to_owned(), text(track.artist.as_ref())],
        ["on".to_owned(), text(album.map(|album| &album.title))],
        ["MBID".to_owned(), text(track.mbid)],
        ["length".to_owned(), length(track.length_ms)],
        ["listeners".to_owned(), text(track.listeners)],
        ["plays".to_owned(), text(track.play_count)],
        ["tags".to_owned(), track.tags.join(", ")],
        ["page".to_owned(), text(track.url.as_ref())],
        ["about".to_owned(), text(track.summary.as_ref())],
    ];
    rows.extend(album.into_iter().flat_map(|album| images(&album.images)));
    table::pairs(rows)
}

fn images(images: &[Image]) -> impl Iterator<Item = [String; 2]> {
    images.iter().map(|image| [format!("image {}", image.size), image.url.clone()])
}
