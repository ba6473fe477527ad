//! The hot tier: what was read lately, in the memory of this process.
//!
//! # What it owns
//! Entries with their bytes, up to `cache.hot_bytes`; those that are not asked for again make
//! room first. Bytes are shared with callers, not copied.
//!
//! # The guarantee
//! No entry is served that another process, or this one, had changed or removed by the time it was
//! asked for: each is kept with the generation in which it was read, and asked for again where that
//! is over ([`Generations`](crate::db::Generations)). It does not matter how many processes write:
//! what they do to other entries costs nothing here, but for those that share a pair of counters.
//!
//! # Locking
//! Within the map of entries, by shard. Nothing is locked between processes.
//!
//! # What survives a crash
//! Nothing; there is nothing here that is not in the store.

use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache as Map;

use crate::clock::Timestamp;
use crate::db::{Db, Generation, Snapshot};
use crate::error::Result;
use crate::key::Key;
use crate::store::{Entry, EntryInfo, Store};

const LOOK_UP: &str = "look up";

/// The map is laid out for entries of this size. It is divided among threads so that each part has
/// room for 32 of them; a single entry that is larger than a part is not kept.
const USUAL_BYTES: u64 = 64 * 1024;

/// The store, and in front of it what was read lately; clones share it.
#[derive(Clone)]
pub(crate) struct Hot {
    store: Store,
    db: Db,
    /// `None` where nothing is to be kept.
    kept: Option<Arc<Kept>>,
}

/// Where an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    Hot,
    Store,
}

type Kept = Map<Key, Arc<Warm>, Size>;

struct Warm {
    entry: Entry,
    generation: Generation,
    /// When it was last read, as far as that has been noted: in milliseconds.
    last_accessed: AtomicI64,
    size_bytes: u64,
}

/// Weighs entries by the memory they take.
#[derive(Clone)]
struct Size;

impl Weighter<Key, Arc<Warm>> for Size {
    fn weight(&self, _key: &Key, warm: &Arc<Warm>) -> u64 {
        warm.size_bytes
    }
}

impl Warm {
    fn new(entry: Entry, generation: Generation) -> Self {
        let EntryInfo { url, metadata, mime_type, .. } = &entry.info;
        let texts = url.as_str().len() + mime_type.len();
        let metadata = serde_json::to_string(metadata).map_or(0, |text| text.len());
        let size = mem::size_of::<Self>() + texts + metadata + entry.data.len();
        let last_accessed = AtomicI64::new(entry.info.last_accessed.as_millis());
        Self { entry, generation, last_accessed, size_bytes: size as u64 }
    }

    fn entry(&self) -> Entry {
        let mut entry = self.entry.clone();
        let last_accessed = self.last_accessed.load(Ordering::Relaxed);
        entry.info.last_accessed = Timestamp::from_millis(last_accessed);
        entry
    }
}

/// Keeps an entry as it was in its generation, if that can be told, and nothing older in any case.
fn keep(kept: &Kept, key: &Key, entry: Option<&Entry>, generations: Option<&Snapshot>) {
    let generation = entry.zip(generations).and_then(|(entry, all)| all.of(entry.info.row_id));
    match entry.zip(generation) {
        Some((entry, generation)) => {
            kept.insert(key.clone(), Arc::new(Warm::new(entry.clone(), generation)));
        }
        None => drop(kept.remove(key)),
    }
}

impl Hot {
    /// Keeps up to `max_bytes` of what is read from `store`, which lies in `db`; 0 for nothing.
    pub(crate) fn new(store: Store, db: Db, max_bytes: u64) -> Self {
        let entries = usize::try_from(max_bytes / USUAL_BYTES).unwrap_or(usize::MAX);
        let kept = (max_bytes > 0).then(|| Arc::new(Map::with_weighter(entries, max_bytes, Size)));
        Self { store, db, kept }
    }

    /// The entry of `key`, fresh or not, and where it was found.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<(Entry, Tier)>> {
        if let Some(entry) = self.current(key)? {
            return Ok(Some((entry, Tier::Hot)));
        }
        // On the heap, lest a look-up that memory answers be as large as one that goes to the store.
        let entry = Box::pin(self.read(key)).await?;
        Ok(entry.map(|entry| (entry, Tier::Store)))
    }

    /// The entry of each of the keys, in their order, as [`get`](Self::get) finds it; those that are
    /// not in memory are read on one connection.
    pub(crate) async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let warm = keys.iter().map(|key| self.current(key)).collect::<Result<Vec<_>>>()?;
        let others = keys.iter().zip(&warm).filter(|(_, warm)| warm.is_none());
        let others: BTreeSet<&Key> = others.map(|(key, _)| key).collect();
        let others = Vec::from_iter(others);
        if others.is_empty() {
            return Ok(warm);
        }
        let read = self.read_many(&others).await?;
        let read: HashMap<&Key, Option<Entry>> = others.into_iter().zip(read).collect();
        let or_read = |(key, warm): (&Key, Option<Entry>)| warm.or_else(|| read.get(key)?.clone());
        Ok(keys.iter().zip(warm).map(or_read).collect())
    }

    /// Reads an entry from the store, and keeps it.
    async fn read(&self, key: &Key) -> Result<Option<Entry>> {
        let Some(kept) = &self.kept else { return self.store.get(key).await };
        // Before the store is read, so that what is changed meanwhile is not kept.
        let generations = self.db.generations().all();
        let entry = self.store.get(key).await?;
        keep(kept, key, entry.as_ref(), generations.as_ref());
        Ok(entry)
    }

    /// The same for many.
    async fn read_many(&self, keys: &[&Key]) -> Result<Vec<Option<Entry>>> {
        let Some(kept) = &self.kept else { return self.store.get_many(keys).await };
        // Before the store is read, so that what is changed meanwhile is not kept.
        let generations = self.db.generations().all();
        let entries = self.store.get_many(keys).await?;
        for (key, entry) in keys.iter().zip(&entries) {
            keep(kept, key, entry.as_ref(), generations.as_ref());
        }
        Ok(entries)
    }

    /// What is kept of `key`, if it still stands.
    fn current(&self, key: &Key) -> Result<Option<Entry>> {
        let Some(warm) = self.warm(key) else { return Ok(None) };
        self.db.check_readable(LOOK_UP)?;
        let generation = self.db.generations().of(warm.entry.info.row_id);
        Ok((generation == Some(warm.generation)).then(|| warm.entry()))
    }

    fn warm(&self, key: &Key) -> Option<Arc<Warm>> {
        self.kept.as_ref()?.get(key)
    }

    /// Takes note that it was noted when an entry was last read.
    pub(crate) fn accessed(&self, key: &Key, at: Timestamp) {
        if let Some(warm) = self.warm(key) {
            warm.last_accessed.fetch_max(at.as_millis(), Ordering::Relaxed);
        }
    }

    /// How much memory is taken.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| kept.weight())
    }
}
