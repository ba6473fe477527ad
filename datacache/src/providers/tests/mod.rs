//! What all providers share: an API on loopback, and how answers that are none are taken.

mod keys;
mod queries;

use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Providers, Query, Typed};
use crate::cache::Cache;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::error::{ErrorKind, Result};
use crate::testing::{Origin, Reply};

const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A cache whose provider is an origin on loopback.
pub(super) struct Api {
    pub(super) cache: Cache,
    pub(super) clock: Clock,
    pub(super) origin: Origin,
    _dir: tempfile::TempDir,
}

impl Api {
    /// `provider`, with these further settings, answers everything with `reply`.
    pub(super) async fn answering(provider: &str, settings: Value, reply: Reply) -> Self {
        let origin = Origin::start(move |_| reply.clone()).unwrap();
        Self::at(provider, settings, origin).await
    }

    /// `provider`, with these further settings, is `origin`, from the path `base_url` of it on.
    pub(super) async fn at(provider: &str, mut settings: Value, origin: Origin) -> Self {
        let path = settings["base_url"].as_str().unwrap_or("/");
        settings["base_url"] = json!(origin.url(path));
        settings["budget"] = json!("none");
        let dir = tempfile::tempdir().unwrap();
        let config = json!({
            "http": { "contact": "dj@example.org" },
            "providers": { provider: settings },
        });
        let mut config: Config = serde_json::from_value(config).unwrap();
        config.cache.dir = Some(dir.path().join("cache"));
        let clock = Clock::manual(START);
        let cache = Cache::open_with_clock(config, clock.clone()).await.unwrap();
        Self { cache, clock, origin, _dir: dir }
    }

    pub(super) fn providers(&self) -> Providers {
        self.cache.providers()
    }

    /// The paths that were asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.origin.received().into_iter().map(|request| request.path).collect()
    }
}

/// The API key of a provider that wants one.
pub(super) const API_KEY: &str = "S3CRETVALUE";

/// What `provider` is asked, without [`API_KEY`], and what is made of the answer `fixture`.
pub(super) async fn shot<T: Debug + Serialize + Send + 'static>(
    provider: &str,
    settings: Value,
    fixture: &str,
    query: impl FnOnce(Providers) -> Query<T>,
) -> Value {
    let api = Api::answering(provider, settings, Reply::ok(fixture)).await;
    let typed = query(api.providers()).await.unwrap();
    let asked: Vec<String> = api.asked().iter().map(|path| path.replace(API_KEY, "***")).collect();
    json!({ "asked": asked, "value": typed.value })
}

/// What becomes of a query that is answered with `reply`.
pub(super) async fn outcome<T: Debug + Send + 'static>(
    provider: &str,
    settings: Value,
    reply: Reply,
    query: impl FnOnce(Providers) -> Query<T>,
) -> Result<Option<T>, ErrorKind> {
    let api = Api::answering(provider, settings, reply).await;
    let once = |request: crate::Request| request.retries(0).deadline(Duration::from_secs(30));
    let typed: Result<Typed<T>> = query(api.providers()).with(once).await;
    typed.map(|typed| typed.value).map_err(|error| error.kind())
}
