//! What lies among the files and is named by no entry: what it takes, and getting rid of it.
//!
//! A process that dies may leave a file that no entry names, and a new database in the place of a damaged
//! one leaves all of the old one's. What is known of them is one number, which counts like the entries.
//! It is lowered as they are removed, set to nothing by whoever has looked through all folders, and
//! forgotten when a process is found to have died: who has found it counts anew, when he stores
//! something.

use super::checking::{Depth, Stray};
use super::room::Usage;
use super::sql::upkeep;
use super::{Store, write};
use crate::db::{Db, WriteTransaction};
use crate::error::Result;

const STRAYS: &str = "clear away";

/// What they take, in bytes: a number of the store, missing where nobody knows.
pub(crate) const STRAY_BYTES: &str = "stray_bytes";

/// Up to which folder it has been looked for them: a number of the store.
pub(crate) const FOLDERS_SEEN: &str = "folders_seen";

/// So many folders are looked through at a time, under the write lock.
const FOLDERS_AT_ONCE: u32 = 256;

/// Has it counted anew what no entry names.
pub(super) async fn forget_strays(db: &Db) -> Result<()> {
    let mut tx = db.write(STRAYS).await?;
    forget(&mut tx).await?;
    tx.commit().await
}

async fn forget(tx: &mut WriteTransaction) -> Result<()> {
    for name in [STRAY_BYTES, FOLDERS_SEEN] {
        upkeep::forget_noted(tx, name).await.map_err(|source| tx.error(source))?;
    }
    Ok(())
}

impl Store {
    /// Has it counted anew, if dead processes were met when the folder was opened. It is not done then,
    /// as who opens it may only want to read, and waits for nobody. Should this come to nothing, the
    /// maintenance finds what they have left.
    pub(super) async fn forget_after_deaths(&self, tx: &mut WriteTransaction) -> Result<()> {
        if self.blobs.has_met_dead() { forget(tx).await } else { Ok(()) }
    }

    /// The same for who is to find what they have left.
    pub(crate) async fn note_deaths(&self) -> Result<()> {
        if self.blobs.has_met_dead() { forget_strays(&self.db).await } else { Ok(()) }
    }

    /// Notes that there are none where nobody knows and no file was ever written, as in a new cache.
    pub(super) async fn note_no_strays(
        &self,
        tx: &mut WriteTransaction,
        usage: Usage,
    ) -> Result<Usage> {
        if usage.stray_bytes.is_some() || self.blobs.has_any_folder().await? {
            return Ok(usage);
        }
        upkeep::note(tx, STRAY_BYTES, 0).await.map_err(|source| tx.error(source))?;
        Ok(Usage { stray_bytes: Some(0), ..usage })
    }

    /// Counts what no entry names: what lies there, less what the entries take. Others may write
    /// meanwhile; what they do is a small part of it.
    pub(super) async fn count_strays(&self) -> Result<()> {
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
    pub(super) async fn clear_away(&self, tx: &mut WriteTransaction, bytes: u64) -> Result<u64> {
        let from = upkeep::noted(tx, FOLDERS_SEEN).await.map_err(|source| tx.error(source))?;
        let mut next = Some(from.and_then(|from| u32::try_from(from).ok()).unwrap_or(0));
        let mut freed_bytes = 0;
        while let Some(from) = next.filter(|_| freed_bytes < bytes) {
            let connection = tx.connection();
            let look = self.look_at_folders_on(connection, from, FOLDERS_AT_ONCE, Depth::Names);
            let look = look.await?;
            freed_bytes += self.remove_strays(tx, &look.strays).await?;
            self.blobs.remove_empty(look.empty).await?;
            next = look.next;
        }
        let seen = upkeep::note(tx, FOLDERS_SEEN, next.map_or(0, i64::from)).await;
        seen.map_err(|source| tx.error(source))?;
        if next.is_none() {
            let none = upkeep::note(tx, STRAY_BYTES, 0).await;
            none.map_err(|source| tx.error(source))?;
        }
        tracing::debug!(bytes = freed_bytes, "cleared away what no entry names");
        Ok(freed_bytes)
    }

    /// The same in a transaction of its own.
    pub(super) async fn clear_away_alone(&self, bytes: u64) -> Result<u64> {
        let store = self.clone();
        write::to_its_end(STRAYS, async move {
            let mut tx = store.db.write(STRAYS).await?;
            let freed_bytes = store.clear_away(&mut tx, bytes).await?;
            tx.commit().await?;
            Ok(freed_bytes)
        })
        .await
    }

    /// Removes strays, of which it is known under the write lock that they are some; returns how many
    /// bytes went.
    pub(super) async fn remove_strays(
        &self,
        tx: &mut WriteTransaction,
        strays: &[Stray],
    ) -> Result<u64> {
        let mut bytes = 0;
        for stray in strays {
            self.blobs.remove_at(stray.path.clone()).await?;
            bytes += stray.disk_bytes;
        }
        upkeep::lower_strays(tx, bytes).await.map_err(|source| tx.error(source))?;
        Ok(bytes)
    }

    /// Removes folders that nothing lies in any more.
    pub(crate) async fn remove_empty_folders(
        &self,
        folders: Vec<std::path::PathBuf>,
    ) -> Result<()> {
        if folders.is_empty() {
            return Ok(());
        }
        let store = self.clone();
        write::to_its_end(STRAYS, async move {
            let tx = store.db.write(STRAYS).await?;
            let removed = store.blobs.remove_empty(folders).await;
            tx.roll_back().await;
            removed
        })
        .await
    }
}
