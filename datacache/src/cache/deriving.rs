//! Making palettes and smaller pictures from entries.
//!
//! Decoding a picture takes a core for some time, and memory. It is done on blocking threads, by
//! each process on half of the cores at most, so that a machine that mixes music is not saturated.
//! Palettes of what was just stored are made one after the other behind everybody's back; who asks
//! for something waits for that one at most, not for all of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::background::Background;
use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::media::{self, ImageSize, Mismatch, Palette};
use crate::name::DataType;
use crate::store::{DerivedFrom, Entry, EntryInfo, Metadata, NewEntry, Store};

/// So long closing waits for the palette that is being made.
const FINISH_PATIENCE: Duration = Duration::from_secs(1);

/// A palette that is made or written in another way has another number.
const PALETTE: &str = "palette-1";

/// Makes entries from entries; clones share the bounds.
#[derive(Clone)]
pub(super) struct Deriving {
    store: Store,
    /// One permit for each thread at work.
    threads: Arc<Semaphore>,
    /// The permit of the one palette that is made behind everybody's back.
    unasked: Arc<Semaphore>,
    background: Background,
}

/// What was made, and its media type.
struct Made {
    data: Bytes,
    mime_type: String,
}

impl Deriving {
    pub(super) fn new(store: Store) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            store,
            threads: Arc::new(Semaphore::new((cores / 2).max(1))),
            unasked: Arc::new(Semaphore::new(1)),
            background: Background::default(),
        }
    }

    /// The colours of the picture at `key`; `None` where nothing is that may be used at `now`.
    pub(super) async fn palette(&self, key: &Key, now: Timestamp) -> Result<Option<Palette>> {
        let derived = Key::derived(PALETTE, key);
        let known = self.store.get_derived(&derived).await?;
        if let Some(known) = known {
            return known.info.is_usable(now).then(|| read_palette(&known)).transpose();
        }
        let Some(source) = self.source(key, now).await? else { return Ok(None) };
        let palette = self.derive(source, derived, palette_of).await?;
        read_palette(&palette).map(Some)
    }

    /// The picture at `key`, scaled down to fit into `size`; `None` where nothing is that may be
    /// used at `now`.
    pub(super) async fn resized(
        &self,
        key: &Key,
        size: ImageSize,
        now: Timestamp,
    ) -> Result<Option<Entry>> {
        let size = size.checked()?;
        let derived = Key::derived(size, key);
        let known = self.store.get_derived(&derived).await?;
        if let Some(known) = known {
            return Ok(Some(known).filter(|known| known.info.is_usable(now)));
        }
        let Some(source) = self.source(key, now).await? else { return Ok(None) };
        let resize = move |data: &Bytes| {
            let scaled = media::resized(data, size)?.map_or_else(|| data.clone(), Bytes::from);
            Ok(Made { mime_type: media::mime_type(&scaled, None), data: scaled })
        };
        self.derive(source, derived, resize).await.map(Some)
    }

    /// Makes the palette of a picture that was just stored, once its turn comes.
    pub(super) fn palette_later(&self, info: &EntryInfo) {
        if !info.data_type.is_image() || info.data_type == DataType::ARTIST_LOGO {
            return;
        }
        // At once, if nothing is being made, so that it is made though the cache is then closed.
        let turn = Arc::clone(&self.unasked).try_acquire_owned().ok();
        let (deriving, key, now) = (self.clone(), info.url.clone(), info.created_at);
        self.background.spawn(async move {
            let turn = match turn {
                Some(turn) => Ok(turn),
                None => Arc::clone(&deriving.unasked).acquire_owned().await,
            };
            // It is closed when the cache is; then the palette is made for whoever asks for it.
            let Ok(_turn) = turn else { return };
            match deriving.palette(&key, now).await {
                Err(error) if error.kind() == ErrorKind::Refused => {
                    tracing::debug!(%key, %error, "an image has no palette");
                }
                Err(error) => tracing::warn!(%key, %error, "the palette of an image was not made"),
                Ok(_) => {}
            }
        });
    }

    /// Waits until nothing is made behind anybody's back any more. Dropping the future gives it up.
    pub(super) async fn idle(&self) {
        self.background.finish().await;
    }

    /// Gives up the palettes that nobody has asked for and that are not begun, and waits for the
    /// one that is, but not for long.
    pub(super) async fn finish(&self) {
        self.unasked.close();
        if timeout(FINISH_PATIENCE, self.background.finish()).await.is_err() {
            self.background.abort().await;
        }
    }

    async fn source(&self, key: &Key, now: Timestamp) -> Result<Option<Entry>> {
        let source = self.store.get(key).await?;
        Ok(source.filter(|entry| entry.info.is_usable(now)))
    }

    /// Makes `derived` from `source` and stores it, unless the source has been replaced meanwhile.
    /// Who asked gets it in any case: it is right for the bytes that were there.
    async fn derive(
        &self,
        source: Entry,
        derived: Key,
        work: impl FnOnce(&Bytes) -> std::result::Result<Made, Mismatch> + Send + 'static,
    ) -> Result<Entry> {
        let Entry { info, data } = source;
        let thread = self.thread(&info.url).await?;
        // Others may have made it while this one waited.
        if let Some(entry) = self.store.get_derived(&derived).await? {
            return Ok(entry);
        }
        let made = on_a_thread(&info.url, thread, move || work(&data)).await?;
        let from = DerivedFrom { key: info.url.clone(), checksum: info.content_checksum };
        let new = || entry_of(&info, derived.clone(), &made);
        let info = match self.store.put_derived(new(), &from).await {
            Ok(Some(info)) => info,
            Ok(None) => EntryInfo::of_unstored(&new()),
            Err(error) => {
                tracing::warn!(key = %from.key, %error, "what was made of an entry is not kept");
                EntryInfo::of_unstored(&new())
            }
        };
        Ok(Entry { info, data: made.data })
    }

    async fn thread(&self, key: &Key) -> Result<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.threads).acquire_owned().await;
        permit.map_err(|_closed| failed(key, "no thread may decode pictures any more"))
    }
}

fn palette_of(data: &Bytes) -> std::result::Result<Made, Mismatch> {
    let palette = Palette::of(data)?;
    let json = serde_json::to_vec(&palette);
    let json = json.map_err(|error| Mismatch::Undecodable(error.to_string()))?;
    Ok(Made { data: json.into(), mime_type: "application/json".to_owned() })
}

fn read_palette(entry: &Entry) -> Result<Palette> {
    serde_json::from_slice(&entry.data).map_err(|source| {
        let reason = format_args!("it is none: {source}");
        Error::new(ErrorKind::Corrupt, "read palette", &entry.info.url, reason)
    })
}

/// Does work where it keeps nobody waiting. The permit goes along: the thread is at work even when
/// nobody waits for it any more.
async fn on_a_thread(
    key: &Key,
    permit: OwnedSemaphorePermit,
    work: impl FnOnce() -> std::result::Result<Made, Mismatch> + Send + 'static,
) -> Result<Made> {
    let made = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    match made.await {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(mismatch)) => Err(Error::new(ErrorKind::Refused, "read picture", key, mismatch)),
        Err(join) => Err(failed(key, "the thread that decodes pictures failed").with_source(join)),
    }
}

fn failed(key: &Key, reason: &str) -> Error {
    Error::new(ErrorKind::Internal, "read picture", key, reason)
}

/// The entry for what was made from `source`; the store sees to it that it is as current.
fn entry_of(source: &EntryInfo, key: Key, made: &Made) -> NewEntry {
    NewEntry {
        key,
        identifier: None,
        data_type: DataType::DERIVED,
        provider: source.provider.clone(),
        metadata: Metadata::new(),
        status_code: source.status_code,
        mime_type: made.mime_type.clone(),
        checksum: Checksum::of(&made.data),
        data: made.data.clone(),
        created_at: source.created_at,
        expires_at: source.expires_at,
        terms: source.terms.clone(),
        derived_from: None,
    }
}

#[cfg(test)]
impl Deriving {
    pub(super) async fn all_threads(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.threads.available_permits()).unwrap();
        Arc::clone(&self.threads).acquire_many_owned(all).await.unwrap()
    }

    pub(super) async fn unasked_turn(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.unasked).acquire_owned().await.unwrap()
    }

    pub(super) fn refuse_threads(&self) {
        self.threads.close();
    }
}
