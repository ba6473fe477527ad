//! Which keys were finished, for those who wait for them.
//!
//! The newest are remembered, so many as the cache has place for. Those beyond go with the ones that are
//! noted, some at a time, and with the maintenance where none is.

use super::{Queue, sql};
use crate::db::WriteTransaction;
use crate::error::Result;
use crate::key::Key;
use crate::queue::Finish;

/// After each tenth of what is remembered, the oldest go.
const STEP_PART: i64 = 10;

/// So many go at a time.
const FORGET_AT_ONCE: i64 = 1_000;

impl Queue {
    /// Tells those who wait that `key` is finished, and forgets finishes of long ago.
    pub(super) async fn finish_in(
        &self,
        tx: &mut WriteTransaction,
        key: &Key,
        finish: Finish,
    ) -> Result<()> {
        let seq = sql::finished::finished(tx, key, finish).await;
        let seq = seq.map_err(|source| tx.error(source))?;
        let kept = self.finishes_kept;
        if seq % (kept / STEP_PART).max(1) == 0 {
            let forgotten = sql::finished::forget_finished(tx, seq - kept, FORGET_AT_ONCE).await;
            forgotten.map_err(|source| tx.error(source))?;
        }
        Ok(())
    }

    /// Forgets some finishes of long ago, where nothing is finished any more that would do so; returns
    /// how many. When there are none, it takes no lock.
    pub(crate) async fn forget_finishes(&self) -> Result<u64> {
        let ends = async |db: &mut _| {
            let first = sql::finished::first_finished(db).await?;
            Ok((first, sql::finished::last_finished(db).await?))
        };
        let (first, last) = self.read("forget finishes", ends).await?;
        let kept = self.finishes_kept;
        // What will go with those that follow is left to them.
        if last - first < kept + kept / STEP_PART {
            return Ok(0);
        }
        let forget = async |db: &mut _| {
            sql::finished::forget_finished(db, last - kept, FORGET_AT_ONCE).await
        };
        self.write("forget finishes", forget).await
    }

    /// The number of the last key that was finished.
    pub(crate) async fn last_finished(&self) -> Result<i64> {
        self.read("watch", async |db| sql::finished::last_finished(db).await).await
    }

    /// The keys that were finished after the one with the number `seq`.
    pub(crate) async fn finished_since(&self, seq: i64) -> Result<Vec<(i64, Key, Finish)>> {
        self.read("watch", async |db| sql::finished::finished_since(db, seq).await).await
    }
}
