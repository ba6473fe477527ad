//! An artist, an album, a track, merged of what all configured sources say.
//!
//! Each field says where it comes from. Sources that do not depend on each other are asked at the
//! same time, all within one deadline; one that fails, is not configured or takes too long is told
//! of and costs only what it would have said. Every question is one of the typed calls, so that
//! what is cached costs nobody a request.
//!
//! Two artists of one name are never mixed: MusicBrainz says who is meant, and what other sources
//! say is used if it is about the same MusicBrainz id, or was found by an id or a link from there.
//! A bare name is believed only where nobody knows of a second artist who has it. Where the best of
//! what MusicBrainz finds are several, none is taken, and [`Merged::candidates`] says which there
//! are.
//!
//! ```no_run
//! # async fn example(cache: datacache::Cache) -> Result<(), datacache::Error> {
//! use datacache::providers::unified::ArtistQuery;
//!
//! let artist = cache.providers().unified().artist(&ArtistQuery::named("Daft Punk")).await?;
//! if let Some(genres) = artist.value.and_then(|artist| artist.genres) {
//!     println!("{} (says {})", genres.value.join(", "), genres.from);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it owns
//! Who is asked, in which order, and whose word goes before whose; no state. `ask.rs` of each asks,
//! the rest is pure.

mod album;
mod artist;
mod choice;
mod claim;
mod links;
mod names;
mod plays;
mod report;
mod round;
mod sourced;
mod track;
mod work;

use std::time::Duration;

use serde::Serialize;

pub use album::{Album, AlbumQuery, AlbumTrack};
pub use artist::{Artist, ArtistQuery};
pub use plays::PlayCounts;
pub use report::{SourceReport, SourceState};
pub use sourced::{Credit, Link, Sourced, Text};
pub use track::{Track, TrackQuery};

use super::{Language, LastFm, Mbid, Providers};
use round::{Reach, Round};

/// The merged answers of all sources.
#[derive(Clone)]
pub struct Unified {
    providers: Providers,
    language: Language,
    deadline: Option<Duration>,
    reach: Reach,
}

/// What all sources say together.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Merged<T> {
    /// What is known; `None` where no source has said anything that can be used.
    pub value: Option<T>,
    /// Which there are at MusicBrainz, where it does not become clear which is meant.
    pub candidates: Vec<Candidate>,
    /// Who was asked what, and how it was answered, in the order of their names.
    pub sources: Vec<SourceReport>,
}

/// One of several that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// Its id at MusicBrainz, by which it can be asked for.
    pub mbid: Mbid,
    /// Its name or title.
    pub name: String,
    /// Who it is by.
    pub by: Option<String>,
    /// What tells it from others: in words, by its country or by its date.
    pub about: Option<String>,
}

impl Unified {
    pub(super) fn new(providers: Providers) -> Self {
        Self { providers, language: Language::ENGLISH, deadline: None, reach: Reach::Sources }
    }

    /// Texts are in this language, as far as there are any; English unless set.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// The longest a call waits for sources, all together. Those that have not answered by then are
    /// [`Pending`](SourceState::Pending), and their answers left to a worker. No limit unless set.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Answers that are stale are asked for anew, and left out if that fails.
    #[must_use]
    pub fn must_be_fresh(mut self) -> Self {
        self.reach = Reach::Fresh;
        self
    }

    /// Answers come from the cache or not at all.
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.reach = Reach::Cache;
        self
    }

    fn round(&self) -> Round {
        Round::begin(self.providers.cache.0.clock.clone(), self.deadline, self.reach)
    }

    fn lastfm(&self) -> LastFm {
        self.providers.lastfm().language(lastfm_language(&self.language))
    }
}

/// The language that Last.fm is asked for: one of two letters, or English.
fn lastfm_language(language: &Language) -> Language {
    let language = Some(language).filter(|language| language.as_str().len() == 2);
    language.cloned().unwrap_or(Language::ENGLISH)
}

#[cfg(test)]
mod tests;
