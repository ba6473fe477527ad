//! MusicBrainz: who an artist is, what a release is, by its web service, version 2.
//!
//! It wants to know who asks, so it is not asked without `contact` in `[http]`; it counts requests,
//! one a second (<https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting>), which holds for all
//! processes, and its answers are kept for 30 days. A key has all that an answer depends on, the
//! includes in one order. A search that finds nothing is remembered as absence.

mod answer;
mod include;
mod lucene;

use serde::de::DeserializeOwned;
use url::Url;

pub use answer::{
    Alias, Area, Artist, ArtistCredit, Artists, Isrc, LifeSpan, Link, Rating, Recording,
    Recordings, Release, ReleaseGroup, ReleaseGroups, Releases, Tag, Track, TrackArtist,
};
pub use include::Include;

use super::mbid::Mbid;
use super::query::Query;
use super::term;
use crate::cache::Cache;
use crate::config::BaseUrl;
use crate::error::{Error, Result};

pub(super) const NAME: &str = "musicbrainz";

/// How many results of a search are answered, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// At most so many, 1 to 100. Default 25.
    pub limit: u8,
    /// So many are passed over.
    pub offset: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 25, offset: 0 }
    }
}

/// The calls of MusicBrainz.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) without a contact, unless the cache has the answer;
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty name or one of more than 1 000
/// bytes, and for a paging that MusicBrainz has not.
#[derive(Clone)]
pub struct MusicBrainz {
    cache: Cache,
    paging: Paging,
}

impl MusicBrainz {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, paging: Paging::default() }
    }

    /// Searches answer this part of what they find.
    #[must_use]
    pub fn paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// Artists that are called like this, or have an alias that is.
    pub fn search_artists(&self, name: &str) -> Query<Artists> {
        self.search("artist", lucene::words("artist", name)).about(name)
    }

    /// Releases of this title, by an artist if one is given.
    pub fn search_releases(&self, title: &str, artist: Option<&str>) -> Query<Releases> {
        self.search("release", lucene::title_by("release", title, artist))
    }

    /// Release groups of this title, by an artist if one is given.
    pub fn search_release_groups(&self, title: &str, artist: Option<&str>) -> Query<ReleaseGroups> {
        self.search("release-group", lucene::title_by("releasegroup", title, artist))
    }

    /// Recordings of this title, by an artist if one is given.
    pub fn search_recordings(&self, title: &str, artist: Option<&str>) -> Query<Recordings> {
        self.search("recording", lucene::title_by("recording", title, artist))
    }

    /// The artist with this id.
    pub fn artist(&self, id: Mbid, includes: &[Include]) -> Query<Artist> {
        self.lookup("artist", &id.to_string(), includes)
    }

    /// The release with this id.
    pub fn release(&self, id: Mbid, includes: &[Include]) -> Query<Release> {
        self.lookup("release", &id.to_string(), includes)
    }

    /// The release group with this id.
    pub fn release_group(&self, id: Mbid, includes: &[Include]) -> Query<ReleaseGroup> {
        self.lookup("release-group", &id.to_string(), includes)
    }

    /// The recording with this id.
    pub fn recording(&self, id: Mbid, includes: &[Include]) -> Query<Recording> {
        self.lookup("recording", &id.to_string(), includes)
    }

    /// The recordings with this ISRC, such as `GBDUW0000059`, with or without its hyphens.
    pub fn isrc(&self, isrc: &str, includes: &[Include]) -> Query<Isrc> {
        match checked_isrc(isrc) {
            Ok(isrc) => self.lookup("isrc", &isrc, includes),
            Err(error) => self.query(Err(error)),
        }
    }

    fn search<T: DeserializeOwned + 'static>(
        &self,
        entity: &str,
        query: Result<String>,
    ) -> Query<T> {
        let url = query.and_then(|query| search_url(self.base_url()?, entity, &query, self.paging));
        self.query(url)
    }

    fn lookup<T: DeserializeOwned + 'static>(
        &self,
        entity: &str,
        id: &str,
        includes: &[Include],
    ) -> Query<T> {
        let url = self.base_url().map(|base_url| lookup_url(base_url, entity, id, includes));
        self.query(url).about(id)
    }

    fn query<T: DeserializeOwned + 'static>(&self, url: Result<Url>) -> Query<T> {
        Query::json(self.cache.clone(), NAME, url).needs_contact(NAME)
    }

    fn base_url(&self) -> Result<&BaseUrl> {
        self.cache.base_url(NAME)
    }
}

fn search_url(base_url: &BaseUrl, entity: &str, query: &str, paging: Paging) -> Result<Url> {
    let Paging { limit, offset } = paging;
    if !(1..=100).contains(&limit) {
        return Err(Error::invalid("ask provider", "paging", "a limit is 1 to 100"));
    }
    let (limit, offset) = (limit.to_string(), offset.to_string());
    let params = [("query", query), ("limit", &limit), ("offset", &offset), ("fmt", "json")];
    Ok(base_url.endpoint(&[entity], &params))
}

fn lookup_url(base_url: &BaseUrl, entity: &str, id: &str, includes: &[Include]) -> Url {
    let includes = include::joined(includes);
    let inc = Some(("inc", includes.as_str())).filter(|(_, includes)| !includes.is_empty());
    let params: Vec<_> = inc.into_iter().chain([("fmt", "json")]).collect();
    base_url.endpoint(&[entity, id], &params)
}

/// An International Standard Recording Code: two letters, three letters or digits, seven digits
/// (ISO 3901).
pub(super) fn checked_isrc(text: &str) -> Result<String> {
    let isrc: String = text.trim().chars().filter(|c| *c != '-').collect();
    let isrc = isrc.to_ascii_uppercase();
    let is_one = isrc.len() == 12
        && isrc.bytes().enumerate().all(|(at, byte)| match at {
            0 | 1 => byte.is_ascii_uppercase(),
            2..=4 => byte.is_ascii_alphanumeric(),
            _ => byte.is_ascii_digit(),
        });
    if is_one {
        return Ok(isrc);
    }
    Err(Error::invalid("ask provider", "ISRC", "an ISRC is written like GBDUW0000059"))
}

#[cfg(test)]
mod tests;
