//! Songlink: where else a track or an album can be listened to, by its API, version v1-alpha.1
//! (<https://www.notion.so/d0ebe08a5e304a55928405eb682f6741>).
//!
//! It needs no key, but allows more with one; without, it is asked nine times a minute at most. Its
//! answers are kept for 7 days. [`ATTRIBUTION`] has to be shown with them.

mod answer;

use serde::de::DeserializeOwned;
use url::Url;

pub use answer::{Link, Links, Platform, Song};

use super::country::Country;
use super::query::Query;
use super::term;
use crate::cache::Cache;
use crate::error::Result;
use crate::key::Key;

pub(super) const NAME: &str = "songlink";

/// What has to be shown with what comes from Songlink.
pub const ATTRIBUTION: &str = "Powered by Songlink";

/// What an id of a platform is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A track.
    Song,
    /// An album.
    Album,
}

/// The calls of Songlink.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for what is no URL, and for a platform or an id
/// that is empty or has more than 1 000 bytes.
#[derive(Clone)]
pub struct Songlink {
    cache: Cache,
    country: Option<Country>,
}

impl Songlink {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, country: None }
    }

    /// Links are those for this country; for the United States unless set.
    #[must_use]
    pub fn country(mut self, country: Country) -> Self {
        self.country = Some(country);
        self
    }

    /// Where else the track or the album at `url` is; it may be a URI such as `spotify:track:…`.
    /// What is secret in it is not sent.
    pub fn links(&self, url: &str) -> Query<Links> {
        let url = Key::parse(url.trim());
        self.ask(url.and_then(|url| self.url(&[("url", url.as_str())])))
    }

    /// Where else the track or the album is that has this id on a platform, which is named as in
    /// [`Link::platform`].
    pub fn links_of(&self, platform: &str, kind: Kind, id: &str) -> Query<Links> {
        let kind = match kind {
            Kind::Song => "song",
            Kind::Album => "album",
        };
        let ids = term::checked("platform", platform).and_then(|platform| {
            let id = term::checked("id", id)?;
            Ok([("platform", platform), ("type", kind), ("id", id)])
        });
        self.ask(ids.and_then(|ids| self.url(&ids)))
    }

    fn ask<T: DeserializeOwned + 'static>(&self, url: Result<Url>) -> Query<T> {
        Query::json(self.cache.clone(), NAME, url).attributed(ATTRIBUTION)
    }

    fn url(&self, what: &[(&str, &str)]) -> Result<Url> {
        let country = self.country.map(|country| country.to_string());
        let country = country.iter().map(|country| ("userCountry", country.as_str()));
        let params: Vec<_> = what.iter().copied().chain(country).collect();
        Ok(self.cache.base_url(NAME)?.endpoint(&["links"], &params))
    }
}

#[cfg(test)]
mod tests;
