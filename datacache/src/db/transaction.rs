//! Write transactions.

use std::ops::{Deref, DerefMut};

use sqlx::sqlite::SqliteConnection;
use tokio::sync::OwnedMutexGuard;

use super::Connection;
use crate::error::{Error, Result};

/// An IMMEDIATE transaction. Dropping it, as a cancelled operation does, closes its connection
/// and thereby rolls it back.
pub(crate) struct WriteTransaction {
    connection: Connection,
    operation: &'static str,
    _turn: OwnedMutexGuard<()>,
}

impl WriteTransaction {
    pub(super) async fn begin(
        mut connection: Connection,
        turn: OwnedMutexGuard<()>,
        operation: &'static str,
    ) -> Result<Self> {
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await;
        begun.map_err(|source| connection.error(operation, source))?;
        Ok(Self { connection, operation, _turn: turn })
    }

    /// Commits and ends the operation. Once this returns `Ok`, the changes survive the death of
    /// the process.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let committed = sqlx::query("COMMIT").execute(&mut *self.connection).await;
        committed.map_err(|source| self.error(source))?;
        self.connection.db.0.doorbell.ring();
        self.connection.close().await;
        Ok(())
    }

    /// Ends the operation without having changed anything.
    pub(crate) async fn roll_back(mut self) {
        // Without it, closing the connection does the same.
        let _ = sqlx::query("ROLLBACK").execute(&mut *self.connection).await;
        self.connection.close().await;
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
