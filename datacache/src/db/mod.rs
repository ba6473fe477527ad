//! The database file: connections, transactions, schema.
//!
//! # What it owns
//! `datacache.sqlite` with its `-wal` and `-shm`, in the cache folder. Only this module opens
//! connections, also to a copy of another program's database. Nothing here, and nothing elsewhere,
//! opens those files by hand: closing such a handle would drop SQLite's locks
//! (<https://sqlite.org/howtocorrupt.html>, section 2.2).
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
//! wait. So that every writer comes to it, they wait in line, in memory and at a lock file
//! ([`mod@line`]); for other programs SQLite waits up to [`BUSY_TIMEOUT`]. Readers wait for nobody (WAL).
//! No transaction is held across a network call.
//!
//! # What survives a crash
//! A committed transaction survives the death of the process (`synchronous = NORMAL` in WAL mode);
//! after a power cut the database is consistent and may lack the last commits.
//!
//! # What becomes of a damaged database
//! One that SQLite cannot read is moved aside, with what lies beside it, and a new one begun: when
//! it is opened ([`schema`]), or when a statement fails and a second look confirms the damage
//! ([`mending`]). One process does it, under the lock of migrations, and once a minute at most.
//! Never moved are a database of another program or of a newer one, and what cannot be read for any
//! other reason: a lock, a full disk, missing rights, an error of the disk. A log that is cut or
//! removed while it is in use counts as damage, and a database that is removed is begun anew.
//!
//! Renaming a database that others have open is what SQLite warns of
//! (<https://sqlite.org/howtocorrupt.html>, section 1.6). Here is why it is done all the same:
//! - Who has all three files open goes on with the old ones: they are found by their descriptors,
//!   and so are the locks. What he commits goes where the old database went. When he closes, SQLite
//!   sees that the file no longer has its name (`databaseIsUnmoved` in `sqlite3PagerClose`), and
//!   neither copies the log back nor deletes what by then is the log of the new one.
//! - Who has opened the database, but not yet its `-wal` and `-shm`, would open those of the new
//!   one: he would read one by the index of the other, and his next commit would go into the new
//!   log. Therefore connections are opened behind a [`gate`] that is shut meanwhile; and the
//!   database is the first to be renamed, so that programs that know of no gate find none to open.
//! - Who closes the last connection may have looked at the name just before it went, and would
//!   delete the new log. The mover prevents it by having a connection himself, if the damage lets
//!   him.
//!
//! What remains: a caller that is dropped while it opens a connection leaves the gate while
//! SQLite's thread may still be opening; such a connection is closed at once and writes nothing. A
//! database whose first page is damaged gives the mover no connection, so the third case is left to
//! chance there, for the microseconds between a look and a deletion. Should either ever hit, the
//! new database is found damaged in its turn. Connections do not outlive the moment in which they
//! see another file under their name for long: the next one becomes the anchor, and who waits for
//! changes opens a new one. Windows renames no file that is open; there a database is replaced when
//! nobody has it open, and is an error until then.
//!
//! # SQLite's version
//! 3.51.3 or later. Earlier ones can corrupt a WAL database when two connections write and
//! checkpoint at the same moment, which is exactly what the users of this crate do.
//! SQLite is compiled in, and a test asserts its version.

#[macro_use]
mod statements;

mod access;
mod anchor;
mod aside;
mod changes;
mod compact;
mod connection;
mod doorbell;
mod error;
mod foreign;
mod gate;
mod generations;
mod health;
mod line;
mod log;
mod mending;
mod replacing;
mod schema;
mod shape;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use tokio::time::timeout;

use crate::background::Background;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::platform;
use access::Access;
pub(crate) use access::Use;
use anchor::Anchor;
pub use aside::KeptAside;
pub(crate) use changes::Changes;
use changes::Watcher;
pub(crate) use connection::Connection;
use doorbell::Doorbell;
pub(crate) use error::{corrupt_row, db_error};
pub(crate) use foreign::Foreign;
use gate::Gate;
pub(crate) use generations::{Generation, Generations, Snapshot};
use line::Line;
pub(crate) use log::FileSizes;
use mending::Mender;
pub(crate) use shape::{Flaw as SchemaFlaw, Misfit};
pub(crate) use transaction::{Matter, WriteTransaction};

pub(crate) const FILE_NAME: &str = "datacache.sqlite";

/// How long a writer waits for the others of its process, then again for those of other processes,
/// and for other programs, before it fails as [`Busy`](ErrorKind::Busy).
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// So long who closes the cache waits for connections to be closed, which takes a moment.
const CLOSING_PATIENCE: Duration = Duration::from_secs(5);

/// The write-ahead log is cut back when it is longer than this.
const LOG_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// So many pages of the log SQLite copies back at a time, unless it is told to do it more often.
const CHECKPOINT_PAGES: u64 = 1_000;
const PAGE_BYTES: u64 = 4_096;

/// A handle to the database; clones share it.
#[derive(Clone)]
pub(crate) struct Db(Arc<Shared>);

struct Shared {
    path: PathBuf,
    /// The folder of advisory locks.
    locks: PathBuf,
    clock: Clock,
    options: SqliteConnectOptions,
    /// How a write transaction begins.
    begin: String,
    gate: Gate,
    generations: Generations,
    mender: Mender,
    access: Access,
    anchor: Anchor,
    closing: Background,
    /// A writer that finds the write-ahead log longer than this cuts it back.
    log_bytes: u64,
    watcher: Watcher,
    doorbell: Doorbell,
    line: Arc<Line>,
}

impl Db {
    /// A handle to the database in the cache folder `dir`, which may be none, or of another schema:
    /// somebody has to [`prepare`](Self::prepare) it. `locks` is the folder of advisory locks. The
    /// write-ahead log is cut back when it becomes longer than `log_bytes`, if that is less than it
    /// would be anyway.
    pub(crate) fn unopened(
        dir: &Path,
        locks: &Path,
        log_bytes: Option<u64>,
        clock: Clock,
    ) -> Result<Self> {
        Ok(Self::new(file_in(dir)?, locks, log_bytes, clock))
    }

    /// Makes the database if need be, brings its schema up to date, and moves one aside that is
    /// damaged.
    pub(crate) async fn prepare(&self) -> Result<()> {
        schema::prepare(self).await?;
        self.0.mender.begin();
        Ok(())
    }

    #[cfg(test)]
    pub(crate) async fn open(dir: &Path, locks: &Path, log_bytes: Option<u64>) -> Result<Self> {
        Self::open_with_clock(dir, locks, log_bytes, Clock::system()).await
    }

    #[cfg(test)]
    async fn open_with_clock(
        dir: &Path,
        locks: &Path,
        log_bytes: Option<u64>,
        clock: Clock,
    ) -> Result<Self> {
        let db = Self::unopened(dir, locks, log_bytes, clock)?;
        db.prepare().await?;
        Ok(db)
    }

    /// A handle to a file that need not be there.
    fn new(path: PathBuf, locks: &Path, log_bytes: Option<u64>, clock: Clock) -> Self {
        let log_bytes = log_bytes.unwrap_or(LOG_MAX_BYTES).min(LOG_MAX_BYTES);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Normal)
            .disable_statement_logging();
        // Where somebody reads, the log grows on for a while.
        let checkpoint_pages = CHECKPOINT_PAGES.min(log_bytes / PAGE_BYTES / 4);
        let shorter = format!("PRAGMA wal_autocheckpoint = {checkpoint_pages}; ");
        let is_shorter = checkpoint_pages < CHECKPOINT_PAGES;
        let begin = if is_shorter { shorter + "BEGIN IMMEDIATE" } else { "BEGIN IMMEDIATE".into() };
        Self(Arc::new(Shared {
            path,
            locks: locks.to_owned(),
            clock,
            options,
            begin,
            gate: Gate::new(locks),
            generations: Generations::new(locks),
            mender: Mender::default(),
            access: Access::default(),
            anchor: Anchor::default(),
            closing: Background::default(),
            log_bytes,
            watcher: Watcher::default(),
            doorbell: Doorbell::new(locks),
            line: Arc::new(Line::new(locks)),
        }))
    }

    /// The database file.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether somebody has removed the folder; a database alone is begun anew.
    pub(crate) async fn is_gone(&self) -> bool {
        let locks = self.0.locks.clone();
        let exists = tokio::task::spawn_blocking(move || locks.try_exists());
        matches!(exists.await, Ok(Ok(false)))
    }

    /// A connection for one operation that only reads.
    pub(crate) async fn read(&self, operation: &'static str) -> Result<Connection> {
        self.check_open(operation)?;
        self.connect(operation).await?.map_err(|source| self.error(operation, source))
    }

    /// Refuses to read what was closed, or cannot be read at present.
    pub(crate) fn check_readable(&self, operation: &'static str) -> Result<()> {
        self.check_open(operation)?;
        self.refusal(Use::Reading).map_or(Ok(()), Err)
    }

    fn check_open(&self, operation: &'static str) -> Result<()> {
        if self.is_closed() {
            let reason = "the cache was closed";
            return Err(Error::new(ErrorKind::Closed, operation, self.path().display(), reason));
        }
        Ok(())
    }

    /// The same for who sees to damage himself.
    async fn read_unsuspecting(&self, operation: &'static str) -> Result<Connection> {
        let connection = self.connect(operation).await?;
        connection.map_err(|source| db_error(operation, self.path(), source))
    }

    /// SQLite opens its three files one after the other, and all of them here: the connection's
    /// settings make it read the schema.
    async fn connect(&self, operation: &'static str) -> Result<sqlx::Result<Connection>> {
        let reading = self.0.access.reading()?;
        let passing = self.0.gate.pass(operation).await?;
        let connection = reading.as_ref().unwrap_or(&self.0.options).connect().await;
        let file = platform::file_id(self.path());
        drop(passing);
        Ok(connection.map(|inner| Connection { inner, file, db: self.clone() }))
    }

    /// A write transaction on a connection of its own. It waits for the other writers of this
    /// process in turn, then for those of other processes. A log that has become too long is cut
    /// back before.
    pub(crate) async fn write(&self, operation: &'static str) -> Result<WriteTransaction> {
        self.write_about(Matter::Content, operation).await
    }

    /// The same for what readers need not see at once.
    pub(crate) async fn write_about(
        &self,
        matter: Matter,
        operation: &'static str,
    ) -> Result<WriteTransaction> {
        let turn = self.turn(operation).await?;
        let connection = self.read(operation).await?;
        WriteTransaction::begin(connection, turn, operation, matter).await
    }

    /// The same for an operation that has read already, on its connection.
    pub(crate) async fn write_on(
        &self,
        connection: Connection,
        operation: &'static str,
    ) -> Result<WriteTransaction> {
        let turn = self.turn(operation).await?;
        WriteTransaction::begin(connection, turn, operation, Matter::Content).await
    }

    /// The same for what is left of an operation that began before the cache was closed.
    pub(crate) async fn write_rest(&self, operation: &'static str) -> Result<WriteTransaction> {
        let turn = self.turn(operation).await?;
        let connection = self.connect(operation).await?;
        let connection = connection.map_err(|source| self.error(operation, source))?;
        WriteTransaction::begin(connection, turn, operation, Matter::Content).await
    }

    /// An error of SQLite, with the file it is about. If it tells of damage, that is seen to behind
    /// the caller's back.
    pub(crate) fn error(&self, operation: &'static str, source: sqlx::Error) -> Error {
        self.suspect(&source);
        db_error(operation, self.path(), source)
    }

    fn is_closed(&self) -> bool {
        self.0.anchor.is_closed()
    }

    /// By which it can be told whether what was read still stands.
    pub(crate) fn generations(&self) -> &Generations {
        &self.0.generations
    }

    /// Closes the anchor and refuses further operations. Those under way finish.
    pub(crate) async fn close(&self) {
        self.0.mender.finish().await;
        // The anchor is the last. What a runtime that is no longer driven was to close is not waited for.
        let _ = timeout(CLOSING_PATIENCE, self.0.closing.finish()).await;
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

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::assert_every_statement_uses_an_index;
