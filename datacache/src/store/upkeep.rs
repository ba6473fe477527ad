//! What the maintenance does to entries, step by step.

use super::sql::upkeep;
use super::{Store, write};
use crate::clock::Timestamp;
use crate::error::Result;

const EXPIRE: &str = "expire";
const UPKEEP: &str = "look after the cache";

/// So many entries go in one step, so that it holds the write lock only briefly.
const STEP: i64 = 200;

/// What a step removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) count: u64,
    pub(crate) size_bytes: u64,
}

impl std::ops::AddAssign for Gone {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.size_bytes += other.size_bytes;
    }
}

impl Store {
    /// Removes some of the entries whose time passed before `before`, and of the absences whose
    /// time has passed at `now`, but nothing that is pinned.
    pub(crate) async fn expire(&self, before: Timestamp, now: Timestamp) -> Result<Gone> {
        let store = self.clone();
        write::to_its_end(EXPIRE, async move {
            let mut tx = store.db.write(EXPIRE).await?;
            let expired = upkeep::expire(&mut tx, before, now, STEP).await;
            let expired = expired.map_err(|source| tx.error(source))?;
            store.commit_and_release(tx, &expired.blobs).await?;
            Ok(Gone { count: expired.urls.len() as u64, size_bytes: expired.size_bytes })
        })
        .await
    }

    /// Forgets some of what was picked last where nothing is left to be picked; returns how often.
    pub(crate) async fn forget_picks(&self) -> Result<u64> {
        let mut tx = self.db.write(UPKEEP).await?;
        let forgotten = upkeep::forget_picks(&mut tx, STEP).await;
        let forgotten = forgotten.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(forgotten)
    }

    /// The number that was last noted under `name`.
    pub(crate) async fn noted(&self, name: &str) -> Result<Option<i64>> {
        let mut connection = self.db.read(UPKEEP).await?;
        let noted = upkeep::noted(&mut connection, name).await;
        let noted = noted.map_err(|source| connection.error(UPKEEP, source))?;
        connection.close();
        Ok(noted)
    }

    /// Notes a number under `name`.
    pub(crate) async fn note(&self, name: &str, value: i64) -> Result<()> {
        let mut tx = self.db.write(UPKEEP).await?;
        upkeep::note(&mut tx, name, value).await.map_err(|source| tx.error(source))?;
        tx.commit().await
    }
}
