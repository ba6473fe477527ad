//! Write transactions.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;

use super::generations::{Change, Rows};
use super::line::Turn;
use super::{BUSY_TIMEOUT, Connection};
use crate::error::{Error, ErrorKind, Result};

/// An IMMEDIATE transaction. Dropping it, as a cancelled operation does, closes its connection
/// and thereby rolls it back.
pub(crate) struct WriteTransaction {
    connection: Connection,
    operation: &'static str,
    changed: ChangedRows,
    turn: Turn,
}

/// The rows of `cached_data` that a transaction has changed, as SQLite tells them.
type ChangedRows = Arc<Mutex<Rows>>;

/// Whether readers are to see what a transaction changes in entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matter {
    /// It is about what they read.
    Content,
    /// It is about how often they do.
    Accesses,
}

impl WriteTransaction {
    pub(super) async fn begin(
        mut connection: Connection,
        mut turn: Turn,
        operation: &'static str,
        matter: Matter,
    ) -> Result<Self> {
        let db = connection.db.clone();
        let changed = ChangedRows::default();
        if matter == Matter::Content {
            let watched = watch(&mut connection, &changed).await;
            watched.map_err(|source| connection.error(operation, source))?;
        }
        // Nothing that can be done before keeps others waiting.
        if !turn.among_all(BUSY_TIMEOUT).await {
            let reason = "other processes have kept the database busy all the time";
            return Err(Error::new(ErrorKind::Busy, operation, db.path().display(), reason));
        }
        db.keep_log_short().await;
        let begun = sqlx::raw_sql(AssertSqlSafe(&*db.0.begin)).execute(&mut *connection).await;
        begun.map_err(|source| connection.error(operation, source))?;
        Ok(Self { connection, operation, changed, turn })
    }

    /// Commits and ends the operation. Once this returns `Ok`, the changes survive the death of
    /// the process.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let change = self.announce()?;
        let committed = sqlx::query("COMMIT").execute(&mut *self.connection).await;
        committed.map_err(|source| self.error(source))?;
        if let Some(change) = change {
            change.end();
        }
        self.connection.db.0.doorbell.ring();
        // Others write while this is closed.
        drop(self.turn);
        self.connection.close();
        Ok(())
    }

    /// Announces what is about to be committed, to who keeps it in memory.
    fn announce(&self) -> Result<Option<Change>> {
        let rows = mem::take(&mut *lock(&self.changed));
        if rows.is_empty() {
            return Ok(None);
        }
        let db = &self.connection.db;
        let change = db.0.generations.announce(&rows);
        change.map(Some).map_err(|source| Error::io(self.operation, db.path(), source))
    }

    /// Ends the operation without having changed anything.
    pub(crate) async fn roll_back(mut self) {
        // Without it, closing the connection does the same.
        let _ = sqlx::query("ROLLBACK").execute(&mut *self.connection).await;
        self.connection.close();
    }

    /// The connection, for what is done in a transaction as without one.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// An error of a statement in this transaction.
    pub(crate) fn error(&self, source: sqlx::Error) -> Error {
        self.connection.error(self.operation, source)
    }
}

/// Has SQLite tell which entries change, whatever statement does it.
async fn watch(connection: &mut SqliteConnection, changed: &ChangedRows) -> sqlx::Result<()> {
    let changed = Arc::clone(changed);
    connection.lock_handle().await?.set_update_hook(move |update| {
        if update.table == "cached_data" {
            lock(&changed).insert(update.rowid);
        }
    });
    Ok(())
}

fn lock(changed: &ChangedRows) -> MutexGuard<'_, Rows> {
    changed.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Deref for WriteTransaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}
