//! Last.fm: who listens to an artist, an album or a track, and what it is, by its web service,
//! version 2.0 (<https://www.last.fm/api/show/artist.getInfo>, [`album.getInfo`],
//! [`track.getInfo`]).
//!
//! It answers nobody without an API key, five times a second at most; its answers are kept for 7
//! days. It tells with status 200 that it knows no such artist, which is absence, and that it is
//! asked too often, which is not. Names that are misspelled are corrected. Who shows its texts
//! links to the page they come from, which is `url` (<https://www.last.fm/api/tos>).
//!
//! [`album.getInfo`]: https://www.last.fm/api/show/album.getInfo
//! [`track.getInfo`]: https://www.last.fm/api/show/track.getInfo

mod answer;

use serde::de::DeserializeOwned;
use url::Url;

pub use answer::{Album, AlbumTrack, Artist, Image, Track};

use super::language::Language;
use super::mbid::Mbid;
use super::query::Query;
use super::term;
use crate::cache::Cache;
use crate::error::{Error, Result};
use answer::{OfAlbum, OfArtist, OfTrack};

pub(super) const NAME: &str = "lastfm";

/// Parameters of a question.
type Params = Vec<(&'static str, String)>;

/// The calls of Last.fm.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) without an API key, unless the cache has the answer;
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty name, one of more than 1 000
/// bytes, and a language whose code has more than two letters.
#[derive(Clone)]
pub struct LastFm {
    cache: Cache,
    language: Option<Language>,
}

impl LastFm {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, language: None }
    }

    /// Texts about artists and albums are in this language, if there is one; English unless set.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// The artist of this name.
    pub fn artist(&self, name: &str) -> Query<Artist> {
        let name = term::checked("artist", name);
        let about = name.clone().unwrap_or_default();
        let params = name.and_then(|name| self.in_language(named(&[("artist", name)])));
        self.info("artist.getInfo", params, |it: OfArtist| it.artist).about(about)
    }

    /// The artist with this id.
    pub fn artist_by_mbid(&self, mbid: Mbid) -> Query<Artist> {
        let params = self.in_language(identified(mbid));
        self.info("artist.getInfo", params, |it: OfArtist| it.artist).about(&mbid.to_string())
    }

    /// The album of this title, by an artist.
    pub fn album(&self, artist: &str, title: &str) -> Query<Album> {
        let params = by("album", title, artist).and_then(|params| self.in_language(params));
        self.info("album.getInfo", params, |it: OfAlbum| it.album)
    }

    /// The album that is the release with this id.
    pub fn album_by_mbid(&self, mbid: Mbid) -> Query<Album> {
        let params = self.in_language(identified(mbid));
        self.info("album.getInfo", params, |it: OfAlbum| it.album)
    }

    /// The track of this title, by an artist.
    pub fn track(&self, artist: &str, title: &str) -> Query<Track> {
        self.info("track.getInfo", by("track", title, artist), |it: OfTrack| it.track)
    }

    /// The track that is the recording with this id.
    pub fn track_by_mbid(&self, mbid: Mbid) -> Query<Track> {
        self.info("track.getInfo", Ok(identified(mbid)), |it: OfTrack| it.track)
    }

    fn info<A: DeserializeOwned + 'static, T>(
        &self,
        method: &str,
        params: Result<Params>,
        read: fn(A) -> T,
    ) -> Query<T>
    where
        T: 'static,
    {
        let url = params.and_then(|params| self.url(method, &params));
        let read = move |body: &[u8]| serde_json::from_slice(body).map(read);
        Query::new(self.cache.clone(), NAME, url, read).needs_key()
    }

    fn url(&self, method: &str, params: &Params) -> Result<Url> {
        let given = params.iter().map(|(name, value)| (*name, value.as_str()));
        let params: Vec<_> =
            [("method", method)].into_iter().chain(given).chain([("format", "json")]).collect();
        // The documented root ends in a slash.
        Ok(self.cache.base_url(NAME)?.endpoint(&[""], &params))
    }

    fn in_language(&self, mut params: Params) -> Result<Params> {
        let Some(language) = &self.language else { return Ok(params) };
        if language.as_str().len() != 2 {
            let reason = "Last.fm knows languages of two letters only (ISO 639-1)";
            return Err(Error::invalid("ask provider", "language", reason));
        }
        params.push(("lang", language.to_string()));
        Ok(params)
    }
}

fn named(names: &[(&'static str, &str)]) -> Params {
    let names = names.iter().map(|(param, name)| (*param, (*name).to_owned()));
    names.chain([("autocorrect", "1".to_owned())]).collect()
}

fn by(what: &'static str, title: &str, artist: &str) -> Result<Params> {
    Ok(named(&[("artist", term::checked("artist", artist)?), (what, term::checked(what, title)?)]))
}

fn identified(mbid: Mbid) -> Params {
    vec![("mbid", mbid.to_string())]
}

#[cfg(test)]
mod tests;
