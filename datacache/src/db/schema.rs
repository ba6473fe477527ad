//! The schema: made once, brought up to date once, whichever process comes first.
//!
//! `PRAGMA user_version` counts the migrations that ran; `PRAGMA application_id` tells our file
//! from somebody else's. The usual case costs one statement. Migrations run under an advisory file
//! lock, because switching a new file to WAL needs an exclusive lock that SQLite does not wait
//! for, and in one IMMEDIATE transaction that also moves `user_version`: a crash leaves either
//! schema, never a half. They are never edited after a release and only add, so that an older
//! program that is still running keeps working; one that is started later is told so.

use std::io;
use std::path::Path;

use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection as _};

use super::{Connection, Db};
use crate::error::{Error, ErrorKind, Result};
use crate::{lock, platform};

/// "dtch" in ASCII.
const APPLICATION_ID: i64 = 0x6474_6368;

/// In order; the index of a migration plus one is the version it leads to.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_entries_and_queue.sql"),
    include_str!("../../migrations/0002_leases_and_events.sql"),
    include_str!("../../migrations/0003_polite_fetching.sql"),
    include_str!("../../migrations/0004_derived.sql"),
    include_str!("../../migrations/0005_who_is_asked.sql"),
    include_str!("../../migrations/0006_groups.sql"),
    include_str!("../../migrations/0007_upkeep.sql"),
    include_str!("../../migrations/0009_subjects.sql"),
];

const OPERATION: &str = "open cache";

/// Makes the schema current.
pub(super) async fn prepare(db: &Db, locks: &Path) -> Result<()> {
    if db.path().exists() {
        let mut connection = db.read(OPERATION).await?;
        let version = stored_version(db, &mut connection).await?;
        if version == current_version() {
            connection.close().await;
            return Ok(());
        }
        refuse_newer(db, version)?;
    }
    let guard = lock::acquire(locks.join("migrate.lock"), OPERATION).await?;
    let result = migrate(db).await;
    drop(guard);
    result
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

/// The number of migrations that ran: 0 for a file that is still empty.
async fn stored_version(db: &Db, connection: &mut Connection) -> Result<i64> {
    let version = pragma(db, connection, "PRAGMA user_version").await?;
    let application = pragma(db, connection, "PRAGMA application_id").await?;
    let tables = pragma(db, connection, "SELECT COUNT(*) FROM sqlite_schema").await?;
    if application != APPLICATION_ID && tables > 0 {
        let reason = "the file is a database of another program";
        return Err(Error::new(ErrorKind::Corrupt, OPERATION, db.path().display(), reason));
    }
    Ok(version)
}

async fn pragma(db: &Db, connection: &mut SqliteConnection, sql: &'static str) -> Result<i64> {
    let value = sqlx::query_scalar(sql).fetch_one(connection).await;
    value.map_err(|source| db.error(OPERATION, source))
}

/// Runs under the migration lock.
async fn migrate(db: &Db) -> Result<()> {
    make_file(db).await?;
    let mut connection = db.read(OPERATION).await?;
    let version = stored_version(db, &mut connection).await?;
    connection.close().await;
    refuse_newer(db, version)?;
    let mut tx = db.write(OPERATION).await?;
    for (version, migration) in (1..).zip(MIGRATIONS).skip(usize::try_from(version).unwrap_or(0)) {
        run(&mut tx, migration).await.map_err(|source| tx.error(source))?;
        let stamp = format!("PRAGMA user_version = {version}");
        run(&mut tx, &stamp).await.map_err(|source| tx.error(source))?;
    }
    let stamp = format!("PRAGMA application_id = {APPLICATION_ID}");
    run(&mut tx, &stamp).await.map_err(|source| tx.error(source))?;
    tx.commit().await
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
