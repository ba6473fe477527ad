//! TheAudioDB: artists and albums with pictures and biographies, by its API, version 1
//! (<https://www.theaudiodb.com/free_music_api>).
//!
//! The key is a part of the path. TheAudioDB publishes one that is free for trying out; none is
//! built in, as each has its own terms. A search that finds nothing is remembered as absence.

mod answer;

use serde_json::Error as JsonError;
use url::Url;

pub use answer::{Album, AlbumImages, Artist, ArtistImages};

use super::mbid::Mbid;
use super::query::Query;
use super::term;
use crate::cache::Cache;
use crate::error::Result;
use crate::redact::PATH_PLACEHOLDER;

pub(super) const NAME: &str = "theaudiodb";

/// The calls of TheAudioDB.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) without a key;
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty name or one of more than 1 000
/// bytes.
#[derive(Clone)]
pub struct TheAudioDb {
    cache: Cache,
}

impl TheAudioDb {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// Artists of this name.
    pub fn search_artist(&self, name: &str) -> Query<Vec<Artist>> {
        let url = term::checked("artist", name)
            .and_then(|name| self.endpoint("search.php", &[("s", name)]));
        self.query(url, answer::artists).about(name)
    }

    /// The artist with this MusicBrainz id.
    pub fn artist(&self, id: Mbid) -> Query<Artist> {
        let id = id.to_string();
        let url = self.endpoint("artist-mb.php", &[("i", &id)]);
        let first = |body: &[u8]| answer::artists(body).map(|mut artists| artists.swap_remove(0));
        self.query(url, first).about(&id)
    }

    /// Albums of this title by this artist.
    pub fn search_album(&self, artist: &str, title: &str) -> Query<Vec<Album>> {
        let checked = term::checked("artist", artist)
            .and_then(|artist| Ok((artist, term::checked("title", title)?)));
        let url = checked.and_then(|(artist, title)| {
            self.endpoint("searchalbum.php", &[("s", artist), ("a", title)])
        });
        self.query(url, answer::albums).about(&format!("{artist} - {title}"))
    }

    fn query<T>(
        &self,
        url: Result<Url>,
        read: impl Fn(&[u8]) -> Result<T, JsonError> + Send + Sync + 'static,
    ) -> Query<T> {
        Query::new(self.cache.clone(), NAME, url, read).needs_key()
    }

    fn endpoint(&self, page: &str, params: &[(&str, &str)]) -> Result<Url> {
        Ok(self.cache.base_url(NAME)?.endpoint(&[PATH_PLACEHOLDER, page], params))
    }
}

#[cfg(test)]
mod tests;
