//! Doing without a cache that cannot be used, where the configuration says so.
//!
//! What decides it stands here. What a request wants of the cache passes through [`known`],
//! [`begun`], [`flown`] and [`stored`]. An error of the cache itself is noted there, and the origin
//! asked without. From then on the database refuses what has failed, at once and with that error,
//! so that nobody else waits for it: requests, limits and notes alike, whoever makes them. A task
//! opens the folder again every [`PAUSE`], and lets everybody back in when that succeeds.
//!
//! What can be read is read all the while. Requests that are made without the cache are still one
//! at a time for a key, and paced, but within this process only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::answer::Answer;
use super::fill::{self, Known};
use super::opening::Opening;
use super::plan::Plan;
use super::request::Reach;
use super::{Cache, Inner};
use crate::config::OnCacheError;
use crate::db::{Db, Use};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{Storing, Urgency};
use crate::queue::{Finish, Job};
use crate::store::{Entry, EntryInfo, NewEntry};

/// How long a request waits for the cache. What others keep locked for longer cannot be used.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whatever its deadline, a request waits so long for what the cache knows.
const LEAST_PATIENCE: Duration = Duration::from_millis(250);

/// How long a cache that cannot be used is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// Whether the cache can be used, and who is told when not.
pub(super) struct Bypass {
    policy: OnCacheError,
    opening: Opening,
    db: Db,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What has failed, and how, since it last did not.
    told: Option<(Use, Error)>,
    /// The task that opens the folder again.
    returning: Option<AbortHandle>,
}

/// Opens the folder; under `Bypass` it is done without if that fails, or takes long.
pub(super) async fn open(
    opening: &Opening,
    policy: OnCacheError,
) -> Result<(Db, crate::blob::Blobs, Option<Error>)> {
    let opened = match policy {
        OnCacheError::Error => opening.open().await,
        OnCacheError::Bypass => promptly(PATIENCE, opening.open()).await,
    };
    match opened {
        Ok((db, blobs)) => Ok((db, blobs, None)),
        Err(error) if policy == OnCacheError::Bypass && error.kind().is_of_the_cache() => {
            let (db, blobs) = opening.do_without(&error).await?;
            Ok((db, blobs, Some(error)))
        }
        Err(error) => Err(error),
    }
}

impl Bypass {
    /// `trouble` is why the folder could not be opened.
    pub(super) fn new(
        policy: OnCacheError,
        opening: Opening,
        db: Db,
        trouble: Option<&Error>,
    ) -> Self {
        let bypass = Self { policy, opening, db, state: Arc::default() };
        if let Some(error) = trouble {
            let is_readable = bypass.db.refusal(Use::Reading).is_none();
            bypass.gives_way(if is_readable { Use::Writing } else { Use::Reading }, error);
        }
        bypass
    }

    /// Whether what has failed with `error` is to be done without. If so, the failed use is refused
    /// until the cache can be opened again.
    fn gives_way(&self, failed: Use, error: &Error) -> bool {
        if self.policy == OnCacheError::Error || !error.kind().is_of_the_cache() {
            return false;
        }
        let mut state = lock(&self.state);
        // What follows from the first failure tells less.
        let error = self.db.refusal(failed).unwrap_or_else(|| error.clone());
        if state.told.as_ref().is_none_or(|(_, told)| told.kind() != error.kind()) {
            tracing::warn!(%error, "the cache cannot be used: origins are asked without it");
            state.told = Some((failed, error.clone()));
        }
        self.db.restrict(failed, &error);
        if state.returning.as_ref().is_none_or(AbortHandle::is_finished) {
            let (opening, db) = (self.opening.clone(), self.db.clone());
            let returning = come_back(opening, db, Arc::clone(&self.state));
            state.returning = Some(tokio::spawn(returning).abort_handle());
        }
        true
    }

    /// What was done went well.
    fn works(&self, done: Use) {
        let mut state = lock(&self.state);
        if state.told.take_if(|(failed, _)| *failed <= done).is_some() {
            tracing::info!("the cache can be used again");
        }
    }

    /// Stops trying to open the folder again.
    pub(super) fn close(&self) {
        if let Some(returning) = lock(&self.state).returning.take() {
            returning.abort();
        }
    }

    async fn promptly<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match self.policy {
            OnCacheError::Error => work.await,
            OnCacheError::Bypass => promptly(patience, work).await,
        }
    }
}

impl Drop for Bypass {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn promptly<T>(patience: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_elapsed| {
        let reason =
            format_args!("it did not answer within {}", humantime::format_duration(patience));
        Err(Error::new(ErrorKind::Busy, "use cache", "database", reason))
    })
}

/// Opens the folder again and again, until it can be used.
async fn come_back(opening: Opening, db: Db, state: Arc<Mutex<State>>) {
    loop {
        #[expect(
            clippy::disallowed_methods,
            reason = "nothing tells when a folder can be used again"
        )]
        tokio::time::sleep(PAUSE).await;
        match opening.try_again().await {
            Ok(()) => {
                // In one step, lest somebody who fails now take this task for one that goes on.
                let mut state = lock(&state);
                state.returning = None;
                db.admit();
                return;
            }
            Err(error) => {
                tracing::debug!(%error, "the cache still cannot be used");
                if error.kind() == ErrorKind::ReadOnly && db.refusal(Use::Reading).is_some() {
                    db.admit_reading(&error).await;
                }
            }
        }
    }
}

/// What the cache knows; nothing, where it cannot be used and the request may do without.
pub(super) async fn known(cache: &Inner, plan: &Plan) -> Result<Known> {
    let patience = plan.deadline.unwrap_or(PATIENCE).clamp(LEAST_PATIENCE, PATIENCE);
    match cache.bypass.promptly(patience, fill::known(cache, plan)).await {
        Ok(known) => {
            cache.bypass.works(Use::Reading);
            Ok(known)
        }
        Err(error)
            if plan.reach == Reach::Origin && cache.bypass.gives_way(Use::Reading, &error) =>
        {
            plan.trail.note(|| format!("the cache cannot be used: {error}"));
            Ok(Known::Nothing)
        }
        Err(error) => Err(error),
    }
}

/// The beginning of a flight, for which others are waited for if they take turns.
pub(super) async fn begun<T>(cache: &Inner, begin: impl Future<Output = Result<T>>) -> Result<T> {
    cache.bypass.promptly(PATIENCE, begin).await
}

/// The end of a flight; one that fails because of the cache is made without it.
pub(super) async fn flown(
    cache: &Inner,
    plan: &Plan,
    flight: impl Future<Output = Result<Answer>>,
) -> Result<Answer> {
    match flight.await {
        Err(error) if cache.bypass.gives_way(Use::Writing, &error) => {
            plan.trail.note(|| format!("nothing is kept: {error}"));
            uncached(cache, plan).await
        }
        answer => answer,
    }
}

/// Asks the origin, and stores nothing.
async fn uncached(cache: &Inner, plan: &Plan) -> Result<Answer> {
    plan.check_credential(None, &cache.policies)?;
    let fetched = Box::pin(cache.fetcher.get(plan.call(None))).await?;
    let (new, ..) = fill::entry_of(cache, plan, fetched).await?;
    let info = EntryInfo::of_unstored(&new);
    Ok(fill::come(Entry { info, data: new.data }))
}

/// An answer that is stored if it can be, completing its job. A worker stores it or fails: nobody
/// waits for it, and the job is tried again.
pub(super) async fn stored(
    cache: &Inner,
    plan: &Plan,
    new: NewEntry,
    storing: Storing,
    job: Option<&Job>,
    finish: Finish,
) -> Result<EntryInfo> {
    let is_waited_for = plan.urgency == Urgency::Live;
    let unstored = is_waited_for.then(|| EntryInfo::of_unstored(&new));
    match (fill::store(cache, new, storing, job, finish).await, unstored) {
        (Err(error), Some(unstored)) if cache.bypass.gives_way(Use::Writing, &error) => {
            plan.trail.note(|| format!("not kept: {error}"));
            Ok(unstored)
        }
        (stored, _) => {
            if stored.is_ok() && storing == Storing::Allowed {
                cache.bypass.works(Use::Writing);
            }
            stored
        }
    }
}

impl Cache {
    /// Why the cache is done without at present: the error that it met. `None` where it can be
    /// used, and where [`on_cache_error`](crate::CacheConfig::on_cache_error) does not say so.
    pub fn bypassed(&self) -> Option<Error> {
        lock(&self.0.bypass.state).told.as_ref().map(|(_, error)| error.clone())
    }

    /// Whether who has failed to use the cache so is to do without it.
    pub(crate) fn does_without(&self, failed: Use, error: &Error) -> bool {
        self.0.bypass.gives_way(failed, error)
    }
}
