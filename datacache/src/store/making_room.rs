//! Making room: what is used least goes, so that the cache stays within its bounds.
//!
//! A put that does not find room makes it in its own transaction, and the files that go are removed
//! when that has been committed. So that this is rarely needed, whoever has stored something looks
//! whether little is left, and then has a task make some slack behind the writers' backs, in steps
//! between which others write. One process does so at a time, under an advisory lock.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::room::{Allowance, Disk, Need, Shortfall, Usage};
use super::sql::upkeep;
use super::{STORE, Store};
use crate::background::Background;
use crate::clock::Clock;
use crate::db::{FileSizes, WriteTransaction};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::lock;
use crate::name::Provider;

const TIDY: &str = "make room";

/// So many entries go in one step at most; the first step takes one, each following twice as many.
const MOST_AT_ONCE: i64 = 8;

/// So many steps a put takes at most; a cache that was given much smaller bounds needs more in all.
const STEPS: usize = 256;

/// So many unused pages are given back at a time.
const GIVE_BACK_PAGES: u64 = 256;

/// So many steps, each a transaction of its own, are taken behind the writers' backs at a time.
const TIDY_STEPS: usize = 64;

/// What is needed to keep within bounds; clones share it.
#[derive(Clone)]
pub(crate) struct Room(Arc<Shared>);

struct Shared {
    allowance: Allowance,
    clock: Clock,
    background: Background,
    lock: PathBuf,
    is_tidying: AtomicBool,
}

impl Room {
    /// `locks` is the folder of advisory locks.
    pub(crate) fn new(
        allowance: Allowance,
        clock: Clock,
        background: Background,
        locks: &std::path::Path,
    ) -> Self {
        let lock = locks.join("evict.lock");
        let is_tidying = AtomicBool::new(false);
        Self(Arc::new(Shared { allowance, clock, background, lock, is_tidying }))
    }
}

/// What there is after room was made.
pub(super) struct Made {
    /// The files of what was removed, which go after the commit.
    pub(super) blobs: Vec<String>,
    /// What was in use before the entry that the room is for.
    pub(super) usage: Usage,
}

impl Store {
    /// What there is on the disk, as far as it matters.
    pub(super) async fn disk(&self) -> Result<Disk> {
        if self.room.0.allowance.is_boundless() {
            return Ok(Disk { free_bytes: u64::MAX, freed_bytes: 0, log_bytes: 0 });
        }
        let FileSizes { free_bytes, log_bytes, .. } = self.db.file_sizes().await?;
        Ok(Disk { free_bytes, freed_bytes: 0, log_bytes })
    }

    /// Makes room for what is to be stored under `key`, whose entry is now `own`.
    ///
    /// # Errors
    /// [`TooLarge`](ErrorKind::TooLarge) when there never will be; [`Full`](ErrorKind::Full) when
    /// there is nothing left that may go.
    pub(super) async fn make_room(
        &self,
        tx: &mut WriteTransaction,
        key: &Key,
        own: Option<i64>,
        need: &Need,
        mut disk: Disk,
    ) -> Result<Made> {
        let Shared { allowance, .. } = &*self.room.0;
        if allowance.is_never_enough(need) {
            let reason = "it is larger than what the cache or its provider may take (max_bytes)";
            return Err(Error::new(ErrorKind::TooLarge, STORE, key, reason));
        }
        let mut made = Made { blobs: Vec::new(), usage: Usage::default() };
        let mut at_once = 1;
        for step in 0.. {
            let usage = upkeep::usage(tx, Some(&need.provider)).await;
            made.usage = usage.map_err(|source| tx.error(source))?;
            let short = allowance.shortfall(&made.usage, need, disk);
            let is_no_larger = disk.freed_bytes >= need.added_bytes();
            if short.is_none() || (step >= STEPS && is_no_larger) {
                break;
            }
            let provider = (short.provider_bytes > 0).then_some(&need.provider);
            let spare_pages = made.usage.spare_pages(need);
            if step < STEPS && provider.is_none() && short.total_bytes > 0 && spare_pages > 0 {
                give_back(tx, &made.usage, short.total_bytes, spare_pages).await?;
                continue;
            }
            let evicted = self.evict(tx, provider, own, at_once).await?;
            at_once = MOST_AT_ONCE.min(at_once * 2);
            if evicted.urls.is_empty() || step >= STEPS {
                return Err(full(key, short));
            }
            disk.freed_bytes += evicted.size_bytes;
            made.blobs.extend(evicted.blobs);
        }
        Ok(made)
    }

    /// Removes some entries, with what was made from them.
    async fn evict(
        &self,
        tx: &mut WriteTransaction,
        provider: Option<&Provider>,
        own: Option<i64>,
        limit: i64,
    ) -> Result<upkeep::Evicted> {
        let now = self.room.0.clock.now();
        let evicted = upkeep::evict(tx, provider, own, now, limit).await;
        let mut evicted = evicted.map_err(|source| tx.error(source))?;
        let derived = super::sql::derived::remove_of(tx, &evicted.urls).await;
        evicted.blobs.extend(derived.map_err(|source| tx.error(source))?);
        tracing::debug!(entries = evicted.urls.len(), bytes = evicted.size_bytes, "made room");
        Ok(evicted)
    }

    /// Has slack made, if little is left, and a long log cut back, if nobody is about it.
    pub(super) fn tidy_later(&self, usage: &Usage, log_bytes: u64) {
        let shared = &self.room.0;
        let is_long = log_bytes > self.db.log_max_bytes();
        let is_tidy = shared.allowance.tidy_bytes(usage) == 0 && !is_long;
        if is_tidy || shared.is_tidying.swap(true, Ordering::AcqRel) {
            return;
        }
        let store = self.clone();
        shared.background.spawn(async move {
            if let Err(error) = store.tidy().await {
                tracing::warn!(%error, "no room was made for the next entries");
            }
            store.room.0.is_tidying.store(false, Ordering::Release);
        });
    }

    /// Makes slack, unless another process is about it; returns how many entries went.
    pub(crate) async fn tidy(&self) -> Result<u64> {
        let path = self.room.0.lock.clone();
        let lock = tokio::task::spawn_blocking(move || lock::try_acquire(&path)).await;
        let Ok(Ok(Some(_lock))) = lock else { return Ok(0) };
        let (mut total, mut at_once) = (0, 1);
        for _ in 0..TIDY_STEPS {
            let step = self.tidy_step(at_once).await?;
            at_once = MOST_AT_ONCE.min(at_once * 2);
            match step {
                None => break,
                Some(evicted) => total += evicted,
            }
        }
        self.db.cut_log().await?;
        Ok(total)
    }

    /// One step of it; `None` when there is slack, or nothing that may go.
    async fn tidy_step(&self, limit: i64) -> Result<Option<u64>> {
        let store = self.clone();
        super::write::to_its_end(TIDY, async move {
            let mut tx = store.db.write(TIDY).await?;
            let usage = upkeep::usage(&mut tx, None).await.map_err(|source| tx.error(source))?;
            let bytes = store.room.0.allowance.tidy_bytes(&usage);
            if bytes == 0 {
                return Ok(None);
            }
            if usage.free_pages > 0 {
                give_back(&mut tx, &usage, bytes, usage.free_pages).await?;
                tx.commit().await?;
                return Ok(Some(0));
            }
            let evicted = store.evict(&mut tx, None, None, limit).await?;
            tx.commit().await?;
            store.release(evicted.blobs).await?;
            let count = evicted.urls.len() as u64;
            Ok((count > 0).then_some(count))
        })
        .await
    }
}

/// Makes the database smaller by up to `bytes`, of its unused pages.
async fn give_back(
    tx: &mut WriteTransaction,
    usage: &Usage,
    bytes: u64,
    spare_pages: u64,
) -> Result<()> {
    let pages = bytes.div_ceil(usage.page_bytes.max(1)).min(spare_pages);
    let pages = pages.min(GIVE_BACK_PAGES);
    upkeep::vacuum(tx, pages).await.map_err(|source| tx.error(source))
}

fn full(key: &Key, short: Shortfall) -> Error {
    let reason = if short.disk_bytes > 0 {
        "less would be left free on the disk than is to be (cache.min_free)"
    } else if short.provider_bytes > 0 {
        "its provider takes all it may (max_bytes), and nothing of that may be removed"
    } else {
        "the cache takes all it may (cache.max_bytes), and nothing of it may be removed"
    };
    Error::new(ErrorKind::Full, STORE, key, reason)
}
