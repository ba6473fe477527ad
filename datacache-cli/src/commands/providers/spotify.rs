//! `datacache spotify`: tracks, albums, artists.

use datacache::Cache;
use datacache::providers::spotify::{
    Album, Albums, Artist, ArtistRef, Artists, Paging, Track, Tracks,
};

use super::table::{self, image, length, text};
use super::tell;
use crate::args::{Global, Spotify, SpotifyCall as Call, SpotifySearch};
use crate::outcome::Outcome;
use crate::output;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    spotify: Spotify,
) -> anyhow::Result<Outcome> {
    let Spotify { options, market, call } = spotify;
    let mut it = cache.providers().spotify();
    if let Some(market) = market {
        it = it.market(market);
    }
    let paged = |search: &SpotifySearch| {
        it.clone().paging(Paging { limit: search.limit, offset: search.offset })
    };
    macro_rules! tell {
        ($query:expr, $print:expr) => {
            tell(cache, global, options, $query, $print).await
        };
    }
    match call {
        Call::Track(of) => tell!(it.track(&of.id), track),
        Call::Album(of) => tell!(it.album(&of.id), album),
        Call::Artist(of) => tell!(it.artist(&of.id), artist),
        Call::SearchTracks(of) => {
            tell!(paged(&of).search_tracks(&of.text), |it: &Tracks| {
                tracks(it).map(|()| more(&of, it.count))
            })
        }
        Call::SearchAlbums(of) => {
            tell!(paged(&of).search_albums(&of.text), |it: &Albums| {
                albums(it).map(|()| more(&of, it.count))
            })
        }
        Call::SearchArtists(of) => {
            tell!(paged(&of).search_artists(&of.text), |it: &Artists| {
                artists(it).map(|()| more(&of, it.count))
            })
        }
    }
}

fn track(track: &Track) -> anyhow::Result<()> {
    let album = track.album.as_ref();
    let mut rows = vec![
        ["id".to_owned(), track.id.to_string()],
        ["title", &track.name].map(str::to_owned),
        ["by".to_owned(), names(&track.artists)],
        ["on".to_owned(), text(album.map(|album| &album.name))],
        ["length".to_owned(), length(track.length_ms)],
        ["ISRC".to_owned(), text(track.isrc.as_ref())],
        ["page".to_owned(), text(track.url.as_ref())],
    ];
    rows.extend(album.into_iter().flat_map(|album| &album.images).map(image));
    table::pairs(rows)
}

fn album(album: &Album) -> anyhow::Result<()> {
    let mut rows = vec![
        ["id".to_owned(), album.id.to_string()],
        ["title", &album.name].map(str::to_owned),
        ["by".to_owned(), names(&album.artists)],
        ["type".to_owned(), text(album.kind.as_ref())],
        ["date".to_owned(), text(album.release_date.as_ref())],
        ["page".to_owned(), text(album.url.as_ref())],
    ];
    rows.extend(album.images.iter().map(image));
    table::pairs(rows)?;
    if album.tracks.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let rows = album.tracks.iter();
    let rows = rows.map(|it| [it.id.to_string(), length(it.length_ms), it.name.clone()]);
    table::print(["ID", "LENGTH", "TITLE"], rows)
}

fn artist(artist: &Artist) -> anyhow::Result<()> {
    let mut rows = vec![
        ["id".to_owned(), artist.id.to_string()],
        ["name", &artist.name].map(str::to_owned),
        ["genres".to_owned(), artist.genres.join(", ")],
        ["followers".to_owned(), text(artist.followers)],
        ["page".to_owned(), text(artist.url.as_ref())],
    ];
    rows.extend(artist.images.iter().map(image));
    table::pairs(rows)
}

fn tracks(found: &Tracks) -> anyhow::Result<()> {
    let rows = found.tracks.iter().map(|track| {
        [track.id.to_string(), length(track.length_ms), track.name.clone(), names(&track.artists)]
    });
    table::print(["ID", "LENGTH", "TITLE", "BY"], rows)
}

fn albums(found: &Albums) -> anyhow::Result<()> {
    let rows = found.albums.iter().map(|album| {
        [
            album.id.to_string(),
            text(album.release_date.as_ref()),
            text(album.kind.as_ref()),
            album.name.clone(),
            names(&album.artists),
        ]
    });
    table::print(["ID", "DATE", "TYPE", "TITLE", "BY"], rows)
}

fn artists(found: &Artists) -> anyhow::Result<()> {
    let rows = found
        .artists
        .iter()
        .map(|artist| [artist.id.to_string(), artist.name.clone(), artist.genres.join(", ")]);
    table::print(["ID", "NAME", "GENRES"], rows)
}

/// Spotify passes over no more results than this.
const LAST_OFFSET: u64 = 1_000;

fn more(search: &SpotifySearch, count: u64) {
    let (offset, limit) = (u64::from(search.offset), u64::from(search.limit));
    let end = offset + limit;
    if end > LAST_OFFSET && end < count {
        output::note(format_args!("{end} of {count}; Spotify tells of no more"));
    } else {
        table::more(offset, limit, count);
    }
}

fn names(artists: &[ArtistRef]) -> String {
    artists.iter().map(|artist| artist.name.as_str()).collect::<Vec<_>>().join(", ")
}
