//! Answering a request, step by step as [`Cache::fetch`](super::Cache::fetch) says.

use super::answer::{Absence, Answer, Found, FoundState, Source};
use super::plan::Plan;
use super::request::{Reach, Staleness};
use super::{Inner, jobs};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::Fetched;
use crate::queue::{Finish, Job, JobState, Priority, Queue};
use crate::store::{Entry, EntryInfo, Freshness, NewEntry};

pub(super) async fn answer(cache: &Inner, mut plan: Plan) -> Result<Answer> {
    let known = known(cache, &plan).await?;
    if let Some(info) = known.to_inherit() {
        plan.inherit(info, &cache.policies);
    }
    let stale = match known {
        Known::Answer(answer) => return Ok(answer),
        Known::Stale(entry) => Some(entry),
        Known::Useless(_) | Known::Nothing => None,
    };
    let plan = &plan;
    if plan.reach == Reach::Cache {
        return Ok(stale.map_or(Answer::Miss, |entry| found_stale(entry, None)));
    }
    plan.check_fillable(cache.clock.now())?;
    if plan.priority == Priority::Batch {
        enqueue(cache, plan, Priority::Batch).await?;
        return Ok(stale.map_or(Answer::Queued, |entry| found_stale(entry, None)));
    }
    let Some(deadline) = plan.deadline else {
        return fill(cache, plan).await.or_else(|error| stale_instead(stale, error));
    };
    match tokio::time::timeout(deadline, fill(cache, plan)).await {
        Ok(filled) => filled.or_else(|error| stale_instead(stale, error)),
        Err(_elapsed) => past_deadline(cache, plan, stale).await,
    }
}

/// What the cache knows, as far as this request may use it.
pub(super) enum Known {
    Answer(Answer),
    Stale(Box<Entry>),
    /// There is an entry, but it is no answer to this request.
    Useless(Box<EntryInfo>),
    Nothing,
}

impl Known {
    /// The entry that asking the origin would renew or replace.
    pub(super) fn to_inherit(&self) -> Option<&EntryInfo> {
        match self {
            Self::Stale(entry) => Some(&entry.info),
            Self::Useless(info) => Some(info),
            Self::Answer(_) | Self::Nothing => None,
        }
    }
}

pub(super) async fn known(cache: &Inner, plan: &Plan) -> Result<Known> {
    let now = cache.clock.now();
    let Some(entry) = cache.store.get(&plan.key).await? else {
        return Ok(Known::Nothing);
    };
    let freshness = entry.info.freshness(now);
    if entry.info.is_absence() {
        if freshness == Freshness::Stale {
            return Ok(Known::Useless(Box::new(entry.info)));
        }
        let absence = Absence { info: entry.info, source: Source::Store };
        return Ok(Known::Answer(Answer::Absent(Box::new(absence))));
    }
    if !plan.accepts(&entry) {
        return Ok(Known::Useless(Box::new(entry.info)));
    }
    cache.deferred.touch(&entry.info, now);
    Ok(match (freshness, plan.staleness) {
        (Freshness::Fresh, _) => {
            Known::Answer(found(entry, FoundState::Fresh, Source::Store, None))
        }
        (Freshness::Stale, Staleness::Accepted) => Known::Stale(Box::new(entry)),
        (Freshness::Stale, Staleness::Refused) => Known::Useless(Box::new(entry.info)),
    })
}

/// Asks the origin, or waits for whoever is asking it already.
///
/// A job that is queued for the key is made by this caller, who waits for it anyway; one that
/// somebody is at is waited for, until there is an answer or it is up to this caller after all.
async fn fill(cache: &Inner, plan: &Plan) -> Result<Answer> {
    let mut changes = None;
    loop {
        let Some(queued) = cache.queue.get(&plan.key).await? else {
            // It may have been completed since this caller looked.
            if let Known::Answer(answer) = known(cache, plan).await? {
                return Ok(answer);
            }
            break;
        };
        let now = cache.clock.now();
        if let Some(held) = jobs::claim(cache, &plan.key, now).await? {
            return jobs::run_for_caller(cache, held, plan).await;
        }
        if queued.status == JobState::Dead {
            break;
        }
        jobs::wait_for_change(cache, &mut changes).await?;
        if let Known::Answer(answer) = known(cache, plan).await? {
            return Ok(answer);
        }
    }
    ask_origin(cache, plan, None).await
}

/// Asks the origin and stores what it answers, completing the job if it is for one.
pub(super) async fn ask_origin(cache: &Inner, plan: &Plan, job: Option<&Job>) -> Result<Answer> {
    plan.check_credential(job, &cache.policies)?;
    let fetched = cache.fetcher.get(plan.call()).await?;
    let now = cache.clock.now();
    match fetched {
        Fetched::Found { data, declared } => {
            let examined = plan.examine(data, declared).await?;
            let new = plan.found("fetch", examined, now)?;
            let data = new.data.clone();
            let info = store(cache, new, job, Finish::Found).await?;
            Ok(found(Entry { info, data }, FoundState::Fetched, Source::Origin, None))
        }
        Fetched::Absent => {
            let info = store(cache, plan.absent(now)?, job, Finish::Absent).await?;
            Ok(Answer::Absent(Box::new(Absence { info, source: Source::Origin })))
        }
    }
}

/// Stores an answer and completes its job in one transaction, so that a worker that has lost the
/// job stores nothing.
async fn store(
    cache: &Inner,
    new: NewEntry,
    job: Option<&Job>,
    finish: Finish,
) -> Result<EntryInfo> {
    let key = new.key.clone();
    let staged = cache.store.stage(new).await?;
    let mut tx = cache.db.write("store").await?;
    match job {
        Some(job) => Queue::complete_in(&mut tx, job, finish).await?,
        None => Queue::announce_in(&mut tx, &key, finish).await?,
    }
    cache.store.finish(tx, staged).await
}

/// The origin failed: an old answer is better than none, but not silently.
fn stale_instead(stale: Option<Box<Entry>>, error: Error) -> Result<Answer> {
    match stale {
        Some(entry) if error.kind() != ErrorKind::InvalidInput => {
            tracing::warn!(key = %entry.info.url, %error, "answering with a stale entry");
            Ok(found_stale(entry, Some(error)))
        }
        _ => Err(error),
    }
}

/// The caller has waited long enough; a worker shall do the rest.
async fn past_deadline(cache: &Inner, plan: &Plan, stale: Option<Box<Entry>>) -> Result<Answer> {
    let error = match enqueue(cache, plan, Priority::Immediate).await {
        Ok(()) => return Ok(stale.map_or(Answer::Pending, |entry| found_stale(entry, None))),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            let reason = "the deadline passed, and with a credential it cannot be queued";
            Error::new(ErrorKind::Timeout, "fetch", &plan.key, reason)
        }
        Err(error) => error,
    };
    stale_instead(stale, error)
}

async fn enqueue(cache: &Inner, plan: &Plan, priority: Priority) -> Result<()> {
    let job = plan.job(priority, &cache.policies)?;
    cache.queue.enqueue(&[job], cache.clock.now()).await.map(drop)
}

fn found_stale(entry: Box<Entry>, warning: Option<Error>) -> Answer {
    found(*entry, FoundState::Stale, Source::Store, warning)
}

fn found(entry: Entry, state: FoundState, source: Source, warning: Option<Error>) -> Answer {
    Answer::Found(Box::new(Found { entry, state, source, warning }))
}
