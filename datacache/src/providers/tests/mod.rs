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
pub(super) const KEY: &str = "S3CRETVALUE";

/// What `provider` is asked, without [`KEY`], and what is made of the answer `fixture`.
pub(super) async fn shot<T: Debug + Serialize + Send + 'static>(
    provider: &str,
    settings: Value,
    fixture: &str,
    query: impl FnOnce(Providers) -> Query<T>,
) -> Value {
    let api = Api::answering(provider, settings, Reply::ok(fixture)).await;
    let typed = query(api.providers()).await.unwrap();
    let asked: Vec<String> = api.asked().iter().map(|path| path.replace(KEY, "***")).collect();
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

/// Asserts that a query sends its provider's key, and that nothing else has it: neither what is
/// shown of the query and of the way to its answer, nor what is stored.
pub(super) async fn assert_kept_secret<T: Send + 'static>(
    provider: &str,
    settings: Value,
    fixture: &str,
    query: impl Fn(&Api) -> Query<T>,
) {
    let api = Api::answering(provider, settings, Reply::ok(fixture)).await;
    let shown = format!("{:?} {}", query(&api), query(&api).url().unwrap());
    let explained = api.cache.explain(query(&api).into_request().unwrap()).await;
    let told = format!("{shown} {explained:?}");
    assert!(explained.answer.is_ok() && !told.contains(KEY), "{told}");
    query(&api).await.unwrap();
    let [received] = &api.origin.received()[..] else { panic!("asked more than once") };
    assert!(format!("{received:?}").contains(KEY), "{received:?}");
    api.cache.close().await;
    let mut files = 0;
    for entry in std::fs::read_dir(api.cache.dir()).unwrap().flatten() {
        if entry.path().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(KEY), "{:?}", entry.path());
            files += 1;
        }
    }
    assert!(files > 0);
}

/// Asserts that a query is refused without a key, by the names of its settings, unless the cache
/// can answer it.
pub(super) async fn assert_needs_key<T: Send + 'static>(
    provider: &str,
    settings: Value,
    fixture: &str,
    query: impl Fn(Providers) -> Query<T>,
) {
    let api = Api::answering(provider, settings, Reply::ok(fixture)).await;
    let error = query(api.providers()).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let (error, section) = (error.to_string(), format!("[providers.{provider}]"));
    assert!(error.contains("PROVIDER_KEY") && error.contains(&section), "{error}");
    let offline = query(api.providers()).with(crate::Request::offline).await.unwrap();
    assert!(matches!(offline.answer, crate::Answer::Miss));
    let stored = crate::Request::new(query(api.providers()).url().unwrap());
    api.cache.put(stored, fixture.to_owned()).await.unwrap();
    assert!(query(api.providers()).await.unwrap().value.is_some());
    assert_eq!(api.asked().len(), 0);
}
