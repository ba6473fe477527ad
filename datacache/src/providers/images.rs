//! Images of artists and albums.

use std::fmt;
use std::sync::Arc;

use crate::cache::{Answer, Cache, Lookup, QueueFill, Request, image_request, require_image_type};
use crate::error::Result;
use crate::identifier::Identifier;
use crate::media::{ImageSize, Palette};
use crate::name::{DataType, Provider};
use crate::queue::Priority;
use crate::store::{Cachekey, Entry, Subject};

/// The calls for images; cheap to clone. Providers are who is asked, under whose budget; unless one
/// is named, that of the URL's host.
///
/// ```no_run
/// # async fn example(cache: datacache::Cache) -> Result<(), datacache::Error> {
/// use datacache::{DataType, Identifier};
///
/// let (images, artist) = (cache.providers().images(), Identifier::new("Daft Punk")?);
/// let urls = ["https://example.com/1.jpg".to_owned(), "https://example.com/2.jpg".to_owned()];
/// images.fill_queue(&artist, &DataType::ARTIST_FANART, urls, None, 10).await?;
/// if let Some(fanart) = images.random_image(&artist, &DataType::ARTIST_FANART, None).await? {
///     let palette = images.palette(fanart.info.url.as_str()).await?;
///     println!("{} bytes, {palette:?}", fanart.data.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Images {
    cache: Cache,
    change: Option<Arc<Change>>,
}

/// What is done to a request before it is made.
type Change = dyn Fn(Request) -> Request + Send + Sync;

impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Images").field("cache", &self.cache).finish_non_exhaustive()
    }
}

/// A call for each image type.
macro_rules! image_calls {
    ($($name:ident, $data_type:ident, $what:literal;)+) => {$(
        #[doc = concat!("Gets ", $what, " from the cache or its origin; a")]
        /// [`Batch`](Priority::Batch) request that the cache cannot answer is queued.
        ///
        /// # Errors
        /// Those of [`Cache::fetch`].
        pub async fn $name(
            &self,
            url: &str,
            identifier: &Identifier,
            provider: Option<&Provider>,
            priority: Priority,
        ) -> Result<Answer> {
            self.cache_image(url, identifier, DataType::$data_type, provider, priority).await
        }
    )+};
}

impl Images {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, change: None }
    }

    /// Changes how the calls for URLs and [`fill_queue`](Self::fill_queue) ask from now on: their
    /// deadline, or that their URLs are a stranger's.
    ///
    /// ```no_run
    /// # fn example(cache: datacache::Cache) -> datacache::providers::Images {
    /// cache.providers().images().with(datacache::Request::untrusted)
    /// # }
    /// ```
    #[must_use]
    pub fn with(mut self, change: impl Fn(Request) -> Request + Send + Sync + 'static) -> Self {
        self.change = Some(match self.change {
            Some(before) => Arc::new(move |request| change(before(request))),
            None => Arc::new(change),
        });
        self
    }

    fn request(&self, url: &str, subject: &Subject, provider: Option<&Provider>) -> Request {
        let request = image_request(url, &subject.identifier, &subject.data_type, provider);
        match &self.change {
            Some(change) => change(request),
            None => request,
        }
    }

    image_calls! {
        cache_artist_thumbnail, ARTIST_THUMBNAIL, "an artist's thumbnail";
        cache_artist_logo, ARTIST_LOGO, "an artist's logo";
        cache_artist_banner, ARTIST_BANNER, "an artist's banner";
        cache_artist_fanart, ARTIST_FANART, "a fanart of an artist";
        cache_front_cover, FRONT_COVER, "an album's front cover";
    }

    async fn cache_image(
        &self,
        url: &str,
        identifier: &Identifier,
        data_type: DataType,
        provider: Option<&Provider>,
        priority: Priority,
    ) -> Result<Answer> {
        let subject = Subject { identifier: identifier.clone(), data_type };
        let request = self.request(url, &subject, provider);
        self.cache.fetch(request.priority(priority)).await
    }

    /// Queues those of `urls` that are missing, in the order given, until `identifier` has `max`
    /// images of this type, but no more than
    /// [`max_per_artist`](crate::ImagesConfig::max_per_artist) of all providers together. What is
    /// cached, be it stale if it may still be shown, and what is queued counts; what is known to be
    /// absent does not. What is cached and stale is renewed.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `data_type` is not an image type, or a
    /// URL cannot be fetched, else those of [`Cache::enqueue`]; then none is queued.
    pub async fn fill_queue(
        &self,
        identifier: &Identifier,
        data_type: &DataType,
        urls: impl IntoIterator<Item = String>,
        provider: Option<&Provider>,
        max: usize,
    ) -> Result<QueueFill> {
        let subject = Subject { identifier: identifier.clone(), data_type: data_type.clone() };
        let requests = urls.into_iter().map(|url| self.request(&url, &subject, provider));
        self.cache.fill_queue(&subject, requests, max).await
    }

    /// An image as [`Cache::random_image`] picks it. Where there is none of this type, one of the
    /// types that [`fallbacks`](crate::ImagesConfig::fallbacks) names for it; the entry says which.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `data_type` is not an image type.
    pub async fn random_image(
        &self,
        identifier: &Identifier,
        data_type: &DataType,
        provider: Option<&Provider>,
    ) -> Result<Option<Entry>> {
        self.cache.random_choice(identifier, data_type, provider).await
    }

    /// The handles of the images of `identifier` of this type that may be shown, in the order they
    /// were first stored. One stays the same when the image is renewed, and
    /// [`Cache::lookup_cachekey`] finds the image by it; it leads nowhere once the image is
    /// removed.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `data_type` is not an image type.
    pub async fn image_keys(
        &self,
        identifier: &Identifier,
        data_type: &DataType,
    ) -> Result<Vec<Cachekey>> {
        require_image_type("list images", data_type)?;
        self.cache.keys(identifier, data_type).await
    }

    /// The colours of the picture at `url`; `None` where the cache has no entry, or one that is
    /// stale and may not be used. It asks no origin.
    ///
    /// Palettes of stored images, logos excepted, are made behind everybody's back. One that is not
    /// there yet is made now, which takes a moment. It is made anew when the bytes change.
    ///
    /// # Errors
    /// [`Refused`](crate::ErrorKind::Refused) when the entry is not a picture, does not decode, or
    /// is too large, as for [`resized`](Self::resized).
    pub async fn palette(&self, url: &str) -> Result<Option<Palette>> {
        self.cache.palette(url).await
    }

    /// The picture at `url`, scaled down to fit into `size`; `None` where the cache has no entry,
    /// or one that is stale and may not be used. It asks no origin.
    ///
    /// The aspect is kept, and what fits is returned as it is. The result is a PNG where one can
    /// see through the picture, else a JPEG of quality 85. It is kept as long as the picture has
    /// the same bytes, so that asking for it again is one look-up.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an edge outside 1..=4096;
    /// [`Refused`](crate::ErrorKind::Refused) when the entry is not a picture, does not decode, has
    /// more than 100 million pixels, or takes more than 512 MiB once decoded. The latter is less
    /// where a pixel takes more than the usual four bytes: with 16 bits to a channel it is 67
    /// million pixels.
    pub async fn resized(&self, url: &str, size: ImageSize) -> Result<Option<Entry>> {
        Ok(match self.cache.resized(url, size).await? {
            Lookup::Fresh(entry) | Lookup::Stale(entry) => Some(entry),
            Lookup::Absent(_) | Lookup::Miss => None,
        })
    }
}
