//! A database of another program, as a copy that is nobody else's.

use std::ops::{Deref, DerefMut};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection as _};

use super::db_error;
use super::schema::APPLICATION_ID;
use crate::error::{Error, ErrorKind, Result};

/// A connection to the copy.
pub(crate) struct Foreign(SqliteConnection);

impl Foreign {
    /// Opens the copy at `path`, which SQLite may change: it takes in the log that lies beside it.
    /// `origin` is what it is a copy of, for errors.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) when it is a database of this crate;
    /// [`Corrupt`](ErrorKind::Corrupt) when it is none at all.
    pub(crate) async fn open(operation: &'static str, path: &Path, origin: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(path).disable_statement_logging();
        let failed = |source| db_error(operation, origin, source);
        let mut connection = options.connect().await.map_err(failed)?;
        let application = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut connection);
        let application: i64 = application.await.map_err(failed)?;
        if application == APPLICATION_ID {
            let reason = "it is a datacache of its own; use export and import";
            return Err(Error::new(ErrorKind::Unsupported, operation, origin.display(), reason));
        }
        Ok(Self(connection))
    }

    /// Closes it. That it could not be closed cleanly costs nothing: it is a copy.
    pub(crate) async fn close(self) {
        drop(self.0.close().await);
    }
}

impl Deref for Foreign {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.0
    }
}

impl DerefMut for Foreign {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}
