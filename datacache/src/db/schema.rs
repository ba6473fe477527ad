//! The schema: made once, brought up to date once, whichever process comes first.
//!
//! `PRAGMA user_version` counts the migrations that ran; `PRAGMA application_id` tells our file
//! from somebody else's. The usual case costs one statement. Migrations run under an advisory file
//! lock, because switching a new file to WAL needs an exclusive lock that SQLite does not wait
//! for, and in one IMMEDIATE transaction that also moves `user_version`: a crash leaves either
//! schema, never a half. They are never edited after a release and only add, so that an older
//! program that is still running keeps working; one that is started later is told so.
//!
//! A file that SQLite finds damaged is moved aside under the same lock, by the one who has it first
//! (`replacing.rs`); not so a database of another program or of a newer one. An empty file is an
//! empty database, unless a log lies beside it: then it was one that somebody has cut.

use std::io;

use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection as _};

use super::replacing::{self, Counting};
use super::{Db, aside, db_error, health};
use crate::error::{Error, ErrorKind, Result};
use crate::{lock, platform};

/// "dtch" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x6474_6368;

/// In order; the index of a migration plus one is the version it leads to.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_entries_and_queue.sql"),
    include_str!("../../migrations/0002_leases_and_events.sql"),
    include_str!("../../migrations/0003_polite_fetching.sql"),
    include_str!("../../migrations/0004_derived.sql"),
    include_str!("../../migrations/0005_who_is_asked.sql"),
    include_str!("../../migrations/0006_groups.sql"),
    include_str!("../../migrations/0007_upkeep.sql"),
    include_str!("../../migrations/0008_numbers.sql"),
    include_str!("../../migrations/0009_subjects.sql"),
    include_str!("../../migrations/0010_what_files_take.sql"),
    include_str!("../../migrations/0011_fewer_parts.sql"),
    include_str!("../../migrations/0012_long_requests.sql"),
    include_str!("../../migrations/0013_groups_of_providers.sql"),
];

const OPERATION: &str = "open cache";

/// What is in the place of the database.
pub(super) enum State {
    Current,
    /// Of an older program, or still empty.
    Older,
    Missing,
    Damaged(Error),
}

/// Makes the schema current.
pub(super) async fn prepare(db: &Db) -> Result<()> {
    if matches!(state(db).await?, State::Current) {
        return Ok(());
    }
    let _lock = lock::acquire(db.0.locks.join(replacing::LOCK), OPERATION).await?;
    // Somebody may have been faster.
    match state(db).await? {
        State::Current => Ok(()),
        State::Older => migrate(db).await,
        State::Missing => replacing::begin(db, Counting::FromOne).await,
        State::Damaged(error) => replacing::replace(db, &[error.reason().to_owned()], None).await,
    }
}

/// Looks what is there.
///
/// # Errors
/// [`NewerSchema`](ErrorKind::NewerSchema), and [`Corrupt`](ErrorKind::Corrupt) for a database of
/// another program.
pub(super) async fn state(db: &Db) -> Result<State> {
    let length = match db.path().metadata() {
        Ok(file) => file.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Missing),
        Err(error) => return Err(Error::io(OPERATION, db.path(), error)),
    };
    if length == 0 && is_anything_beside(db)? {
        return Ok(State::Damaged(corrupt(db, "the file is empty, and its log is not")));
    }
    match header(db).await {
        Ok(header) => header.state(db),
        Err(error) if error.kind() == ErrorKind::Corrupt => match health::trouble(db).await? {
            Some(trouble) => Err(trouble),
            None => Ok(State::Damaged(error)),
        },
        Err(error) => Err(error),
    }
}

fn is_anything_beside(db: &Db) -> Result<bool> {
    aside::is_anything_beside(db.path()).map_err(|source| Error::io(OPERATION, db.path(), source))
}

/// What a database says about itself.
struct Header {
    /// The number of migrations that ran: 0 for a file that is still empty.
    version: i64,
    application: i64,
    tables: i64,
}

impl Header {
    fn state(&self, db: &Db) -> Result<State> {
        if self.application != APPLICATION_ID && self.tables > 0 {
            return Err(corrupt(db, "the file is a database of another program"));
        }
        refuse_newer(db, self.version)?;
        Ok(match self.version {
            0 => State::Older,
            _ if self.tables == 0 => State::Damaged(corrupt(db, "its tables are gone")),
            version if version == current_version() => State::Current,
            _ => State::Older,
        })
    }
}

fn corrupt(db: &Db, reason: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OPERATION, db.path().display(), reason)
}

/// Whether a connection with `options` finds the current schema.
pub(super) async fn is_current(db: &Db, options: &SqliteConnectOptions) -> bool {
    let Ok(mut connection) = options.connect().await else { return false };
    let header = header_on(db, &mut connection).await;
    let closed = connection.close().await;
    let is_current = |header: Header| matches!(header.state(db), Ok(State::Current));
    closed.is_ok() && header.is_ok_and(is_current)
}

pub(super) fn current_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn refuse_newer(db: &Db, version: i64) -> Result<()> {
    if version <= current_version() {
        return Ok(());
    }
    let current = current_version();
    let reason = format_args!(
        "a newer program wrote this cache (schema {version}, this one knows {current}); update it"
    );
    Err(Error::new(ErrorKind::NewerSchema, OPERATION, db.path().display(), reason))
}

/// The same for the database on a connection.
pub(super) async fn refuse_newer_on(db: &Db, connection: &mut SqliteConnection) -> Result<()> {
    refuse_newer(db, header_on(db, connection).await?.version)
}

async fn header(db: &Db) -> Result<Header> {
    let mut connection = db.read_unsuspecting(OPERATION).await?;
    let header = header_on(db, &mut connection).await?;
    connection.close();
    Ok(header)
}

async fn header_on(db: &Db, connection: &mut SqliteConnection) -> Result<Header> {
    Ok(Header {
        version: number(db, connection, "PRAGMA user_version").await?,
        application: number(db, connection, "PRAGMA application_id").await?,
        tables: number(db, connection, "SELECT COUNT(*) FROM sqlite_schema").await?,
    })
}

async fn number(db: &Db, connection: &mut SqliteConnection, sql: &'static str) -> Result<i64> {
    let value = sqlx::query_scalar(sql).fetch_one(connection).await;
    value.map_err(|source| db_error(OPERATION, db.path(), source))
}

/// Runs under the migration lock, on a file that is there or not.
pub(super) async fn migrate(db: &Db) -> Result<()> {
    make_file(db).await?;
    let version = header(db).await?.version;
    let mut tx = db.write(OPERATION).await?;
    for (version, migration) in (1..).zip(MIGRATIONS).skip(usize::try_from(version).unwrap_or(0)) {
        run(&mut tx, migration).await.map_err(|source| tx.error(source))?;
        let stamp = format!("PRAGMA user_version = {version}");
        run(&mut tx, &stamp).await.map_err(|source| tx.error(source))?;
    }
    let stamp = format!("PRAGMA application_id = {APPLICATION_ID}");
    run(&mut tx, &stamp).await.map_err(|source| tx.error(source))?;
    tx.commit().await?;
    tracing::info!(from = version, to = current_version(), "the database was brought up to date");
    Ok(())
}

/// Makes the whole schema in an empty database.
pub(super) async fn run_all(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    for migration in MIGRATIONS {
        run(connection, migration).await?;
    }
    Ok(())
}

/// The statements of a migration, which is text of this crate.
async fn run(connection: &mut SqliteConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Makes an empty file, which is an empty database. Nobody can have locks on it to be lost by
/// closing it here.
async fn create_private(db: &Db) -> Result<()> {
    let path = db.path().to_owned();
    let made = tokio::task::spawn_blocking(move || match platform::create_private_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    });
    let made = made.await.unwrap_or_else(|join| Err(io::Error::other(join)));
    made.map_err(|source| Error::io(OPERATION, db.path(), source))
}

/// Makes the file if it does not exist, readable by its owner only, in WAL mode, and with
/// incremental vacuum, which can only be chosen before the first table.
async fn make_file(db: &Db) -> Result<()> {
    create_private(db).await?;
    let options = db.0.options.clone();
    let options =
        options.auto_vacuum(SqliteAutoVacuum::Incremental).journal_mode(SqliteJournalMode::Wal);
    let connection = options.connect().await.map_err(|source| db.error(OPERATION, source))?;
    // Not left to the anchor: it has read nothing yet, so it does not hold the log open.
    connection.close().await.map_err(|source| db.error(OPERATION, source))
}
