//! What a cache answers.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::store::{Entry, EntryInfo};
use crate::trail::Step;

/// What the cache itself knows about a URL.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Lookup {
    /// An entry that may be used as it is.
    Fresh(Entry),
    /// An entry that its origin should be asked for again. One whose origin forbids to use it
    /// unasked is a miss.
    Stale(Entry),
    /// The provider said that there is none, and that is still believed.
    Absent(EntryInfo),
    /// Nothing is known.
    Miss,
}

/// What a request led to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The bytes.
    Found(Box<Found>),
    /// The provider says that there is none.
    Absent(Box<Absence>),
    /// A batch request was queued for a worker; there is nothing to show meanwhile.
    Queued,
    /// The deadline passed; the request was queued with priority 1 and there is nothing to show
    /// meanwhile.
    Pending,
    /// Nothing is known, and the request may not leave the machine.
    Miss,
}

/// A request's result with the way to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explained {
    /// What [`Cache::fetch`](crate::Cache::fetch) would have returned.
    pub answer: Result<Answer>,
    /// What was asked and decided, step by step: the store, other processes, the provider's budget,
    /// the origin, how long its answer is kept and why.
    pub steps: Vec<Step>,
}

impl From<Lookup> for Answer {
    fn from(known: Lookup) -> Self {
        let (entry, state) = match known {
            Lookup::Fresh(entry) => (entry, FoundState::Fresh),
            Lookup::Stale(entry) => (entry, FoundState::Stale),
            Lookup::Absent(info) => {
                return Self::Absent(Box::new(Absence { info, source: Source::Store }));
            }
            Lookup::Miss => return Self::Miss,
        };
        Self::Found(Box::new(Found { entry, state, source: Source::Store, warning: None }))
    }
}

/// Found bytes, and how they were come by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// The bytes and what is known about them.
    pub entry: Entry,
    /// How current they are.
    pub state: FoundState,
    /// Where they came from.
    pub source: Source,
    /// Why the entry is stale, when its origin was asked and failed.
    pub warning: Option<Error>,
}

/// How current found bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FoundState {
    /// The entry had not expired.
    Fresh,
    /// The entry has expired, and nothing better was at hand.
    Stale,
    /// The origin has just answered them.
    Fetched,
    /// The entry had expired, and the origin has just said that it still holds.
    Revalidated,
}

/// A remembered "there is none".
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Absence {
    /// What is known about it; `expires_at` says until when it is believed.
    pub info: EntryInfo,
    /// Where the answer came from.
    pub source: Source,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Source {
    /// The database or its files.
    Store,
    /// The origin.
    Origin,
}
