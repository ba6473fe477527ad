//! The queue as callers see it: to leave requests to workers, and to learn when they are done.

use std::collections::VecDeque;
use std::time::Duration;

use super::answer::{Answer, Lookup};
use super::counting::{About, Way};
use super::jobs;
use super::plan::Plan;
use super::request::Request;
use super::{Cache, PAGE_ENTRIES, Page, enqueueing};
use crate::db::Changes;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::queue::{Enqueued, Finish, JobInfo, JobState, Queue};
use crate::store::Store;

impl Cache {
    /// Queues requests for workers, each with its own priority, in transactions of a thousand at
    /// most. Requests that the cache can answer are not queued, unless it takes their headers to
    /// tell.
    ///
    /// The queue holds no secrets. A request that carries the API key which is configured for its
    /// host is queued without it, and the worker takes the key from its own configuration, or
    /// obtains a token with it; a job that finds none is put off.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for a request that cannot be made,
    /// [`Unsupported`](ErrorKind::Unsupported) for one that carries another credential than the
    /// configured [`api_key`](crate::ProviderConfig::api_key), [`Refused`](ErrorKind::Refused) for
    /// an untrusted one that leads to an address which is not public; then none is queued.
    /// [`Full`](ErrorKind::Full) when the queue would take more than an eighth of
    /// [`max_bytes`](crate::CacheConfig::max_bytes): then none is queued either, unless others fill
    /// it up meanwhile.
    pub async fn enqueue(&self, requests: impl IntoIterator<Item = Request>) -> Result<Enqueued> {
        let now = self.now();
        let mut plans = Vec::new();
        for request in requests {
            let plan = Plan::new(request, &self.0.policies)?;
            plan.check_fillable(now)?;
            plans.push(plan);
        }
        let keys: Vec<&Key> = plans.iter().map(|plan| &plan.key).collect();
        let mut connection = self.0.db.read(enqueueing::OPERATION).await?;
        let fresh = Store::fresh_among_on(&mut connection, &keys, now).await?;
        let is_answered = |plan: &Plan| {
            let fresh = fresh.get(&plan.key);
            let is_any = plan.expected_checksum.is_none() && plan.asked.form.is_none();
            is_any && fresh.is_some_and(|it| it.answers(&plan.data_type, plan.identifier.as_ref()))
        };
        let due = plans.iter().filter(|plan| !is_answered(plan));
        let policies = &self.0.policies;
        let jobs = due.map(|plan| plan.job(plan.priority, policies)).collect::<Result<Vec<_>>>()?;
        let cached = (plans.len() - jobs.len()) as u64;
        let enqueued = enqueueing::enqueue(&self.0, connection, jobs).await?;
        Ok(Enqueued { cached, ..enqueued })
    }

    /// Waits until there is an answer for `url`, for at most `deadline`; asks no origin itself.
    /// [`Answer::Pending`] when the deadline passes first; a stale entry, or [`Answer::Miss`], when
    /// nothing is queued, as for an answer that its origin forbids to store. Whichever headers an
    /// answer depends on, it is returned.
    ///
    /// # Errors
    /// [`Upstream`](ErrorKind::Upstream) when the request is dead, with the reason of its last
    /// attempt.
    pub async fn wait(&self, url: &str, deadline: Duration) -> Result<Answer> {
        let asking = self.asking();
        let key = self.key(url)?;
        let waited = tokio::time::timeout(deadline, self.wait_for(&key)).await;
        let (way, answer) = match waited {
            Ok(Ok((way, answer))) => (way, Ok(answer)),
            Ok(Err(error)) => (Way::Origin, Err(error)),
            Err(_elapsed) => (Way::Origin, Ok(Answer::Pending)),
        };
        asking.answered(way, &answer, || About::key(&self.0.policies, &key));
        answer
    }

    /// The answer, and whether it had to be waited for.
    async fn wait_for(&self, key: &Key) -> Result<(Way, Answer)> {
        let mut way = Way::Cache;
        let mut changes = None;
        loop {
            // What a caller of this process has not waited for may not be in the queue yet.
            if self.0.flights.land(key).await {
                way = Way::Origin;
            }
            // In this order: a job is completed in the transaction that stores its answer.
            let queued = self.0.queue.get(key).await?;
            let known = self.look_up(key).await?;
            match (queued, &known) {
                (None, _) | (_, Lookup::Fresh(_) | Lookup::Absent(_)) => {
                    return Ok((way, known.into_answer(self.0.clock.now())));
                }
                (Some(JobInfo { status: JobState::Dead, last_error, .. }), _) => {
                    let reason = last_error.unwrap_or_default();
                    let reason = format_args!("given up: {reason}");
                    return Err(Error::new(ErrorKind::Upstream, "wait for", key, reason));
                }
                (Some(_), _) => jobs::wait_for_change(&self.0, &mut changes).await?,
            }
            way = Way::Origin;
        }
    }

    /// Subscribes to the keys that are finished from now on, by whichever process.
    pub async fn subscribe(&self) -> Result<Finishes> {
        let changes = self.0.db.changes().await?;
        let last_seq = self.0.queue.last_finished().await?;
        Ok(Finishes { queue: self.0.queue.clone(), changes, last_seq, ahead: VecDeque::new() })
    }

    /// One page of the queued requests, in the order they came, and where the next page begins;
    /// `None` after the last.
    pub async fn jobs(&self, page: Page) -> Result<(Vec<JobInfo>, Option<Page>)> {
        let rows = self.0.queue.list(page.0, PAGE_ENTRIES).await?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < PAGE_ENTRIES);
        let next = rows.last().filter(|_| !is_last).map(|(id, _)| Page(*id));
        Ok((rows.into_iter().map(|(_, job)| job).collect(), next))
    }

    /// Makes the dead request for `url` pending again; says whether there was one.
    pub async fn retry(&self, url: &str) -> Result<bool> {
        let key = self.key(url)?;
        self.0.store.check_log("retry", &key).await?;
        Ok(self.0.queue.revive(Some(&key)).await? > 0)
    }

    /// Makes every dead request pending again; returns how many there were.
    pub async fn retry_all(&self) -> Result<u64> {
        self.0.store.check_log("retry", "dead requests").await?;
        self.0.queue.revive(None).await
    }

    /// Removes the request for `url` from the queue, unless a worker is at it; says whether it did.
    pub async fn dequeue(&self, url: &str) -> Result<bool> {
        let key = self.key(url)?;
        self.0.store.check_log("remove job", &key).await?;
        self.0.queue.remove(&key).await
    }

    /// Removes every dead request from the queue; returns how many there were.
    pub async fn dequeue_dead(&self) -> Result<u64> {
        self.0.store.check_log("remove jobs", "dead requests").await?;
        self.0.queue.remove_dead().await
    }
}

/// A key that was finished.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FinishedKey {
    /// Which.
    pub key: Key,
    /// How.
    pub finish: Finish,
}

/// A subscription to finished keys; see [`Cache::subscribe`].
pub struct Finishes {
    queue: Queue,
    changes: Changes,
    last_seq: i64,
    ahead: VecDeque<FinishedKey>,
}

impl Finishes {
    /// The next key that was finished, some milliseconds after the commit. A subscriber that
    /// falls behind by more keys than are remembered misses the oldest: one for each 128 KiB of
    /// [`max_bytes`](crate::CacheConfig::max_bytes), 32 at least and ten thousand at most.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) once the cache is closed.
    ///
    /// # Cancel safety
    /// Dropping the future loses no key.
    pub async fn next(&mut self) -> Result<FinishedKey> {
        loop {
            if let Some(finished) = self.ahead.pop_front() {
                return Ok(finished);
            }
            let rows = self.queue.finished_since(self.last_seq).await?;
            if let Some((seq, ..)) = rows.last() {
                self.last_seq = *seq;
                let keys = rows.into_iter().map(|(_, key, finish)| FinishedKey { key, finish });
                self.ahead.extend(keys);
            } else if self.queue.last_finished().await? < self.last_seq {
                // The database is another one, which counts from the beginning.
                self.last_seq = 0;
            } else {
                self.changes.next().await?;
            }
        }
    }
}

impl std::fmt::Debug for Finishes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finishes").field("last_seq", &self.last_seq).finish_non_exhaustive()
    }
}
