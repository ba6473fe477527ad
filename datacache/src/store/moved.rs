//! Entries that come from another cache, with their handles and their past.
//!
//! A place with the handle and the past is made first, and then filled like any entry's, in one
//! transaction: a put leaves both as they are. So rows and files stay consistent as with every put.

use std::error::Error as _;

use tempfile::TempDir;

use super::making_room::Claim;
use super::sql::upkeep;
use super::write::to_its_end;
use super::{Cachekey, NewEntry, Store, Subject, sql};
use crate::clock::Timestamp;
use crate::db::FileSizes;
use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "take over";

/// Under which name the rank of what went last is noted.
const AGE: &str = "age";

/// What an entry has behind it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Past {
    /// Its handle, unless it is given away here.
    pub(crate) cachekey: Cachekey,
    pub(crate) last_accessed: Timestamp,
    pub(crate) access_count: u64,
    /// Where it stands among the entries here.
    pub(crate) rank: i64,
    /// What it is about beside what it says itself.
    pub(crate) subjects: Vec<Subject>,
}

/// What became of an entry.
#[derive(Clone, Debug)]
pub(crate) enum TakenOver {
    Stored,
    /// There is one that is as new.
    Superseded,
    /// Entries that are used more would have to go for it, or no entry may.
    NoRoom(Error),
}

impl Store {
    /// Stores an entry of another cache, unless there is one that is as new. An entry that is
    /// replaced keeps its handle; it was read as often and as lately as either.
    pub(crate) async fn take_over(&self, new: NewEntry, past: &Past) -> Result<TakenOver> {
        // Most of a second attempt ends here, without writing anything.
        if self.has_as_new(&new).await? {
            return Ok(TakenOver::Superseded);
        }
        let staged = self.stage(new).await?;
        let mut tx = self.db.write(OPERATION).await?;
        let superseded = sql::moved::has_as_new(&mut tx, &staged.new).await;
        if superseded.map_err(|source| tx.error(source))? {
            return Ok(TakenOver::Superseded);
        }
        let made = sql::moved::make_place(&mut tx, &staged.new, past).await;
        made.map_err(|source| tx.error(source))?;
        for subject in &past.subjects {
            let added = sql::subjects::add_to_place(&mut tx, &staged.new.key, subject).await;
            added.map_err(|source| tx.error(source))?;
        }
        let (store, claim) = (self.clone(), Claim::Below(past.rank));
        let stored = async move { store.finish_now(tx, staged, claim).await };
        match to_its_end(OPERATION, stored).await {
            Ok(_) => Ok(TakenOver::Stored),
            // Behind a disk that is full stands what the system says, behind a bound nothing.
            Err(error) if error.kind() == ErrorKind::Full && error.source().is_none() => {
                Ok(TakenOver::NoRoom(error))
            }
            Err(error) => Err(error),
        }
    }

    /// The rank of an entry that has never been used, above which its uses are counted.
    pub(crate) async fn lowest_rank(&self) -> Result<i64> {
        let mut connection = self.db.read(OPERATION).await?;
        let age = upkeep::noted(&mut connection, AGE).await;
        let age = age.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        Ok(age.unwrap_or(0) + 1)
    }

    async fn has_as_new(&self, new: &NewEntry) -> Result<bool> {
        let mut connection = self.db.read(OPERATION).await?;
        let found = sql::moved::has_as_new(&mut connection, new).await;
        let found = found.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        Ok(found)
    }

    /// A folder for files of `size_bytes` that nobody needs any longer than this process lives.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) when less would be left free on the disk than is to be.
    pub(crate) async fn scratch(&self, size_bytes: u64) -> Result<TempDir> {
        let FileSizes { free_bytes, .. } = self.db.file_sizes().await?;
        let min_free_bytes = self.room.allowance().min_free_bytes;
        if free_bytes < min_free_bytes.saturating_add(size_bytes) {
            let reason = format_args!(
                "its copy of {size_bytes} bytes would leave less free on the disk than is to be \
                 (cache.min_free)"
            );
            return Err(Error::new(ErrorKind::Full, OPERATION, "database", reason));
        }
        self.blobs.scratch().await
    }
}
