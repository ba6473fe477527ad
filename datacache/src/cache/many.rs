//! Many look-ups at once.

use super::Cache;
use super::answer::Lookup;
use super::counting::{About, Asking};
use crate::error::Result;
use crate::key::Key;

impl Cache {
    /// What the cache knows about each of `urls`, in their order, as [`lookup`](Self::lookup) tells
    /// it. What is not in memory is read on one connection, which is what a look-up spends most of
    /// its time on. A URL may be there more than once. Each is counted as a look-up that took as long
    /// as all together.
    ///
    /// The answers need not be of one moment. Their bytes are all in memory when this returns: ask
    /// for pictures by the dozen, not by the thousand.
    ///
    /// ```
    /// use datacache::{Cache, Config, Lookup, Request};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let cache = Cache::open(Config::new(folder.path())).await?;
    /// cache.put(Request::new("embedded://discovery/cover"), "a cover").await?;
    ///
    /// let urls = ["embedded://discovery/cover", "embedded://homework/cover"];
    /// let lookups = cache.lookup_many(urls).await?;
    /// assert!(matches!(&lookups[0], Lookup::Fresh(entry) if entry.data == "a cover"));
    /// assert!(matches!(lookups[1], Lookup::Miss));
    /// # cache.close().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for the first malformed URL, and nothing is
    /// looked up; otherwise the cache itself has failed. A miss is not an error.
    pub async fn lookup_many(
        &self,
        urls: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<Vec<Lookup>> {
        let keys = urls.into_iter().map(|url| self.key(url.as_ref())).collect::<Result<_>>()?;
        Box::pin(self.look_up_many(keys)).await
    }

    async fn look_up_many(&self, keys: Vec<Key>) -> Result<Vec<Lookup>> {
        let askings: Vec<Asking<'_>> = keys.iter().map(|_| self.asking()).collect();
        let lookups: Vec<Result<Lookup>> = match self.0.hot.get_many(&keys).await {
            Ok(entries) => entries.into_iter().map(|entry| Ok(self.judge(entry))).collect(),
            Err(error) => keys.iter().map(|_| Err(error.clone())).collect(),
        };
        for ((asking, key), lookup) in askings.into_iter().zip(&keys).zip(&lookups) {
            asking.looked_up(lookup, || About::key(&self.0.policies, key));
        }
        lookups.into_iter().collect()
    }
}
