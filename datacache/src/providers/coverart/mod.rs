//! The Cover Art Archive: the covers of releases, by its web service
//! (<https://musicbrainz.org/doc/Cover_Art_Archive/API>).
//!
//! It wants no key and finds releases by their MusicBrainz ids. What has no cover is a 404, and
//! remembered as absence. The listing and the pictures come from archive.org, to which it
//! redirects.

mod answer;

pub use answer::{Covers, Image, Thumbnails};

use super::mbid::Mbid;
use super::query::Query;
use crate::cache::Cache;
use crate::error::Result;

pub(super) const NAME: &str = "coverartarchive";

/// How large a picture is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Size {
    /// At most 250 pixels wide and high.
    Px250,
    /// At most 500 pixels wide and high.
    Px500,
    /// At most 1 200 pixels wide and high.
    Px1200,
    /// As it was uploaded, which may be very large.
    Original,
}

impl Size {
    const fn front(self) -> &'static str {
        match self {
            Self::Px250 => "front-250",
            Self::Px500 => "front-500",
            Self::Px1200 => "front-1200",
            Self::Original => "front",
        }
    }
}

/// The calls of the Cover Art Archive.
#[derive(Clone)]
pub struct CoverArtArchive {
    cache: Cache,
}

impl CoverArtArchive {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// The covers of the release with this id.
    pub fn release(&self, id: Mbid) -> Query<Covers> {
        self.covers("release", id)
    }

    /// The covers of the release that stands for the release group with this id.
    pub fn release_group(&self, id: Mbid) -> Query<Covers> {
        self.covers("release-group", id)
    }

    /// Where the front cover of the release with this id is: the URL of a picture, to be fetched
    /// as [`FRONT_COVER`](crate::DataType::FRONT_COVER).
    pub fn front_url(&self, id: Mbid, size: Size) -> Result<String> {
        self.front("release", id, size)
    }

    /// Where the front cover of the release group with this id is.
    pub fn release_group_front_url(&self, id: Mbid, size: Size) -> Result<String> {
        self.front("release-group", id, size)
    }

    fn covers(&self, entity: &str, id: Mbid) -> Query<Covers> {
        let id = id.to_string();
        let url = self.cache.base_url(NAME).map(|base_url| base_url.endpoint(&[entity, &id], &[]));
        Query::json(self.cache.clone(), NAME, url).about(&id)
    }

    fn front(&self, entity: &str, id: Mbid, size: Size) -> Result<String> {
        let base_url = self.cache.base_url(NAME)?;
        Ok(base_url.endpoint(&[entity, &id.to_string(), size.front()], &[]).into())
    }
}

#[cfg(test)]
mod tests;
