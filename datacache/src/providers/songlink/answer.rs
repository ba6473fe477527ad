//! What Songlink answers, as far as it is read here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::providers::lenient;

/// Where a track or an album can be listened to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Raw")]
#[non_exhaustive]
pub struct Links {
    /// A page with all links.
    pub page_url: Option<String>,
    /// What was asked about, as its own platform calls it.
    pub song: Option<Song>,
    /// The links, in the order of their platforms' names.
    pub links: Vec<Link>,
    /// What the platforms call it.
    pub songs: Vec<Song>,
}

impl Links {
    /// The link to a platform.
    pub fn on(&self, platform: Platform) -> Option<&Link> {
        let mut names = platform.names().iter();
        names.find_map(|name| self.links.iter().find(|link| link.platform == *name))
    }
}

/// A platform that tracks can be listened to on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// Amazon Music, or else its store.
    Amazon,
    /// Apple Music, or else iTunes.
    Apple,
    /// Deezer.
    Deezer,
    /// Qobuz.
    Qobuz,
    /// Spotify.
    Spotify,
    /// Tidal.
    Tidal,
    /// YouTube.
    YouTube,
    /// YouTube Music.
    YouTubeMusic,
}

impl Platform {
    /// What Songlink calls it, the better first.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Amazon => &["amazonMusic", "amazonStore"],
            Self::Apple => &["appleMusic", "itunes"],
            Self::Deezer => &["deezer"],
            Self::Qobuz => &["qobuz"],
            Self::Spotify => &["spotify"],
            Self::Tidal => &["tidal"],
            Self::YouTube => &["youtube"],
            Self::YouTubeMusic => &["youtubeMusic"],
        }
    }
}

/// A link to a platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Link {
    /// What Songlink calls the platform: `tidal`, `amazonMusic`, `youtubeMusic`, …
    pub platform: String,
    /// The page there.
    pub url: String,
    /// Which of the [`songs`](Links::songs) it is.
    pub song_id: Option<String>,
}

/// What a platform calls a track or an album.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Song {
    /// Songlink's id of it: `SPOTIFY_SONG::…`.
    pub song_id: String,
    /// The platform's id of it.
    pub id: Option<String>,
    /// `song` or `album`.
    pub kind: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Who it is by.
    pub artist: Option<String>,
    /// A small cover.
    pub thumbnail_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    entity_unique_id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    page_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::map")]
    links_by_platform: BTreeMap<String, RawLink>,
    #[serde(default, deserialize_with = "lenient::map")]
    entities_by_unique_id: BTreeMap<String, RawSong>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLink {
    url: String,
    #[serde(default, deserialize_with = "lenient::text")]
    entity_unique_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSong {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    artist_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    thumbnail_url: Option<String>,
}

impl From<Raw> for Links {
    fn from(raw: Raw) -> Self {
        let link = |(platform, link): (String, RawLink)| Link {
            platform,
            url: link.url,
            song_id: link.entity_unique_id,
        };
        let song = |(song_id, song): (String, RawSong)| Song {
            song_id,
            id: song.id,
            kind: song.kind,
            title: song.title,
            artist: song.artist_name,
            thumbnail_url: song.thumbnail_url,
        };
        let songs: Vec<Song> = raw.entities_by_unique_id.into_iter().map(song).collect();
        Self {
            page_url: raw.page_url,
            song: songs.iter().find(|song| song.song_id == raw.entity_unique_id).cloned(),
            links: raw.links_by_platform.into_iter().map(link).collect(),
            songs,
        }
    }
}
