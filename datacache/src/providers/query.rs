//! A typed question, and its way through the cache.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use url::Url;

use crate::cache::{Answer, Cache, Request, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::identifier::Identifier;
use crate::name::{DataType, Provider};

/// Makes a value of a body; `Err` says why it is none.
type Read<T> = Box<dyn Fn(&[u8]) -> Result<T, serde_json::Error> + Send + Sync>;

/// A question to a provider that is not asked yet: `.await` asks it.
///
/// # Errors
/// Those of [`Cache::fetch`]; [`InvalidInput`](ErrorKind::InvalidInput) for what cannot be asked,
/// [`Config`](ErrorKind::Config) for settings that are missing, and [`Refused`](ErrorKind::Refused)
/// for an answer that is not what the provider answers; it does not stay in the cache.
///
/// # Cancel safety
/// That of [`Cache::fetch`].
#[must_use = "a query does nothing unless it is awaited"]
pub struct Query<T> {
    cache: Cache,
    asked: Result<(Request, Read<T>)>,
    attribution: Option<&'static str>,
    /// What the settings lack for asking the provider. The cache answers without.
    lacks: Option<Error>,
}

/// A provider's answer, read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Typed<T> {
    /// What it says; `None` where the provider has none, or nothing is known yet: see `answer`.
    pub value: Option<T>,
    /// What the cache answered: how current it is, and its bytes as the provider sent them.
    pub answer: Answer,
    /// What has to be shown with it, where its provider insists.
    pub attribution: Option<&'static str>,
}

impl<T> fmt::Debug for Query<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.asked.as_ref().map(|(request, _)| request);
        f.debug_struct("Query").field("request", &request).finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + 'static> Query<T> {
    /// A question whose answer is JSON that has the shape of `T`.
    pub(super) fn json(cache: Cache, provider: &'static str, url: Result<Url>) -> Self {
        Self::new(cache, provider, url, |body| serde_json::from_slice(body))
    }
}

impl<T> Query<T> {
    /// A question to `provider` whose answer is what `read` makes of the JSON at `url`.
    pub(super) fn new(
        cache: Cache,
        provider: &'static str,
        url: Result<Url>,
        read: impl Fn(&[u8]) -> Result<T, serde_json::Error> + Send + Sync + 'static,
    ) -> Self {
        let request = url.map(|url| {
            Request::new(url)
                .provider(Provider::from_row(provider.to_owned()))
                .data_type(DataType::API_RESPONSE)
        });
        Self::of(cache, request, read)
    }

    /// A question whose answer is what `read` makes of that to `request`.
    pub(super) fn of(
        cache: Cache,
        request: Result<Request>,
        read: impl Fn(&[u8]) -> Result<T, serde_json::Error> + Send + Sync + 'static,
    ) -> Self {
        let asked = request.map(|request| (request, Box::new(read) as Read<T>));
        Self { cache, asked, attribution: None, lacks: None }
    }

    /// Its provider answers nobody without an API key.
    pub(super) fn needs_key(mut self) -> Self {
        let url = self.asked.as_ref().ok().map(|(request, _)| request.url());
        self.lacks = url.and_then(|url| self.cache.missing_key(url));
        self
    }

    /// Its provider wants to know whom it can write to.
    pub(super) fn needs_contact(mut self, provider: &'static str) -> Self {
        self.lacks = self.cache.missing_contact(provider);
        self
    }

    /// Changes how it is asked: its deadline, its priority, whether the machine may be left.
    pub fn with(mut self, change: impl FnOnce(Request) -> Request) -> Self {
        self.asked = self.asked.map(|(request, read)| (change(request), read));
        self
    }

    /// The artist, album or track it is about, under which its answer is listed. A name too long to
    /// list anything under can be asked about all the same.
    pub(super) fn about(self, identifier: &str) -> Self {
        match Identifier::new(identifier) {
            Ok(_) => self.with(|request| request.identifier(identifier)),
            Err(_) => self,
        }
    }

    /// What its provider wants to see shown with its answer.
    pub(super) fn attributed(mut self, attribution: &'static str) -> Self {
        self.attribution = Some(attribution);
        self
    }

    /// The URL under which its answer is cached.
    ///
    /// # Errors
    /// Those of asking, where it cannot be asked.
    pub fn url(&self) -> Result<&str> {
        match &self.asked {
            Ok((request, _)) => Ok(request.url()),
            Err(error) => Err(error.clone()),
        }
    }

    /// The request that it comes to, as for [`Cache::enqueue`].
    ///
    /// # Errors
    /// Those of asking, where it cannot be asked.
    pub fn into_request(self) -> Result<Request> {
        let request = self.asked.map(|(request, _)| request);
        self.lacks.map_or(request, Err)
    }

    async fn ask(self) -> Result<Typed<T>> {
        let (mut request, read) = self.asked?;
        let lacks = self.lacks.filter(|_| request.may_leave());
        if lacks.is_some() {
            request = request.offline();
        }
        let url = request.url().to_owned();
        let explained = |error| self.cache.with_setting(error, &url);
        let mut asked = self.cache.ask(request.clone()).await.map_err(explained)?;
        if let Ok(answer) = &asked.answer
            && is_stored(answer)
            && value_in(answer, &read).is_err()
        {
            // Stored by whoever had another idea of what the provider answers. Who may not ask
            // takes nothing away.
            if let Some(lacks) = lacks {
                return Err(lacks);
            }
            if request.may_leave() {
                self.cache.forget(answer).await?;
                asked = self.cache.ask(request).await.map_err(explained)?;
            }
        }
        let answer = asked.counted().map_err(explained)?;
        if let (Answer::Miss, Some(lacks)) = (&answer, lacks) {
            return Err(lacks);
        }
        match value_in(&answer, &read) {
            Ok(value) => Ok(Typed { value, answer, attribution: self.attribution }),
            Err(reason) => {
                if !is_stored(&answer) {
                    self.cache.forget(&answer).await?;
                }
                Err(unreadable(&answer, &reason))
            }
        }
    }
}

fn value_in<T>(answer: &Answer, read: &Read<T>) -> Result<Option<T>, serde_json::Error> {
    match answer {
        Answer::Found(found) => read(&found.entry.data).map(Some),
        _ => Ok(None),
    }
}

fn is_stored(answer: &Answer) -> bool {
    matches!(answer, Answer::Found(found) if found.source != Source::Origin)
}

fn unreadable(answer: &Answer, reason: &serde_json::Error) -> Error {
    // Its own words repeat what stands there, however long or secret that is.
    let what = match reason.classify() {
        Category::Data => "something else than is read there",
        Category::Eof => "its end",
        Category::Syntax | Category::Io => "no JSON",
    };
    let (line, column) = (reason.line(), reason.column());
    let reason =
        format_args!("it is not what the provider answers: {what} at line {line}, column {column}");
    match answer {
        Answer::Found(found) => {
            Error::new(ErrorKind::Refused, "read answer", &found.entry.info.url, reason)
        }
        _ => Error::new(ErrorKind::Internal, "read answer", "nothing", reason),
    }
}

impl Cache {
    async fn forget(&self, answer: &Answer) -> Result<()> {
        match answer {
            Answer::Found(found) => self.remove(found.entry.info.url.as_str()).await.map(drop),
            _ => Ok(()),
        }
    }
}

impl<T: Send + 'static> IntoFuture for Query<T> {
    type Output = Result<Typed<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ask())
    }
}
