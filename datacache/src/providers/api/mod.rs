//! The APIs of anybody: of providers that have no calls of their own here, and of those for which
//! the caller has a client.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::language::Language;
use super::query::Query;
use super::term;
use crate::cache::{Cache, Lookup, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::identifier::Identifier;
use crate::name::{DataType, Provider};
use crate::store::{Entry, Metadata};

/// Answers of any API.
#[derive(Clone)]
pub struct Api {
    cache: Cache,
}

impl Api {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// The JSON at `url`, which is about `identifier`, under the policy of `provider`, which says also
    /// how long it is kept where `ttl` does not.
    ///
    /// # Errors
    /// Those of [`Query`].
    pub fn cache_api_response(
        &self,
        url: impl Into<String>,
        identifier: &str,
        provider: Provider,
        ttl: Option<Duration>,
    ) -> Query<Value> {
        let request = Request::new(url)
            .identifier(identifier)
            .provider(provider)
            .data_type(DataType::API_RESPONSE);
        self.json(Ok(match ttl {
            Some(ttl) => request.ttl(ttl),
            None => request,
        }))
    }

    /// The biography of an artist at `url`, as JSON. It is an entry of the data type `bio_en`, or
    /// what its language is, with the language in its metadata. What is no JSON, as a log-in page,
    /// replaces none, be it a worker that gets it.
    ///
    /// # Errors
    /// Those of [`Query`].
    pub fn cache_artist_bio(
        &self,
        url: impl Into<String>,
        artist: &str,
        provider: Provider,
        language: &Language,
    ) -> Query<Value> {
        let metadata = Metadata::from_iter([("language".to_owned(), language.as_str().into())]);
        let request = DataType::new(&format!("bio_{language}")).map(|data_type| {
            Request::new(url)
                .identifier(artist)
                .provider(provider)
                .data_type(data_type)
                .metadata(metadata)
                .json()
        });
        self.json(request)
    }

    fn json(&self, request: Result<Request>) -> Query<Value> {
        Query::of(self.cache.clone(), request, |body| serde_json::from_slice(body))
    }

    /// What `call` answers, or has answered: for callers with a client of their own, whose requests
    /// the cache neither makes nor paces.
    ///
    /// It is kept for as long as the policy of `provider` says, under a key such as
    /// `call://lastfm/artist.getInfo?identifier=Daft+Punk`. The identifier stands there as it is
    /// given, so that ids that differ in case only are two.
    ///
    /// - A value that is fresh is returned, and nothing called.
    /// - `Ok(Some)` is kept for the provider's TTL, `Ok(None)` as "there is none" for its
    ///   `absent_ttl`.
    /// - An `Err` is not kept. Where there is a stale value, that is returned instead, else the `Err`
    ///   as it is.
    /// - A value that the cache cannot keep, as on a full disk, is returned all the same.
    /// - Of the tasks of this process that ask for one key, one calls; the others wait for it, and
    ///   call in turn if it failed. Other processes may call at the same time.
    ///
    /// ```
    /// # use datacache::{Cache, Config, Provider};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Bio(String);
    /// # async fn ask(artist: &str) -> Result<Option<Bio>, std::io::Error> { Ok(None) }
    /// # async fn example(cache: Cache) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let lastfm = Provider::new("lastfm")?;
    /// let api = cache.providers().api();
    /// let bio: Option<Bio> = api
    ///     .cached(&lastfm, "Daft Punk", "artist.getInfo", || async {
    ///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(ask("Daft Punk").await?)
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// That of `call`; [`InvalidInput`](ErrorKind::InvalidInput) for an identifier or endpoint that is
    /// empty or has more than 1 000 bytes, for an identifier that has more than 512 once it is
    /// normalised, before anything is called; and for a value that cannot be written as JSON; else the
    /// cache itself has failed.
    ///
    /// # Cancel safety
    /// Dropping the future drops that of `call`, and another caller has its turn.
    pub async fn cached<T, E, Calling>(
        &self,
        provider: &Provider,
        identifier: &str,
        endpoint: &str,
        call: impl FnOnce() -> Calling + Send,
    ) -> Result<Option<T>, E>
    where
        T: Serialize + DeserializeOwned + Send + Sync,
        E: From<Error> + Send,
        Calling: Future<Output = Result<Option<T>, E>> + Send,
    {
        let url = call_url(provider, identifier, endpoint)?;
        let key = self.cache.key(url.as_str())?;
        // What could not be kept is not called for.
        Identifier::new(identifier)?;
        if let Known::Fresh(value) = self.known(&url).await? {
            return Ok(value);
        }
        let _turn = self.cache.turn(&key).await;
        // Whoever had the turn before may have answered.
        let stale = match self.known(&url).await? {
            Known::Fresh(value) => return Ok(value),
            Known::Stale(value) => Some(value),
            Known::Nothing => None,
        };
        match call().await {
            Ok(value) => {
                let kept = self.keep(provider, identifier, &url, value.as_ref()).await;
                match kept {
                    Err(error) if error.kind() == ErrorKind::InvalidInput => {
                        return Err(error.into());
                    }
                    Err(error) => tracing::warn!(%key, %error, "what was called for is not kept"),
                    Ok(()) => {}
                }
                Ok(value)
            }
            Err(error) => {
                let stale = stale.ok_or(error)?;
                tracing::warn!(%key, "the call failed; answering with a stale value");
                Ok(Some(stale))
            }
        }
    }

    async fn known<T: DeserializeOwned>(&self, url: &Url) -> Result<Known<T>> {
        // What cannot be read was kept by a program with another idea of it.
        let read = |entry: &Entry| serde_json::from_slice(&entry.data).ok();
        Ok(match self.cache.lookup(url.as_str()).await? {
            Lookup::Fresh(entry) => {
                read(&entry).map_or(Known::Nothing, |value| Known::Fresh(Some(value)))
            }
            Lookup::Stale(entry) => read(&entry).map_or(Known::Nothing, Known::Stale),
            Lookup::Absent(_) => Known::Fresh(None),
            Lookup::Miss => Known::Nothing,
        })
    }

    async fn keep<T: Serialize + Sync>(
        &self,
        provider: &Provider,
        identifier: &str,
        url: &Url,
        value: Option<&T>,
    ) -> Result<()> {
        let request = Request::new(url.as_str())
            .identifier(identifier)
            .provider(provider.clone())
            .data_type(DataType::API_RESPONSE);
        let Some(value) = value else { return self.cache.put_absence(request).await.map(drop) };
        let json = serde_json::to_vec(value).map_err(|source| {
            let reason = "what was answered cannot be written as JSON";
            Error::new(ErrorKind::InvalidInput, "store", url, reason).with_source(source)
        })?;
        self.cache.put(request, json).await.map(drop)
    }
}

/// What the cache knows of a call's answer.
enum Known<T> {
    Fresh(Option<T>),
    Stale(T),
    Nothing,
}

/// The URL that stands for a call. It can be stored and looked up, not fetched.
fn call_url(provider: &Provider, identifier: &str, endpoint: &str) -> Result<Url> {
    let identifier = term::checked("identifier", identifier)?;
    let endpoint = term::checked("endpoint", endpoint)?;
    // A provider may be called like a host with a port, or an IPv6 address.
    let host = provider.as_str().replace(':', "%3A");
    let refuse = |_| Error::invalid("ask provider", provider, "it cannot be part of a key");
    let mut url = Url::parse(&format!("call://{host}")).map_err(refuse)?;
    if [".", ".."].contains(&endpoint) {
        return Err(Error::invalid("ask provider", "endpoint", "it has no name"));
    }
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(endpoint);
    }
    url.query_pairs_mut().append_pair("identifier", identifier);
    Ok(url)
}

#[cfg(test)]
mod tests;
