//! Typed calls of the providers a music tool asks: `providers().musicbrainz().search_artists(…)`.
//!
//! # What it owns
//! What to ask, and how to read the answer; no state. Each provider has a file: it checks what it
//! is given, builds a URL and reads bytes, all without I/O. [`Query`] does what there is of that:
//! it asks the cache, so that caching, budgets, absence, stale answers and workers are those of any
//! request, and what is cached is what the provider said, unread.

pub mod api;
mod country;
pub mod coverart;
pub mod deezer;
pub mod discogs;
pub mod fanarttv;
mod images;
mod language;
pub mod lastfm;
mod lenient;
mod mbid;
pub mod musicbrainz;
mod query;
mod sized_image;
pub mod songlink;
pub mod spotify;
mod term;
pub mod theaudiodb;
pub mod unified;
pub mod wikimedia;

use url::Url;

use crate::cache::Cache;
use crate::config::{BaseUrl, Credential};
use crate::error::{Error, ErrorKind, Result};
use api::Api;
pub use country::Country;
use coverart::CoverArtArchive;
use deezer::Deezer;
use discogs::Discogs;
use fanarttv::FanartTv;
pub use images::Images;
pub use language::Language;
use lastfm::LastFm;
pub use mbid::Mbid;
use musicbrainz::MusicBrainz;
pub use query::{Query, Typed};
pub use sized_image::SizedImage;
use songlink::Songlink;
use spotify::Spotify;
use theaudiodb::TheAudioDb;
use unified::Unified;
use wikimedia::Wikimedia;

/// The providers' typed calls.
#[derive(Clone, Debug)]
pub struct Providers {
    cache: Cache,
}

impl Cache {
    /// The providers' typed calls.
    pub fn providers(&self) -> Providers {
        Providers { cache: self.clone() }
    }
}

impl Cache {
    /// Where the API of a provider begins.
    ///
    /// # Errors
    /// [`Internal`](ErrorKind::Internal) for a provider that has no place for it.
    fn base_url(&self, provider: &'static str) -> Result<&BaseUrl> {
        self.0.policies.base_url(provider).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "ask provider", provider, "it has no base_url")
        })
    }

    /// What keeps `provider` from being told whom it can write to, if anything does.
    fn missing_contact(&self, provider: &'static str) -> Option<Error> {
        let reason = "it wants to know whom it can write to: set contact in [http], or the \
                      environment variable DATACACHE_HTTP_CONTACT, to an e-mail address or web page";
        let is_missing = !self.0.fetcher.has_contact();
        is_missing.then(|| Error::new(ErrorKind::Config, "ask provider", provider, reason))
    }

    /// What keeps the provider that `url` belongs to from being asked with a key, if anything does.
    fn missing_key(&self, url: &str) -> Option<Error> {
        let (policies, url) = (&self.0.policies, Url::parse(url).ok()?);
        let provider = policies.provider_of(&url);
        let reason = match policies.credential_of(&url) {
            Some(credential) if credential.has_place_in(&url) => return None,
            Some(_) => format!("api_key_in of [providers.{provider}] is not in its base_url"),
            None => {
                let setting = policies.credential_setting(&url);
                format!("it answers nobody without a credential: set {setting}")
            }
        };
        Some(Error::new(ErrorKind::Config, "ask provider", provider, reason))
    }
}

impl Cache {
    /// The same error about `url`; of a key that was refused it says where that is set.
    fn with_setting(&self, error: Error, url: &str) -> Error {
        let (policies, Ok(url)) = (&self.0.policies, Url::parse(url)) else { return error };
        match policies.credential_of(&url) {
            Some(Credential::ApiKey(_)) if error.kind() == ErrorKind::Unauthorized => {
                let setting = policies.credential_setting(&url);
                error.with_hint(format_args!("it does not take the key, which is {setting}"))
            }
            _ => error,
        }
    }
}

impl Providers {
    /// Images of artists and albums.
    pub fn images(&self) -> Images {
        Images::new(self.cache.clone())
    }

    /// The APIs of anybody, by URL or by a client of the caller's own.
    pub fn api(&self) -> Api {
        Api::new(self.cache.clone())
    }

    /// Deezer: artists and their pictures.
    pub fn deezer(&self) -> Deezer {
        Deezer::new(self.cache.clone())
    }

    /// Last.fm: who listens to artists, albums and tracks, and what they are.
    pub fn lastfm(&self) -> LastFm {
        LastFm::new(self.cache.clone())
    }

    /// MusicBrainz: artists, releases, release groups, recordings.
    pub fn musicbrainz(&self) -> MusicBrainz {
        MusicBrainz::new(self.cache.clone())
    }

    /// The Cover Art Archive: covers of releases and release groups.
    pub fn coverart(&self) -> CoverArtArchive {
        CoverArtArchive::new(self.cache.clone())
    }

    /// TheAudioDB: artists and albums, with pictures and biographies.
    pub fn theaudiodb(&self) -> TheAudioDb {
        TheAudioDb::new(self.cache.clone())
    }

    /// fanart.tv: pictures of artists and albums.
    pub fn fanarttv(&self) -> FanartTv {
        FanartTv::new(self.cache.clone())
    }

    /// Discogs: artists, releases, masters.
    pub fn discogs(&self) -> Discogs {
        Discogs::new(self.cache.clone())
    }

    /// Songlink: where else a track or an album can be listened to.
    pub fn songlink(&self) -> Songlink {
        Songlink::new(self.cache.clone())
    }

    /// Spotify: tracks, albums, artists.
    pub fn spotify(&self) -> Spotify {
        Spotify::new(self.cache.clone())
    }

    /// An artist, an album, a track, merged of what all configured sources say.
    pub fn unified(&self) -> Unified {
        Unified::new(self.clone())
    }

    /// Wikidata, Wikipedia and Wikimedia Commons.
    pub fn wikimedia(&self) -> Wikimedia {
        Wikimedia::new(self.cache.clone())
    }
}

#[cfg(test)]
mod tests;
