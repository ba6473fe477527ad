//! What the cache holds, and how it has done.

use std::time::Duration;

use serde::Serialize;

use super::Cache;
use crate::db::KeptAside;
use crate::error::Result;
use crate::numbers::Numbers;
use crate::platform;
use crate::queue::QueueCounts;
use crate::store::Totals;

/// What a cache holds and waits for.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The entries.
    pub totals: Totals,
    /// The queued requests.
    pub queue: QueueCounts,
    /// What it takes on disk.
    pub disk: DiskUse,
    /// Databases that were damaged and moved aside: they take room until you remove them.
    pub kept_aside: Vec<KeptAside>,
    /// The memory that this process has in use, in bytes, all of it and not only the cache's; `None`
    /// where the system does not tell.
    pub resident_bytes: Option<u64>,
    /// What of it entries take that this process keeps at hand.
    pub hot_bytes: u64,
}

/// What a cache takes on disk, in bytes. Files are as long as they are told to be here; the bounds count
/// them in whole blocks, with their folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiskUse {
    /// The database without its log.
    pub database_bytes: u64,
    /// The database's write-ahead log.
    pub log_bytes: u64,
    /// The files that entries have, each counted once.
    pub blob_bytes: u64,
    /// Files that are being written.
    pub temporary_bytes: u64,
    /// Files that no entry names, in whole blocks, as far as they are known: the maintenance removes them,
    /// or who needs the room.
    pub stray_bytes: u64,
    /// Databases that were damaged and moved aside.
    pub aside_bytes: u64,
}

impl DiskUse {
    /// All of it.
    pub fn total_bytes(&self) -> u64 {
        let needed = self.database_bytes + self.log_bytes + self.blob_bytes + self.temporary_bytes;
        needed + self.stray_bytes + self.aside_bytes
    }
}

impl Cache {
    /// What the cache holds.
    pub async fn stats(&self) -> Result<Stats> {
        let totals = self.0.store.totals(self.now()).await?;
        let queue = self.0.queue.counts().await?;
        let files = self.0.db.file_sizes().await?;
        let kept_aside = self.0.db.kept_aside().await;
        let disk = DiskUse {
            database_bytes: files.database_bytes,
            log_bytes: files.log_bytes,
            blob_bytes: self.0.store.blob_bytes().await?,
            temporary_bytes: self.0.store.temporary_bytes().await?,
            stray_bytes: self.0.store.stray_bytes().await?,
            aside_bytes: kept_aside.iter().map(|kept| kept.size_bytes).sum(),
        };
        let (resident_bytes, hot_bytes) = (platform::resident_bytes(), self.0.hot.size_bytes());
        Ok(Stats { totals, queue, disk, kept_aside, resident_bytes, hot_bytes })
    }

    /// How the cache has done, in all processes and over restarts: since its beginning, or in the
    /// last `period`, to the whole hours of the last two days and the whole days of the last month;
    /// what was before that is told for all time only.
    ///
    /// Other processes write what they count every five seconds and when they close the cache. What
    /// this one has counted is written first, unless that would take longer than a second.
    pub async fn numbers(&self, period: Option<Duration>) -> Result<Numbers> {
        self.0.tally.flush().await;
        self.0.tally.read(period).await
    }
}
