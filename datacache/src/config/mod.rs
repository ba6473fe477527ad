//! Settings, with their defaults.
//!
//! [`Config`] mirrors the configuration file: `[cache]`, `[http]`, `[images]` and
//! `[providers.NAME]`. It reads no file and no environment itself; any serde format will do, and an
//! unknown key is an error. Durations are written `90s`, `15m`, `12h`, `14d`; sizes are bytes;
//! budgets `1/s`, `30/min`.

mod answers;
mod base_url;
mod budget;
mod built_in;
mod credential;
mod duration;
mod host;
mod images;
mod lifetimes;
mod payer;
mod policies;
mod provider;
mod token_client;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};
use crate::name::Provider;

pub(crate) use answers::{AnswerRules, Dialect};
pub use base_url::BaseUrl;
pub use budget::Budget;
pub(crate) use budget::Window;
pub(crate) use credential::Credential;
pub use credential::{ApiKeyPlace, Secret};
pub use images::ImagesConfig;
pub(crate) use lifetimes::{Authority, Lifetimes, Rule};
pub(crate) use payer::Payer;
pub(crate) use policies::Policies;
pub use provider::ProviderConfig;
pub(crate) use token_client::TokenClient;

/// All settings of a [`Cache`](crate::Cache).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// `[cache]`
    pub cache: CacheConfig,
    /// `[http]`
    pub http: HttpConfig,
    /// `[images]`
    pub images: ImagesConfig,
    /// `[providers.NAME]`: what differs from the built-in policy of a provider, or a new one.
    pub providers: BTreeMap<Provider, ProviderConfig>,
}

impl Config {
    /// The defaults, with the cache in the folder `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let mut config = Self::default();
        config.cache.dir = Some(dir.into());
        config
    }

    /// The cache folder.
    pub(crate) fn dir(&self) -> Result<&Path> {
        let dir = self.cache.dir.as_deref().filter(|dir| !dir.as_os_str().is_empty());
        dir.ok_or_else(|| {
            Error::new(ErrorKind::Config, "open cache", "cache.dir", "no cache folder is set")
        })
    }
}

/// Where entries lie and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CacheConfig {
    /// The cache folder, on a local disk; it is made if it does not exist. All processes that name
    /// the same folder share one cache.
    pub dir: Option<PathBuf>,
    /// Bodies that take up to this many bytes, compressed if they are, lie in the database, larger
    /// ones in files of their own. Default 64 KiB.
    pub inline_max_bytes: usize,
    /// What the cache may take on disk, with everything that lies in its folder: 0 for any amount,
    /// else at least 4 MiB. What is used least makes room for what is new. Queued requests take an
    /// eighth of it at most. Default 5 GiB.
    pub max_bytes: u64,
    /// How much memory the entries may take that this process keeps at hand; other processes' changes
    /// are seen at once all the same. 0 for none. Default 64 MiB.
    pub hot_bytes: u64,
    /// What is left free on the disk: nothing is stored that would leave less, unless what it
    /// replaces is removed first. Default 64 MiB.
    #[serde(rename = "min_free")]
    pub min_free_bytes: u64,
    /// How long past its time an entry is kept for when its origin fails. Default 90 days.
    #[serde(with = "duration")]
    pub max_stale: Duration,
    /// What becomes of requests while the cache cannot be used. Default [`OnCacheError::Error`].
    pub on_cache_error: OnCacheError,
}

/// The smallest [`max_bytes`](CacheConfig::max_bytes) in which a database can work.
const LEAST_MAX_BYTES: u64 = 4 * 1024 * 1024;

impl CacheConfig {
    /// Refuses sizes with which no cache can work.
    pub(crate) fn check(&self) -> Result<()> {
        if self.max_bytes > 0 && self.max_bytes < LEAST_MAX_BYTES {
            let reason = format_args!("it is 0 for any amount, else at least {LEAST_MAX_BYTES}");
            return Err(Error::new(ErrorKind::Config, "open cache", "cache.max_bytes", reason));
        }
        Ok(())
    }
}

/// What becomes of a request when the cache cannot be used: when its folder cannot be written, its
/// disk is full, its database damaged, locked or a newer program's, or it is on a network file
/// system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OnCacheError {
    /// It fails, and so does opening the cache.
    #[default]
    Error,
    /// [`Cache::fetch`](crate::Cache::fetch) asks the origin, and what comes is not kept. What can
    /// be read from the cache is. It is tried every five seconds whether the cache can be used
    /// again, behind everybody's back. This process keeps to the providers' budgets alone
    /// meanwhile. What is to be queued fails, and everything else that needs the cache.
    Bypass,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            dir: None,
            inline_max_bytes: 64 * 1024,
            max_bytes: 5 * 1024 * 1024 * 1024,
            hot_bytes: default_hot_bytes(),
            min_free_bytes: 64 * 1024 * 1024,
            max_stale: Duration::from_hours(90 * 24),
            on_cache_error: OnCacheError::default(),
        }
    }
}

/// The one place where the tests of this crate learn that they are run with another.
fn default_hot_bytes() -> u64 {
    #[cfg(test)]
    if let Some(bytes) = crate::testing::hot_bytes() {
        return bytes;
    }
    64 * 1024 * 1024
}

/// How origins are asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct HttpConfig {
    /// An e-mail address or web page where the operator of this program can be reached; some
    /// providers refuse requests without one. It is sent in the User-Agent.
    pub contact: Option<String>,
    /// The program's name and version as sent in the User-Agent. Default `datacache/VERSION`.
    pub user_agent: String,
    /// The largest body that is accepted, in bytes, counted after decompression.
    /// Default 32 MiB.
    pub max_body_bytes: usize,
    /// How long connecting may take; more than 0. Default 10 s.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// How many redirects are followed. Default 10.
    pub max_redirects: usize,
    /// The longest that a request waits in all until the budgets allow it and those that its
    /// redirects lead to, where its deadline does not say less. Default 60 s.
    #[serde(with = "duration")]
    pub max_wait: Duration,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            contact: None,
            user_agent: concat!("datacache/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_body_bytes: 32 * 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            max_redirects: 10,
            max_wait: Duration::from_mins(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Config, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let config = parse("{}").unwrap();
        assert_eq!(config.cache.inline_max_bytes, 65_536);
        let of_this_run = crate::testing::hot_bytes();
        assert_eq!(config.cache.hot_bytes, of_this_run.unwrap_or(67_108_864));
        assert_eq!(config.http.max_body_bytes, 33_554_432);
        assert_eq!(config.http.max_wait, Duration::from_mins(1));
        assert_eq!(config.dir().unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn an_unknown_key_is_named() {
        for json in [
            r#"{"speed": 1}"#,
            r#"{"http": {"speed": 1}}"#,
            r#"{"providers": {"cdn": {"speed": 1}}}"#,
        ] {
            let error = parse(json).unwrap_err();
            assert!(error.contains("speed"), "{error}");
        }
    }

    #[test]
    fn durations_are_written_with_units() {
        let config = parse(r#"{"http": {"connect_timeout": "90s"}}"#).unwrap();
        assert_eq!(config.http.connect_timeout, Duration::from_secs(90));
        let error = parse(r#"{"http": {"connect_timeout": "soon"}}"#).unwrap_err();
        assert!(error.contains("soon"), "{error}");
    }
}
