//! The write-ahead log: how large it is, and cutting it back.
//!
//! SQLite copies the log back into the database whenever it has grown by some pages, as far as no
//! reader is in the way, and begins anew at its start; the file keeps the length that it once had.
//! Cutting it back waits for nobody either: where somebody reads or writes, it is left as it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Db;
use super::aside::{self, KeptAside};
use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "cut back the log";

/// So long a checkpoint waits for readers and writers; none of them takes longer.
const PATIENCE: Duration = Duration::from_millis(100);

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
        let mut log = self.path().as_os_str().to_owned();
        log.push("-wal");
        let (database, log) = (self.path().to_owned(), PathBuf::from(log));
        let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
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

    /// How long the log may be at most where nobody is in the way of cutting it back.
    pub(crate) fn log_max_bytes(&self) -> u64 {
        self.0.log_bytes
    }

    /// Cuts the log back to nothing if it has become longer than it is to be, and nobody is in the
    /// way; says whether it did.
    pub(crate) async fn cut_log(&self) -> Result<bool> {
        if self.file_sizes().await?.log_bytes <= self.log_max_bytes() {
            return Ok(false);
        }
        self.checkpoint().await
    }

    /// Copies the whole log back and cuts it to nothing, if nobody is in the way; says whether it
    /// did.
    pub(crate) async fn checkpoint(&self) -> Result<bool> {
        let mut connection = self.read(OPERATION).await?;
        let patience = format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis());
        let checkpoint = async {
            sqlx::query(sqlx::AssertSqlSafe(patience)).execute(&mut *connection).await?;
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await
        };
        let done: sqlx::Result<(i64, i64, i64)> = checkpoint.await;
        let (is_busy, ..) = done.map_err(|source| connection.error(OPERATION, source))?;
        // Not left to the anchor, which is to wait as long as all others.
        connection.discard().await;
        Ok(is_busy == 0)
    }
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
