//! The store: entries, each a row and, when it is large, a blob file.
//!
//! # What it owns
//! The tables `cached_data`, `subjects` and `last_picks`, and which blob files exist. The rules of
//! freshness are its callers'; the store only keeps what it is given and finds it again.
//!
//! # How row and file stay consistent
//! - Put: the file is written and synced; then, in one write transaction, the row names it and it gets
//!   its final name. The file that the row named before is removed afterwards.
//! - Renew: the row alone changes, if it still has the same content.
//! - Remove: the row goes first, in a transaction of its own; then the file, if no row names it.
//! - What was made from an entry goes in the transaction that removes it or gives it other bytes.
//! - Final names change only under the write lock, so a put and a remove of the same bytes cannot
//!   cross.
//! - Read: row, then file. A file that is gone or damaged while its row is unchanged means that
//!   the entry is lost, and so does a row that makes no sense: the row is dropped, and the entry
//!   reads as a miss and is fetched again.
//!
//! # How bytes are stored
//! Texts compressed, if that saves room ([`Encoding`]); what comes out is verified.
//!
//! # What survives a crash
//! An acknowledged put. A crash between the steps above leaves a temporary file, or one that no row
//! names but that is written down: the next who decides about files removes it ([`loose`]). What has
//! come to lie there otherwise is counted, and goes ([`strays`]).
//!
//! # Reads do not write
//! Access counts and the memory of the last random pick are noted in memory and written behind the
//! reader's back ([`Deferred`]).

mod caps;
mod checking;
mod deferred;
mod derived;
mod encoding;
mod entry;
mod filter;
mod held;
mod in_flight;
mod log;
mod loose;
mod making_room;
mod many;
mod moved;
mod pins;
mod random;
mod room;
mod row;
pub(crate) mod sql;
mod strays;
mod subjects;
mod together;
mod totals;
mod upkeep;
mod write;

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::blob::{BlobRead, Blobs};
use crate::clock::Timestamp;
use crate::db::{Connection, Db, Matter};
use crate::error::Result;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::DataType;
pub(crate) use checking::{
    Depth, Flaw, Lost, NoteFlaw, Removal, RowOutline, Stray, StrayKind, WrongNote,
};
pub(crate) use deferred::{Deferred, Subject, Touch};
pub(crate) use derived::DerivedFrom;
pub use encoding::Encoding;
use encoding::{Content, decoded};
use entry::NOT_FOUND;
pub use entry::{Cachekey, Entry, EntryInfo, Freshness, Metadata};
pub(crate) use entry::{MAX_METADATA_BYTES, NewEntry, Renewal, Terms};
pub use filter::Filter;
pub(crate) use held::Held;
pub(crate) use making_room::Room;
pub(crate) use moved::{Past, TakenOver};
pub(crate) use random::Pick;
pub(crate) use room::Allowance;
use row::{Row, Version};
pub(crate) use strays::{FOLDERS_SEEN, STRAY_BYTES};
use together::Waiting;
pub use totals::{GroupTotals, Totals};
pub(crate) use upkeep::Gone;

const LOOK_UP: &str = "look up";
const STORE: &str = "store";

/// A handle to the entries; clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    db: Db,
    blobs: Blobs,
    inline_max_bytes: usize,
    room: Room,
    waiting: Waiting,
}

/// What a row is found by.
#[derive(Clone, Copy)]
enum By<'a> {
    Key(&'a Key),
    Cachekey(Cachekey),
    Id(i64),
    DerivedKey(&'a Key),
}

/// What a look at many entries at once tells of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) is_absence: bool,
    data_type: DataType,
    identifier: Option<Identifier>,
}

impl Outline {
    /// Whether it is an answer to a request for `data_type`, about `identifier` if that is known,
    /// as far as that can be told without a look at the bytes. A picture of somebody else has to be
    /// noted as one of this one too.
    pub(crate) fn answers(&self, data_type: &DataType, identifier: Option<&Identifier>) -> bool {
        let is_of_another = identifier.is_some() && identifier != self.identifier.as_ref();
        self.is_absence
            || !data_type.is_demanding()
            || self.data_type == *data_type && !(data_type.is_image() && is_of_another)
    }
}

impl Store {
    pub(crate) fn new(db: Db, blobs: Blobs, inline_max_bytes: usize, room: Room) -> Self {
        Self { db, blobs, inline_max_bytes, room, waiting: Waiting::default() }
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
        let mut suspect: Option<Version> = None;
        loop {
            let Some(row) = self.find(by).await? else {
                return Ok(None);
            };
            if let Some(data) = self.data_of(&row).await? {
                return Ok(Some(Entry { info: row.info, data }));
            }
            // A writer may have replaced the row and removed its old file between our two reads;
            // only a row that is still the same has lost its bytes.
            let version = row.version();
            if suspect.as_ref() == Some(&version) {
                let key = &row.info.url;
                tracing::warn!(%key, "the bytes of an entry are gone or damaged");
                self.drop_damaged(version).await;
                return Ok(None);
            }
            suspect = Some(version);
        }
    }

    async fn find(&self, by: By<'_>) -> Result<Option<Row>> {
        let mut connection = self.db.read(LOOK_UP).await?;
        let row = match by {
            By::Key(key) => sql::by_key(&mut connection, key).await,
            By::Cachekey(cachekey) => sql::by_cachekey(&mut connection, cachekey).await,
            By::Id(id) => sql::by_id(&mut connection, id).await,
            By::DerivedKey(key) => sql::derived::derived(&mut connection, key).await,
        };
        let row = match row {
            // It is dropped when it is verified, or replaced when it is fetched again.
            Err(source @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))) => {
                let error = connection.error(LOOK_UP, source);
                tracing::warn!(%error, "an entry is damaged");
                None
            }
            row => row.map_err(|source| connection.error(LOOK_UP, source))?,
        };
        connection.close();
        let Some(row) = row else { return Ok(None) };
        let version = row.version();
        match Row::read(LOOK_UP, row) {
            Ok(row) => Ok(Some(row)),
            Err(error) => {
                tracing::warn!(%error, "an entry is damaged");
                self.drop_damaged(version).await;
                Ok(None)
            }
        }
    }

    /// The bytes of a row; `None` when they are gone or damaged.
    async fn data_of(&self, row: &Row) -> Result<Option<Bytes>> {
        let info = &row.info;
        let content = Content { checksum: info.content_checksum, size: info.data_size };
        if let Some(inline) = &row.inline {
            return decoded(inline.clone(), info.encoding, content).await;
        }
        if let Some(name) = info.stored_checksum
            && let BlobRead::Intact(stored) = self.blobs.read(name).await?
            && let Some(data) = decoded(stored, info.encoding, content).await?
        {
            return Ok(Some(data));
        }
        // So it is, too, where an older program has replaced the entry.
        Ok(match self.blobs.read(content.checksum).await? {
            BlobRead::Intact(data) => Some(data),
            BlobRead::Missing | BlobRead::Damaged => None,
        })
    }

    /// Entries that `filter` matches, in the order they were first stored, after the entry
    /// `after`, at most `limit`; none that were made from others.
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
        connection.close();
        let read = |row| match Row::read(OPERATION, row) {
            Ok(row) => Some((row.info.row_id, filter.seen_by(row.info))),
            Err(error) => {
                tracing::warn!(%error, "an entry is damaged and not listed");
                None
            }
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Those of the keys for which there is a fresh answer, and whether it is "there is none".
    /// Answers that depend on more than the URL are left out.
    pub(crate) async fn fresh_among(
        &self,
        keys: &[&Key],
        now: Timestamp,
    ) -> Result<BTreeMap<Key, Outline>> {
        let mut connection = self.db.read(LOOK_UP).await?;
        let fresh = Self::fresh_among_on(&mut connection, keys, now).await?;
        connection.close();
        Ok(fresh)
    }

    /// The same for an operation that goes on, on its connection.
    pub(crate) async fn fresh_among_on(
        connection: &mut Connection,
        keys: &[&Key],
        now: Timestamp,
    ) -> Result<BTreeMap<Key, Outline>> {
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        let fresh = sql::held::fresh_among(connection, &keys, now).await;
        let fresh = fresh.map_err(|source| connection.error(LOOK_UP, source))?;
        let read = |(url, status, data_type, identifier)| {
            let (is_absence, identifier) = (status == NOT_FOUND, Identifier::from_row(identifier));
            let data_type = DataType::from_row(data_type);
            (Key::from_row(url), Outline { is_absence, data_type, identifier })
        };
        Ok(fresh.into_iter().map(read).collect())
    }

    /// Counts accesses, each at most once per five minutes and entry, and remembers picks.
    pub(crate) async fn write_deferred(&self, batch: deferred::Batch) -> Result<()> {
        let mut tx = self.db.write_about(Matter::Accesses, "note accesses").await?;
        for (id, at) in batch.touches {
            sql::touch(&mut tx, id, at).await.map_err(|source| tx.error(source))?;
        }
        for (subject, cachekey) in batch.picks {
            let noted = sql::picking::note_pick(&mut tx, &subject, cachekey).await;
            noted.map_err(|source| tx.error(source))?;
        }
        tx.commit().await
    }

    /// Where the bytes of an entry lie when they have a file of their own.
    pub(crate) fn blob_path(&self, info: &EntryInfo) -> Option<std::path::PathBuf> {
        let name = info.stored_checksum.unwrap_or(info.content_checksum);
        info.is_in_file.then(|| self.blobs.path(name))
    }

    /// What the cache holds.
    pub(crate) async fn totals(&self, now: Timestamp) -> Result<Totals> {
        const OPERATION: &str = "count";
        let mut connection = self.db.read(OPERATION).await?;
        let groups = sql::totals::totals(&mut connection, now).await;
        let groups = groups.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        Ok(Totals::new(groups))
    }

    /// The bytes of the files that entries name, each counted once.
    pub(crate) async fn blob_bytes(&self) -> Result<u64> {
        const OPERATION: &str = "count";
        let mut connection = self.db.read(OPERATION).await?;
        let bytes = sql::totals::file_bytes(&mut connection).await;
        let bytes = bytes.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        Ok(u64::try_from(bytes.unwrap_or(0)).unwrap_or(0))
    }

    /// What lies among the files and is named by no entry, in bytes, as far as that is known.
    pub(crate) async fn stray_bytes(&self) -> Result<u64> {
        let bytes = self.noted(STRAY_BYTES).await?.unwrap_or(0);
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// The bytes of the files that are being written, in all processes.
    pub(crate) async fn temporary_bytes(&self) -> Result<u64> {
        self.blobs.temp_bytes().await
    }
}

#[cfg(test)]
mod tests;
