//! Counting answers and fetches: each once, whichever way it takes.
//!
//! An answer is counted where it leaves the cache for its caller, under the provider and the data
//! type of the entry that it is, else under those of the request. What the cache looks up for its
//! own sake is no answer: a worker, a palette, a list. Who goes away before he is answered is not
//! counted.

use std::sync::atomic::AtomicBool;

use tracing::{Instrument as _, Span};

use super::answer::{Answer, Found, FoundState, Lookup};
use super::fill;
use super::plan::Plan;
use super::prospect::{self, Prospect};
use super::request::Request;
use super::{Cache, Inner};
use crate::clock::Stopwatch;
use crate::config::Policies;
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{self, Call, Condition, Fetched};
use crate::key::{self, Key};
use crate::name::{DataType, Provider};
use crate::numbers::Answered;
pub(crate) use crate::numbers::{Outcome, Way};
use crate::store::{Entry, EntryInfo, Freshness};
use crate::trail::Trail;

/// Of whom an answer is where no provider can be told.
const UNKNOWN: &str = "unknown";

/// A call under way, to be counted when it is answered.
#[must_use = "what is not counted is missing from the numbers"]
pub(crate) struct Asking<'a> {
    cache: &'a Inner,
    stopwatch: Stopwatch,
}

/// What an answer is about, where it is no entry that tells.
pub(crate) struct About {
    pub(crate) provider: Provider,
    pub(crate) data_type: DataType,
}

/// An answer that is not counted yet.
#[must_use = "what is not counted is missing from the numbers"]
pub(crate) struct Asked<'a> {
    asking: Asking<'a>,
    span: Span,
    about: About,
    way: Way,
    pub(crate) answer: Result<Answer>,
}

/// What a call came to.
pub(crate) struct CameTo {
    pub(crate) outcome: Outcome,
    pub(crate) way: Way,
    pub(crate) size_bytes: u64,
}

impl About {
    /// What an entry of `key` would be about, as far as the key tells.
    pub(super) fn key(policies: &Policies, key: &Key) -> Self {
        let url = key::parse_url(key.as_str());
        let provider = url.map_or_else(|_| unknown(), |url| policies.provider_of(&url));
        Self { provider, data_type: DataType::OTHER }
    }

    pub(super) fn of(provider: Option<&Provider>, data_type: &DataType) -> Self {
        let provider = provider.cloned().unwrap_or_else(unknown);
        Self { provider, data_type: data_type.clone() }
    }
}

fn unknown() -> Provider {
    Provider::from_row(UNKNOWN.to_owned())
}

impl Cache {
    /// Begins a call that is to be counted.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking { cache: &self.0, stopwatch: self.0.clock.stopwatch() }
    }

    /// Answers a request as [`fetch`](Self::fetch) does, and leaves it to the caller to count that.
    ///
    /// # Errors
    /// For a request that cannot be made, which is none.
    pub(crate) async fn ask(&self, request: Request) -> Result<Asked<'_>> {
        self.ask_along(request, Trail::default()).await
    }

    /// The same, leaving a trail.
    pub(super) async fn ask_along(&self, request: Request, trail: Trail) -> Result<Asked<'_>> {
        let asking = self.asking();
        let mut plan = Plan::new(request, &self.0.policies)?.with_trail(trail);
        let span = tracing::debug_span!("fetch", key = %plan.key, provider = %plan.provider);
        let asked = async {
            let patience = fill::patience(plan.deadline);
            let prospect = prospect::at_hand(&self.0, &mut plan).await;
            let about = About::of(Some(&plan.provider), &plan.data_type);
            let (way, answer) = match prospect {
                Ok(Prospect::AtHand(answer)) => (Way::Cache, Ok(answer)),
                Ok(Prospect::Abroad(stale)) => {
                    (Way::Origin, fill::obtain(&self.0, plan, stale, patience).await)
                }
                Err(error) => (Way::Cache, Err(error)),
            };
            (about, way, answer)
        };
        // What it takes is much, and callers keep it in what they do themselves.
        let (about, way, answer) = Box::pin(asked.instrument(span.clone())).await;
        Ok(Asked { asking, span, about, way, answer })
    }
}

impl Asked<'_> {
    /// Counts the answer.
    pub(crate) fn counted(self) -> Result<Answer> {
        let Self { asking, span, about, way, answer } = self;
        span.in_scope(|| asking.answered(way, &answer, || about));
        answer
    }
}

impl Asking<'_> {
    pub(super) fn looked_up(self, lookup: &Result<Lookup>, about: impl FnOnce() -> About) {
        let (outcome, info) = match lookup {
            Ok(Lookup::Fresh(entry)) => (Outcome::Fresh, Some(&entry.info)),
            Ok(Lookup::Stale(entry)) => (Outcome::Stale, Some(&entry.info)),
            Ok(Lookup::Absent(info)) => (Outcome::Absent, Some(info)),
            Ok(Lookup::Miss) => (Outcome::Missed, None),
            Err(error) => (Outcome::Failed(error.kind()), None),
        };
        self.count(outcome, Way::Cache, info, about);
    }

    pub(super) fn picked(self, picked: &Result<Option<Entry>>, about: impl FnOnce() -> About) {
        let (outcome, info) = match picked {
            Ok(Some(Entry { info, .. })) => match info.freshness(self.cache.clock.now()) {
                Freshness::Fresh => (Outcome::Fresh, Some(info)),
                Freshness::Stale => (Outcome::Stale, Some(info)),
            },
            Ok(None) => (Outcome::Missed, None),
            Err(error) => (Outcome::Failed(error.kind()), None),
        };
        self.count(outcome, Way::Cache, info, about);
    }

    pub(super) fn answered(self, way: Way, answer: &Result<Answer>, about: impl FnOnce() -> About) {
        let (outcome, info) = match answer {
            Ok(Answer::Found(found)) => (outcome_of(found, way), Some(&found.entry.info)),
            Ok(Answer::Absent(absence)) => match way {
                Way::Cache => (Outcome::Absent, Some(&absence.info)),
                Way::Origin => (Outcome::FetchedAbsent, Some(&absence.info)),
            },
            Ok(Answer::Queued) => (Outcome::Queued, None),
            Ok(Answer::Pending) => (Outcome::Pending, None),
            Ok(Answer::Miss) => (Outcome::Missed, None),
            Err(error) => (Outcome::Failed(error.kind()), None),
        };
        self.count(outcome, way, info, about);
    }

    fn count(
        self,
        outcome: Outcome,
        way: Way,
        info: Option<&EntryInfo>,
        about: impl FnOnce() -> About,
    ) {
        let size_bytes = info.map_or(0, |info| info.data_size);
        let came_to = CameTo { outcome, way, size_bytes };
        if let Some(info) = info {
            return self.came_to(&info.provider, &info.data_type, &came_to);
        }
        let About { provider, data_type } = about();
        self.came_to(&provider, &data_type, &came_to);
    }

    /// Counts a call that came to this.
    pub(crate) fn came_to(self, provider: &Provider, data_type: &DataType, came_to: &CameTo) {
        let CameTo { outcome, way, size_bytes } = *came_to;
        let took = self.stopwatch.elapsed();
        let name = outcome.name();
        tracing::debug!(%provider, %data_type, outcome = name, size_bytes, ?took, "answered");
        let answered = Answered { outcome, way, size_bytes, took };
        self.cache.tally.count(provider, data_type, |counts| counts.answered(answered));
    }
}

/// What another process has fetched while this caller waited was not in the cache when he asked.
fn outcome_of(found: &Found, way: Way) -> Outcome {
    let has_failed = |warning: &Error| warning.kind() != ErrorKind::Expired;
    match (found.state, way) {
        (FoundState::Stale, _) if found.warning.as_ref().is_some_and(has_failed) => {
            Outcome::Fallback
        }
        (FoundState::Stale, _) => Outcome::Stale,
        (FoundState::Fresh, Way::Cache) => Outcome::Fresh,
        (FoundState::Fresh, Way::Origin) | (FoundState::Fetched, _) => Outcome::Fetched,
        (FoundState::Revalidated, _) => Outcome::Revalidated,
    }
}

/// An origin is being asked. When that is called off, as by closing the cache after a deadline, it
/// is counted all the same: the request was made.
#[must_use = "what is not counted is missing from the numbers"]
pub(super) struct Fetching<'a> {
    cache: &'a Inner,
    plan: &'a Plan,
    was_sent: AtomicBool,
}

impl<'a> Fetching<'a> {
    pub(super) fn new(cache: &'a Inner, plan: &'a Plan) -> Self {
        Self { cache, plan, was_sent: AtomicBool::new(false) }
    }

    /// The call to be made.
    pub(super) fn call<'b>(&'b self, condition: Option<&'b Condition>) -> Call<'b> {
        Call { was_sent: Some(&self.was_sent), ..self.plan.call(condition) }
    }

    /// Counts how it ended.
    pub(super) fn ended(mut self, fetched: &Result<Fetched>) {
        *self.was_sent.get_mut() = false;
        self.cache.fetched(self.plan, fetched);
    }
}

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        let Self { cache, plan, was_sent } = self;
        if *was_sent.get_mut() {
            cache.tally.count(&plan.provider, &plan.data_type, |counts| {
                counts.fetched(0);
                counts.fetch_failed(ErrorKind::Closed);
            });
        }
    }
}

impl Inner {
    /// Counts that an origin was asked, if it was.
    fn fetched(&self, plan: &Plan, fetched: &Result<Fetched>) {
        let key = &plan.key;
        let (answer, size_bytes) = match fetched {
            Ok(Fetched::Found { data, .. }) => ("found", data.len() as u64),
            Ok(Fetched::Absent(_)) if fetch::tells_absence(plan.call(None)) => return,
            Ok(Fetched::Absent(_)) => ("absent", 0),
            Ok(Fetched::NotModified(_)) => ("not modified", 0),
            Err(error) if error.attempts() == 0 => return,
            Err(error) => (error.kind().name(), 0),
        };
        tracing::info!(%key, provider = %plan.provider, answer, size_bytes, "an origin was asked");
        let (provider, data_type) = (&plan.provider, &plan.data_type);
        self.tally.count(provider, data_type, |counts| counts.fetched(size_bytes));
    }

    /// Counts that asking an origin has failed, or what it answered could not be kept.
    pub(super) fn fetch_failed(&self, plan: &Plan, error: &Error) {
        let kind = error.kind();
        self.tally.count(&plan.provider, &plan.data_type, |counts| counts.fetch_failed(kind));
    }
}

impl Cache {
    /// Counts that a caller's own client has asked `provider`, and how that ended.
    pub(crate) fn called(&self, provider: &Provider, data_type: &DataType, called: Called) {
        self.0.tally.count(provider, data_type, |counts| match called {
            Called::Answered { size_bytes } => counts.fetched(size_bytes),
            Called::Failed => {
                counts.fetched(0);
                counts.fetch_failed(ErrorKind::Upstream);
            }
        });
    }
}

/// How the call of a client of the caller's own ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Called {
    Answered { size_bytes: u64 },
    Failed,
}
