//! The store: entries, each a row and, when it is large, a blob file.
//!
//! # What it owns
//! The tables `cached_data` and `last_picks`, and which blob files exist. The rules of freshness
//! are its callers'; the store only keeps what it is given and finds it again.
//!
//! # How row and file stay consistent
//! - Put: the file is written and synced; then, in one write transaction, it gets its final name
//!   and the row names it. The file that the row named before is removed afterwards.
//! - Remove: the row goes first, in a transaction of its own; then the file, if no row names it.
//! - Final names change only under the write lock, so a put and a remove of the same bytes cannot
//!   cross.
//! - Read: row, then file. A file that is gone or damaged while its row is unchanged means that
//!   the entry is lost: the row is dropped, and the entry reads as a miss and is fetched again.
//!
//! # What survives a crash
//! An acknowledged put. A crash between the steps above leaves a file that no row names, or a
//! temporary file, never a row without its file.
//!
//! # Reads do not write
//! Access counts and the memory of the last random pick are noted in memory and written behind the
//! reader's back ([`Deferred`]).

mod deferred;
mod entry;
mod filter;
mod random;
mod row;
pub(crate) mod sql;
mod totals;

use bytes::Bytes;

use crate::blob::{BlobRead, Blobs};
use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::db::{Db, WriteTransaction};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
pub(crate) use deferred::{Deferred, Subject};
pub(crate) use entry::NewEntry;
pub use entry::{Cachekey, Entry, EntryInfo, Freshness, Metadata};
pub use filter::Filter;
pub(crate) use random::Pick;
use row::Row;
pub use totals::{GroupTotals, Totals};

/// How many entries one transaction removes, so that it holds the write lock only briefly.
const REMOVE_BATCH: i64 = 500;

/// A handle to the entries; clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    db: Db,
    blobs: Blobs,
    inline_max_bytes: usize,
}

/// What a row is found by.
#[derive(Clone, Copy)]
enum By<'a> {
    Key(&'a Key),
    Cachekey(Cachekey),
    Id(i64),
}

impl Store {
    pub(crate) fn new(db: Db, blobs: Blobs, inline_max_bytes: usize) -> Self {
        Self { db, blobs, inline_max_bytes }
    }

    /// The entry of `key`, fresh or not, with its bytes verified.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Entry>> {
        self.load(By::Key(key)).await
    }

    /// The entry with the handle `cachekey`.
    pub(crate) async fn get_by_cachekey(&self, cachekey: Cachekey) -> Result<Option<Entry>> {
        self.load(By::Cachekey(cachekey)).await
    }

    async fn load(&self, by: By<'_>) -> Result<Option<Entry>> {
        let mut suspect: Option<Row> = None;
        loop {
            let Some(row) = self.find(by).await? else {
                return Ok(None);
            };
            if let Some(data) = self.data_of(&row).await? {
                return Ok(Some(Entry { info: row.info, data }));
            }
            // A writer may have replaced the row and removed its old file between our two reads;
            // only a row that is still the same has lost its bytes.
            if suspect.is_some_and(|before| before.is_same_version(&row)) {
                self.forget_damaged(&row).await;
                return Ok(None);
            }
            suspect = Some(row);
        }
    }

    async fn find(&self, by: By<'_>) -> Result<Option<Row>> {
        const OPERATION: &str = "look up";
        let mut connection = self.db.read(OPERATION).await?;
        let row = match by {
            By::Key(key) => sql::by_key(&mut connection, key).await,
            By::Cachekey(cachekey) => sql::by_cachekey(&mut connection, cachekey).await,
            By::Id(id) => sql::by_id(&mut connection, id).await,
        };
        let row = row.map_err(|source| connection.error(OPERATION, source))?;
        connection.close().await;
        row.map(|row| Row::read(OPERATION, row)).transpose()
    }

    /// The bytes of a row; `None` when they are gone or damaged.
    async fn data_of(&self, row: &Row) -> Result<Option<Bytes>> {
        let checksum = row.info.content_checksum;
        let Some(inline) = &row.inline else {
            return Ok(match self.blobs.read(checksum).await? {
                BlobRead::Intact(data) => Some(data),
                BlobRead::Missing | BlobRead::Damaged => None,
            });
        };
        Ok((Checksum::of(inline) == checksum).then(|| inline.clone()))
    }

    /// Drops an entry whose bytes are lost. Failing to do so only means finding it again.
    async fn forget_damaged(&self, row: &Row) {
        let key = &row.info.url;
        tracing::warn!(%key, "the bytes of an entry are gone or damaged; it will be fetched again");
        if let Err(error) = self.remove_version(row).await {
            tracing::warn!(%key, %error, "the damaged entry could not be dropped");
        }
    }

    async fn remove_version(&self, row: &Row) -> Result<()> {
        let mut tx = self.db.write("drop damaged entry").await?;
        let removed = sql::remove_version(&mut tx, row).await;
        let removed = removed.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        self.release_blobs(removed.blobs).await
    }

    /// Stores an entry, replacing the one of its key; the cachekey stays. When this returns `Ok`,
    /// the entry survives the death of the process.
    pub(crate) async fn put(&self, new: NewEntry) -> Result<EntryInfo> {
        const OPERATION: &str = "store";
        let staged = if new.data.len() > self.inline_max_bytes {
            Some(self.blobs.stage(new.data.clone(), new.checksum).await?)
        } else {
            None
        };
        let inline = if staged.is_none() { Some(&new.data[..]) } else { None };
        let mut tx = self.db.write(OPERATION).await?;
        let replaced = sql::blob_of(&mut tx, &new.key).await.map_err(|source| tx.error(source))?;
        let published = staged.is_some();
        if let Some(staged) = staged {
            staged.publish().await?;
        }
        let stored = Self::put_row(tx, &new, inline).await;
        let unneeded = match (&stored, published) {
            (Ok(_), _) => replaced.filter(|old| *old != new.checksum.to_string()),
            (Err(_), true) => Some(new.checksum.to_string()),
            (Err(_), false) => None,
        };
        self.release_behind(unneeded).await;
        stored
    }

    async fn put_row(
        mut tx: WriteTransaction,
        new: &NewEntry,
        inline: Option<&[u8]>,
    ) -> Result<EntryInfo> {
        let row = sql::upsert(&mut tx, new, inline).await;
        let row = row.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(Row::read("store", row)?.info)
    }

    /// Removes the entry of `key`; says whether there was one.
    pub(crate) async fn remove(&self, key: &Key) -> Result<bool> {
        let mut tx = self.db.write("remove").await?;
        let removed = sql::remove_by_key(&mut tx, key).await;
        let removed = removed.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        let any = removed.entries > 0;
        self.release_blobs(removed.blobs).await?;
        Ok(any)
    }

    /// Removes every entry that `filter` matches, some at a time; returns how many.
    pub(crate) async fn remove_matching(&self, filter: &Filter) -> Result<u64> {
        let mut total = 0;
        loop {
            let mut tx = self.db.write("remove").await?;
            let removed = sql::remove_some(&mut tx, filter, REMOVE_BATCH).await;
            let removed = removed.map_err(|source| tx.error(source))?;
            tx.commit().await?;
            self.release_blobs(removed.blobs).await?;
            if removed.entries == 0 {
                return Ok(total);
            }
            total += removed.entries;
        }
    }

    /// Removes the files that no row names any more, under the write lock. Dropping the future
    /// does not stop it: a file removal under way would outlive the lock, and could then hit the
    /// file of a put that came after.
    async fn release_blobs(&self, checksums: Vec<String>) -> Result<()> {
        if checksums.is_empty() {
            return Ok(());
        }
        let store = self.clone();
        let done = tokio::spawn(async move { store.remove_unnamed(checksums).await }).await;
        done.unwrap_or_else(|join| {
            let reason = "the task that removes files failed";
            Err(Error::new(ErrorKind::Internal, "remove blob", "blobs", reason).with_source(join))
        })
    }

    async fn remove_unnamed(&self, checksums: Vec<String>) -> Result<()> {
        let mut tx = self.db.write("remove blob").await?;
        // What is no checksum, in a damaged row, names no file.
        for checksum in checksums.iter().filter_map(|text| text.parse::<Checksum>().ok()) {
            let named = sql::is_blob_named(&mut tx, &checksum.to_string()).await;
            if !named.map_err(|source| tx.error(source))? {
                self.blobs.remove(checksum).await?;
            }
        }
        tx.commit().await
    }

    /// The same for a file left over by a put, whose own result stands either way.
    async fn release_behind(&self, checksum: Option<String>) {
        if let Err(error) = self.release_blobs(checksum.into_iter().collect()).await {
            tracing::warn!(%error, "a file that no entry needs could not be removed");
        }
    }

    /// Entries that `filter` matches, in the order they were first stored, after the entry
    /// `after`, at most `limit`.
    pub(crate) async fn list(
        &self,
        filter: &Filter,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, EntryInfo)>> {
        const OPERATION: &str = "list";
        let mut connection = self.db.read(OPERATION).await?;
        let rows = sql::list(&mut connection, filter, after, limit).await;
        let rows = rows.map_err(|source| connection.error(OPERATION, source))?;
        connection.close().await;
        rows.into_iter()
            .map(|row| Row::read(OPERATION, row).map(|row| (row.id, row.info)))
            .collect()
    }

    /// Counts accesses, each at most once per five minutes and entry, and remembers picks.
    pub(crate) async fn write_deferred(&self, batch: deferred::Batch) -> Result<()> {
        let mut tx = self.db.write("note accesses").await?;
        for (id, at) in batch.touches {
            sql::touch(&mut tx, id, at).await.map_err(|source| tx.error(source))?;
        }
        for (subject, cachekey) in batch.picks {
            let noted = sql::note_pick(&mut tx, &subject, cachekey).await;
            noted.map_err(|source| tx.error(source))?;
        }
        tx.commit().await
    }

    /// Where the bytes of an entry lie when they have a file of their own.
    pub(crate) fn blob_path(&self, info: &EntryInfo) -> Option<std::path::PathBuf> {
        let path = self.blobs.path(info.content_checksum);
        (info.is_in_file).then_some(path)
    }

    /// What the cache holds.
    pub(crate) async fn totals(&self, now: Timestamp) -> Result<Totals> {
        const OPERATION: &str = "count";
        let mut connection = self.db.read(OPERATION).await?;
        let groups = sql::totals(&mut connection, now).await;
        let groups = groups.map_err(|source| connection.error(OPERATION, source))?;
        connection.close().await;
        Ok(Totals::new(groups))
    }
}

#[cfg(test)]
mod tests;
