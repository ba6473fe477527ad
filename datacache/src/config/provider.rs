//! Provider policies: whose URL it is, how long its answers are kept, how long it may take.
//!
//! Every provider has a policy: its row of the built-in table, else the row for everybody else,
//! under what `[providers.NAME]` says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::built_in::{self, BuiltIn};
use super::duration;
use crate::name::{DataType, Provider};
use crate::redact::SecretRules;

/// One `[providers.NAME]` section: what is left out keeps its built-in value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// More hosts whose URLs belong to this provider when a request names none; `*.example.org`
    /// covers every host below `example.org`.
    pub hosts: Option<Vec<String>>,
    /// How long an answer is fresh; image types get twice as long unless `max_ttl` forbids it.
    #[serde(deserialize_with = "duration::optional::deserialize")]
    pub ttl: Option<Duration>,
    /// How long "there is none" is believed.
    #[serde(deserialize_with = "duration::optional::deserialize")]
    pub absent_ttl: Option<Duration>,
    /// The longest an answer may be fresh, whatever a request asks for.
    #[serde(deserialize_with = "duration::optional::deserialize")]
    pub max_ttl: Option<Duration>,
    /// How long one request may take, from sending to the last byte.
    #[serde(deserialize_with = "duration::optional::deserialize")]
    pub timeout: Option<Duration>,
    /// Query parameters that are credentials on this provider's hosts.
    pub secret_params: Option<Vec<String>>,
    /// Path prefixes, each ending in `/`, after which one segment is a credential.
    pub secret_path_prefixes: Option<Vec<String>>,
}

/// The policy of one provider, complete.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    hosts: Vec<String>,
    ttl: Duration,
    absent_ttl: Duration,
    max_ttl: Option<Duration>,
    pub(crate) timeout: Duration,
    pub(crate) secrets: SecretRules,
}

impl From<&BuiltIn> for Policy {
    fn from(row: &BuiltIn) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            hosts: texts(row.hosts),
            ttl: row.ttl,
            absent_ttl: row.absent_ttl,
            max_ttl: row.max_ttl,
            timeout: row.timeout,
            secrets: SecretRules {
                params: texts(row.secret_params),
                path_prefixes: texts(row.secret_path_prefixes),
            },
        }
    }
}

impl Policy {
    /// How long an entry of `data_type` is fresh, when the request asked for `requested`.
    pub(crate) fn ttl(&self, requested: Option<Duration>, data_type: &DataType) -> Duration {
        let own = || {
            if data_type.is_image() { self.ttl.saturating_mul(2) } else { self.ttl }
        };
        let ttl = requested.unwrap_or_else(own);
        self.max_ttl.map_or(ttl, |max_ttl| ttl.min(max_ttl))
    }

    /// How long "there is none" is believed, when the request asked for `requested`.
    pub(crate) fn absent_ttl(&self, requested: Option<Duration>) -> Duration {
        requested.unwrap_or(self.absent_ttl)
    }

    fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')),
            None => host == pattern,
        })
    }

    fn overlay(&mut self, config: &ProviderConfig) {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        set(&mut self.ttl, config.ttl.as_ref());
        set(&mut self.absent_ttl, config.absent_ttl.as_ref());
        set(&mut self.timeout, config.timeout.as_ref());
        set(&mut self.secrets.params, config.secret_params.as_ref());
        let hosts = config.hosts.iter().flatten();
        self.hosts.extend(hosts.map(|host| host.to_lowercase()));
        if let Some(prefixes) = &config.secret_path_prefixes {
            let with_slash = |prefix: &String| format!("{}/", prefix.trim_end_matches('/'));
            self.secrets.path_prefixes = prefixes.iter().map(with_slash).collect();
        }
        self.max_ttl = config.max_ttl.or(self.max_ttl);
    }
}

/// The policies of all providers: built in, configured, and the one for everybody else.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    by_provider: BTreeMap<Provider, Policy>,
    /// Who has the first claim on a host: a setting wins over the built-in table.
    configured: Vec<Provider>,
    other: Policy,
}

impl Policies {
    pub(crate) fn new(configured: &BTreeMap<Provider, ProviderConfig>) -> Self {
        let other = Policy::from(&built_in::OTHER);
        let rows = built_in::TABLE.iter();
        let mut by_provider: BTreeMap<Provider, Policy> =
            rows.map(|row| (Provider::from_row(row.name.to_owned()), row.into())).collect();
        for (provider, config) in configured {
            let policy = by_provider.entry(provider.clone());
            policy.or_insert_with(|| other.clone()).overlay(config);
        }
        Self { by_provider, configured: configured.keys().cloned().collect(), other }
    }

    /// The provider that `url` belongs to by its host, else its host itself.
    pub(crate) fn provider_of(&self, url: &Url) -> Provider {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        // `example.org.` is `example.org`.
        let host = host.trim_end_matches('.');
        let first = self.configured.iter().chain(self.by_provider.keys());
        let owner = first.into_iter().find(|provider| self.get(provider).has_host(host));
        owner.cloned().unwrap_or_else(|| Provider::of_url(url))
    }

    pub(crate) fn get(&self, provider: &Provider) -> &Policy {
        self.by_provider.get(provider).unwrap_or(&self.other)
    }

    /// What is secret in `url`. It depends on the host alone, so that a URL has one key whichever
    /// provider a request names.
    pub(crate) fn secrets_of(&self, url: &Url) -> &SecretRules {
        &self.get(&self.provider_of(url)).secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    fn policies(json: &str) -> Policies {
        Policies::new(&serde_json::from_str(json).unwrap())
    }

    fn provider_of(policies: &Policies, url: &str) -> String {
        policies.provider_of(&Url::parse(url).unwrap()).to_string()
    }

    #[test]
    fn a_url_belongs_to_the_provider_of_its_host() {
        let built_in = policies("{}");
        for (url, provider) in [
            ("https://musicbrainz.org/ws/2/artist", "musicbrainz"),
            ("https://en.wikipedia.org/wiki/X", "wikimedia"),
            ("https://wikipedia.org.evil.example/", "wikipedia.org.evil.example"),
            ("https://notwikipedia.org/", "notwikipedia.org"),
            ("http://127.0.0.1:8080/x", "127.0.0.1"),
        ] {
            assert_eq!(provider_of(&built_in, url), provider, "{url}");
        }
        let mirrored = policies(r#"{"musicbrainz": {"hosts": ["MB.example"]}}"#);
        for url in ["https://mb.example/ws/2", "https://musicbrainz.org./ws/2"] {
            assert_eq!(provider_of(&mirrored, url), "musicbrainz");
        }
        let mine = policies(r#"{"zz": {"hosts": ["musicbrainz.org"]}}"#);
        assert_eq!(provider_of(&mine, "https://musicbrainz.org/ws/2"), "zz");
    }

    #[test]
    fn images_are_kept_twice_as_long_unless_a_contract_forbids_it() {
        let policies = policies("{}");
        let ttl = |provider: &str, requested, data_type| {
            policies.get(&Provider::new(provider).unwrap()).ttl(requested, data_type)
        };
        let image = &DataType::ARTIST_LOGO;
        let json = &DataType::API_RESPONSE;
        assert_eq!(ttl("theaudiodb", None, json), 7 * DAY);
        assert_eq!(ttl("theaudiodb", None, image), 14 * DAY);
        assert_eq!(ttl("theaudiodb", Some(HOUR), image), HOUR);
        assert_eq!(ttl("discogs", None, image), 6 * HOUR);
        assert_eq!(ttl("discogs", Some(30 * DAY), json), 6 * HOUR);
        assert_eq!(ttl("nobody.example", None, json), 7 * DAY);
    }

    #[test]
    fn settings_replace_only_what_they_name() {
        let policies = policies(
            r#"{"musicbrainz": {"ttl": "1h", "max_ttl": "30m"}, "mine": {"timeout": "2s"}}"#,
        );
        let musicbrainz = policies.get(&Provider::new("musicbrainz").unwrap());
        assert_eq!(musicbrainz.ttl(None, &DataType::API_RESPONSE), HOUR / 2);
        assert_eq!(musicbrainz.absent_ttl(None), DAY);
        assert_eq!(musicbrainz.timeout, 15 * SECOND);
        assert_eq!(policies.get(&Provider::new("mine").unwrap()).timeout, 2 * SECOND);
    }

    #[test]
    fn secrets_depend_on_the_host() {
        let policies = policies("{}");
        let key = |url: &str| {
            let url = Url::parse(url).unwrap();
            let rules = policies.secrets_of(&url).clone();
            crate::Key::canonical(url, &rules).0.to_string()
        };
        assert_eq!(
            key("https://www.theaudiodb.com/api/v1/json/523532/search.php?s=a"),
            "https://www.theaudiodb.com/api/v1/json/_/search.php?s=a"
        );
        assert_eq!(key("https://api.discogs.com/x?key=1&secret=2"), "https://api.discogs.com/x");
        assert_eq!(
            key("https://www.theaudiodb.com.//api/v1/json/523532/x"),
            "https://www.theaudiodb.com./api/v1/json/_/x"
        );
        assert_eq!(key("https://a.example/x?key=1"), "https://a.example/x?key=1");
    }
}
