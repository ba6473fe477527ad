//! fanart.tv: pictures of artists and albums, by its API, versions 3 to 3.2
//! (<https://fanart.tv/api-docs/api-v3/>).
//!
//! It finds artists by their MusicBrainz ids only, and answers nobody without a key. New pictures
//! are shown to a project's key after seven days, so its answers are kept for 30. An artist that it
//! does not know is a 404, and remembered as absence.

mod answer;

pub use answer::{Album, Artist, Image};

use super::mbid::Mbid;
use super::query::Query;
use crate::cache::Cache;

pub(super) const NAME: &str = "fanarttv";

/// The calls of fanart.tv.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) without a key.
#[derive(Clone)]
pub struct FanartTv {
    cache: Cache,
}

impl FanartTv {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// The pictures of the artist with this MusicBrainz id, and those of the albums.
    pub fn artist(&self, id: Mbid) -> Query<Artist> {
        let id = id.to_string();
        let base_url = self.cache.base_url(NAME);
        let url = base_url.map(|base_url| base_url.endpoint(&["music", &id], &[]));
        Query::json(self.cache.clone(), NAME, url).needs_key().about(&id)
    }
}

#[cfg(test)]
mod tests;
