//! Answering a request from its origin, or the queue, as [`Cache::fetch`](super::Cache::fetch)
//! says.

use std::sync::Arc;
use std::time::Duration;

use humantime::format_duration;

use super::answer::{Absence, Answer, Found, FoundState, Held, Source};
use super::counting::Fetching;
use super::plan::{Plan, Revalidation};
use super::request::Staleness;
use super::{Inner, bypass, enqueueing, flight};
use crate::clock::Timestamp;
use crate::db::{Use, WriteTransaction};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{Caching, Condition, Fetched, Storing};
use crate::key::Key;
use crate::queue::{Finish, Job, Priority};
use crate::store::{Entry, EntryInfo, Freshness, NewEntry};

/// Ends when the deadline of a caller who begins to wait now has passed.
pub(super) fn patience(deadline: Option<Duration>) -> impl Future<Output = ()> {
    #[expect(clippy::disallowed_methods, reason = "callers wait in real time")]
    let sleep = deadline.map(tokio::time::sleep);
    async move {
        match sleep {
            Some(sleep) => sleep.await,
            None => std::future::pending().await,
        }
    }
}

/// Gets what the cache does not have, from the origin or through the queue.
pub(super) async fn obtain(
    cache: &Arc<Inner>,
    plan: Plan,
    stale: Option<Box<Held>>,
    patience: impl Future<Output = ()>,
) -> Result<Answer> {
    if plan.priority == Priority::Batch {
        plan.trail.note(|| "a batch request is queued");
        enqueue(cache, &plan, Priority::Batch).await?;
        return Ok(Answer::Queued);
    }
    let plan = Arc::new(plan);
    tokio::select! {
        // The flight begins, however late it is.
        biased;
        answer = flight::fetch(cache, &plan) => answer.or_else(|error| stale_instead(stale, error)),
        () = patience => past_deadline(cache, &plan, stale),
    }
}

/// What the cache knows, as far as this request may use it.
pub(super) enum Known {
    Answer(Answer),
    Stale(Box<Held>),
    /// There is an entry, but it is no answer to this request.
    Useless(Box<EntryInfo>),
    Nothing,
}

impl Known {
    /// What the store had to say, at `now`.
    pub(super) fn told(&self, now: Timestamp) -> String {
        let (what, info) = match self {
            Self::Answer(Answer::Found(found)) => ("a fresh entry", &found.entry.info),
            Self::Answer(Answer::Absent(absence)) => ("\"there is none\"", &absence.info),
            Self::Stale(held) => ("a stale entry", &held.entry.info),
            Self::Useless(info) => ("an entry that will not do", &**info),
            Self::Answer(_) | Self::Nothing => return "store: nothing is known".to_owned(),
        };
        let provider = &info.provider;
        let seconds = |duration: Duration| Duration::from_secs(duration.as_secs());
        let term = match info.freshness(now) {
            Freshness::Fresh => {
                let left = seconds(info.expires_at.since(now));
                format!("expires in {}", format_duration(left))
            }
            Freshness::Stale => {
                let past = seconds(now.since(info.expires_at));
                format!("expired {} ago", format_duration(past))
            }
        };
        format!("store: {what} of provider {provider}, which {term}")
    }

    /// The entry that asking the origin would renew or replace.
    pub(super) fn to_inherit(&self) -> Option<&EntryInfo> {
        match self {
            Self::Stale(held) => Some(&held.entry.info),
            Self::Useless(info) => Some(info),
            Self::Answer(_) | Self::Nothing => None,
        }
    }
}

pub(super) async fn known(cache: &Inner, plan: &Plan) -> Result<Known> {
    let now = cache.clock.now();
    let Some(held) = cache.hot.get(&plan.key).await?.map(Held::from) else {
        return Ok(Known::Nothing);
    };
    let info = &held.entry.info;
    let freshness = info.freshness(now);
    let useless = |info| Ok(Known::Useless(Box::new(info)));
    if !plan.is_for(info) {
        return useless(held.entry.info);
    }
    if info.is_absence() {
        if freshness == Freshness::Stale {
            return useless(held.entry.info);
        }
        let absence = Absence { info: held.entry.info, source: held.source };
        return Ok(Known::Answer(Answer::Absent(Box::new(absence))));
    }
    if !plan.accepts(&held.entry) {
        return useless(held.entry.info);
    }
    cache.read(info, now);
    cache.describe_behind(plan, info);
    match (freshness, plan.staleness) {
        (Freshness::Fresh, _) => Ok(Known::Answer(found(held, FoundState::Fresh))),
        (Freshness::Stale, Staleness::Accepted) if info.terms.may_be_stale => {
            Ok(Known::Stale(Box::new(held)))
        }
        (Freshness::Stale, _) => useless(held.entry.info),
    }
}

/// What has come since then, be it expired on arrival: nobody could get a newer answer.
pub(super) async fn come_since(
    cache: &Inner,
    plan: &Plan,
    since: Timestamp,
) -> Result<Option<Answer>> {
    let has_come = |entry: &Entry| {
        let is_new = entry.info.created_at >= since && !entry.info.is_absence();
        is_new && plan.is_for(&entry.info) && plan.accepts(entry)
    };
    let entry = cache.store.get(&plan.key).await?.filter(has_come);
    Ok(entry.map(|entry| asked(entry, FoundState::Fetched)))
}

/// Asks the origin and stores what it answers, completing the job if it is for one.
pub(super) async fn ask_origin(cache: &Inner, plan: &Plan, job: Option<&Job>) -> Result<Answer> {
    // On the heap, lest the future of every request be as large as one under way.
    let answer = Box::pin(ask(cache, plan, job)).await;
    if let Err(error) = &answer {
        cache.fetch_failed(plan, error);
    }
    answer
}

async fn ask(cache: &Inner, plan: &Plan, job: Option<&Job>) -> Result<Answer> {
    plan.check_credential(job, &cache.policies)?;
    let mut known = renewable(cache, plan).await?;
    let mut is_patient = plan.retries > 0;
    loop {
        let condition = known.as_ref().map(|(_, condition)| condition);
        if condition.is_some() {
            plan.trail.note(|| "the origin is asked only for what has changed");
        }
        let fetching = Fetching::new(cache, plan);
        let fetched = cache.fetcher.get(fetching.call(condition)).await;
        fetching.ended(&fetched);
        let fetched = fetched?;
        match (fetched, known.take()) {
            (Fetched::NotModified(caching), Some((Entry { info, data }, _))) => {
                if let Some(info) = renew(cache, plan, info, &caching, job).await? {
                    let entry = Entry { info, data };
                    return Ok(asked(entry, FoundState::Revalidated));
                }
                // It was replaced or removed meanwhile: nothing is left that was confirmed.
            }
            (fetched, _) => match keep(cache, plan, fetched, job).await {
                // What came was not all of it, which only shows now.
                Err(error) if error.kind() == ErrorKind::Interrupted && is_patient => {
                    plan.trail.note(|| format!("origin: {}; asked once more", error.reason()));
                    is_patient = false;
                }
                answer => return answer,
            },
        }
    }
}

/// The entry that the origin need not send again, and on what condition. It is read anew, bytes and
/// all: others may have replaced it while this caller waited, and what is damaged is not to be
/// confirmed.
async fn renewable(cache: &Inner, plan: &Plan) -> Result<Option<(Entry, Condition)>> {
    if plan.revalidation == Revalidation::Pointless {
        return Ok(None);
    }
    let entry = cache.store.get(&plan.key).await?;
    Ok(entry.and_then(|entry| plan.condition(&entry).map(|condition| (entry, condition))))
}

async fn keep(cache: &Inner, plan: &Plan, fetched: Fetched, job: Option<&Job>) -> Result<Answer> {
    let (new, storing, finish) = entry_of(cache, plan, fetched).await?;
    let data = new.data.clone();
    let info = bypass::stored(cache, plan, new, storing, job, finish).await?;
    Ok(come(Entry { info, data }))
}

/// The entry that an answer makes, whether it may be stored, and how it ends a job.
pub(super) async fn entry_of(
    cache: &Inner,
    plan: &Plan,
    fetched: Fetched,
) -> Result<(NewEntry, Storing, Finish)> {
    let now = cache.clock.now();
    match fetched {
        Fetched::Found { data, declared, caching } => {
            let examined = plan.examine(data, declared).await?;
            let new = plan.found(examined, &caching, now)?;
            Ok((new, plan.storing(&caching), Finish::Found))
        }
        Fetched::Absent(caching) => {
            Ok((plan.absent(&caching, now)?, plan.storing(&caching), Finish::Absent))
        }
        Fetched::NotModified(_) => {
            let reason = "an answer was confirmed that was not asked about";
            Err(Error::new(ErrorKind::Internal, "fetch", &plan.key, reason))
        }
    }
}

/// What the origin has just answered.
pub(super) fn come(Entry { info, data }: Entry) -> Answer {
    if info.is_absence() {
        Answer::Absent(Box::new(Absence { info, source: Source::Origin }))
    } else {
        asked(Entry { info, data }, FoundState::Fetched)
    }
}

/// Stores an answer and completes its job in one transaction, so that a worker that has lost the
/// job stores nothing. What may not be stored replaces nothing either: log-in pages forbid it too.
pub(super) async fn store(
    cache: &Inner,
    new: NewEntry,
    storing: Storing,
    job: Option<&Job>,
    finish: Finish,
) -> Result<EntryInfo> {
    if storing == Storing::Forbidden {
        complete_alone(cache, job, finish).await?;
        return Ok(EntryInfo::of_unstored(&new));
    }
    let key = new.key.clone();
    let staged = cache.store.stage(new).await?;
    let mut tx = cache.db.write("store").await?;
    complete(cache, &mut tx, &key, job, finish).await?;
    let info = cache.store.finish(tx, staged).await?;
    cache.deriving.palette_later(&info);
    Ok(info)
}

/// The same for a confirmation of the entry `old`; `None` when it is no longer there, and nothing
/// done.
async fn renew(
    cache: &Inner,
    plan: &Plan,
    old: EntryInfo,
    caching: &Caching,
    job: Option<&Job>,
) -> Result<Option<EntryInfo>> {
    if plan.storing(caching) == Storing::Forbidden {
        complete_alone(cache, job, Finish::Found).await?;
        return Ok(Some(old));
    }
    let renewal = plan.renewal(old, caching, cache.clock.now())?;
    let mut tx = cache.db.write("renew").await?;
    complete(cache, &mut tx, &plan.key, job, Finish::Found).await?;
    cache.store.renew(tx, renewal).await
}

/// Completes the job, or tells those who wait for the key.
async fn complete(
    cache: &Inner,
    tx: &mut WriteTransaction,
    key: &Key,
    job: Option<&Job>,
    finish: Finish,
) -> Result<()> {
    match job {
        Some(job) => cache.queue.complete_in(tx, job, finish).await,
        None => cache.queue.announce_in(tx, key, finish).await,
    }
}

/// Completes a job that leaves nothing in the store.
pub(super) async fn complete_alone(cache: &Inner, job: Option<&Job>, finish: Finish) -> Result<()> {
    let Some(job) = job else { return Ok(()) };
    let mut tx = cache.db.write("complete").await?;
    cache.queue.complete_in(&mut tx, job, finish).await?;
    tx.commit().await
}

/// The origin failed: an old answer is better than none, but not silently.
fn stale_instead(stale: Option<Box<Held>>, error: Error) -> Result<Answer> {
    match stale {
        Some(held) if error.kind() != ErrorKind::InvalidInput => {
            tracing::warn!(key = %held.entry.info.url, %error, "answering with a stale entry");
            Ok(Answer::Found(Box::new(Found::stale(*held, error))))
        }
        _ => Err(error),
    }
}

/// The caller has waited long enough. The flight goes on, and is left to a worker in case that this
/// process ends before it.
fn past_deadline(cache: &Arc<Inner>, plan: &Arc<Plan>, stale: Option<Box<Held>>) -> Result<Answer> {
    plan.trail.note(|| "the deadline has passed");
    let is_queueable = plan.job(Priority::Immediate, &cache.policies).is_ok();
    if !is_queueable || cache.db.refusal(Use::Writing).is_some() {
        let why = if is_queueable { "without the cache" } else { "with a credential" };
        let reason = format_args!("the deadline passed, and {why} it cannot be queued");
        return stale_instead(stale, Error::new(ErrorKind::Timeout, "fetch", &plan.key, reason));
    }
    cache.background.spawn(leave_to_workers(Arc::clone(cache), Arc::clone(plan)));
    let expired = |held| expired(cache, held, "a newer answer did not come within the deadline");
    Ok(stale.map_or(Answer::Pending, expired))
}

async fn leave_to_workers(cache: Arc<Inner>, plan: Arc<Plan>) {
    if let Err(error) = enqueue(&cache, &plan, Priority::Immediate).await {
        tracing::warn!(key = %plan.key, %error, "a request was not queued at its deadline");
    }
}

async fn enqueue(cache: &Inner, plan: &Plan, priority: Priority) -> Result<()> {
    let job = plan.job(priority, &cache.policies)?;
    let connection = cache.db.read(enqueueing::OPERATION).await?;
    enqueueing::enqueue(cache, connection, vec![job]).await.map(drop)
}

/// An entry past its time, which is said.
pub(super) fn expired(cache: &Inner, held: Box<Held>, prospect: &str) -> Answer {
    Answer::Found(Box::new(Found::expired(*held, cache.clock.now(), prospect)))
}

/// What the origin has just said.
fn asked(entry: Entry, state: FoundState) -> Answer {
    found(Held { entry, source: Source::Origin }, state)
}

fn found(held: Held, state: FoundState) -> Answer {
    Answer::Found(Box::new(Found::current(held, state)))
}
