//! Answering a request, step by step as [`Cache::fetch`](super::Cache::fetch) says.

use super::Inner;
use super::answer::{Absence, Answer, Found, FoundState, Source};
use super::plan::Plan;
use super::request::{Reach, Staleness};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::Fetched;
use crate::queue::Priority;
use crate::store::{Entry, EntryInfo, Freshness};

pub(super) async fn answer(cache: &Inner, mut plan: Plan) -> Result<Answer> {
    let stale = match known(cache, &plan).await? {
        Known::Answer(answer) => return Ok(answer),
        Known::Stale(entry) => {
            plan.inherit(&entry.info, &cache.policies);
            Some(entry)
        }
        Known::Useless(info) => {
            plan.inherit(&info, &cache.policies);
            None
        }
        Known::Nothing => None,
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
enum Known {
    Answer(Answer),
    Stale(Box<Entry>),
    /// There is an entry, but it is no answer to this request.
    Useless(Box<EntryInfo>),
    Nothing,
}

async fn known(cache: &Inner, plan: &Plan) -> Result<Known> {
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

/// Asks the origin and stores what it answers.
async fn fill(cache: &Inner, plan: &Plan) -> Result<Answer> {
    let fetched = cache.fetcher.get(plan.call()).await?;
    let now = cache.clock.now();
    match fetched {
        Fetched::Found { data, declared } => {
            let examined = plan.examine(data, declared).await?;
            let new = plan.found("fetch", examined, now)?;
            let data = new.data.clone();
            let info = cache.store.put(new).await?;
            Ok(found(Entry { info, data }, FoundState::Fetched, Source::Origin, None))
        }
        Fetched::Absent => {
            let info = cache.store.put(plan.absent(now)?).await?;
            Ok(Answer::Absent(Box::new(Absence { info, source: Source::Origin })))
        }
    }
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
    cache.queue.enqueue(&plan.job(priority)?, cache.clock.now()).await
}

fn found_stale(entry: Box<Entry>, warning: Option<Error>) -> Answer {
    found(*entry, FoundState::Stale, Source::Store, warning)
}

fn found(entry: Entry, state: FoundState, source: Source, warning: Option<Error>) -> Answer {
    Answer::Found(Box::new(Found { entry, state, source, warning }))
}
