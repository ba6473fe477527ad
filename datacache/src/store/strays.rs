//! What lies among the files and is named by no entry: what it takes, and getting rid of it.
//!
//! A new database in the place of a damaged one leaves all files of the old one's, and so may older
//! programs and power cuts leave some; a process that dies leaves none ([`loose`](super::loose)). What is
//! known of them is one number, which counts like the entries. Where it is missing, as in a new
//! database, whoever is about to store something counts before. It is lowered as they are removed.
//!
//! They go behind no put's back and in no put's transaction: whoever stages something that finds no room
//! removes them before, some in each transaction, between which others write. One process at a time
//! counts or removes, under the advisory lock of who makes room; the others find it done.

use super::checking::{Depth, Removal, Stray};
use super::room::{Disk, Need, Usage};
use super::sql::upkeep;
use super::{Store, write};
use crate::blob::FOLDERS;
use crate::db::WriteTransaction;
use crate::error::Result;

const STRAYS: &str = "clear away";

/// What they take, in bytes: a number of the store, missing where nobody knows.
pub(crate) const STRAY_BYTES: &str = "stray_bytes";

/// Up to which folder it has been looked for them: a number of the store.
pub(crate) const FOLDERS_SEEN: &str = "folders_seen";

/// So many folders are looked through at a time, under no lock.
const FOLDERS_AT_ONCE: u32 = 256;

/// So many folders are removed under one write lock.
const EMPTY_AT_ONCE: usize = 128;

impl Store {
    /// Removes strays that `need` would find no room beside, in transactions of their own, and counts them
    /// before where nobody knows.
    pub(super) async fn clear_the_way(&self, need: &Need) -> Result<()> {
        let allowance = self.room.allowance();
        let is_hopeless = allowance.is_never_enough(need);
        if allowance.is_boundless() || is_hopeless || self.room.has_no_strays() {
            return Ok(());
        }
        if self.in_the_way(need).await? == Some(0) {
            return Ok(());
        }
        // Who has waited for too long does it himself.
        let _turn = self.room.turn(STRAYS).await;
        if let Err(error) = self.count_unknown_strays().await {
            // If more is amiss than a folder that cannot be read, who stores something is told.
            tracing::warn!(%error, "what no entry names could not be counted");
            return Ok(());
        }
        match self.in_the_way(need).await? {
            None | Some(0) => Ok(()),
            Some(bytes) => self.clear_away(bytes).await.map(drop),
        }
    }

    /// The same for requests of `row_bytes` that are to be queued.
    pub(crate) async fn clear_the_way_of_requests(&self, row_bytes: u64) -> Result<()> {
        self.clear_the_way(&Need { provider: None, file_bytes: 0, row_bytes, replaced_bytes: 0 })
            .await
    }

    /// How many bytes of strays have to go for `need`, with some slack so that the next finds room as
    /// well; `None` where nobody knows of any.
    async fn in_the_way(&self, need: &Need) -> Result<Option<u64>> {
        let mut connection = self.db.read(STRAYS).await?;
        let usage = upkeep::usage(&mut connection, None).await;
        let usage = usage.map_err(|source| connection.error(STRAYS, source))?;
        connection.close();
        self.room.note_strays(&usage);
        let Usage { stray_bytes: Some(stray_bytes @ 1..), .. } = usage else {
            return Ok(usage.stray_bytes);
        };
        let disk = Disk { log_bytes: 0, ..self.disk().await? };
        let short = self.room.allowance().shortfall_with_slack(&usage, need, disk);
        Ok(Some(stray_bytes.min(short.total_bytes.max(short.disk_bytes))))
    }

    /// Counts what no entry names, if nobody knows.
    pub(super) async fn count_unknown_strays(&self) -> Result<()> {
        if self.noted(STRAY_BYTES).await?.is_none() { self.count_strays().await } else { Ok(()) }
    }

    /// Counts what no entry names: what lies there, less what the entries take. Others may write
    /// meanwhile; what they do is a small part of it.
    pub(crate) async fn count_strays(&self) -> Result<()> {
        let lying = self.blobs.lying().await?;
        let mut tx = self.db.write(STRAYS).await?;
        let usage = upkeep::usage(&mut tx, None).await.map_err(|source| tx.error(source))?;
        let bytes = lying.beyond(usage.files, usage.file_blocks);
        tracing::debug!(bytes, "counted what no entry names");
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let noted = upkeep::note(&mut tx, STRAY_BYTES, bytes).await;
        noted.map_err(|source| tx.error(source))?;
        tx.commit().await
    }

    /// Removes strays until `bytes` of them have gone, or there are none left; returns how many bytes
    /// went. It goes on where it was last looked for them.
    pub(super) async fn clear_away(&self, bytes: u64) -> Result<u64> {
        let known_bytes = self.stray_bytes().await?;
        let seen = self.noted(FOLDERS_SEEN).await?;
        let mut next = seen.and_then(|seen| u32::try_from(seen).ok()).unwrap_or(0);
        let (mut freed_bytes, mut looked_at) = (0, 0);
        while freed_bytes < bytes && looked_at < FOLDERS {
            let look = self.look_at_folders(next, FOLDERS_AT_ONCE, Depth::Names).await?;
            let gone = self.settle_strays(look.strays, Removal::AtOnce).await?;
            freed_bytes += gone.iter().map(|stray| stray.disk_bytes).sum::<u64>();
            self.remove_empty_folders(look.empty).await?;
            next = look.next.unwrap_or(0);
            looked_at += FOLDERS_AT_ONCE;
        }
        tracing::debug!(bytes = freed_bytes, "cleared away what no entry names");
        self.note(FOLDERS_SEEN, next.into()).await?;
        if freed_bytes < bytes {
            // There are none left, whatever the number was.
            let mut tx = self.db.write(STRAYS).await?;
            let lowered = upkeep::lower_strays(&mut tx, known_bytes.saturating_sub(freed_bytes));
            lowered.await.map_err(|source| tx.error(source))?;
            tx.commit().await?;
        }
        Ok(freed_bytes)
    }

    /// Removes strays, of which it is known under the write lock that they are some.
    pub(super) async fn remove_strays(
        &self,
        tx: &mut WriteTransaction,
        strays: &[Stray],
    ) -> Result<()> {
        let paths = strays.iter().map(|stray| stray.path.clone()).collect();
        let folder_bytes = self.blobs.remove_at(paths).await?;
        let bytes: u64 = strays.iter().map(|stray| stray.disk_bytes).sum();
        upkeep::lower_strays(tx, bytes + folder_bytes).await.map_err(|source| tx.error(source))
    }

    /// Removes folders that nothing lies in any more, some in each transaction.
    pub(crate) async fn remove_empty_folders(
        &self,
        folders: Vec<std::path::PathBuf>,
    ) -> Result<()> {
        for folders in folders.chunks(EMPTY_AT_ONCE) {
            let (store, folders) = (self.clone(), folders.to_vec());
            let removed = write::to_its_end(STRAYS, async move {
                let tx = store.db.write(STRAYS).await?;
                let removed = store.blobs.remove_empty(folders).await;
                tx.roll_back().await;
                removed
            });
            removed.await?;
        }
        Ok(())
    }
}
