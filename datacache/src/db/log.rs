//! The write-ahead log: how large it is, and cutting it back.
//!
//! SQLite copies the log back into the database whenever it has grown by some pages, as far as no
//! reader is in the way, and begins anew at its start once all of it is copied and nobody reads it.
//! Where several processes never stop writing, there is always somebody who has just added to it; so
//! a writer that finds it longer than it is to be cuts it back before it begins ([`Db::write`]), which
//! keeps the others out until all is copied. A reader that stays in the past is not waited for: then
//! the log grows on, and what it takes is counted by those who store something.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Db;
use super::aside::{self, KeptAside};
use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "cut back the log";

/// So long a checkpoint waits for readers and writers; none of them takes longer.
const PATIENCE: Duration = Duration::from_millis(100);

/// The same for who has something else to do, and comes again with the next write.
const WRITERS_PATIENCE: Duration = Duration::from_millis(20);

/// SQLite does not wait for a checkpoint of somebody else. So often a writer looks whether that has
/// ended, after a pause each time.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(5);

/// What came of cutting back the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Done,
    /// Somebody else is copying it back.
    Elsewhere,
    /// Somebody reads or writes.
    Prevented,
}

/// The sizes of the database's files, and what is left beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "their unit is part of their names")]
pub(crate) struct FileSizes {
    pub(crate) database_bytes: u64,
    pub(crate) log_bytes: u64,
    /// Databases that were damaged and moved aside.
    pub(crate) aside_bytes: u64,
    /// What is left free on the disk for this user; any amount where that is not known.
    pub(crate) free_bytes: u64,
}

impl Db {
    /// The sizes of the database, its write-ahead log and those that were moved aside, and what is left.
    /// The files are not opened.
    pub(crate) async fn file_sizes(&self) -> Result<FileSizes> {
        let (database, log) = (self.path().to_owned(), log_of(self.path()));
        let sizes = tokio::task::spawn_blocking(move || FileSizes {
            database_bytes: size(&database),
            log_bytes: size(&log),
            aside_bytes: kept_aside(&database).iter().map(|kept| kept.size_bytes).sum(),
            free_bytes: database.parent().map_or(u64::MAX, free_bytes),
        });
        sizes.await.map_err(|join| {
            let reason = "the thread that does the file work failed";
            Error::new(ErrorKind::Internal, "count", self.path().display(), reason)
                .with_source(join)
        })
    }

    /// The databases that were damaged and moved aside, as far as they are still there.
    pub(crate) async fn kept_aside(&self) -> Vec<KeptAside> {
        let database = self.path().to_owned();
        tokio::task::spawn_blocking(move || kept_aside(&database)).await.unwrap_or_default()
    }

    /// How long the log may become before it is cut back.
    pub(crate) fn log_max_bytes(&self) -> u64 {
        self.0.log_bytes
    }

    /// How long the log is now: one look, for which no file is opened.
    pub(crate) fn log_bytes(&self) -> u64 {
        size(&log_of(self.path()))
    }

    /// Whether the log is longer than it may become: whoever writes next tries to cut it back.
    pub(crate) fn is_log_long(&self) -> bool {
        self.log_bytes() > self.log_max_bytes()
    }

    /// Whether the log is twice as long as it may become, which is all that is left for it: somebody
    /// keeps it from being cut back, and what can wait should.
    pub(crate) fn is_log_full(&self) -> bool {
        self.log_bytes() > 2 * self.log_max_bytes()
    }

    /// Cuts the log back if it has become longer than it is to be. What keeps a writer from it keeps
    /// him from nothing else.
    pub(crate) async fn keep_log_short(&self) {
        for _ in 0..LOOKS {
            if !self.is_log_long() {
                return;
            }
            // On the heap, lest the future of every write be as large as that of one which does it.
            match Box::pin(self.cut_log(WRITERS_PATIENCE)).await {
                Ok(Cut::Elsewhere) => {}
                Ok(Cut::Done | Cut::Prevented) => return,
                Err(error) => return tracing::debug!(%error, "the log was not cut back"),
            }
            #[expect(clippy::disallowed_methods, reason = "nothing tells when a checkpoint ends")]
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Copies the whole log back and cuts it to nothing, if nobody is in the way; says whether it
    /// did.
    pub(crate) async fn checkpoint(&self) -> Result<bool> {
        Ok(self.cut_log(PATIENCE).await? == Cut::Done)
    }

    async fn cut_log(&self, patience: Duration) -> Result<Cut> {
        let mut connection = self.read(OPERATION).await?;
        let patience = format!("PRAGMA busy_timeout = {}", patience.as_millis());
        let checkpoint = async {
            sqlx::query(sqlx::AssertSqlSafe(patience)).execute(&mut *connection).await?;
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await
        };
        let done: sqlx::Result<(i64, i64, i64)> = checkpoint.await;
        let (is_busy, pages, _) = done.map_err(|source| connection.error(OPERATION, source))?;
        // Not left to the anchor, which is to wait as long as all others.
        connection.discard().await;
        Ok(match (is_busy, pages) {
            (0, _) => Cut::Done,
            // It has not come to counting them.
            (_, ..0) => Cut::Elsewhere,
            _ => Cut::Prevented,
        })
    }
}

/// The log that lies beside a database.
pub(super) fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// How long a file is; one that is not there has no length.
fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |file| file.len())
}

fn kept_aside(database: &Path) -> Vec<KeptAside> {
    aside::kept(database).unwrap_or_else(|error| {
        tracing::debug!(%error, "what was moved aside is not known");
        Vec::new()
    })
}

fn free_bytes(folder: &Path) -> u64 {
    fs4::available_space(folder).unwrap_or_else(|error| {
        tracing::debug!(%error, "what is left on the disk is not known");
        u64::MAX
    })
}
