//! The database file: connections, transactions, schema.
//!
//! # What it owns
//! `datacache.sqlite` with its `-wal` and `-shm`, in the cache folder. Only this module opens
//! connections. Nothing here, and nothing elsewhere, opens those files by hand: closing such a
//! handle would drop SQLite's locks (<https://sqlite.org/howtocorrupt.html>, section 2.2).
//!
//! # Connections
//! Every operation opens its own connection and closes it, so that no file stays locked and no
//! connection state outlives an operation. The last connection to close copies the whole
//! write-ahead log back and deletes it, which would make each lone write ten times slower;
//! therefore the [`Anchor`] keeps one idle connection open while the cache is in use. A dropped
//! connection closes itself, which rolls back what it had not committed: every operation may be
//! cancelled at any await.
//!
//! # Locking
//! Write transactions begin IMMEDIATE. A deferred one that reads first and writes later fails with
//! "database is locked" as soon as another process wrote in between, however long it is willing to
//! wait. Within a process one mutex orders the writers, so that they queue in memory rather than
//! poll the file; between processes SQLite waits up to [`BUSY_TIMEOUT`]. Readers wait for nobody
//! (WAL). No transaction is held across a network call.
//!
//! # What survives a crash
//! A committed transaction survives the death of the process (`synchronous = NORMAL` in WAL mode);
//! after a power cut the database is consistent and may lack the last commits.
//!
//! # SQLite's version
//! 3.51.3 or later. Earlier ones can corrupt a WAL database when two connections write and
//! checkpoint at the same moment, which is exactly what the users of this crate do.
//! SQLite is compiled in, and a test asserts its version.

#[macro_use]
mod statements;

mod access;
mod anchor;
mod changes;
mod doorbell;
mod error;
mod schema;
mod transaction;

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::{Error, ErrorKind, Result};
use access::Access;
pub(crate) use access::Use;
use anchor::Anchor;
pub(crate) use changes::Changes;
use changes::Watcher;
use doorbell::Doorbell;
pub(crate) use error::{corrupt_row, db_error};
pub(crate) use transaction::WriteTransaction;

const FILE_NAME: &str = "datacache.sqlite";

/// How long a writer waits for the others of its process, and then again for those of other
/// processes, before it fails as [`Busy`](ErrorKind::Busy).
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// The write-ahead log is cut back to this size when it is reset.
const JOURNAL_SIZE_LIMIT: &str = "16777216";

/// A handle to the database; clones share it.
#[derive(Clone)]
pub(crate) struct Db(Arc<Shared>);

struct Shared {
    path: PathBuf,
    options: SqliteConnectOptions,
    access: Access,
    anchor: Anchor,
    watcher: Watcher,
    doorbell: Doorbell,
    writer: Arc<Mutex<()>>,
}

impl Db {
    /// Opens the database in the cache folder `dir`, creating it and bringing its schema up to
    /// date if need be. `locks` is the folder of advisory locks.
    pub(crate) async fn open(dir: &Path, locks: &Path) -> Result<Self> {
        let db = Self::unopened(dir, locks)?;
        schema::prepare(&db, locks).await?;
        Ok(db)
    }

    /// A handle to a database that may be none, or of another schema: somebody else has to open it
    /// before it is used.
    pub(crate) fn unopened(dir: &Path, locks: &Path) -> Result<Self> {
        let path = file_in(dir)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
            .disable_statement_logging();
        Ok(Self(Arc::new(Shared {
            path,
            options,
            access: Access::default(),
            anchor: Anchor::default(),
            watcher: Watcher::default(),
            doorbell: Doorbell::new(locks),
            writer: Arc::default(),
        })))
    }

    /// The database file.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether somebody has removed the database, or its folder.
    pub(crate) async fn is_gone(&self) -> bool {
        let path = self.path().to_owned();
        let exists = tokio::task::spawn_blocking(move || path.try_exists());
        matches!(exists.await, Ok(Ok(false)))
    }

    /// The size of the database with its write-ahead log. The files are not opened.
    pub(crate) async fn file_bytes(&self) -> Result<u64> {
        let mut log = self.path().as_os_str().to_owned();
        log.push("-wal");
        let paths = [self.path().to_owned(), PathBuf::from(log)];
        let sizes = tokio::task::spawn_blocking(move || {
            paths.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum()
        });
        sizes.await.map_err(|join| {
            let reason = "the thread that does the file work failed";
            Error::new(ErrorKind::Internal, "count", self.path().display(), reason)
                .with_source(join)
        })
    }

    /// A connection for one operation that only reads.
    pub(crate) async fn read(&self, operation: &'static str) -> Result<Connection> {
        if self.is_closed() {
            let reason = "the cache was closed";
            return Err(Error::new(ErrorKind::Closed, operation, self.path().display(), reason));
        }
        let reading = self.0.access.reading()?;
        let connection = reading.as_ref().unwrap_or(&self.0.options).connect().await;
        Ok(Connection {
            inner: connection.map_err(|source| self.error(operation, source))?,
            db: self.clone(),
        })
    }

    /// A write transaction on a connection of its own. It waits for the other writers of this
    /// process in turn, then for those of other processes.
    pub(crate) async fn write(&self, operation: &'static str) -> Result<WriteTransaction> {
        let turn = self.turn(operation).await?;
        let connection = self.read(operation).await?;
        WriteTransaction::begin(connection, turn, operation).await
    }

    /// The same for an operation that has read already, on its connection.
    pub(crate) async fn write_on(
        &self,
        connection: Connection,
        operation: &'static str,
    ) -> Result<WriteTransaction> {
        let turn = self.turn(operation).await?;
        WriteTransaction::begin(connection, turn, operation).await
    }

    async fn turn(&self, operation: &'static str) -> Result<OwnedMutexGuard<()>> {
        if let Some(error) = self.refusal(Use::Writing) {
            return Err(error);
        }
        let turn = tokio::time::timeout(BUSY_TIMEOUT, Arc::clone(&self.0.writer).lock_owned());
        turn.await.map_err(|_elapsed| {
            let reason = "other writers of this process wait for the database";
            Error::new(ErrorKind::Busy, operation, self.path().display(), reason)
        })
    }

    /// An error of SQLite, with the file it is about.
    pub(crate) fn error(&self, operation: &'static str, source: sqlx::Error) -> Error {
        db_error(operation, self.path(), source)
    }

    fn is_closed(&self) -> bool {
        self.0.anchor.is_closed()
    }

    /// Closes the anchor and refuses further operations. Those under way finish.
    pub(crate) async fn close(&self) {
        self.0.anchor.close().await;
    }
}

/// The database file in the cache folder `dir`; refuses a folder in which SQLite can have none.
pub(crate) fn file_in(dir: &Path) -> Result<PathBuf> {
    let path = dir.join(FILE_NAME);
    if path.to_str().is_none() {
        let reason = "SQLite needs a path that is valid UTF-8";
        return Err(Error::invalid("open cache", path.display(), reason));
    }
    Ok(path)
}

/// One operation's connection.
pub(crate) struct Connection {
    inner: SqliteConnection,
    db: Db,
}

impl Connection {
    /// Ends the operation: closes the connection, or leaves it to the anchor if that has none.
    pub(crate) async fn close(self) {
        let Self { inner, db } = self;
        // One that only reads keeps no log alive.
        let kept = match db.refusal(Use::Writing) {
            None => db.0.anchor.keep(inner),
            Some(_) => Some(inner),
        };
        if let Some(inner) = kept
            && let Err(error) = inner.close().await
        {
            tracing::warn!(%error, "a database connection did not close cleanly");
        }
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

#[cfg(test)]
mod tests;
