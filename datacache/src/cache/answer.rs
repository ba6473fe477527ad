//! What a cache answers.

use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::hot::Tier;
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

impl Lookup {
    /// The answer that this is, at `now`, to who asks nobody else.
    pub fn into_answer(self, now: Timestamp) -> Answer {
        let found = match self {
            Self::Fresh(entry) => Found::current(Held::in_store(entry), FoundState::Fresh),
            Self::Stale(entry) => {
                Found::expired(Held::in_store(entry), now, "its origin was not asked")
            }
            Self::Absent(info) => {
                return Answer::Absent(Box::new(Absence { info, source: Source::Store }));
            }
            Self::Miss => return Answer::Miss,
        };
        Answer::Found(Box::new(found))
    }
}

/// An entry that the cache has, and where.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) entry: Entry,
    pub(super) source: Source,
}

impl Held {
    fn in_store(entry: Entry) -> Self {
        Self { entry, source: Source::Store }
    }
}

impl From<(Entry, Tier)> for Held {
    fn from((entry, tier): (Entry, Tier)) -> Self {
        let source = match tier {
            Tier::Hot => Source::Hot,
            Tier::Store => Source::Store,
        };
        Self { entry, source }
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
    /// Why a stale entry is all there is: what went wrong at its origin, or
    /// [`Expired`](crate::ErrorKind::Expired) since when and what comes of it. Every stale entry
    /// has one, and no other.
    pub warning: Option<Error>,
}

impl Found {
    /// An entry whose time has not come.
    pub(super) fn current(held: Held, state: FoundState) -> Self {
        let Held { entry, source } = held;
        Self { entry, state, source, warning: None }
    }

    /// An entry past its time, because of `warning`.
    pub(super) fn stale(held: Held, warning: Error) -> Self {
        let Held { entry, source } = held;
        Self { entry, state: FoundState::Stale, source, warning: Some(warning) }
    }

    /// An entry past its time at `now`, and whether there is a `prospect` of a newer one.
    pub(super) fn expired(held: Held, now: Timestamp, prospect: &str) -> Self {
        let info = &held.entry.info;
        let since = now.since(info.expires_at);
        let since = humantime::format_duration(Duration::from_secs(since.as_secs()));
        let reason = format_args!("it expired {since} ago; {prospect}");
        let warning = Error::new(ErrorKind::Expired, "answer", &info.url, reason);
        Self::stale(held, warning)
    }
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
    /// The memory of this process.
    Hot,
    /// The database or its files.
    Store,
    /// The origin.
    Origin,
}
