//! One operation's connection.

use std::ops::{Deref, DerefMut};

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::{Db, Use};
use crate::error::Error;
use crate::platform::{self, FileId};

/// One operation's connection.
pub(crate) struct Connection {
    pub(super) inner: SqliteConnection,
    /// The file that had the database's name when it was opened.
    pub(super) file: FileId,
    pub(super) db: Db,
}

impl Connection {
    /// Ends the operation: has the connection closed, which nobody waits for but who closes the cache,
    /// or leaves it to the anchor if that has none.
    pub(crate) fn close(self) {
        let Self { inner, file, db } = self;
        // One that only reads keeps no log alive.
        let kept = match db.refusal(Use::Writing) {
            None => db.0.anchor.keep(inner, file),
            Some(_) => Some(inner),
        };
        let Some(inner) = kept else { return };
        db.0.closing.spawn(async move {
            if let Err(error) = inner.close().await {
                tracing::warn!(%error, "a database connection did not close cleanly");
            }
        });
    }

    /// Ends the operation without leaving the connection to the anchor.
    pub(super) async fn discard(self) {
        if let Err(error) = self.inner.close().await {
            tracing::warn!(%error, "a database connection did not close cleanly");
        }
    }

    /// Whether another file has the database's name by now, or none.
    pub(super) fn is_left_behind(&self) -> bool {
        platform::file_id(self.db.path()) != self.file
    }

    /// An error of a statement on this connection.
    pub(crate) fn error(&self, operation: &'static str, source: sqlx::Error) -> Error {
        self.db.error(operation, source)
    }
}

impl Deref for Connection {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.inner
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }
}
