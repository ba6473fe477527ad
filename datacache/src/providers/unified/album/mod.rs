//! Albums.

mod ask;
mod merge;

use serde::Serialize;

use super::sourced::{Credit, Link, Sourced, Text};
use crate::error::{Error, Result};
use crate::providers::spotify::SpotifyId;
use crate::providers::{Mbid, term};

/// What is known of the album that is asked about.
#[derive(Clone, Debug, Default)]
pub struct AlbumQuery {
    /// Its title and who it is by.
    names: Option<(String, String)>,
    mbid: Option<Mbid>,
    spotify_id: Option<SpotifyId>,
}

impl AlbumQuery {
    /// An album of this title by this artist.
    pub fn titled(title: impl Into<String>, artist: impl Into<String>) -> Self {
        Self { names: Some((title.into(), artist.into())), ..Self::default() }
    }

    /// The album that is the release group with this MusicBrainz id.
    pub fn identified(mbid: Mbid) -> Self {
        Self { mbid: Some(mbid), ..Self::default() }
    }

    /// With this MusicBrainz id of its release group, which decides what is meant.
    #[must_use]
    pub fn mbid(mut self, mbid: Mbid) -> Self {
        self.mbid = Some(mbid);
        self
    }

    /// With this id at Spotify, which is believed.
    #[must_use]
    pub fn spotify_id(mut self, id: SpotifyId) -> Self {
        self.spotify_id = Some(id);
        self
    }

    fn check(&self) -> Result<()> {
        match (&self.names, self.mbid) {
            (Some((title, artist)), _) => {
                term::checked("title", title)?;
                term::checked("artist", artist).map(drop)
            }
            (None, Some(_)) => Ok(()),
            (None, None) => {
                Err(Error::invalid("ask providers", "album", "it has neither a title nor an MBID"))
            }
        }
    }
}

/// An album, as several sources describe it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Album {
    /// Its title.
    pub title: Sourced<String>,
    /// Who it is by.
    pub artists: Option<Sourced<Vec<Credit>>>,
    /// The id of its release group at MusicBrainz.
    pub mbid: Option<Sourced<Mbid>>,
    /// `Album`, `Single`, `EP`, …
    pub kind: Option<Sourced<String>>,
    /// When it first came out: a year, a month or a day.
    pub first_release_date: Option<Sourced<String>>,
    /// Its genres.
    pub genres: Option<Sourced<Vec<String>>>,
    /// What people call it, the most frequent first.
    pub tags: Option<Sourced<Vec<String>>>,
    /// What it is, in the language that was asked for, else in English.
    pub description: Option<Sourced<Text>>,
    /// Its tracks, in their order.
    pub tracks: Option<Sourced<Vec<AlbumTrack>>>,
    /// How many have listened to it.
    pub listeners: Option<Sourced<u64>>,
    /// How often they have.
    pub play_count: Option<Sourced<u64>>,
    /// Where its front cover is, the best first.
    pub covers: Vec<Sourced<String>>,
    /// Its pages.
    pub links: Vec<Sourced<Link>>,
}

/// A track of an album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AlbumTrack {
    /// Its title.
    pub title: String,
    /// How long it is, in milliseconds.
    pub length_ms: Option<u64>,
}
