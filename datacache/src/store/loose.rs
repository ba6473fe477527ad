//! Loose files: those that a transaction gives to a row, or takes from one.
//!
//! They are written down before ([`blob::loose`](crate::blob)), and looked at under the next write lock
//! by whoever decides about files: what no row names then goes. That is the writer himself if nothing
//! befalls him, or else the next one.

use std::collections::BTreeSet;

use super::{Store, sql};
use crate::checksum::Checksum;
use crate::db::WriteTransaction;
use crate::error::Result;

const RELEASE: &str = "remove blob";

impl Store {
    /// Removes what others, who may have died, have left loose and no row names, and those of `more`
    /// that none does. The transaction has taken no file from a row yet.
    pub(super) async fn settle_loose(
        &self,
        tx: &mut WriteTransaction,
        more: &[Checksum],
    ) -> Result<()> {
        let mut loose = self.blobs.loose();
        loose.extend(more);
        if loose.is_empty() {
            return Ok(());
        }
        let unnamed = unnamed(tx, loose).await?;
        self.blobs.settle_loose(unnamed).await
    }

    /// The same for what was left, at the beginning of a transaction that stores something. Should it
    /// fail, that is no reason to store nothing.
    pub(super) async fn settle_left(&self, tx: &mut WriteTransaction) {
        if let Err(error) = self.settle_loose(tx, &[]).await {
            tracing::warn!(%error, "what others have left loose could not be removed");
        }
    }

    /// Commits a removal, then removes the files; returns how many entries were removed.
    pub(super) async fn settle_removal(
        &self,
        tx: WriteTransaction,
        removed: sqlx::Result<sql::Removed>,
    ) -> Result<u64> {
        let removed = removed.map_err(|source| tx.error(source))?;
        self.commit_and_release(tx, &removed.blobs).await?;
        Ok(removed.urls.len() as u64)
    }

    /// Commits what takes `files` from rows, then removes those that no row names any more.
    pub(super) async fn commit_and_release(
        &self,
        tx: WriteTransaction,
        files: &[String],
    ) -> Result<()> {
        let files = checksums(files);
        self.blobs.note_loose(&files);
        tx.commit().await?;
        self.release(files).await
    }

    /// Removes those of the files that no row names any more, under the write lock.
    pub(super) async fn release(&self, files: Vec<Checksum>) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.write_rest(RELEASE).await?;
        let settled = self.settle_loose(&mut tx, &files).await;
        tx.roll_back().await;
        settled
    }

    /// The same for what dead processes have left.
    pub(super) async fn release_left(&self) -> Result<()> {
        let mut tx = self.db.write(RELEASE).await?;
        let settled = self.settle_loose(&mut tx, &[]).await;
        tx.roll_back().await;
        settled
    }

    /// Removes those of the files that no row names in a transaction that may not come to its end: then
    /// the rows that have named them read as misses.
    pub(super) async fn remove_unnamed(
        &self,
        tx: &mut WriteTransaction,
        files: &[String],
    ) -> Result<()> {
        for checksum in unnamed(tx, checksums(files).into_iter().collect()).await? {
            self.blobs.remove(checksum).await?;
        }
        Ok(())
    }
}

/// What is no checksum, in a damaged row, names no file.
pub(super) fn checksums(files: &[String]) -> Vec<Checksum> {
    files.iter().filter_map(|text| text.parse().ok()).collect()
}

async fn unnamed(tx: &mut WriteTransaction, files: BTreeSet<Checksum>) -> Result<Vec<Checksum>> {
    let named = sql::named_among(tx, &files).await.map_err(|source| tx.error(source))?;
    Ok(files.difference(&named).copied().collect())
}
