//! Typed calls of the providers a music tool asks: `providers().musicbrainz().search_artists(…)`.
//!
//! # What it owns
//! What to ask, and how to read the answer; no state. Each provider has a file: it checks what it is
//! given, builds a URL and reads bytes, all without I/O. [`Query`] does what there is of that: it
//! asks the cache, so that caching, budgets, absence, stale answers and workers are those of any
//! request, and what is cached is what the provider said, unread.

pub mod coverart;
pub mod discogs;
pub mod fanarttv;
mod images;
mod lenient;
mod mbid;
pub mod musicbrainz;
mod query;
mod term;
pub mod theaudiodb;

use url::Url;

use crate::cache::Cache;
use crate::config::BaseUrl;
use crate::error::{Error, ErrorKind, Result};
use coverart::CoverArtArchive;
use discogs::Discogs;
use fanarttv::FanartTv;
pub use images::Images;
pub use mbid::Mbid;
use musicbrainz::MusicBrainz;
pub use query::{Query, Typed};
use theaudiodb::TheAudioDb;

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

    /// `url` of a provider that answers only who has a key, if its key can be sent there.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the settings.
    fn with_key(&self, provider: &'static str, url: Url) -> Result<Url> {
        let policies = &self.0.policies;
        let fail = |reason| Err(Error::new(ErrorKind::Config, "ask provider", provider, reason));
        match policies.credential_of(&url) {
            Some(credential) if credential.has_place_in(&url) => Ok(url),
            Some(_) => fail(format!("api_key_in of [providers.{provider}] is not in its base_url")),
            None => {
                let setting = policies.credential_setting(&url);
                fail(format!("its API key is not configured: set {setting}"))
            }
        }
    }

    /// Whether providers are told whom they can write to.
    fn has_contact(&self) -> bool {
        self.0.fetcher.has_contact()
    }
}

impl Providers {
    /// Images of artists and albums.
    pub fn images(&self) -> Images {
        Images::new(self.cache.clone())
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
}

#[cfg(test)]
mod tests;
