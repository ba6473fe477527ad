//! What Spotify answers, as far as it is read here. What apps in development mode do not get since
//! 2026, such as followers and popularity, may be missing.

use serde::{Deserialize, Deserializer, Serialize};

use super::id::SpotifyId;
use crate::providers::lenient;
use crate::providers::sized_image::{self, SizedImage};

macro_rules! found {
    ($(#[$doc:meta])* $name:ident, $field:ident: $item:ty, $wrapper:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// How many there are, on all pages.
            #[serde(alias = "total", deserialize_with = "lenient::count")]
            pub count: u64,
            /// How many were passed over.
            #[serde(default, deserialize_with = "lenient::count")]
            pub offset: u64,
            /// This page, the best first.
            #[serde(alias = "items", deserialize_with = "lenient::list")]
            pub $field: Vec<$item>,
        }

        #[derive(Deserialize)]
        pub(super) struct $wrapper {
            pub(super) $field: $name,
        }
    };
}

found! {
    /// Tracks that a search has found.
    Tracks, tracks: Track, OfTracks
}
found! {
    /// Albums that a search has found.
    Albums, albums: Album, OfAlbums
}
found! {
    /// Artists that a search has found.
    Artists, artists: Artist, OfArtists
}

/// A track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Track {
    /// Its id.
    pub id: SpotifyId,
    /// Its title.
    pub name: String,
    /// Who it is by.
    #[serde(default, deserialize_with = "lenient::list")]
    pub artists: Vec<ArtistRef>,
    /// The album that it is on.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub album: Option<Album>,
    /// How long it is, in milliseconds.
    #[serde(default, rename(deserialize = "duration_ms"), deserialize_with = "lenient::number")]
    pub length_ms: Option<u64>,
    /// Whether it has words that not everybody may hear; `None` where nobody knows.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub explicit: Option<bool>,
    /// Its International Standard Recording Code.
    #[serde(default, rename(deserialize = "external_ids"), deserialize_with = "isrc")]
    pub isrc: Option<String>,
    /// Its number on its disc.
    #[serde(default, deserialize_with = "lenient::number")]
    pub track_number: Option<u32>,
    /// The number of its disc.
    #[serde(default, deserialize_with = "lenient::number")]
    pub disc_number: Option<u32>,
    /// How popular it is, up to 100.
    #[serde(default, deserialize_with = "lenient::number")]
    pub popularity: Option<u8>,
    /// Its page.
    #[serde(default, rename(deserialize = "external_urls"), deserialize_with = "page")]
    pub url: Option<String>,
}

/// An album, a single, a compilation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Album {
    /// Its id.
    pub id: SpotifyId,
    /// Its title.
    pub name: String,
    /// `album`, `single` or `compilation`.
    #[serde(default, rename(deserialize = "album_type"), deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Who it is by.
    #[serde(default, deserialize_with = "lenient::list")]
    pub artists: Vec<ArtistRef>,
    /// When it came out: a year, a month or a day.
    #[serde(default, deserialize_with = "lenient::text")]
    pub release_date: Option<String>,
    /// How many tracks it has.
    #[serde(default, deserialize_with = "lenient::number")]
    pub total_tracks: Option<u32>,
    /// Its tracks in their order, of a long album the first of them.
    #[serde(default, deserialize_with = "tracks")]
    pub tracks: Vec<AlbumTrack>,
    /// Its covers, the widest first.
    #[serde(default, deserialize_with = "sized_image::widest_first")]
    pub images: Vec<SizedImage>,
    /// Its page.
    #[serde(default, rename(deserialize = "external_urls"), deserialize_with = "page")]
    pub url: Option<String>,
}

/// A track of an album.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AlbumTrack {
    /// Its id.
    pub id: SpotifyId,
    /// Its title.
    pub name: String,
    /// How long it is, in milliseconds.
    #[serde(default, rename(deserialize = "duration_ms"), deserialize_with = "lenient::number")]
    pub length_ms: Option<u64>,
}

/// A person or a group that makes music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Artist {
    /// Its id.
    pub id: SpotifyId,
    /// Its name.
    pub name: String,
    /// Its genres.
    #[serde(default, deserialize_with = "lenient::list")]
    pub genres: Vec<String>,
    /// How many follow it.
    #[serde(default, deserialize_with = "followers")]
    pub followers: Option<u64>,
    /// How popular it is, up to 100.
    #[serde(default, deserialize_with = "lenient::number")]
    pub popularity: Option<u8>,
    /// Its pictures, the widest first.
    #[serde(default, deserialize_with = "sized_image::widest_first")]
    pub images: Vec<SizedImage>,
    /// Its page.
    #[serde(default, rename(deserialize = "external_urls"), deserialize_with = "page")]
    pub url: Option<String>,
}

/// An artist, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ArtistRef {
    /// Its id.
    pub id: SpotifyId,
    /// Its name.
    pub name: String,
}

fn tracks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AlbumTrack>, D::Error> {
    #[derive(Deserialize)]
    struct Page {
        #[serde(default, deserialize_with = "lenient::list")]
        items: Vec<AlbumTrack>,
    }
    let page: Option<Page> = lenient::optional(deserializer)?;
    Ok(page.map(|page| page.items).unwrap_or_default())
}

fn isrc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(lenient::map(deserializer)?.remove("isrc"))
}

fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(lenient::map(deserializer)?.remove("spotify"))
}

fn followers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(lenient::map(deserializer)?.remove("total"))
}
