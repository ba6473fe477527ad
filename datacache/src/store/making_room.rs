//! Making room: what is used least goes, so that the cache stays within its bounds.
//!
//! A put that does not find room makes it in its own transaction, and so does who queues requests.
//! Rows go until there is room; who finds none has cost nobody an entry. Other than where somebody
//! asks for a removal, the files go before that is committed, so that what comes does not lie beside
//! what goes; should it not be committed, the entries are lost all the same, which read as misses.
//!
//! So that this is rarely needed, whoever has stored something looks whether little is left, and
//! then has a task make some slack behind the writers' backs, in steps between which others write.
//! One process does so at a time, under an advisory lock.
//!
//! What no entry names has gone before ([`strays`](super::strays)).
//!
//! Nothing goes for a log that a reader keeps from being cut back: removing entries would only make
//! it longer. What finds no room beside it is refused until the reader has ended.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::in_flight::InFlight;
use super::log::LOG_IN_THE_WAY;
use super::room::{Allowance, Before, Disk, Need, Shortfall, Usage};
use super::sql::Removed;
use super::sql::upkeep::{self, Victims};
use super::{Gone, STORE, Store};
use crate::background::Background;
use crate::clock::{Clock, Timestamp};
use crate::db::{FileSizes, WriteTransaction};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::lock::{self, FileLock};

const TIDY: &str = "make room";

/// So many entries go in one step at most; the first step takes one, each following twice as many.
const MOST_AT_ONCE: i64 = 8;

/// So many entries are looked at to see whether enough may go; more than that is enough.
const LOOKED_AT: i64 = 4_096;

/// What was used in the last minute does not make room for what may come.
const SPARED: Duration = Duration::from_mins(1);

/// So many steps a put takes at most; a cache that was given much smaller bounds needs more in all.
const STEPS: usize = 256;

/// So many unused pages are given back at a time.
const GIVE_BACK_PAGES: u64 = 256;

/// So many steps, each a transaction of its own, are taken behind the writers' backs at a time.
const TIDY_STEPS: usize = 64;

/// What may go for an entry that is to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Whatever is used least: it is wanted now.
    Anything,
    /// What is ranked lower: it is not known to be wanted here.
    Below(i64),
}

impl Claim {
    fn rank(self) -> i64 {
        match self {
            Self::Anything => i64::MAX,
            Self::Below(rank) => rank,
        }
    }
}

/// What is needed to keep within bounds; clones share it.
#[derive(Clone)]
pub(crate) struct Room(Arc<Shared>);

struct Shared {
    allowance: Allowance,
    in_flight: InFlight,
    clock: Clock,
    background: Background,
    lock: PathBuf,
    is_tidying: AtomicBool,
    has_no_strays: AtomicBool,
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
        let in_flight = InFlight::new(allowance.in_flight_bytes());
        let (is_tidying, has_no_strays) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Shared {
            allowance,
            in_flight,
            clock,
            background,
            lock,
            is_tidying,
            has_no_strays,
        }))
    }

    pub(super) fn allowance(&self) -> &Allowance {
        &self.0.allowance
    }

    pub(super) fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }

    /// Whether all that lies among the files was named by entries when it was last looked.
    pub(super) fn has_no_strays(&self) -> bool {
        self.0.has_no_strays.load(Ordering::Acquire)
    }

    pub(super) fn note_strays(&self, usage: &Usage) {
        self.0.has_no_strays.store(usage.stray_bytes == Some(0), Ordering::Release);
    }

    /// Waits for the lock of who makes room; `None` where it cannot be had.
    pub(super) async fn turn(&self, operation: &'static str) -> Option<FileLock> {
        lock::acquire(self.0.lock.clone(), operation).await.ok()
    }
}

impl Store {
    /// What there is on the disk, as far as it matters.
    pub(super) async fn disk(&self) -> Result<Disk> {
        if self.room.0.allowance.is_boundless() {
            return Ok(Disk { free_bytes: u64::MAX, freed_bytes: 0, log_bytes: 0, aside_bytes: 0 });
        }
        let FileSizes { free_bytes, log_bytes, aside_bytes, .. } = self.db.file_sizes().await?;
        Ok(Disk { free_bytes, freed_bytes: 0, log_bytes, aside_bytes })
    }

    /// Makes room for what is to be stored under `key`, or queued, whose entry is now `own`; returns
    /// what is in use then, and the files of what goes for it, which the caller has to remove before he
    /// commits.
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
        claim: Claim,
        before: Before,
    ) -> Result<(Usage, Vec<String>)> {
        let Shared { allowance, .. } = &*self.room.0;
        if allowance.is_never_enough(need) {
            let reason = "it is larger than what the cache or its provider may take (max_bytes)";
            return Err(Error::new(ErrorKind::TooLarge, STORE, key, reason));
        }
        let Before { mut usage, mut disk } = before;
        let mut at_once = 1;
        let mut step = 0;
        let mut blobs = Vec::new();
        loop {
            step += 1;
            if step > 1 {
                let now = upkeep::usage(tx, need.provider.as_ref()).await;
                usage = now.map_err(|source| tx.error(source))?;
                disk.freed_bytes = usage.freed_since(&before.usage);
            }
            self.room.note_strays(&usage);
            let short = match claim {
                Claim::Anything => allowance.shortfall(&usage, need, disk),
                Claim::Below(_) => allowance.shortfall_with_slack(&usage, need, disk),
            };
            let is_no_larger = disk.freed_bytes >= need.added_bytes();
            if short.is_none() || (step > STEPS && is_no_larger) {
                return Ok((usage, blobs));
            }
            if short.log_bytes > 0 {
                return Err(full(key, short, disk));
            }
            let provider = need.provider.as_ref().filter(|_| short.provider_bytes > 0);
            let spare_pages = usage.spare_pages(need);
            if step <= STEPS && provider.is_none() && short.total_bytes > 0 && spare_pages > 0 {
                give_back(tx, &usage, short.total_bytes, spare_pages).await?;
                continue;
            }
            let below = claim.rank();
            let victims = Victims { provider, but: own, below, limit: at_once, ..Victims::ANY };
            if at_once == 1 && !self.is_enough_there(tx, victims, short).await? {
                return Err(full(key, short, disk));
            }
            let evicted = self.evict(tx, victims).await?;
            at_once = MOST_AT_ONCE.min(at_once * 2);
            if evicted.urls.is_empty() || step > STEPS {
                return Err(full(key, short, disk));
            }
            blobs.extend(evicted.blobs);
        }
    }

    /// Whether enough may go at all, at the most. It is asked before anything does, so that who finds
    /// no room mostly finds it at once.
    async fn is_enough_there(
        &self,
        tx: &mut WriteTransaction,
        victims: Victims<'_>,
        short: Shortfall,
    ) -> Result<bool> {
        let victims = Victims { limit: LOOKED_AT, ..victims };
        let there = upkeep::evictable(tx, victims, self.room.0.clock.now()).await;
        let (entries, bytes) = there.map_err(|source| tx.error(source))?;
        Ok(entries == LOOKED_AT || bytes >= short.largest())
    }

    /// What queued requests may take; `None` for any amount.
    pub(crate) fn queue_bytes(&self) -> Option<u64> {
        self.room.allowance().queue_bytes()
    }

    /// Makes room for requests that are to be queued in `tx`, the first of them `key`, which live in
    /// the same file. The caller sees it to its end, as with a put.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) when there is nothing left that may go.
    pub(crate) async fn make_room_for_requests(
        &self,
        tx: &mut WriteTransaction,
        key: &Key,
        row_bytes: u64,
    ) -> Result<()> {
        if self.room.allowance().is_boundless() {
            return Ok(());
        }
        let need = Need { provider: None, file_bytes: 0, row_bytes, replaced_bytes: 0 };
        let (disk, usage) = tokio::join!(self.disk(), upkeep::usage(tx, None));
        let disk = Disk { free_bytes: u64::MAX, ..disk? };
        let before = Before { usage: usage.map_err(|source| tx.error(source))?, disk };
        let (usage, evicted) =
            self.make_room(tx, key, None, &need, Claim::Anything, before).await?;
        self.remove_unnamed(tx, &evicted).await?;
        self.tidy_later(&usage);
        Ok(())
    }

    /// Whether nothing can be stored at present because of a log that cannot be cut back, and whatever
    /// is written makes it longer: it is to become longer by `more_bytes` of what is under way.
    pub(crate) async fn is_log_in_the_way(&self, more_bytes: u64) -> Result<bool> {
        // Nobody else would cut it back who was kept from writing by it.
        self.db.keep_log_short().await;
        let log_bytes = self.db.log_bytes();
        if log_bytes <= self.db.log_max_bytes() {
            return Ok(false);
        }
        let log_bytes = log_bytes.saturating_add(more_bytes);
        let mut connection = self.db.read(TIDY).await?;
        let usage = upkeep::usage(&mut connection, None).await;
        let usage = usage.map_err(|source| connection.error(TIDY, source))?;
        connection.close();
        let need = Need { provider: None, file_bytes: 0, row_bytes: 0, replaced_bytes: 0 };
        let disk = Disk { log_bytes, free_bytes: u64::MAX, ..self.disk().await? };
        Ok(self.room.allowance().shortfall(&usage, &need, disk).log_bytes > 0)
    }

    /// Removes some entries, with what was made from them; their files are the caller's to remove.
    async fn evict(&self, tx: &mut WriteTransaction, victims: Victims<'_>) -> Result<Removed> {
        let evicted = upkeep::evict(tx, victims, self.room.0.clock.now()).await;
        let evicted = evicted.map_err(|source| tx.error(source))?;
        tracing::debug!(entries = evicted.urls.len(), bytes = evicted.size_bytes, "made room");
        Ok(evicted)
    }

    /// Has slack made, if little is left, and counted what no entry names, if nobody knows; unless
    /// somebody is about it.
    pub(super) fn tidy_later(&self, usage: &Usage) {
        let shared = &self.room.0;
        let is_counted = usage.stray_bytes.is_some() || shared.allowance.is_boundless();
        let is_tidy = shared.allowance.tidy_bytes(usage) == 0 && is_counted;
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

    /// Makes slack, unless another process is about it; returns what went for it.
    pub(crate) async fn tidy(&self) -> Result<Gone> {
        let path = self.room.0.lock.clone();
        let lock = tokio::task::spawn_blocking(move || lock::try_acquire(&path)).await;
        let Ok(Ok(Some(_lock))) = lock else { return Ok(Gone::default()) };
        self.count_unknown_strays().await?;
        let (mut total, mut at_once) = (Gone::default(), 1);
        for _ in 0..TIDY_STEPS {
            let step = self.tidy_step(at_once).await?;
            at_once = MOST_AT_ONCE.min(at_once * 2);
            match step {
                None => break,
                Some(gone) => total += gone,
            }
        }
        Ok(total)
    }

    /// One step of it; `None` when there is slack, or nothing that may go.
    async fn tidy_step(&self, limit: i64) -> Result<Option<Gone>> {
        let mut tx = self.db.write(TIDY).await?;
        let usage = upkeep::usage(&mut tx, None).await.map_err(|source| tx.error(source))?;
        let bytes = self.room.0.allowance.tidy_bytes(&usage);
        if bytes == 0 {
            return Ok(None);
        }
        if usage.free_pages > 0 {
            give_back(&mut tx, &usage, bytes, usage.free_pages).await?;
            tx.commit().await?;
            return Ok(Some(Gone::default()));
        }
        drop(tx);
        if usage.stray_bytes.is_some_and(|bytes| bytes > 0) {
            let size_bytes = self.clear_away(bytes).await?;
            return Ok(Some(Gone { count: 0, size_bytes }));
        }
        // For what is not needed yet, nothing goes that was just written, or read.
        let now = self.room.0.clock.now();
        let used_until = now.checked_sub(SPARED).unwrap_or(Timestamp::MIN);
        let gone = self.evict_alone(limit, used_until).await?;
        Ok((gone.count > 0).then_some(gone))
    }

    /// Removes some entries in a transaction of its own; returns what went.
    async fn evict_alone(&self, limit: i64, used_until: Timestamp) -> Result<Gone> {
        let store = self.clone();
        super::write::to_its_end(TIDY, async move {
            let mut tx = store.db.write(TIDY).await?;
            let evicted =
                store.evict(&mut tx, Victims { used_until, limit, ..Victims::ANY }).await?;
            store.remove_unnamed(&mut tx, &evicted.blobs).await?;
            tx.commit().await?;
            Ok(Gone { count: evicted.urls.len() as u64, size_bytes: evicted.size_bytes })
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

fn full(key: &Key, short: Shortfall, disk: Disk) -> Error {
    let aside_bytes = disk.aside_bytes;
    if short.disk_bytes == 0 && short.provider_bytes == 0 && aside_bytes >= short.total_bytes {
        let reason = format_args!(
            "the cache takes all it may (cache.max_bytes), {aside_bytes} bytes of which are databases \
             that were damaged and moved aside; remove them (datacache-damaged-*)"
        );
        return Error::new(ErrorKind::Full, STORE, key, reason);
    }
    let reason = if short.log_bytes > 0 {
        LOG_IN_THE_WAY
    } else if short.disk_bytes > 0 {
        "less would be left free on the disk than is to be (cache.min_free)"
    } else if short.provider_bytes > 0 {
        "its provider takes all it may (max_bytes), and nothing of that may be removed"
    } else {
        "the cache takes all it may (cache.max_bytes), and nothing of it may be removed"
    };
    Error::new(ErrorKind::Full, STORE, key, reason)
}
