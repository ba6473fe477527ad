//! Orphans, both ways: entries without their files, and files without an entry.
//!
//! Names are compared, files not read: that is what [`verify`](super::verify) does.

use super::tasks::{Place, Step};
use crate::cache::Cache;
use crate::db::WriteTransaction;
use crate::error::Result;
use crate::queue::{NewJob, Queue};
use crate::store::{Depth, Gone, Lost, Removal};

const OPERATION: &str = "maintain";

const ROWS_AT_ONCE: i64 = 512;
const FOLDERS_AT_ONCE: u32 = 1_024;

/// Entries are looked at again under the write lock, so few at a time.
const SUSPECTS_AT_ONCE: usize = 4;

/// Drops some entries whose files are gone, and has them fetched again.
pub(super) async fn rows(cache: &Cache, place: &mut Place) -> Result<Step> {
    let store = &cache.0.store;
    let look = store.look_at_rows(place.now, ROWS_AT_ONCE, Depth::Names).await?;
    let mut count = 0;
    for ids in look.suspects.chunks(SUSPECTS_AT_ONCE) {
        let mut tx = cache.0.db.write(OPERATION).await?;
        let lost = store.confirm_lost(&mut tx, ids).await?;
        count += drop_lost(cache, tx, lost).await?;
    }
    Ok(place.step(look.next, Gone { count, size_bytes: 0 }))
}

async fn drop_lost(cache: &Cache, mut tx: WriteTransaction, lost: Vec<Lost>) -> Result<u64> {
    let count = lost.len() as u64;
    if count == 0 {
        tx.roll_back().await;
        return Ok(0);
    }
    tracing::warn!(count, "entries have lost their files");
    let jobs: Vec<NewJob> = lost.iter().filter_map(|lost| cache.job_again(&lost.outline)).collect();
    Queue::enqueue_in(&mut tx, &jobs, cache.0.clock.now()).await?;
    cache.0.store.drop_lost(tx, lost).await?;
    Ok(count)
}

/// Removes some of the files that no entry names, and folders that nothing lies in.
pub(super) async fn files(cache: &Cache, place: &mut Place) -> Result<Step> {
    let store = &cache.0.store;
    let from = u32::try_from(place.now).unwrap_or(0);
    let look = store.look_at_folders(from, FOLDERS_AT_ONCE, Depth::Names).await?;
    store.remove_empty_folders(look.empty).await?;
    let strays = store.settle_strays(look.strays, Removal::AtOnce).await?;
    if look.next.is_none() {
        // Others may have left some where it had been looked before, as who puts a new database in place
        // of a damaged one.
        store.count_strays().await?;
    }
    let size_bytes = strays.iter().map(|stray| stray.disk_bytes).sum();
    Ok(place.step(look.next.map(i64::from), Gone { count: strays.len() as u64, size_bytes }))
}

/// What dead processes were writing, and numbers that are not what they are to be.
pub(super) async fn leftovers(cache: &Cache) -> Result<Step> {
    let store = &cache.0.store;
    let files = store.settle_leftovers(Removal::AtOnce).await?.len() as u64;
    let wrong = store.wrong_counters().await?;
    if !wrong.is_empty() {
        tracing::warn!(?wrong, "what is known of the cache's size was wrong");
        store.note_counters().await?;
    }
    Ok(Step::Last(Gone { count: files + wrong.len() as u64, size_bytes: 0 }))
}
