//! Putting, renewing and removing entries.
//!
//! From the moment the write lock is taken, a change runs to its end in a task of its own, even if
//! its caller no longer waits: a file operation that is under way cannot be called back, and must
//! not outlive the lock that protects it.

use std::future::Future;
use std::time::Duration;

use tracing::Instrument as _;

use super::encoding::{Stored, encoded};
use super::in_flight::Place;
use super::loose::checksums;
use super::making_room::Claim;
use super::room::{Before, Disk, Need, Usage};
use super::row::{Row, Version};
use super::sql::Replaced;
use super::sql::upkeep;
use super::{STORE, Store, row, sql};
use crate::blob::Staged;
use crate::checksum::Checksum;
use crate::db::WriteTransaction;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::store::{EntryInfo, Filter, NewEntry, Renewal};

const RENEW: &str = "renew";
const REMOVE: &str = "remove";

/// How many entries one transaction removes, so that it holds the write lock only briefly.
const REMOVE_BATCH: i64 = 500;

/// So long a reader waits for a damaged entry to be dropped.
const DROP_PATIENCE: Duration = Duration::from_millis(100);

/// An entry to be stored, whose bytes have been written if they are to have a file.
#[derive(Debug)]
pub(crate) struct StagedEntry {
    pub(super) new: NewEntry,
    stored: Stored,
    file: Option<StagedFile>,
}

/// The file of a body, complete but for its name.
#[derive(Debug)]
struct StagedFile {
    file: Staged,
    place: Place,
    /// What there was on the disk before.
    disk: Disk,
}

/// An entry whose row is written, if that is committed.
pub(super) struct Placed {
    info: EntryInfo,
    /// The files of what went for it, which go before it is committed.
    pub(super) evicted: Vec<String>,
    /// The files that were taken from rows besides.
    pub(super) taken: Vec<String>,
    usage: Usage,
}

impl StagedEntry {
    pub(super) fn size_bytes(&self) -> u64 {
        self.stored.bytes.len() as u64
    }
}

impl Store {
    /// Stores an entry, replacing the one of its key; the cachekey stays. When this returns `Ok`,
    /// the entry survives the death of the process.
    pub(crate) async fn put(&self, new: NewEntry) -> Result<EntryInfo> {
        let staged = self.stage(new).await?;
        if staged.file.is_none() {
            return self.store_with_others(staged).await;
        }
        let tx = self.db.write(STORE).await?;
        self.finish(tx, staged).await
    }

    /// Does the slow part of storing, for which no lock is needed. Dropping the result undoes it.
    /// What no entry names and is in the way goes before.
    /// Who has a file to write waits while others of this process have written too much that is not
    /// stored yet.
    pub(crate) async fn stage(&self, new: NewEntry) -> Result<StagedEntry> {
        let stored = encoded(&new.data, new.checksum).await?;
        let is_inline = stored.bytes.len() <= self.inline_max_bytes;
        self.clear_the_way(&need(&new, &stored, !is_inline, None)).await?;
        if is_inline {
            return Ok(StagedEntry { new, stored, file: None });
        }
        let place = self.room.in_flight().place(stored.bytes.len() as u64).await;
        let disk = self.disk().await?;
        let file = self.blobs.stage(stored.bytes.clone(), stored.checksum).await?;
        Ok(StagedEntry { new, stored, file: Some(StagedFile { file, place, disk }) })
    }

    /// Stores what was staged, commits, and removes the file that it replaced.
    pub(crate) async fn finish(
        &self,
        tx: WriteTransaction,
        staged: StagedEntry,
    ) -> Result<EntryInfo> {
        let store = self.clone();
        to_its_end(STORE, async move { store.finish_now(tx, staged, Claim::Anything).await }).await
    }

    /// The same, if only what `claim` says may go for it, and the caller sees it to its end.
    pub(super) async fn finish_now(
        &self,
        mut tx: WriteTransaction,
        staged: StagedEntry,
        claim: Claim,
    ) -> Result<EntryInfo> {
        let disk = match &staged.file {
            Some(staged) => staged.disk,
            None => self.disk().await?,
        };
        self.settle_left(&mut tx).await;
        let placed = self.place(&mut tx, &staged, claim, disk).await?;
        let StagedEntry { stored, file, .. } = staged;
        let own = file.is_some().then_some(stored.checksum);
        let (file, place) = file.map(|StagedFile { file, place, .. }| (file, place)).unzip();
        self.remove_unnamed(&mut tx, &placed.evicted).await?;
        self.publish_and_commit(tx, own.zip(file), checksums(&placed.taken)).await?;
        // Until the file has gone that this one replaces.
        drop(place);
        Ok(self.placed(placed))
    }

    /// Makes room for an entry, where there is so much on the disk, and writes its row.
    pub(super) async fn place(
        &self,
        tx: &mut WriteTransaction,
        staged: &StagedEntry,
        claim: Claim,
        disk: Disk,
    ) -> Result<Placed> {
        let StagedEntry { new, stored, file } = staged;
        // It was cut back just now, if nobody was in the way.
        let disk = Disk { log_bytes: self.db.log_bytes(), ..disk };
        let found = upkeep::replaced_and_usage(tx, &new.key, &new.provider).await;
        let (replaced, usage) = found.map_err(|source| tx.error(source))?;
        let need = need(new, stored, file.is_some(), replaced.as_ref());
        let id = replaced.as_ref().map(|replaced| replaced.entry_id);
        let before = Before { usage, disk };
        let (usage, evicted) = self.make_room(tx, &new.key, id, &need, claim, before).await?;
        // Not before: files that no row names any more make room, and this may yet come to nothing.
        let mut taken = self.keep_caps(tx, new, id).await?;
        let inline = file.is_none().then_some(&stored.bytes[..]);
        let (info, outdated) = write_row(tx, new, stored, inline, replaced).await?;
        taken.extend(outdated);
        Ok(Placed { info, evicted, taken, usage })
    }

    /// What is left to do once the row is committed.
    pub(super) fn placed(&self, Placed { info, usage, .. }: Placed) -> EntryInfo {
        let EntryInfo { url: key, provider, data_type, data_size, .. } = &info;
        tracing::debug!(%key, %provider, %data_type, size_bytes = data_size, "stored");
        self.tidy_later(&usage);
        info
    }

    /// Gives its name to the file that rows name now, if there is one, commits, and removes those of the
    /// files that were `taken` from rows; all of them are noted before.
    pub(super) async fn publish_and_commit(
        &self,
        tx: WriteTransaction,
        own: Option<(Checksum, Staged)>,
        mut taken: Vec<Checksum>,
    ) -> Result<()> {
        let (name, file) = own.unzip();
        taken.retain(|taken| Some(*taken) != name);
        let loose: Vec<_> = name.into_iter().chain(taken.clone()).collect();
        self.blobs.note_loose(&loose);
        let stored = async {
            if let Some(file) = file {
                file.publish().await?;
            }
            tx.commit().await
        };
        let stored = stored.await;
        let loose = if stored.is_ok() { taken } else { name.into_iter().collect() };
        // The put itself stands, or has failed, either way.
        if let Err(error) = self.release(loose).await {
            tracing::warn!(%error, "a file that no entry needs could not be removed");
        }
        stored
    }

    /// Renews an entry whose bytes its origin has confirmed, and commits. The bytes stay where they
    /// are. `None` when they have been replaced or removed since the entry was read: then nothing
    /// is committed.
    pub(crate) async fn renew(
        &self,
        mut tx: WriteTransaction,
        renewal: Renewal,
    ) -> Result<Option<EntryInfo>> {
        to_its_end(RENEW, async move {
            let version = Version::of(&renewal.old);
            let row = sql::renew(&mut tx, &version, &renewal).await;
            let Some(row) = row.map_err(|source| tx.error(source))? else { return Ok(None) };
            let row = Row::read(RENEW, row)?;
            // The bytes are the same, so nothing that was made from them goes.
            let followed = sql::derived::follow(&mut tx, &row.info.url, row.info.content_checksum);
            followed.await.map_err(|source| tx.error(source))?;
            tx.commit().await?;
            Ok(Some(row.info))
        })
        .await
    }

    /// Removes the entry of `key`; says whether there was one.
    pub(crate) async fn remove(&self, key: &Key) -> Result<bool> {
        let (store, key) = (self.clone(), key.clone());
        to_its_end(REMOVE, async move {
            let mut tx = store.db.write(REMOVE).await?;
            let removed = sql::remove_by_key(&mut tx, &key).await;
            Ok(store.settle_removal(tx, removed).await? > 0)
        })
        .await
    }

    /// Removes every entry that `filter` matches, some at a time; returns how many.
    pub(crate) async fn remove_matching(&self, filter: &Filter) -> Result<u64> {
        let mut total = 0;
        loop {
            let (store, filter) = (self.clone(), filter.clone());
            let removed = to_its_end(REMOVE, async move {
                let mut tx = store.db.write(REMOVE).await?;
                let removed = sql::remove_some(&mut tx, &filter, REMOVE_BATCH).await;
                store.settle_removal(tx, removed).await
            });
            match removed.await? {
                0 => return Ok(total),
                removed => total += removed,
            }
        }
    }

    /// Drops an entry that is damaged, unless it has been replaced. Failing to do so only means
    /// finding it again. A reader waits for it only as long as nobody else is writing.
    pub(super) async fn drop_damaged(&self, version: Version) {
        let store = self.clone();
        let dropped = to_its_end(REMOVE, async move {
            let mut tx = store.db.write(REMOVE).await?;
            let removed = sql::remove_version(&mut tx, &version).await;
            store.settle_removal(tx, removed).await
        });
        match tokio::time::timeout(DROP_PATIENCE, dropped).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a damaged entry could not be dropped"),
            Err(_elapsed) => tracing::debug!("a damaged entry is dropped behind the reader's back"),
        }
    }
}

/// What an entry will take, where it replaces another one.
fn need(new: &NewEntry, stored: &Stored, is_in_file: bool, replaced: Option<&Replaced>) -> Need {
    let metadata = serde_json::to_string(&new.metadata).map_or(0, |metadata| metadata.len());
    let beside_bytes = (new.key.as_str().len() + metadata) as u64;
    let size_bytes = stored.bytes.len() as u64;
    let (file_bytes, inline_bytes) = if is_in_file { (size_bytes, 0) } else { (0, size_bytes) };
    Need {
        provider: Some(new.provider.clone()),
        file_bytes,
        row_bytes: inline_bytes + beside_bytes,
        replaced_bytes: replaced.map_or(0, |replaced| replaced.size_bytes),
    }
}

/// Writes the row; returns the files that the rows named which it replaced, and which were made from
/// other bytes than it has now.
async fn write_row(
    tx: &mut WriteTransaction,
    new: &NewEntry,
    stored: &Stored,
    inline: Option<&[u8]>,
    replaced: Option<Replaced>,
) -> Result<(EntryInfo, Vec<String>)> {
    let row = sql::store(tx, new, stored, inline, replaced.as_ref()).await;
    let row = row.map_err(|source| tx.error(source))?;
    let mut outdated = Vec::new();
    if let Some(replaced) = replaced {
        let made = sql::derived::follow(tx, &new.key, new.checksum).await;
        outdated = made.map_err(|source| tx.error(source))?.blobs;
        outdated.extend(replaced.blob);
    }
    let info = row::info_of(STORE, new, stored, inline.is_none(), row)?;
    Ok((info, outdated))
}

pub(super) async fn to_its_end<T: Send + 'static>(
    operation: &'static str,
    change: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(change.in_current_span()).await.unwrap_or_else(|join| {
        let reason = "the task that makes the change failed";
        Err(Error::new(ErrorKind::Internal, operation, "entry", reason).with_source(join))
    })
}
