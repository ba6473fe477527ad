//! The worker: runs queued jobs.
//!
//! Any number of workers may run on one folder, in any number of processes. A worker leases as many
//! jobs as it has free slots, in the order that the queue decides; runs each in a task of its own;
//! and looks again when a job ends or the database changes. It looks once a second whether other
//! workers have died, and takes up their jobs. When nothing is due it sleeps. Who may not be asked
//! just now is given no job until it may, so that what a slow provider costs depends on its budget and
//! not on how much is queued for it. Beside that it looks after the cache ([`upkeep`]).
//!
//! # Trouble with the cache
//! What may pass, such as a lock that another process holds for long, keeps a worker from beginning
//! jobs until it has passed; it looks again every second ([`trouble`]). So does a damaged database, until
//! it has been replaced; its jobs are lost with it. Anything else ends it.
//!
//! A job whose answer finds no room is put off, and the attempt does not count. The worker then begins
//! none for a while, and after that one at a time, until an answer has been stored ([`lull`]).
//!
//! # What survives a crash
//! Every job: a worker has a session of its own, and the leases of one that dies end with it. A job
//! whose worker dies again and again is dead after five attempts.

mod lull;
mod progress;
mod trouble;
mod upkeep;

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Interval;
use tracing::Instrument as _;

use crate::cache::Cache;
use crate::cache::jobs::{self, Ended, looks};
use crate::clock::{Clock, Timestamp};
use crate::db::Changes;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::queue::{Finish, Job, Queue, Turns};
use lull::Lull;
pub use progress::Progress;
use trouble::Trouble;
use upkeep::Upkeep;

/// How often a worker looks for the dead and for jobs whose time has come.
const LOOK: Duration = Duration::from_secs(1);

/// A claim chooses among so many of each group, under the write lock.
const MOST_AT_ONCE: usize = 256;

/// How much of the log is left for each job, from its claim to what it stores: twice what an answer "there
/// is none" has taken in a small cache, which is one page for each of many indexes.
const JOB_LOG_BYTES: u64 = 128 * 1024;

/// So long after the grace a worker may wait for the database to hand back what it had begun.
const HAND_BACK: Duration = Duration::from_millis(500);

/// How a worker works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkerConfig {
    /// How many jobs run at once, from 1 to 256; what lies beyond is taken for the nearest. Default 8.
    ///
    /// When a worker is killed, so many requests at most have been made that its successors make
    /// again.
    pub concurrency: usize,
    /// When the worker ends by itself. Default never.
    pub until: Until,
    /// How long jobs may go on after the shutdown; then they are handed back, which takes half a
    /// second at most. Default 4 s.
    pub grace: Duration,
}

/// When a worker ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Never: only the shutdown ends it.
    Shutdown,
    /// When no job is running, nor due within `patience`, and the palettes of the images are made.
    Drained {
        /// Jobs that are to be tried again later than this are not waited for, and where answers find no
        /// room, nor are those that are not begun by then. Nor are palettes that take longer, or than
        /// the grace if that is longer.
        patience: Duration,
    },
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self { concurrency: 8, until: Until::Shutdown, grace: Duration::from_secs(4) }
    }
}

/// Runs queued jobs of one cache.
#[derive(Debug)]
pub struct Worker {
    cache: Cache,
    config: WorkerConfig,
    progress: watch::Sender<Progress>,
}

impl Worker {
    /// A worker that has not begun.
    pub fn new(cache: Cache, config: WorkerConfig) -> Self {
        Self { cache, config, progress: watch::Sender::default() }
    }

    /// What the worker has done so far; changes with every job.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Works until `shutdown` is ready, or until it is done if it is to end by itself. Then no job
    /// is begun any more; running ones may go on for the grace time and are then handed back, or,
    /// where the database is locked, left for others to take over.
    ///
    /// # Errors
    /// Those of the cache itself that do not pass. A worker that ends with the shutdown waits while
    /// other processes lock the cache, while the disk is full, and a minute for other trouble with
    /// files, unless the cache folder is gone; one that drains waits for locks, and for a damaged
    /// database to be replaced. A job's failure is no error.
    ///
    /// # Cancel safety
    /// Dropping the future stops the running jobs; their leases end at once.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<Progress> {
        let mut shift = Shift::of(&self).await?;
        let result = tokio::select! {
            // Dropped halfway it leaves nothing but leases, which the end hands back.
            result = shift.work() => result,
            () = shutdown => Ok(()),
        };
        shift.end().await;
        result.map(|()| self.progress.borrow().clone())
    }
}

/// One run of a worker.
struct Shift<'a> {
    worker: &'a Worker,
    /// Under a session of the worker's own: what it holds are the worker's jobs and no others.
    queue: Queue,
    turns: Turns,
    changes: Changes,
    look: Interval,
    running: Running,
    trouble: Trouble,
    lull: Lull,
    upkeep: Upkeep,
}

/// The jobs that are running, each in a task.
#[derive(Default)]
struct Running {
    tasks: JoinSet<Result<Ended>>,
    jobs: HashMap<Id, Arc<Job>>,
}

impl<'a> Shift<'a> {
    async fn of(worker: &'a Worker) -> Result<Self> {
        let cache = &worker.cache.0;
        Ok(Self {
            worker,
            queue: cache.queue.with_new_session(),
            turns: Turns::default(),
            changes: cache.db.changes().await?,
            look: looks(LOOK),
            running: Running::default(),
            trouble: Trouble::new(worker.config.until),
            lull: Lull::default(),
            upkeep: Upkeep::new(worker.config.until),
        })
    }

    /// Works until everything is done, for as long as trouble passes.
    async fn work(&mut self) -> Result<()> {
        loop {
            match self.round().await {
                Ok(ControlFlow::Break(())) => return self.finish_palettes().await,
                Ok(ControlFlow::Continue(())) => self.trouble.is_over(),
                Err(error) if self.may_pass(&error).await => {
                    self.look.tick().await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Nobody may come after a worker that drains who would make the palettes of what it has fetched.
    async fn finish_palettes(&self) -> Result<()> {
        let WorkerConfig { until, grace, .. } = self.worker.config;
        if let Until::Drained { patience } = until {
            self.worker.cache.palettes_made(patience.max(grace)).await;
        }
        Ok(())
    }

    /// Begins what may run, then waits for something to happen; breaks when all is done.
    async fn round(&mut self) -> Result<ControlFlow<()>> {
        while let Some(ended) = self.running.tasks.try_join_next_with_id() {
            self.reap(ended).await?;
        }
        let claimed = self.claim().await?;
        if claimed == 0 && self.running.jobs.is_empty() && self.is_done().await? {
            return Ok(ControlFlow::Break(()));
        }
        tokio::select! {
            Some(ended) = self.running.tasks.join_next_with_id() => self.reap(ended).await?,
            changed = self.changes.next() => changed?,
            () = next_turn(&self.turns, &self.worker.cache.0.clock) => {}
            () = self.upkeep.time() => self.upkeep.begin(&self.worker.cache),
            _ = self.look.tick() => {
                self.queue.take_back_of_dead().await?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn may_pass(&mut self, error: &Error) -> bool {
        let is_gone = error.kind() == ErrorKind::Io && self.worker.cache.0.db.is_gone().await;
        !is_gone && self.trouble.may_pass(error)
    }

    /// Fills the free slots; returns how many jobs it began.
    async fn claim(&mut self) -> Result<usize> {
        let cache = &self.worker.cache.0;
        let free = self.worker.config.concurrency.clamp(1, MOST_AT_ONCE) - self.running.jobs.len();
        let now = cache.clock.now();
        let free = self.lull.slots(free, self.running.jobs.len(), now);
        if free == 0 {
            return Ok(0);
        }
        if self.is_log_in_the_way(free).await? {
            self.lull.begin(now);
            return Ok(0);
        }
        let jobs = match self.queue.claim(&mut self.turns, free, now).await {
            // What the running jobs write may be what fills the disk; it is tried again when one
            // of them ends.
            Err(error) if error.kind() == ErrorKind::Full && !self.running.jobs.is_empty() => {
                tracing::warn!(%error, "no job could be claimed");
                return Ok(0);
            }
            claimed => claimed?,
        };
        let claimed = jobs.len();
        if claimed == 0 {
            return Ok(0);
        }
        let completed = self.complete_answered(&jobs, now).await.unwrap_or_else(|error| {
            // Each job finds out by itself, only more slowly.
            tracing::warn!(%error, "jobs that may have been answered were not completed at once");
            BTreeSet::new()
        });
        for job in jobs.into_iter().filter(|job| !completed.contains(&job.key)) {
            self.begin(job);
        }
        Ok(claimed)
    }

    /// Whether a log that cannot be cut back leaves no room for `free` jobs beside those that any worker
    /// is at.
    async fn is_log_in_the_way(&self, free: usize) -> Result<bool> {
        let cache = &self.worker.cache.0;
        if !cache.db.is_log_long() {
            return Ok(false);
        }
        let under_way = cache.queue.leased().await?.saturating_add(free as u64);
        cache.store.is_log_in_the_way(under_way.saturating_mul(JOB_LOG_BYTES)).await
    }

    /// Completes at once the jobs that somebody else's fetch has made needless; returns their keys.
    async fn complete_answered(&self, jobs: &[Job], now: Timestamp) -> Result<BTreeSet<Key>> {
        let cache = &self.worker.cache.0;
        let keys: Vec<&Key> = jobs.iter().map(|job| &job.key).collect();
        let fresh = cache.store.fresh_among(&keys, now).await?;
        let answered = jobs.iter().filter(|job| !job.expects_certain_bytes()).filter_map(|job| {
            let fresh = fresh
                .get(&job.key)
                .filter(|fresh| fresh.answers(&job.data_type, job.identifier.as_ref()))?;
            Some((job.clone(), if fresh.is_absence { Finish::Absent } else { Finish::Found }))
        });
        let answered: Vec<(Job, Finish)> = answered.collect();
        if !answered.is_empty() {
            let completed = cache.queue.complete_answered(&answered).await?;
            self.worker.progress.send_modify(|progress| progress.done += completed);
        }
        Ok(answered.into_iter().map(|(job, _)| job.key).collect())
    }

    fn begin(&mut self, job: Job) {
        let (cache, job) = (Arc::clone(&self.worker.cache.0), Arc::new(job));
        let span = tracing::debug_span!("job", key = %job.key, attempt = job.attempt);
        let task = self.running.tasks.spawn({
            let job = Arc::clone(&job);
            async move { jobs::run(&cache, &job).await }.instrument(span)
        });
        self.running.jobs.insert(task.id(), job);
        self.count_running();
    }

    async fn reap(&mut self, ended: Result<(Id, Result<Ended>), JoinError>) -> Result<()> {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let cache = &self.worker.cache.0;
        let Some(job) = self.running.jobs.remove(&id) else { return Ok(()) };
        let ended = match ended {
            Ok((_, ended)) => ended,
            Err(_) => jobs::panicked(cache, &job).await,
        };
        self.count_running();
        let ended = ended?;
        tracing::info!(key = %job.key, attempt = job.attempt, ?ended, "a job has ended");
        match ended {
            Ended::Refused { until } => {
                self.turns.refuse(job.origin.clone(), cache.clock.now(), until);
            }
            Ended::Unkept => self.lull.begin(cache.clock.now()),
            Ended::Completed => self.lull.is_over(),
            Ended::Retried | Ended::Dead | Ended::Lost => {}
        }
        self.worker.progress.send_modify(|progress| progress.count(ended));
        Ok(())
    }

    fn count_running(&self) {
        let running = self.running.jobs.len();
        self.worker.progress.send_modify(|progress| progress.running = running);
    }

    async fn is_done(&self) -> Result<bool> {
        let Until::Drained { patience } = self.worker.config.until else { return Ok(false) };
        let cache = &self.worker.cache.0;
        let now = cache.clock.now();
        let soon = now.checked_add(patience).unwrap_or(Timestamp::MAX);
        // What is not begun by then is not waited for.
        Ok(self.lull.lasts_beyond(soon) || !cache.queue.is_due_or_leased(&self.turns, soon).await?)
    }

    /// Lets the running jobs end, and hands back those that take too long.
    async fn end(mut self) {
        let grace = self.worker.config.grace;
        let ending = async {
            while let Some(ended) = self.running.tasks.join_next_with_id().await {
                if let Err(error) = self.reap(ended).await {
                    tracing::warn!(%error, "a job was not settled");
                }
            }
        };
        if tokio::time::timeout(grace, ending).await.is_err() {
            self.running.tasks.shutdown().await;
            self.running.jobs.clear();
            self.count_running();
        }
        match tokio::time::timeout(HAND_BACK, self.queue.hand_back_all()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "jobs are left to be taken back by others"),
            Err(_elapsed) => {
                tracing::warn!("the database is locked: jobs are left to be taken back by others");
            }
        }
    }
}

/// Ends when somebody may be given a job again who was to be given none.
async fn next_turn(turns: &Turns, clock: &Clock) {
    let now = clock.now();
    match turns.waiting(now).map(|(_, until)| until).min() {
        #[expect(clippy::disallowed_methods, reason = "slots are moments of real time")]
        Some(until) => tokio::time::sleep(until.since(now)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
