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
use crate::cache::{Cache, Called, CameTo, Lookup, Outcome, Request, Way};
use crate::db::Use;
use crate::error::{Error, ErrorKind, Result};
use crate::identifier::Identifier;
use crate::key::Key;
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

    /// The JSON at `url`, which is about `identifier`, under the policy of `provider`, which says
    /// also how long it is kept where `ttl` does not.
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
    /// - An `Err` is not kept. Where there is a stale value, that is returned instead, else the
    ///   `Err` as it is.
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
    /// That of `call`; [`InvalidInput`](ErrorKind::InvalidInput) for an identifier or endpoint that
    /// is empty or has more than 1 000 bytes, for an identifier that has more than 512 once it is
    /// normalised, before anything is called; and for a value that cannot be written as JSON; else
    /// the cache itself has failed.
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
        let asking = self.cache.asking();
        let url = call_url(provider, identifier, endpoint)?;
        let answer = self.answer(provider, identifier, &url, call).await;
        // What kind of error it is, only the caller can tell.
        let failed = CameTo {
            outcome: Outcome::Failed(ErrorKind::Upstream),
            way: Way::Origin,
            size_bytes: 0,
        };
        let came_to = answer.as_ref().map_or(&failed, |(_, came_to)| came_to);
        asking.came_to(provider, &DataType::API_RESPONSE, came_to);
        answer.map(|(value, _)| value)
    }

    /// The value, and how it was come by.
    async fn answer<T, E, Calling>(
        &self,
        provider: &Provider,
        identifier: &str,
        url: &Url,
        call: impl FnOnce() -> Calling + Send,
    ) -> Result<(Option<T>, CameTo), E>
    where
        T: Serialize + DeserializeOwned + Send + Sync,
        E: From<Error> + Send,
        Calling: Future<Output = Result<Option<T>, E>> + Send,
    {
        let key = self.cache.key(url.as_str())?;
        // What could not be kept is not called for.
        Identifier::new(identifier)?;
        if let Known::Fresh(value, size_bytes) = self.known(&key).await? {
            let outcome = if value.is_some() { Outcome::Fresh } else { Outcome::Absent };
            return Ok((value, CameTo { outcome, way: Way::Cache, size_bytes }));
        }
        let _turn = self.cache.turn(&key).await;
        // Whoever had the turn before may have answered.
        let stale = match self.known(&key).await? {
            Known::Fresh(value, size_bytes) => return Ok(fetched(value, size_bytes)),
            Known::Stale(value, size_bytes) => Some((value, size_bytes)),
            Known::Nothing => None,
        };
        match call().await {
            Ok(value) => {
                let size_bytes = self.keep(provider, identifier, url, value.as_ref()).await?;
                self.count_call(provider, Called::Answered { size_bytes });
                Ok(fetched(value, size_bytes))
            }
            Err(error) => {
                self.count_call(provider, Called::Failed);
                let (value, size_bytes) = stale.ok_or(error)?;
                tracing::warn!(%key, "the call failed; answering with a stale value");
                let (outcome, way) = (Outcome::Fallback, Way::Origin);
                Ok((Some(value), CameTo { outcome, way, size_bytes }))
            }
        }
    }

    fn count_call(&self, provider: &Provider, called: Called) {
        self.cache.called(provider, &DataType::API_RESPONSE, called);
    }

    async fn known<T: DeserializeOwned>(&self, key: &Key) -> Result<Known<T>> {
        // What cannot be read was kept by a program with another idea of it.
        let read = |entry: &Entry| serde_json::from_slice(&entry.data).ok();
        let value = |entry: &Entry| read(entry).map(|value| (value, entry.info.data_size));
        let known = match self.cache.look_up(key).await {
            Err(error) if self.cache.does_without(Use::Reading, &error) => Lookup::Miss,
            known => known?,
        };
        Ok(match known {
            Lookup::Fresh(entry) => match value(&entry) {
                Some((value, size_bytes)) => Known::Fresh(Some(value), size_bytes),
                None => Known::Nothing,
            },
            Lookup::Stale(entry) => match value(&entry) {
                Some((value, size_bytes)) => Known::Stale(value, size_bytes),
                None => Known::Nothing,
            },
            Lookup::Absent(_) => Known::Fresh(None, 0),
            Lookup::Miss => Known::Nothing,
        })
    }

    /// Stores what a call came to; returns its size in bytes.
    async fn keep<T: Serialize + Sync>(
        &self,
        provider: &Provider,
        identifier: &str,
        url: &Url,
        value: Option<&T>,
    ) -> Result<u64> {
        let request = Request::new(url.as_str())
            .identifier(identifier)
            .provider(provider.clone())
            .data_type(DataType::API_RESPONSE);
        let (kept, size_bytes) = match value {
            None => (self.cache.put_absence(request).await, 0),
            Some(value) => {
                let json = json_of(value, url)?;
                let size_bytes = json.len() as u64;
                (self.cache.put(request, json).await, size_bytes)
            }
        };
        match kept {
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(error),
            Err(error) if !self.cache.does_without(Use::Writing, &error) => {
                tracing::warn!(%url, %error, "what was called for is not kept");
            }
            _ => {}
        }
        Ok(size_bytes)
    }
}

fn json_of(value: &impl Serialize, url: &Url) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|source| {
        let reason = "what was answered cannot be written as JSON";
        Error::new(ErrorKind::InvalidInput, "store", url, reason).with_source(source)
    })
}

/// What the cache knows of a call's answer, and its size in bytes.
enum Known<T> {
    Fresh(Option<T>, u64),
    Stale(T, u64),
    Nothing,
}

/// What this caller's client has answered just now, or that of somebody whom he has waited for.
fn fetched<T>(value: Option<T>, size_bytes: u64) -> (Option<T>, CameTo) {
    let outcome = if value.is_some() { Outcome::Fetched } else { Outcome::FetchedAbsent };
    (value, CameTo { outcome, way: Way::Origin, size_bytes })
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
