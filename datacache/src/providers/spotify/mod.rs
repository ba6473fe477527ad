//! Spotify: tracks, albums and artists, by id and by what people type, by its Web API
//! (<https://developer.spotify.com/documentation/web-api>).
//!
//! It answers nobody without a token. It is asked once in two seconds and a thousand times an hour
//! at most; its answers are kept for 12 hours, as its terms forbid to keep them for long
//! (<https://developer.spotify.com/policy>). What is shown of them links to the page it comes from,
//! which is `url`. A search that finds nothing is remembered as absence.

mod answer;
mod id;

use serde::de::DeserializeOwned;
use url::Url;

pub use answer::{Album, AlbumTrack, Albums, Artist, ArtistRef, Artists, Track, Tracks};
pub use id::SpotifyId;

use super::country::Country;
use super::query::Query;
use super::term;
use crate::cache::Cache;
use crate::error::{Error, Result};
use answer::{OfAlbums, OfArtists, OfTracks};

pub(super) const NAME: &str = "spotify";

/// How many results of a search are answered, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// At most so many, 1 to 50. Default 10, which is all that apps in development mode get
    /// (<https://developer.spotify.com/documentation/web-api/tutorials/february-2026-migration-guide>).
    pub limit: u8,
    /// So many are passed over, up to 1 000.
    pub offset: u16,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 10, offset: 0 }
    }
}

/// The calls of Spotify.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) without a credential, unless the cache has the answer;
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty text or one of more than 1 000
/// bytes, and for a paging that Spotify has not.
#[derive(Clone)]
pub struct Spotify {
    cache: Cache,
    paging: Paging,
    market: Option<Country>,
}

impl Spotify {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, paging: Paging::default(), market: None }
    }

    /// Searches answer this part of what they find.
    #[must_use]
    pub fn paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// Tracks and albums are those that can be listened to in this country; any unless set.
    #[must_use]
    pub fn market(mut self, market: Country) -> Self {
        self.market = Some(market);
        self
    }

    /// The track with this id.
    pub fn track(&self, id: &SpotifyId) -> Query<Track> {
        self.query(self.lookup("tracks", id, self.market), |it| it)
    }

    /// The album with this id.
    pub fn album(&self, id: &SpotifyId) -> Query<Album> {
        self.query(self.lookup("albums", id, self.market), |it| it)
    }

    /// The artist with this id.
    pub fn artist(&self, id: &SpotifyId) -> Query<Artist> {
        self.query(self.lookup("artists", id, None), |it| it)
    }

    /// Tracks that fit a text, which may have fields in it such as `artist:` and `isrc:`.
    pub fn search_tracks(&self, text: &str) -> Query<Tracks> {
        self.query(self.search("track", text), |it: OfTracks| it.tracks)
    }

    /// Albums that fit a text.
    pub fn search_albums(&self, text: &str) -> Query<Albums> {
        self.query(self.search("album", text), |it: OfAlbums| it.albums)
    }

    /// Artists that fit a name.
    pub fn search_artists(&self, name: &str) -> Query<Artists> {
        self.query(self.search("artist", name), |it: OfArtists| it.artists).about(name)
    }

    fn query<A: DeserializeOwned + 'static, T: 'static>(
        &self,
        url: Result<Url>,
        read: fn(A) -> T,
    ) -> Query<T> {
        let read = move |body: &[u8]| serde_json::from_slice(body).map(read);
        Query::new(self.cache.clone(), NAME, url, read).needs_key()
    }

    fn lookup(&self, what: &str, id: &SpotifyId, market: Option<Country>) -> Result<Url> {
        let market = market.map(|market| market.to_string());
        let params: Vec<_> = market.iter().map(|market| ("market", market.as_str())).collect();
        Ok(self.cache.base_url(NAME)?.endpoint(&[what, id.as_str()], &params))
    }

    fn search(&self, what: &'static str, text: &str) -> Result<Url> {
        let text = term::checked(what, text)?;
        let Paging { limit, offset } = self.paging;
        if !(1..=50).contains(&limit) || offset > 1_000 {
            let reason = "a limit is 1 to 50, an offset at most 1000";
            return Err(Error::invalid("ask provider", "paging", reason));
        }
        let (limit, offset) = (limit.to_string(), offset.to_string());
        let market = self.market.map(|market| market.to_string());
        let mut params = vec![("q", text), ("type", what), ("limit", &limit), ("offset", &offset)];
        params.extend(market.iter().map(|market| ("market", market.as_str())));
        Ok(self.cache.base_url(NAME)?.endpoint(&["search"], &params))
    }
}

#[cfg(test)]
mod tests;
