//! Running jobs, and waiting for those that others run.
//!
//! A job is run under its lease, which is renewed as long as the work goes on. Its result is stored
//! and the job completed in one transaction; a holder that has lost its lease stores nothing.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

use super::Inner;
use super::answer::Answer;
use super::fill::{self, Known};
use super::plan::Plan;
use super::request::Request;
use crate::background::Background;
use crate::clock::{Clock, Timestamp};
use crate::db::Changes;
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::Urgency;
use crate::name::DataType;
use crate::queue::{self, Begun, Finish, Heirs, Job, LEASE_MS, NewJob, Prior, Queue, Setback};

/// A lease is renewed at a third of its length.
const RENEWAL: Duration = Duration::from_millis(LEASE_MS.unsigned_abs() / 3);

/// Who waits looks this often whether the one they wait for is still alive.
const LOOK: Duration = Duration::from_secs(1);

/// So long a job waits for a provider that asks to be left alone without saying for how long.
const DEFAULT_WAIT: Duration = Duration::from_mins(1);

/// So long a job waits whose answer found no room.
const FULL_WAIT: Duration = Duration::from_mins(1);

/// A disk is often full for a moment only, while other jobs write what does not fit; so settling is
/// tried again after each of these.
const FULL_PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// How a run of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Completed,
    /// It will be tried again.
    Retried,
    /// The same, and nobody was asked: who is to be asked is not to be before that.
    Refused {
        until: Timestamp,
    },
    /// The same, because there was no room for its answer.
    Unkept,
    Dead,
    /// Somebody else has the job now.
    Lost,
}

/// Runs a job on behalf of nobody in particular.
///
/// # Errors
/// When the cache cannot be told how the run ended. The lease then ends by itself, or with the
/// process.
pub(crate) async fn run(cache: &Inner, job: &Job) -> Result<Ended> {
    let mut plan = match plan_of(cache, job) {
        Ok(plan) => plan,
        Err(error) => return set_back(cache, job, Setback::Dead(error.to_string())).await,
    };
    // A worker that slept for a slot would have no hands for other providers.
    plan.urgency = Urgency::Batch;
    let work = async {
        let known = fill::known(cache, &plan).await?;
        if let Some(info) = known.to_inherit() {
            plan.inherit(info, &cache.policies);
        }
        if let Known::Answer(answer) = known {
            // Somebody else has asked meanwhile.
            return fill::complete_alone(cache, Some(job), finish_of(&answer)).await;
        }
        fill::ask_origin(cache, &plan, Some(job)).await.map(drop)
    };
    match kept(cache, job, work).await {
        Ok(()) => Ok(Ended::Completed),
        Err(error) => fail(cache, job, &error).await,
    }
}

/// Leases the row for a request that is to be made now; `None` when somebody is at it. What has
/// begun runs to its end, lest a lease be left that nobody knows of.
pub(super) async fn begin(cache: &Inner, (job, heirs): (NewJob, Heirs)) -> Result<Option<Held>> {
    // Its answer would find no room, and the origin have been asked in vain.
    cache.store.check_log("fetch", &job.key).await?;
    let (queue, background) = (cache.queue.clone(), cache.background.clone());
    let (key, clock) = (job.key.clone(), cache.clock.clone());
    let begun = cache.background.see_through(async move {
        let begun = queue.begin(&job, heirs, clock.now()).await?;
        Ok(begun.map(|Begun { job, prior }| Held {
            queue,
            background,
            clock,
            job,
            prior,
            is_settled: false,
        }))
    });
    begun.await.unwrap_or_else(|| {
        let reason = "the task that claims the job failed";
        Err(Error::new(ErrorKind::Internal, "claim", key, reason))
    })
}

/// Makes a request under the row of its key, for a caller who waits for the answer.
///
/// A request that somebody has queued before is done with it if it is the same; what the caller
/// leaves open is as it was queued. If not, or when it fails in a way that may pass, it is left as
/// it was: how often this caller tries is no matter of the queue.
pub(super) async fn run_for_caller(cache: &Inner, mut held: Held, plan: &Plan) -> Result<Answer> {
    let mut plan = plan.clone();
    let is_same = match &held.prior {
        Prior::Nothing => true,
        Prior::Live | Prior::Dead(_) => held.job.params().is_ok_and(|params| {
            plan.inherit_queued(&held.job, &params);
            plan.settles(&held.job, &params)
        }),
    };
    let job = is_same.then_some(&held.job);
    let answer = kept(cache, &held.job, fill::ask_origin(cache, &plan, job)).await;
    match &answer {
        Ok(answer) if is_same => {
            held.is_settled = true;
            if let Answer::Found(found) = answer {
                cache.describe_for(&held.job, &found.entry.info);
            }
        }
        Err(error) if is_same && is_final(error) => held.settle(cache, error).await,
        Ok(_) | Err(_) => held.put_back(cache).await,
    }
    answer
}

/// A row under lease, to be put back when its flight is called off.
pub(super) struct Held {
    queue: Queue,
    background: Background,
    clock: Clock,
    job: Job,
    /// What was there before.
    prior: Prior,
    is_settled: bool,
}

impl Held {
    /// Completes the job because there is an answer already.
    pub(super) async fn answered(mut self, answer: &Answer) -> Result<()> {
        self.queue.complete_answered(&[(self.job.clone(), finish_of(answer))]).await?;
        self.is_settled = true;
        Ok(())
    }

    async fn settle(&mut self, cache: &Inner, error: &Error) {
        self.is_settled = true;
        if let Err(error) = fail(cache, &self.job, error).await {
            tracing::warn!(key = %self.job.key, %error, "a job was not settled");
        }
    }

    async fn put_back(&mut self, cache: &Inner) {
        self.is_settled = true;
        if let Err(error) = set_back(cache, &self.job, self.as_before()).await {
            tracing::warn!(key = %self.job.key, %error, "a job was not put back");
        }
    }

    /// What makes the row what it was; a new one goes.
    fn as_before(&self) -> Setback {
        match &self.prior {
            Prior::Nothing | Prior::Live => Setback::HandBack,
            Prior::Dead(error) => Setback::Dead(error.clone()),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let (queue, job, now) = (self.queue.clone(), self.job.clone(), self.clock.now());
        let setback = self.as_before();
        self.background.spawn(async move {
            match queue.set_back(&job, &setback, now).await {
                Err(error) if error.kind() != ErrorKind::LeaseLost => {
                    tracing::warn!(key = %job.key, %error, "a job was not handed back");
                }
                // Lost is a lease too whose job was settled at the last moment.
                _ => {}
            }
        });
    }
}

/// Settles a job whose run has panicked; fails as [`run`] does.
pub(crate) async fn panicked(cache: &Inner, job: &Job) -> Result<Ended> {
    let error = Error::new(ErrorKind::Internal, "run job", &job.key, "it panicked");
    let at = queue::retry_at(job.attempt, fastrand::f64(), None, cache.clock.now());
    let setback = match job.attempt {
        queue::MAX_ATTEMPTS.. => Setback::Dead(error.to_string()),
        _ => Setback::RetryAt(at, error.to_string()),
    };
    set_back(cache, job, setback).await
}

/// What the job asks for, as it would have been asked when it was queued; an error if no answer
/// could fulfil it.
fn plan_of(cache: &Inner, job: &Job) -> Result<Plan> {
    let params = job.params().map_err(|source| {
        let reason = format_args!("its parameters cannot be read: {source}");
        Error::new(ErrorKind::Corrupt, "run job", &job.key, reason)
    })?;
    let mut request = Request::new(job.key.as_str())
        .provider(job.provider.clone())
        .retries(params.retries)
        .metadata(params.metadata);
    if job.data_type != DataType::OTHER {
        request = request.data_type(job.data_type.clone());
    }
    if let Some(identifier) = &job.identifier {
        request = request.identifier(identifier.as_str());
    }
    if let Some(ttl_ms) = params.ttl_ms {
        request = request.ttl(Duration::from_millis(ttl_ms));
    }
    if let Some(ttl_ms) = params.negative_ttl_ms {
        request = request.negative_ttl(Duration::from_millis(ttl_ms));
    }
    if let Some(timeout_ms) = params.timeout_ms {
        request = request.timeout(Duration::from_millis(timeout_ms));
    }
    if let Some(checksum) = &params.expected_checksum {
        request = request.expected_checksum(checksum.parse()?);
    }
    for (name, value) in params.headers {
        request = request.header(name, value);
    }
    if params.untrusted {
        request = request.untrusted();
    }
    if params.json {
        request = request.json();
    }
    let plan = Plan::new(request, &cache.policies)?;
    plan.check_fillable(cache.clock.now())?;
    Ok(plan)
}

/// Does the work while renewing the lease; gives the work up when the lease is lost.
async fn kept<T>(
    cache: &Inner,
    job: &Job,
    work: impl Future<Output = Result<T>> + Send,
) -> Result<T> {
    tokio::select! {
        result = work => result,
        lost = renew(cache, job) => Err(lost),
    }
}

/// Renews the lease until it is lost.
async fn renew(cache: &Inner, job: &Job) -> Error {
    loop {
        #[expect(clippy::disallowed_methods, reason = "leases are kept in real time")]
        tokio::time::sleep(RENEWAL).await;
        match cache.queue.renew(job, cache.clock.now()).await {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::LeaseLost => return error,
            Err(error) => tracing::warn!(key = %job.key, %error, "a lease was not renewed"),
        }
    }
}

fn finish_of(answer: &Answer) -> Finish {
    if matches!(answer, Answer::Absent(_)) { Finish::Absent } else { Finish::Found }
}

async fn fail(cache: &Inner, job: &Job, error: &Error) -> Result<Ended> {
    let now = cache.clock.now();
    let reason = error.to_string();
    let later = |wait: Duration| now.checked_add(wait).unwrap_or(now);
    let mut instead = None;
    let setback = match error.kind() {
        ErrorKind::LeaseLost => {
            tracing::warn!(key = %job.key, "the job was lost to another worker");
            return Ok(Ended::Lost);
        }
        // Having to wait is no failure of the job.
        ErrorKind::RateLimited | ErrorKind::CircuitOpen => {
            let wait = error.retry_after().unwrap_or(DEFAULT_WAIT).min(queue::LONGEST_PAUSE);
            let until = later(wait);
            instead = (error.attempts() == 0).then_some(Ended::Refused { until });
            Setback::Wait(until, reason)
        }
        // It may have been answered well: it is the cache that has no room.
        ErrorKind::Full => {
            instead = Some(Ended::Unkept);
            Setback::Wait(later(FULL_WAIT), reason)
        }
        _ if !is_final(error) => {
            if job.attempt >= queue::MAX_ATTEMPTS {
                Setback::Dead(reason)
            } else {
                let retry_after = error.retry_after();
                let at = queue::retry_at(job.attempt, fastrand::f64(), retry_after, now);
                Setback::RetryAt(at, reason)
            }
        }
        _ => Setback::Dead(reason),
    };
    let ended = set_back(cache, job, setback).await?;
    Ok(instead.filter(|_| ended == Ended::Retried).unwrap_or(ended))
}

/// Whether the same request would fail again, whoever makes it and when.
fn is_final(error: &Error) -> bool {
    use ErrorKind::{CircuitOpen, Closed, LeaseLost, RateLimited};
    let passes = matches!(error.kind(), CircuitOpen | Closed | LeaseLost | RateLimited);
    !passes && !error.is_transient() && !is_own_trouble(error.kind())
}

/// Trouble of the cache itself, which may pass like an origin's; or of its settings, which another
/// worker may have.
fn is_own_trouble(kind: ErrorKind) -> bool {
    use ErrorKind::{Config, Corrupt, Full, Internal, Io, ReadOnly};
    matches!(kind, Config | Corrupt | Full | Internal | Io | ReadOnly)
}

async fn set_back(cache: &Inner, job: &Job, setback: Setback) -> Result<Ended> {
    let ended = if matches!(setback, Setback::Dead(_)) { Ended::Dead } else { Ended::Retried };
    let mut settled = cache.queue.set_back(job, &setback, cache.clock.now()).await;
    for pause in FULL_PAUSES {
        if !matches!(&settled, Err(error) if error.kind() == ErrorKind::Full) {
            break;
        }
        #[expect(clippy::disallowed_methods, reason = "nothing tells when a disk has room again")]
        tokio::time::sleep(pause).await;
        settled = cache.queue.set_back(job, &setback, cache.clock.now()).await;
    }
    match settled {
        Ok(()) => Ok(ended),
        Err(error) if error.kind() == ErrorKind::LeaseLost => {
            tracing::warn!(key = %job.key, "the job was lost to another worker");
            Ok(Ended::Lost)
        }
        Err(error) => Err(error),
    }
}

/// What somebody wakes up for who waits for a job.
pub(super) struct Watch {
    changes: Changes,
    look: Interval,
}

/// Waits for a commit, or until it is time to see whether those who work are still alive.
pub(super) async fn wait_for_change(cache: &Inner, watch: &mut Option<Watch>) -> Result<()> {
    let Some(Watch { changes, look }) = watch else {
        // The caller looks once more before it waits, lest it miss what happened in between.
        *watch = Some(Watch { changes: cache.db.changes().await?, look: looks(LOOK) });
        return Ok(());
    };
    tokio::select! {
        changed = changes.next() => changed,
        _ = look.tick() => {
            // Whoever looks next will do; the caller goes on waiting for the living.
            if let Err(error) = cache.queue.take_back_of_dead().await {
                tracing::debug!(%error, "it was not seen whether others have died");
            }
            Ok(())
        }
    }
}

/// When to look for what no event tells of, however many events there are.
pub(crate) fn looks(period: Duration) -> Interval {
    let mut looks = tokio::time::interval(period);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}
