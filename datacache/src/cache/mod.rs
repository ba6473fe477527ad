//! The facade: one handle that looks up, fetches, stores and removes.
//!
//! # What it owns
//! The order in which a request is answered ([`Cache::fetch`]), and the clock. Everything below it
//! takes the time as an argument.
//!
//! No connection, transaction or lock is held while the origin is asked. Every operation may be
//! cancelled by dropping its future: a change that has begun runs to its end in the background,
//! never stopping halfway.

mod again;
mod answer;
mod bypass;
mod calls;
mod counting;
mod deriving;
mod describing;
mod enqueueing;
mod examining;
mod fill;
mod fill_queue;
mod flight;
mod images;
pub(crate) mod jobs;
mod keeping;
mod limiting;
mod many;
mod numbers;
mod opening;
mod pins;
mod plan;
mod prometheus;
mod prospect;
mod queueing;
mod relating;
mod renewing;
mod request;
mod target;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::background::{self, Background};
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, ImagesConfig, Policies};
use crate::db::{self, Db};
use crate::error::{Error, Result};
use crate::fetch::{self, Fetcher};
use crate::hot::Hot;
use crate::key::Key;
use crate::limits::Limits;
use crate::name::DataType;
use crate::numbers::Tally;
use crate::queue::Queue;
use crate::store::{
    Allowance, Cachekey, Deferred, Entry, EntryInfo, Filter, Freshness, Room, Store, Touch,
};
use crate::trail::Trail;
pub use answer::{Absence, Answer, Explained, Found, FoundState, Lookup, Source};
use bypass::Bypass;
use bytes::Bytes;
use calls::Turns;
use counting::{About, Asked};
pub(crate) use counting::{Called, CameTo, Outcome, Way};
use deriving::Deriving;
pub use fill_queue::QueueFill;
pub(crate) use fill_queue::image_request;
use flight::Flights;
pub(crate) use images::require_image_type;
pub use numbers::{DiskUse, Stats};
use opening::Opening;
use plan::Plan;
pub use queueing::{FinishedKey, Finishes};
pub use request::Request;

/// A handle to a cache folder. Cloning it is cheap, and clones share everything; it works under
/// either flavour of the tokio runtime.
///
/// ```no_run
/// # async fn example() -> Result<(), datacache::Error> {
/// use datacache::{Answer, Cache, Config, DataType, Request};
///
/// let cache = Cache::open(Config::new("/var/cache/overlay")).await?;
/// let request = Request::new("https://example.com/daft-punk.png")
///     .identifier("Daft Punk")
///     .data_type(DataType::ARTIST_THUMBNAIL);
/// match cache.fetch(request).await? {
///     Answer::Found(found) => println!("{} bytes", found.entry.data.len()),
///     Answer::Absent(_) => println!("there is none"),
///     other => println!("nothing yet: {other:?}"),
/// }
/// cache.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    dir: PathBuf,
    pub(crate) policies: Arc<Policies>,
    images: ImagesConfig,
    /// So long past their time entries are kept.
    pub(crate) max_stale: Duration,
    pub(crate) clock: Clock,
    pub(crate) db: Db,
    pub(crate) store: Store,
    pub(crate) hot: Hot,
    deferred: Deferred,
    pub(crate) queue: Queue,
    pub(crate) limits: Limits,
    pub(crate) fetcher: Fetcher,
    flights: Flights,
    deriving: Deriving,
    turns: Turns,
    pub(crate) tally: Tally,
    background: Background,
    bypass: Bypass,
}

impl Cache {
    /// Opens the cache in the folder that `config` names, making it if need be. Any number of
    /// processes may do so at once.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) and [`InvalidInput`](crate::ErrorKind::InvalidInput)
    /// for settings that cannot be used; [`ReadOnly`](crate::ErrorKind::ReadOnly),
    /// [`Full`](crate::ErrorKind::Full) and [`Io`](crate::ErrorKind::Io) for the folder,
    /// [`NetworkFileSystem`](crate::ErrorKind::NetworkFileSystem) for where it lies;
    /// [`Corrupt`](crate::ErrorKind::Corrupt) when the database is another program's, or damaged
    /// less than a minute after one was moved aside, as others are (see
    /// [`moved_aside`](Self::moved_aside)); [`NewerSchema`](crate::ErrorKind::NewerSchema) when a
    /// newer program wrote it; [`Busy`](crate::ErrorKind::Busy) when another process kept it locked
    /// for 30 s. With [`on_cache_error`](crate::CacheConfig::on_cache_error) only the settings can
    /// fail.
    pub async fn open(config: Config) -> Result<Self> {
        Self::open_with_clock(config, Clock::system()).await
    }

    /// The same, with the time in the caller's hand.
    pub async fn open_with_clock(config: Config, clock: Clock) -> Result<Self> {
        // Absolute, so that it stays the same folder when the process changes its own.
        let dir = std::path::absolute(config.dir()?).map_err(|source| {
            Error::io("open cache", config.dir().unwrap_or(Path::new("")), source)
        })?;
        fetch::check_settings(&config.http)?;
        let policies = Arc::new(Policies::new(&config.providers)?);
        config.images.check()?;
        config.cache.check()?;
        let allowance = Allowance::of(&config);
        // Before a folder is made that nobody can use.
        db::file_in(&dir)?;
        let policy = config.cache.on_cache_error;
        let opening = Opening::new(&dir, allowance.log_bytes(), clock.clone());
        let (db, blobs, trouble) = bypass::open(&opening, policy).await?;
        let background = Background::default();
        let locks = dir.join("locks");
        let finishes_kept = allowance.finishes_kept();
        let room = Room::new(allowance, clock.clone(), background.clone(), &locks);
        let store = Store::new(db.clone(), blobs, config.cache.inline_max_bytes, room);
        let limits = Limits::new(db.clone(), clock.clone());
        let tally = Tally::new(db.clone(), clock.clone());
        let fetcher = Fetcher::new(
            config.http.clone(),
            Arc::clone(&policies),
            clock.clone(),
            limits.clone(),
            background.clone(),
        );
        Ok(Self(Arc::new(Inner {
            policies,
            images: config.images,
            max_stale: config.cache.max_stale,
            hot: Hot::new(store.clone(), db.clone(), config.cache.hot_bytes),
            deriving: Deriving::new(store.clone()),
            deferred: Deferred::new(store.clone()),
            queue: Queue::new(db.clone(), opening.session(), finishes_kept),
            bypass: Bypass::new(policy, opening, db.clone(), trouble.as_ref()),
            limits,
            dir,
            clock,
            db,
            store,
            fetcher,
            flights: Flights::default(),
            turns: Turns::default(),
            tally,
            background,
        })))
    }

    /// The cache folder.
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// The key under which `url` is stored.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `url` is not an absolute URL.
    pub fn key(&self, url: &str) -> Result<Key> {
        target::key_of(&self.0.policies, url)
    }

    /// What the cache knows about `url`. It never leaves the machine and waits for no writer. Who
    /// has many URLs asks [for all at once](Self::lookup_many).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a malformed URL; otherwise the cache
    /// itself has failed. A miss is not an error.
    pub async fn lookup(&self, url: &str) -> Result<Lookup> {
        let asking = self.asking();
        let key = self.key(url)?;
        let lookup = self.look_up(&key).await;
        asking.looked_up(&lookup, || About::key(&self.0.policies, &key));
        lookup
    }

    /// The same for the cache's own sake: it is not counted.
    pub(crate) async fn look_up(&self, key: &Key) -> Result<Lookup> {
        Ok(self.judge(self.0.hot.get(key).await?.map(|(entry, _tier)| entry)))
    }

    /// The entry with the handle `cachekey`. It leaves the machine as little as
    /// [`lookup`](Self::lookup), but has a stale entry renewed by a worker, as the handle stands
    /// for a request.
    pub async fn lookup_cachekey(&self, cachekey: Cachekey) -> Result<Lookup> {
        let asking = self.asking();
        let entry = self.0.store.get_by_cachekey(cachekey).await;
        let lookup = entry.map(|entry| self.judge(entry));
        self.renew_if_used(&lookup);
        asking.looked_up(&lookup, || About::of(None, &DataType::OTHER));
        lookup
    }

    fn judge(&self, entry: Option<Entry>) -> Lookup {
        let now = self.now();
        let Some(entry) = entry else {
            return Lookup::Miss;
        };
        self.0.read(&entry.info, now);
        let is_usable = entry.info.is_usable(now);
        match entry.info.freshness(now) {
            Freshness::Fresh if is_usable => Lookup::Fresh(entry),
            Freshness::Fresh => Lookup::Absent(entry.info),
            Freshness::Stale if is_usable => Lookup::Stale(entry),
            Freshness::Stale => Lookup::Miss,
        }
    }

    /// Answers a request from the cache, else from its origin.
    ///
    /// 1. A fresh entry is returned at once; so is an absence that is still believed.
    /// 2. An [`offline`](Request::offline) request gets the stale entry, or learns of the miss.
    /// 3. A stale entry is returned at once, with a warning, and its renewal queued for a worker;
    ///    unless the request [`must_be_fresh`](Request::must_be_fresh), or carries a secret, which
    ///    cannot be queued, or the entry's origin forbids it and no policy overrules that.
    /// 4. A [`Batch`](crate::Priority::Batch) request is queued.
    /// 5. Otherwise the origin is asked, about an entry that is there only for what has changed,
    ///    and its answer stored before it is returned. Of all who ask for one key at a time, in
    ///    any process, one asks the origin; the others share its answer.
    /// 6. When the [`deadline`](Request::deadline) passes first, the answer is
    ///    [`Answer::Pending`]. The fetch goes on behind the caller's back, and is left to a worker,
    ///    with priority 1, in case that this process ends before it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a request that cannot be made;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for one that would have to be queued but
    /// carries other secrets than the configured [`api_key`](crate::ProviderConfig::api_key);
    /// [`Config`](crate::ErrorKind::Config) for one that its provider wants a credential for, if
    /// none is configured; [`Refused`](crate::ErrorKind::Refused) for an untrusted one to an
    /// address that is not public; the kinds of the origin's failure; else the cache itself has
    /// failed.
    ///
    /// With [`on_cache_error`](crate::CacheConfig::on_cache_error) an immediate request is answered
    /// by its origin where the cache fails, and its answer not kept; [`bypassed`](Self::bypassed)
    /// says why.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop a fetch that has begun; [`close`](Self::close) does.
    pub async fn fetch(&self, request: Request) -> Result<Answer> {
        self.ask(request).await?.counted()
    }

    /// Answers a request as [`fetch`](Self::fetch) does, and tells how it came to the answer.
    pub async fn explain(&self, request: Request) -> Explained {
        let trail = Trail::kept(self.0.clock.clone());
        let asked = self.ask_along(request, trail.clone()).await;
        let answer = asked.and_then(Asked::counted);
        Explained { answer, steps: trail.steps() }
    }

    /// Stores `data` under the request's URL, whatever its scheme, as if its origin had answered
    /// it now.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a request that cannot be stored;
    /// [`Refused`](crate::ErrorKind::Refused) when the bytes are no decodable image though the data
    /// type is an image type, or no JSON though it is `api_response`, or do not have the expected
    /// checksum.
    pub async fn put(&self, request: Request, data: impl Into<Bytes>) -> Result<EntryInfo> {
        let plan = Plan::new(request, &self.0.policies)?;
        let examined = plan.examine(data.into(), None).await?;
        let entry = plan.brought(examined, self.now())?;
        let info = self.0.store.put(entry).await?;
        self.0.deriving.palette_later(&info);
        Ok(info)
    }

    /// Removes the entry of `url` and its file; says whether there was one.
    pub async fn remove(&self, url: &str) -> Result<bool> {
        let key = self.key(url)?;
        self.0.store.check_log("remove", &key).await?;
        self.0.store.remove(&key).await
    }

    /// Removes every entry that `filter` matches, with its file; returns how many. An image that is
    /// about somebody else too goes for both.
    pub async fn remove_matching(&self, filter: &Filter) -> Result<u64> {
        self.0.store.check_log("remove", "entries").await?;
        self.0.store.remove_matching(filter).await
    }

    /// One page of the entries that `filter` matches, in the order they were first stored, and
    /// where the next page begins; `None` after the last.
    pub async fn list(
        &self,
        filter: &Filter,
        page: Page,
    ) -> Result<(Vec<EntryInfo>, Option<Page>)> {
        let rows = self.0.store.list(filter, page.0, PAGE_ENTRIES).await?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < PAGE_ENTRIES);
        let next = rows.last().filter(|_| !is_last).map(|(id, _)| Page(*id));
        Ok((rows.into_iter().map(|(_, info)| info).collect(), next))
    }

    /// What is known about the entry of `url`, and where its bytes lie if they have a file of
    /// their own; the bytes are read and verified.
    pub async fn show(&self, url: &str) -> Result<Option<(EntryInfo, Option<PathBuf>)>> {
        let key = self.key(url)?;
        let entry = self.0.store.get(&key).await?;
        Ok(entry.map(|Entry { info, .. }| {
            let path = self.0.store.blob_path(&info);
            (info, path)
        }))
    }

    /// Writes what is still noted in memory and closes the files. Operations under way finish;
    /// later ones fail as [`Closed`](crate::ErrorKind::Closed). Dropping the last handle instead
    /// loses at most the access counts of the last moment and the numbers of the last seconds.
    pub async fn close(&self) {
        self.0.bypass.close();
        self.0.flights.call_off().await;
        match self.bypassed() {
            None => self.0.background.finish().await,
            // What waits for the cache would wait for long.
            Some(_) => self.0.background.abort().await,
        }
        self.0.deriving.finish().await;
        self.0.deferred.flush().await;
        self.0.tally.flush().await;
        self.0.db.close().await;
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl Inner {
    /// Takes note that an entry was read.
    fn read(&self, info: &EntryInfo, now: Timestamp) {
        if self.deferred.touch(info, now) == Touch::Noted {
            self.hot.accessed(&info.url, now);
        }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("dir", &self.0.dir).finish_non_exhaustive()
    }
}

/// How many entries one page lists.
const PAGE_ENTRIES: i64 = 1_000;

/// Where a page of entries begins; the default is the first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page(i64);

#[cfg(test)]
mod tests;
