//! Artists.

mod ask;
mod identity;
mod merge;
mod relations;

use std::collections::BTreeMap;

use serde::Serialize;

use super::sourced::{Link, Sourced, Text};
use crate::error::{Error, Result};
use crate::name::DataType;
use crate::providers::spotify::SpotifyId;
use crate::providers::{Mbid, term};

/// What is known of the artist that is asked about.
#[derive(Clone, Debug, Default)]
pub struct ArtistQuery {
    name: Option<String>,
    mbid: Option<Mbid>,
    spotify_id: Option<SpotifyId>,
}

impl ArtistQuery {
    /// An artist of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// The artist with this MusicBrainz id.
    pub fn identified(mbid: Mbid) -> Self {
        Self { mbid: Some(mbid), ..Self::default() }
    }

    /// With this MusicBrainz id, which decides who is meant.
    #[must_use]
    pub fn mbid(mut self, mbid: Mbid) -> Self {
        self.mbid = Some(mbid);
        self
    }

    /// With this id at Spotify, which is believed unless MusicBrainz links to others.
    #[must_use]
    pub fn spotify_id(mut self, id: SpotifyId) -> Self {
        self.spotify_id = Some(id);
        self
    }

    fn check(&self) -> Result<()> {
        match (&self.name, self.mbid) {
            (Some(name), _) => term::checked("artist", name).map(drop),
            (None, Some(_)) => Ok(()),
            (None, None) => {
                Err(Error::invalid("ask providers", "artist", "it has neither a name nor an MBID"))
            }
        }
    }
}

/// An artist, as several sources describe it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Artist {
    /// Its name.
    pub name: Sourced<String>,
    /// Its id at MusicBrainz.
    pub mbid: Option<Sourced<Mbid>>,
    /// What tells it from others of its name.
    pub disambiguation: Option<Sourced<String>>,
    /// Where it is from: two letters from MusicBrainz, words from others.
    pub country: Option<Sourced<String>>,
    /// When it began: a year, a month or a day.
    pub begin: Option<Sourced<String>>,
    /// When it ended: a year, a month or a day.
    pub end: Option<Sourced<String>>,
    /// Its genres.
    pub genres: Option<Sourced<Vec<String>>>,
    /// What people call it, the most frequent first.
    pub tags: Option<Sourced<Vec<String>>>,
    /// Who it is, in the language that was asked for, else in English.
    pub biography: Option<Sourced<Text>>,
    /// How many have listened to it.
    pub listeners: Option<Sourced<u64>>,
    /// Where its pictures are, by the type they are to be fetched as, the best first.
    pub images: BTreeMap<DataType, Vec<Sourced<String>>>,
    /// Its pages.
    pub links: Vec<Sourced<Link>>,
}
