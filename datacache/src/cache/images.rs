//! Images of an artist or an album, and what is made from them.

use std::time::Duration;

use super::answer::Lookup;
use super::counting::About;
use super::{Cache, Page};
use crate::error::{Error, Result};
use crate::identifier::Identifier;
use crate::media::{ImageSize, Palette};
use crate::name::{DataType, Provider};
use crate::store::{self, Cachekey, Entry, Filter, Freshness, Pick};

impl Cache {
    /// An image of `identifier`, each equally likely and not the same one twice in a row; a stale
    /// one, which is then renewed by a worker, only where no fresh one is left. `None` when there
    /// is none.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `data_type` is not an image type.
    pub async fn random_image(
        &self,
        identifier: &Identifier,
        data_type: &DataType,
        provider: Option<&Provider>,
    ) -> Result<Option<Entry>> {
        self.counted_pick(identifier, std::slice::from_ref(data_type), provider).await
    }

    /// A pick of the first of these types that has an image.
    async fn counted_pick(
        &self,
        identifier: &Identifier,
        choices: &[DataType],
        provider: Option<&Provider>,
    ) -> Result<Option<Entry>> {
        let asking = self.asking();
        let Some(first) = choices.first() else { return Ok(None) };
        require_image_type("pick at random", first)?;
        let mut picked = Ok(None);
        for choice in choices {
            picked = self.pick(identifier, choice, provider).await;
            if !matches!(picked, Ok(None)) {
                break;
            }
        }
        asking.picked(&picked, || About::of(provider, first));
        picked
    }

    async fn pick(
        &self,
        identifier: &Identifier,
        data_type: &DataType,
        provider: Option<&Provider>,
    ) -> Result<Option<Entry>> {
        let subject =
            store::Subject { identifier: identifier.clone(), data_type: data_type.clone() };
        let now = self.now();
        let mut rng = fastrand::Rng::new();
        for worst in [Freshness::Fresh, Freshness::Stale] {
            let last = self.0.deferred.last_pick(&subject);
            let pick = Pick { subject: &subject, provider, last, now, worst };
            if let Some(entry) = self.0.store.pick_random(&pick, &mut rng).await? {
                self.0.read(&entry.info, now);
                self.renew_if_stale(&entry.info);
                self.0.deferred.picked(subject, entry.info.cachekey);
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The handles of the entries of `identifier` and `data_type` that may be used, in the order
    /// they were first stored.
    pub async fn keys(
        &self,
        identifier: &Identifier,
        data_type: &DataType,
    ) -> Result<Vec<Cachekey>> {
        let filter = Filter::all().identifier(identifier.clone()).data_type(data_type.clone());
        let (mut keys, now) = (Vec::new(), self.now());
        let mut after = Page::default();
        loop {
            let (entries, next) = self.list(&filter, after).await?;
            let found = entries.iter().filter(|info| info.is_usable(now));
            keys.extend(found.map(|info| info.cachekey));
            let Some(next) = next else { return Ok(keys) };
            after = next;
        }
    }

    /// The colours of the picture at `url`, made now if they have not been; `None` where the cache
    /// has nothing that may be used.
    pub(crate) async fn palette(&self, url: &str) -> Result<Option<Palette>> {
        let key = self.key(url)?;
        self.0.deriving.palette(&key, self.now()).await
    }

    /// Waits until the palettes of what was stored are made, for so long at most; then they are
    /// made for whoever asks for them.
    pub(crate) async fn palettes_made(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.0.deriving.idle()).await.is_err() {
            tracing::debug!("some palettes are left to whoever asks for them");
        }
    }

    /// The picture at `url` scaled down to fit into `size`.
    pub(crate) async fn resized(&self, url: &str, size: ImageSize) -> Result<Lookup> {
        let asking = self.asking();
        let key = self.key(url)?;
        let resized = self.0.deriving.resized(&key, size, self.now()).await;
        let lookup = resized.map(|resized| self.judge(resized));
        self.renew_if_used(&lookup);
        asking.looked_up(&lookup, || About {
            data_type: DataType::DERIVED,
            ..About::key(&self.0.policies, &key)
        });
        lookup
    }

    /// An image of the first type that has one: `data_type`, or what it falls back on.
    pub(crate) async fn random_choice(
        &self,
        identifier: &Identifier,
        data_type: &DataType,
        provider: Option<&Provider>,
    ) -> Result<Option<Entry>> {
        let choices = self.0.images.choices(data_type);
        self.counted_pick(identifier, &choices, provider).await
    }
}

pub(crate) fn require_image_type(operation: &'static str, data_type: &DataType) -> Result<()> {
    if data_type.is_image() {
        return Ok(());
    }
    let types = DataType::IMAGES.map(|image| image.to_string()).join(", ");
    let reason = format_args!("not an image type; those are {types}");
    Err(Error::invalid(operation, format_args!("'{data_type}'"), reason))
}
