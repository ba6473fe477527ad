//! Typed calls of the providers a music tool asks: `providers().musicbrainz().search_artists(…)`.
//!
//! # What it owns
//! What to ask, and how to read the answer; no state. Each provider has a file: it checks what it is
//! given, builds a URL and reads bytes, all without I/O. [`Query`] does what there is of that: it
//! asks the cache, so that caching, budgets, absence, stale answers and workers are those of any
//! request, and what is cached is what the provider said, unread.

mod images;
mod lenient;
mod mbid;
pub mod musicbrainz;
mod query;
mod term;

use crate::cache::Cache;
use crate::config::BaseUrl;
use crate::error::{Error, ErrorKind, Result};
pub use images::Images;
pub use mbid::Mbid;
use musicbrainz::MusicBrainz;
pub use query::{Query, Typed};

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
}

#[cfg(test)]
mod tests;
