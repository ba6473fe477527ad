//! Mending: a database that turns out to be damaged while it is in use is replaced.
//!
//! A statement fails because of damage; its caller gets the error. Behind his back a task looks
//! whether the damage is real, under the lock that only one process has, and replaces the database.
//! In a process that happens at most once in [`PAUSE`], whatever the look found, so that nothing
//! goes round in circles.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::health::{Check, Health, examine};
use super::replacing::{self, Counting};
use super::{Db, db_error, error};
use crate::background::Background;
use crate::error::{Error, Result};
use crate::lock;

const OPERATION: &str = "mend database";

/// Looking takes as long as reading the whole database.
const PAUSE: Duration = Duration::from_mins(1);

/// What is known about damage, and who sees to it.
#[derive(Default)]
pub(super) struct Mender {
    state: Mutex<State>,
    background: Background,
}

#[derive(Default)]
struct State {
    /// Whether the database has been opened: until then its opener sees to what he finds.
    is_open: bool,
    is_looking: bool,
    looked_at: Option<Instant>,
    moved_to: Option<PathBuf>,
}

impl Mender {
    pub(super) fn begin(&self) {
        self.state().is_open = true;
    }

    /// Waits for a look that is under way.
    pub(super) async fn finish(&self) {
        self.background.finish().await;
    }

    /// Notes where a damaged database was moved.
    pub(super) fn note(&self, moved_to: PathBuf) {
        self.state().moved_to = Some(moved_to);
    }

    /// Whether it is time to look.
    fn is_due(&self) -> bool {
        let mut state = self.state();
        let rests = state.looked_at.is_some_and(|at| at.elapsed() < PAUSE);
        let is_due = state.is_open && !state.is_looking && !rests;
        state.is_looking |= is_due;
        is_due
    }

    /// A look has ended; one that somebody else was faster at does not count.
    fn looked(&self, was_first: bool) {
        let mut state = self.state();
        state.is_looking = false;
        if was_first {
            state.looked_at = Some(Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Db {
    /// Where this handle has moved the last database that it found damaged.
    pub(crate) fn moved_to(&self) -> Option<PathBuf> {
        self.0.mender.state().moved_to.clone()
    }

    /// Has the database looked at if an error tells that it is damaged, or that it is no longer
    /// there.
    pub(super) fn suspect(&self, source: &sqlx::Error) {
        let is_suspect = error::tells_of_damage(source)
            || (error::tells_of_no_file(source) && matches!(self.path().try_exists(), Ok(false)));
        if is_suspect && self.0.mender.is_due() {
            let db = self.clone();
            self.0.mender.background.spawn(async move {
                let was_first = db.mend().await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "the database could not be mended");
                    true
                });
                db.0.mender.looked(was_first);
            });
        }
    }

    /// What SQLite finds wrong with the database, which it reads from beginning to end.
    pub(crate) async fn complaints(&self) -> Result<Vec<String>> {
        Ok(match examine(self, Check::Full, OPERATION).await? {
            Health::Sound => Vec::new(),
            Health::Missing => vec!["there is no database".to_owned()],
            Health::Damaged { complaints, .. } => complaints,
        })
    }

    /// Mends the database: first its indexes, which can be made anew; if that does not do, it is
    /// replaced.
    pub(crate) async fn repair(&self) -> Result<()> {
        let _lock = lock::acquire(self.0.locks.join(replacing::LOCK), OPERATION).await?;
        if let Err(error) = self.reindex().await {
            tracing::debug!(%error, "the indexes could not be made anew");
        }
        match examine(self, Check::Full, OPERATION).await? {
            Health::Sound => Ok(()),
            Health::Missing => replacing::begin(self, Counting::FromNow).await,
            Health::Damaged { complaints, witness } => {
                replacing::replace(self, &complaints, witness).await
            }
        }
    }

    async fn reindex(&self) -> Result<()> {
        let failed = |source| db_error(OPERATION, self.path(), source);
        let mut connection = self.read_unsuspecting(OPERATION).await?;
        sqlx::query("REINDEX").execute(&mut *connection).await.map_err(failed)?;
        connection.close();
        Ok(())
    }

    /// Replaces the database if it is damaged; `false` when another process is at it.
    async fn mend(&self) -> Result<bool> {
        let lock = self.0.locks.join(replacing::LOCK);
        let lock =
            lock::try_acquire(&lock).map_err(|source| Error::io(OPERATION, &lock, source))?;
        let Some(_lock) = lock else { return Ok(false) };
        match examine(self, Check::Quick, OPERATION).await? {
            Health::Sound => tracing::info!("the database is in order after all"),
            Health::Missing => replacing::begin(self, Counting::FromNow).await?,
            Health::Damaged { complaints, witness } => {
                replacing::replace(self, &complaints, witness).await?;
            }
        }
        // Who waits for changes looks again, and finds another database.
        self.0.doorbell.ring();
        Ok(true)
    }
}
