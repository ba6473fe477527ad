//! The queue: requests that are to be made later, by whichever process runs a worker.
//!
//! # What it owns
//! The tables `pending_requests` and `finished_requests`; of the limits' `resting_providers` and
//! `provider_budgets` it reads whose jobs to pass over. A key has at most one row. All that is needed to make the request is in the row;
//! secrets never are.
//!
//! # A row's life
//! ```text
//!            claim                    complete
//! pending ───────────► leased ───────────────────► gone
//!    ▲                   │ │  fails for good, or too often
//!    │ retry later,      │ └───────────────────────► dead ──┐
//!    │ hand back,        │                                  │ revive, enqueue again
//!    │ the lease ends    │                                  │
//!    └───────────────────┴──────────────────────────────────┘
//! ```
//! Queueing a key again makes a live row more urgent and a dead one new; a finished one is gone and
//! blocks nothing.
//!
//! # Leases
//! A claimed job is leased for [`LEASE_MS`], to be renewed at a third of that. Every statement that
//! settles a job names the lease's token and changes nothing when it has been given to somebody
//! else meanwhile: a holder that slept through the end of its lease cannot settle the job
//! ([`Queue::complete_in`] lets the caller store the result in the same transaction). The jobs of a
//! process that died are taken back as soon as anybody looks ([`Queue::take_back_of_dead`]); those
//! of a silent one when their leases end.
//!
//! # Clocks that are set back
//! A job that was never put off may run at any time. One that is put off for longer than any job can
//! be ([`LONGEST_PAUSE`]) was put off before the clock was set back, and may run, just as a lease that
//! ends later than any can has ended. When the clock is set back by less, a job that was put off waits
//! so much longer.
//!
//! # What survives a crash
//! A queued request, once the transaction of [`Queue::enqueue_in`] is committed. A job is run at least
//! once.

mod backoff;
mod finishing;
mod flight;
mod job;
mod live;
mod order;
mod share;
pub(crate) mod sql;
mod taking_back;

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;

use crate::clock::Timestamp;
use crate::db::{Db, WriteTransaction};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::name::Provider;
use crate::session::OwnSession;
pub(crate) use backoff::{LONGEST_PAUSE, MAX_ATTEMPTS, retry_at};
pub(crate) use flight::{Begun, Prior};
use job::{Claim, end_of_lease};
pub use job::{Enqueued, Finish, JobInfo, JobState, Priority, QueueCounts};
pub(crate) use job::{Heirs, Job, NewJob, Params};
pub(crate) use order::Turns;
use taking_back::take_back_ended;

/// How long a lease holds unless it is renewed.
pub(crate) const LEASE_MS: i64 = 30_000;

const ENQUEUE: &str = "enqueue";
const CLAIM: &str = "claim";

/// So many requests are forgotten at a time.
const FORGET_STEP: i64 = 500;

/// A handle to the queue; clones share it.
#[derive(Clone)]
pub(crate) struct Queue {
    db: Db,
    session: Arc<OwnSession>,
    /// How many finished keys are remembered for those who wait.
    finishes_kept: i64,
}

/// How a job is settled other than by being completed.
#[derive(Debug)]
pub(crate) enum Setback {
    /// It failed in a way that may pass.
    RetryAt(Timestamp, String),
    /// It has to wait, which is not its fault.
    Wait(Timestamp, String),
    /// It can never succeed, or has been tried too often.
    Dead(String),
    /// It was not run to its end, which is not its fault.
    HandBack,
}

impl Queue {
    /// `finishes_kept` is how many finished keys are remembered for those who wait.
    pub(crate) fn new(db: Db, session: Arc<OwnSession>, finishes_kept: u32) -> Self {
        Self { db, session, finishes_kept: finishes_kept.into() }
    }

    /// A handle that claims under a session of its own, which ends with it.
    pub(crate) fn with_new_session(&self) -> Self {
        let session = OwnSession::new(self.session.locks().to_owned());
        Self { session: Arc::new(session), ..self.clone() }
    }

    /// Leases the jobs whose turn it is, those of ended leases among them, and those that were put off
    /// before the clock was set back. When there is nothing to
    /// claim, it takes no lock.
    pub(crate) async fn claim(
        &self,
        turns: &mut Turns,
        slots: usize,
        now: Timestamp,
    ) -> Result<Vec<Job>> {
        let mut connection = self.db.read(CLAIM).await?;
        let is_due = is_due_or_ended(&mut connection, turns, now).await;
        if !is_due.map_err(|source| connection.error(CLAIM, source))? {
            connection.close();
            return Ok(Vec::new());
        }
        let claim = Claim { session: self.session.id().await?, slots, now };
        let mut tx = self.db.write_on(connection, CLAIM).await?;
        let jobs = claim_in(&mut tx, turns, claim).await.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(jobs)
    }

    /// Renews the lease of a job.
    ///
    /// # Errors
    /// [`LeaseLost`](ErrorKind::LeaseLost) when somebody else has the job now.
    pub(crate) async fn renew(&self, job: &Job, now: Timestamp) -> Result<()> {
        let until = end_of_lease(now);
        let renew = self.write("renew lease", async |db| sql::renew(db, job.lease, until).await);
        if renew.await? { Ok(()) } else { Err(lease_lost(job)) }
    }

    /// Tells those who wait that a key was fetched without a job, and forgets that it was given up
    /// before.
    pub(crate) async fn announce_in(
        &self,
        tx: &mut WriteTransaction,
        key: &Key,
        finish: Finish,
    ) -> Result<()> {
        sql::managing::remove_dead_of(tx, key).await.map_err(|source| tx.error(source))?;
        self.finish_in(tx, key, finish).await
    }

    /// Completes jobs for whose keys there is an answer already; returns how many.
    pub(crate) async fn complete_answered(&self, jobs: &[(Job, Finish)]) -> Result<u64> {
        let mut completed = 0;
        let mut tx = self.db.write("settle").await?;
        for (job, finish) in jobs {
            let done = sql::complete(&mut tx, job.lease).await;
            if done.map_err(|source| tx.error(source))? {
                self.finish_in(&mut tx, &job.key, *finish).await?;
                completed += 1;
            }
        }
        tx.commit().await?;
        Ok(completed)
    }

    /// Whether a job may run at `at`, or somebody is at one: in one look, lest a job that is handed
    /// back between two be seen by neither.
    pub(crate) async fn is_due_or_leased(&self, turns: &Turns, at: Timestamp) -> Result<bool> {
        let refused = turns.refused(at).map(Provider::as_str);
        let refused = refused.collect::<serde_json::Value>().to_string();
        let look = async |db: &mut _| sql::due::is_due_or_leased(db, at, &refused).await;
        self.read("look for jobs", look).await
    }

    /// Completes a job in the caller's transaction, in which its result is stored.
    ///
    /// # Errors
    /// [`LeaseLost`](ErrorKind::LeaseLost) when somebody else has the job now; the caller must then
    /// not store the result.
    pub(crate) async fn complete_in(
        &self,
        tx: &mut WriteTransaction,
        job: &Job,
        finish: Finish,
    ) -> Result<()> {
        let completed = sql::complete(tx, job.lease).await.map_err(|source| tx.error(source))?;
        if !completed {
            return Err(lease_lost(job));
        }
        self.finish_in(tx, &job.key, finish).await
    }

    /// Settles a job that was not completed, at `now`. One that nobody has left to workers is gone.
    ///
    /// # Errors
    /// [`LeaseLost`](ErrorKind::LeaseLost) when somebody else has the job now.
    pub(crate) async fn set_back(
        &self,
        job: &Job,
        setback: &Setback,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write("settle").await?;
        let removed = sql::flights::remove_flight(&mut tx, job.lease).await;
        if removed.map_err(|source| tx.error(source))? {
            return tx.commit().await;
        }
        let settled = match setback {
            Setback::RetryAt(at, error) => sql::retry_later(&mut tx, job.lease, *at, error).await,
            Setback::Wait(at, reason) => sql::wait(&mut tx, job.lease, *at, reason).await,
            Setback::Dead(error) => sql::bury(&mut tx, job.lease, error, now).await,
            Setback::HandBack => sql::hand_back(&mut tx, job.lease).await,
        };
        if !settled.map_err(|source| tx.error(source))? {
            return Err(lease_lost(job));
        }
        if matches!(setback, Setback::Dead(_)) {
            self.finish_in(&mut tx, &job.key, Finish::Failed).await?;
        }
        tx.commit().await
    }

    /// The request for `key`, if it is queued.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<JobInfo>> {
        self.read("look up job", async |db| sql::managing::by_key(db, key).await).await
    }

    /// Queued requests in the order they came, after the one with the number `after`.
    pub(crate) async fn list(&self, after: i64, limit: i64) -> Result<Vec<(i64, JobInfo)>> {
        let jobs =
            self.read("list jobs", async |db| sql::managing::list(db, after, limit).await).await?;
        Ok(jobs.into_iter().map(|job| (job.id, job)).collect())
    }

    /// Queues requests in the caller's transaction. Those queued already become as urgent as asked;
    /// dead ones begin anew.
    pub(crate) async fn enqueue_in(
        tx: &mut WriteTransaction,
        jobs: &[NewJob],
        now: Timestamp,
    ) -> Result<Enqueued> {
        sql::enqueueing::enqueue(tx, jobs, now).await.map_err(|source| tx.error(source))
    }

    /// Queues requests, however many there are.
    #[cfg(test)]
    pub(crate) async fn enqueue(&self, jobs: &[NewJob], now: Timestamp) -> Result<Enqueued> {
        let mut tx = self.db.write(ENQUEUE).await?;
        let enqueued = Self::enqueue_in(&mut tx, jobs, now).await?;
        tx.commit().await?;
        Ok(enqueued)
    }

    /// How many requests wait, and for how long.
    pub(crate) async fn counts(&self) -> Result<QueueCounts> {
        self.read("count queue", async |db| sql::managing::counts(db).await).await
    }

    /// How many requests somebody is at.
    pub(crate) async fn leased(&self) -> Result<u64> {
        self.read("count jobs", async |db| sql::managing::leased(db).await).await
    }

    /// Removes the request for `key` unless a worker is at it; says whether it did.
    pub(crate) async fn remove(&self, key: &Key) -> Result<bool> {
        Ok(self.write("remove job", async |db| sql::managing::remove(db, key).await).await? > 0)
    }

    /// Removes every dead request; returns how many.
    pub(crate) async fn remove_dead(&self) -> Result<u64> {
        self.write("remove jobs", async |db| sql::managing::remove_dead(db).await).await
    }

    /// Makes the dead request for `key`, or every dead one, pending again; returns how many.
    pub(crate) async fn revive(&self, key: Option<&Key>) -> Result<u64> {
        self.write("retry", async |db| sql::managing::revive(db, key).await).await
    }

    /// Removes some of the requests that were given up before `before`; returns how many.
    pub(crate) async fn forget_dead(&self, before: Timestamp) -> Result<u64> {
        let forget = async |db: &mut _| sql::managing::forget_dead(db, before, FORGET_STEP).await;
        self.write("forget requests", forget).await
    }

    async fn read<T>(
        &self,
        operation: &'static str,
        read: impl AsyncFnOnce(&mut SqliteConnection) -> sqlx::Result<T>,
    ) -> Result<T> {
        let mut connection = self.db.read(operation).await?;
        let value = read(&mut connection).await;
        let value = value.map_err(|source| connection.error(operation, source))?;
        connection.close();
        Ok(value)
    }

    async fn write<T>(
        &self,
        operation: &'static str,
        write: impl AsyncFnOnce(&mut SqliteConnection) -> sqlx::Result<T>,
    ) -> Result<T> {
        let mut tx = self.db.write(operation).await?;
        let value = write(&mut tx).await.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(value)
    }
}

/// Whether a claim at `now` could find a job: a pending one, or one that it would take back.
async fn is_due_or_ended(
    db: &mut SqliteConnection,
    turns: &Turns,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let latest_end = end_of_lease(end_of_lease(now));
    Ok(sql::due::is_due(db, now, &waiting(turns, now)).await?
        || sql::is_ended(db, now, latest_end).await?
        || sql::is_lost(db, latest_run(now)).await?)
}

async fn claim_in(
    tx: &mut SqliteConnection,
    turns: &mut Turns,
    claim: Claim,
) -> sqlx::Result<Vec<Job>> {
    take_back_ended(tx, claim.now).await?;
    sql::recall_lost(tx, latest_run(claim.now)).await?;
    let candidates = sql::due::candidates(tx, claim, &waiting(turns, claim.now)).await?;
    let mut jobs = Vec::new();
    for id in turns.choose(candidates, claim.slots, claim.now) {
        match sql::lease(tx, id, end_of_lease(claim.now), claim.session).await {
            Ok(job) => jobs.extend(job),
            Err(error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))) => {
                let reason = format!("its row is damaged: {error}");
                tracing::warn!(id, reason, "a job was given up");
                sql::bury_unreadable(tx, id, &reason, claim.now).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(jobs)
}

/// Whose jobs are not claimed at `now`, as a JSON array.
fn waiting(turns: &Turns, now: Timestamp) -> String {
    let names = turns.waiting(now).map(|(origin, _)| origin.as_str());
    names.collect::<serde_json::Value>().to_string()
}

/// The latest moment to which a job can be put off.
fn latest_run(now: Timestamp) -> Timestamp {
    now.checked_add(LONGEST_PAUSE).unwrap_or(Timestamp::MAX)
}

fn lease_lost(job: &Job) -> Error {
    let reason = "another worker has the job now";
    Error::new(ErrorKind::LeaseLost, "settle", &job.key, reason)
}

#[cfg(test)]
mod tests;
