//! Discogs: artists, releases and masters, by its API, version 2
//! (<https://www.discogs.com/developers>).
//!
//! Who has a key may ask 60 times a minute instead of 25, may search, and is told where pictures
//! are. Answers are kept for six hours, as older ones must not be shown (Discogs API Terms of Use),
//! and [`ATTRIBUTION`] has to be shown with them. A search that finds nothing is remembered as
//! absence.

mod answer;

use serde::de::DeserializeOwned;
use url::Url;

pub use answer::{
    Artist, ArtistCredit, Format, Image, Label, Master, NamedArtist, Release, SearchResult,
    SearchResults, Track,
};

use super::query::Query;
use super::term;
use crate::cache::Cache;
use crate::error::{Error, Result};

pub(super) const NAME: &str = "discogs";

/// What has to be shown with what comes from Discogs.
pub const ATTRIBUTION: &str = "Data provided by Discogs.";

/// How many results of a search are answered, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// At most so many on a page, 1 to 100. Default 50.
    pub limit: u8,
    /// The page, from 1 on.
    pub page: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 50, page: 1 }
    }
}

/// The calls of Discogs.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) for a search without a key;
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty name or one of more than 1 000
/// bytes, and for a paging that Discogs has not.
#[derive(Clone)]
pub struct Discogs {
    cache: Cache,
    paging: Paging,
}

impl Discogs {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, paging: Paging::default() }
    }

    /// With this page of a search's results.
    #[must_use]
    pub fn paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// Artists by their name.
    pub fn search_artists(&self, name: &str) -> Query<SearchResults> {
        let url = term::checked("artist", name)
            .and_then(|name| self.search_url(&[("type", "artist"), ("q", name)]));
        self.query(url).needs_key().about(name)
    }

    /// Releases of this title, by an artist if one is given.
    pub fn search_releases(&self, title: &str, artist: Option<&str>) -> Query<SearchResults> {
        self.query(self.search_releases_url(title, artist)).needs_key()
    }

    /// The artist that Discogs knows by this number.
    pub fn artist(&self, id: u64) -> Query<Artist> {
        self.lookup("artists", id)
    }

    /// The release that Discogs knows by this number: one edition of an album or a single.
    pub fn release(&self, id: u64) -> Query<Release> {
        self.lookup("releases", id)
    }

    /// The master that Discogs knows by this number: what releases are editions of.
    pub fn master(&self, id: u64) -> Query<Master> {
        self.lookup("masters", id)
    }

    fn search_releases_url(&self, title: &str, artist: Option<&str>) -> Result<Url> {
        let title = term::checked("title", title)?;
        let artist = artist.map(|artist| term::checked("artist", artist)).transpose()?;
        let params = [("type", "release"), ("release_title", title)];
        let by = artist.map(|artist| ("artist", artist));
        self.search_url(&params.into_iter().chain(by).collect::<Vec<_>>())
    }

    fn search_url(&self, params: &[(&str, &str)]) -> Result<Url> {
        let Paging { limit, page } = self.paging;
        if !(1..=100).contains(&limit) || page == 0 {
            let reason = "a limit is 1 to 100, and pages are counted from 1";
            return Err(Error::invalid("ask provider", "paging", reason));
        }
        let (limit, page) = (limit.to_string(), page.to_string());
        let paging = [("per_page", limit.as_str()), ("page", &page)];
        let params: Vec<_> = params.iter().copied().chain(paging).collect();
        Ok(self.cache.base_url(NAME)?.endpoint(&["database", "search"], &params))
    }

    fn lookup<T: DeserializeOwned + 'static>(&self, entity: &str, id: u64) -> Query<T> {
        let base_url = self.cache.base_url(NAME);
        self.query(base_url.map(|base_url| base_url.endpoint(&[entity, &id.to_string()], &[])))
    }

    fn query<T: DeserializeOwned + 'static>(&self, url: Result<Url>) -> Query<T> {
        Query::json(self.cache.clone(), NAME, url).attributed(ATTRIBUTION)
    }
}

#[cfg(test)]
mod tests;
