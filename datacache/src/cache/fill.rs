//! Answering a request, step by step as [`Cache::fetch`](super::Cache::fetch) says.

use std::sync::Arc;
use std::time::Duration;

use humantime::format_duration;

use super::answer::{Absence, Answer, Found, FoundState, Source};
use super::plan::{Plan, Revalidation};
use super::request::{Reach, Staleness};
use super::{Inner, flight};
use crate::clock::Timestamp;
use crate::db::WriteTransaction;
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{Caching, Condition, Fetched, Storing};
use crate::key::Key;
use crate::queue::{Finish, Job, JobState, NewJob, Priority, Queue};
use crate::store::{Entry, EntryInfo, Freshness, NewEntry};

/// A renewal that was given up is not tried again for so long.
const RENEWAL_PAUSE: Duration = Duration::from_hours(1);

pub(super) async fn answer(cache: &Arc<Inner>, mut plan: Plan) -> Result<Answer> {
    let patience = patience(plan.deadline);
    let known = known(cache, &plan).await?;
    plan.trail.note(|| known.told(cache.clock.now()));
    if let Some(info) = known.to_inherit() {
        plan.inherit(info, &cache.policies);
    }
    let stale = match known {
        Known::Answer(answer) => return Ok(answer),
        Known::Stale(entry) => Some(entry),
        Known::Useless(_) | Known::Nothing => None,
    };
    if plan.reach == Reach::Cache {
        plan.trail.note(|| "the request may not leave the machine");
        let expired = |entry| expired(cache, entry, "the request may not leave the machine");
        return Ok(stale.map_or(Answer::Miss, expired));
    }
    let fillable = plan.check_fillable(cache.clock.now());
    let Some(entry) = stale else {
        fillable?;
        return obtain(cache, plan, None, patience).await;
    };
    if fillable.is_err() {
        return Ok(expired(cache, entry, "no origin has a newer answer"));
    }
    match plan.job(Priority::Batch, &cache.policies) {
        Ok(job) => {
            plan.trail.note(|| "the stale entry is the answer; its renewal is queued");
            let renewal = queue_renewal(Arc::clone(cache), job);
            match plan.priority {
                Priority::Batch => renewal.await?,
                Priority::Immediate => cache.background.spawn(behind(plan.key, renewal)),
            }
            Ok(expired(cache, entry, "a newer answer is to be fetched"))
        }
        Err(_) if plan.priority == Priority::Batch => {
            Ok(expired(cache, entry, "with a credential its renewal cannot be queued"))
        }
        // What cannot be queued is asked for at once.
        Err(_) => {
            plan.trail.note(|| "with its credential the renewal cannot be queued");
            obtain(cache, plan, Some(entry), patience).await
        }
    }
}

/// Ends when the deadline of a caller who begins to wait now has passed.
fn patience(deadline: Option<Duration>) -> impl Future<Output = ()> {
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
async fn obtain(
    cache: &Arc<Inner>,
    plan: Plan,
    stale: Option<Box<Entry>>,
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

/// Queues the renewal of a stale entry, unless it is queued, or was given up not long ago. Readers
/// take no lock.
pub(super) async fn queue_renewal(cache: Arc<Inner>, job: NewJob) -> Result<()> {
    let now = cache.clock.now();
    let is_due = cache.queue.get(&job.key).await?.is_none_or(|queued| {
        queued.status == JobState::Dead && now.since(queued.run_at) >= RENEWAL_PAUSE
    });
    if is_due {
        cache.queue.enqueue(std::slice::from_ref(&job), now).await?;
    }
    Ok(())
}

/// What goes wrong behind the caller's back, is only noted.
pub(super) async fn behind(key: Key, renewal: impl Future<Output = Result<()>>) {
    if let Err(error) = renewal.await {
        tracing::warn!(%key, %error, "a stale entry is not being renewed");
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
    /// What the store had to say, at `now`.
    fn told(&self, now: Timestamp) -> String {
        let (what, info) = match self {
            Self::Answer(Answer::Found(found)) => ("a fresh entry", &found.entry.info),
            Self::Answer(Answer::Absent(absence)) => ("\"there is none\"", &absence.info),
            Self::Stale(entry) => ("a stale entry", &entry.info),
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
    if !plan.is_for(&entry.info) {
        return Ok(Known::Useless(Box::new(entry.info)));
    }
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
    cache.describe_behind(plan, &entry.info);
    Ok(match (freshness, plan.staleness) {
        (Freshness::Fresh, _) => Known::Answer(found(entry, FoundState::Fresh, Source::Store)),
        (Freshness::Stale, Staleness::Accepted) if entry.info.terms.may_be_stale => {
            Known::Stale(Box::new(entry))
        }
        (Freshness::Stale, _) => Known::Useless(Box::new(entry.info)),
    })
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
    Ok(entry.map(|entry| found(entry, FoundState::Fetched, Source::Origin)))
}

/// Asks the origin and stores what it answers, completing the job if it is for one.
pub(super) async fn ask_origin(cache: &Inner, plan: &Plan, job: Option<&Job>) -> Result<Answer> {
    plan.check_credential(job, &cache.policies)?;
    // On the heap, lest the future of every request be as large as one under way.
    Box::pin(ask(cache, plan, job)).await
}

async fn ask(cache: &Inner, plan: &Plan, job: Option<&Job>) -> Result<Answer> {
    let mut known = renewable(cache, plan).await?;
    let mut is_patient = plan.retries > 0;
    loop {
        let condition = known.as_ref().map(|(_, condition)| condition);
        if condition.is_some() {
            plan.trail.note(|| "the origin is asked only for what has changed");
        }
        let fetched = cache.fetcher.get(plan.call(condition)).await?;
        match (fetched, known.take()) {
            (Fetched::NotModified(caching), Some((Entry { info, data }, _))) => {
                if let Some(info) = renew(cache, plan, info, &caching, job).await? {
                    let entry = Entry { info, data };
                    return Ok(found(entry, FoundState::Revalidated, Source::Origin));
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
    let now = cache.clock.now();
    let (new, storing, finish) = match fetched {
        Fetched::Found { data, declared, caching } => {
            let examined = plan.examine(data, declared).await?;
            let new = plan.found(examined, &caching, now)?;
            (new, plan.storing(&caching), Finish::Found)
        }
        Fetched::Absent(caching) => {
            (plan.absent(&caching, now)?, plan.storing(&caching), Finish::Absent)
        }
        Fetched::NotModified(_) => {
            let reason = "an answer was confirmed that was not asked about";
            return Err(Error::new(ErrorKind::Internal, "fetch", &plan.key, reason));
        }
    };
    let data = new.data.clone();
    let info = store(cache, new, storing, job, finish).await?;
    Ok(if info.is_absence() {
        Answer::Absent(Box::new(Absence { info, source: Source::Origin }))
    } else {
        found(Entry { info, data }, FoundState::Fetched, Source::Origin)
    })
}

/// Stores an answer and completes its job in one transaction, so that a worker that has lost the
/// job stores nothing. What may not be stored replaces nothing either: log-in pages forbid it too.
async fn store(
    cache: &Inner,
    new: NewEntry,
    storing: Storing,
    job: Option<&Job>,
    finish: Finish,
) -> Result<EntryInfo> {
    if storing == Storing::Forbidden {
        complete_alone(cache, job, finish).await?;
        return Ok(EntryInfo::of_unstored(new));
    }
    let key = new.key.clone();
    let staged = cache.store.stage(new).await?;
    let mut tx = cache.db.write("store").await?;
    complete(&mut tx, &key, job, finish).await?;
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
    complete(&mut tx, &plan.key, job, Finish::Found).await?;
    cache.store.renew(tx, renewal).await
}

/// Completes the job, or tells those who wait for the key.
async fn complete(
    tx: &mut WriteTransaction,
    key: &Key,
    job: Option<&Job>,
    finish: Finish,
) -> Result<()> {
    match job {
        Some(job) => Queue::complete_in(tx, job, finish).await,
        None => Queue::announce_in(tx, key, finish).await,
    }
}

/// Completes a job that leaves nothing in the store.
pub(super) async fn complete_alone(cache: &Inner, job: Option<&Job>, finish: Finish) -> Result<()> {
    let Some(job) = job else { return Ok(()) };
    let mut tx = cache.db.write("complete").await?;
    Queue::complete_in(&mut tx, job, finish).await?;
    tx.commit().await
}

/// The origin failed: an old answer is better than none, but not silently.
fn stale_instead(stale: Option<Box<Entry>>, error: Error) -> Result<Answer> {
    match stale {
        Some(entry) if error.kind() != ErrorKind::InvalidInput => {
            tracing::warn!(key = %entry.info.url, %error, "answering with a stale entry");
            Ok(Answer::Found(Box::new(Found::stale(*entry, error))))
        }
        _ => Err(error),
    }
}

/// The caller has waited long enough. The flight goes on, and is left to a worker in case that this
/// process ends before it.
fn past_deadline(
    cache: &Arc<Inner>,
    plan: &Arc<Plan>,
    stale: Option<Box<Entry>>,
) -> Result<Answer> {
    plan.trail.note(|| "the deadline has passed");
    if plan.job(Priority::Immediate, &cache.policies).is_err() {
        let reason = "the deadline passed, and with a credential it cannot be queued";
        return stale_instead(stale, Error::new(ErrorKind::Timeout, "fetch", &plan.key, reason));
    }
    cache.background.spawn(leave_to_workers(Arc::clone(cache), Arc::clone(plan)));
    let expired = |entry| expired(cache, entry, "a newer answer did not come within the deadline");
    Ok(stale.map_or(Answer::Pending, expired))
}

async fn leave_to_workers(cache: Arc<Inner>, plan: Arc<Plan>) {
    if let Err(error) = enqueue(&cache, &plan, Priority::Immediate).await {
        tracing::warn!(key = %plan.key, %error, "a request was not queued at its deadline");
    }
}

async fn enqueue(cache: &Inner, plan: &Plan, priority: Priority) -> Result<()> {
    let job = plan.job(priority, &cache.policies)?;
    cache.queue.enqueue(&[job], cache.clock.now()).await.map(drop)
}

/// An entry past its time, which is said.
fn expired(cache: &Inner, entry: Box<Entry>, prospect: &str) -> Answer {
    Answer::Found(Box::new(Found::expired(*entry, cache.clock.now(), prospect)))
}

fn found(entry: Entry, state: FoundState, source: Source) -> Answer {
    Answer::Found(Box::new(Found::current(entry, state, source)))
}
