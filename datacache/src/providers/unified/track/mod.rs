//! Tracks.

mod ask;
mod merge;

use serde::Serialize;

use super::plays::PlayCounts;
use super::sourced::{Credit, Link, Sourced};
use crate::error::{Error, Result};
use crate::providers::musicbrainz::checked_isrc;
use crate::providers::spotify::SpotifyId;
use crate::providers::{Mbid, term};

/// What is known of the track that is asked about. One of title and artist, an MBID, an ISRC and a
/// Spotify id is needed; `default` has none of them.
#[derive(Clone, Debug, Default)]
pub struct TrackQuery {
    /// Its title and who it is by.
    names: Option<(String, String)>,
    mbid: Option<Mbid>,
    isrc: Option<String>,
    spotify_id: Option<SpotifyId>,
    local_plays: Option<u64>,
    spotify_plays: Option<u64>,
}

impl TrackQuery {
    /// A track of this title by this artist.
    pub fn titled(title: impl Into<String>, artist: impl Into<String>) -> Self {
        Self { names: Some((title.into(), artist.into())), ..Self::default() }
    }

    /// With this MusicBrainz id of its recording, which decides what is meant.
    #[must_use]
    pub fn mbid(mut self, mbid: Mbid) -> Self {
        self.mbid = Some(mbid);
        self
    }

    /// With this International Standard Recording Code, such as `GBDUW0000059`, which decides what
    /// is meant where there is no MBID.
    #[must_use]
    pub fn isrc(mut self, isrc: impl Into<String>) -> Self {
        self.isrc = Some(isrc.into());
        self
    }

    /// With this id at Spotify, which is believed.
    #[must_use]
    pub fn spotify_id(mut self, id: SpotifyId) -> Self {
        self.spotify_id = Some(id);
        self
    }

    /// It was played so often by the caller's own users.
    #[must_use]
    pub fn local_plays(mut self, plays: u64) -> Self {
        self.local_plays = Some(plays);
        self
    }

    /// It was played so often on Spotify, if the caller knows: Spotify's API does not tell.
    #[must_use]
    pub fn spotify_plays(mut self, plays: u64) -> Self {
        self.spotify_plays = Some(plays);
        self
    }

    /// The same, its ISRC in the form that is asked for.
    fn checked(&self) -> Result<Self> {
        if let Some((title, artist)) = &self.names {
            term::checked("title", title)?;
            term::checked("artist", artist)?;
        }
        let has_id = self.mbid.is_some() || self.isrc.is_some() || self.spotify_id.is_some();
        if self.names.is_none() && !has_id {
            return Err(Error::invalid(
                "ask providers",
                "track",
                "it has neither a title nor an id",
            ));
        }
        let isrc = self.isrc.as_deref().map(checked_isrc).transpose()?;
        Ok(Self { isrc, ..self.clone() })
    }
}

/// A track, as several sources describe it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Track {
    /// Its title.
    pub title: Sourced<String>,
    /// Who it is by.
    pub artists: Option<Sourced<Vec<Credit>>>,
    /// An album that it is on.
    pub album: Option<Sourced<String>>,
    /// The id of its recording at MusicBrainz.
    pub mbid: Option<Sourced<Mbid>>,
    /// Its International Standard Recording Code.
    pub isrc: Option<Sourced<String>>,
    /// Its id at Spotify.
    pub spotify_id: Option<Sourced<SpotifyId>>,
    /// How long it is, in milliseconds.
    pub length_ms: Option<Sourced<u64>>,
    /// When it first came out: a year, a month or a day.
    pub first_release_date: Option<Sourced<String>>,
    /// Its genres.
    pub genres: Option<Sourced<Vec<String>>>,
    /// What people call it, the most frequent first.
    pub tags: Option<Sourced<Vec<String>>>,
    /// How many have listened to it.
    pub listeners: Option<Sourced<u64>>,
    /// How often it was played.
    pub plays: PlayCounts,
    /// Where the front cover of its album is, the best first.
    pub covers: Vec<Sourced<String>>,
    /// Where it can be listened to, and its other pages.
    pub links: Vec<Sourced<Link>>,
}
