//! Provider policies: whose URL it is, how often it may be asked, how long its answers are kept, how
//! long it may take, which key is sent.
//!
//! Every provider has a policy: its row of the built-in table, else the row for everybody else,
//! under what `[providers.NAME]` says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use url::{Host, Url};

use super::answers::AnswerRules;
use super::budget::Budget;
use super::built_in::{self, BuiltIn};
use super::credential::{ApiKeyPlace, Credential, Secret};
use super::duration;
use super::lifetimes::Lifetimes;
use crate::checksum::Checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::name::Provider;
use crate::redact::SecretRules;

/// One `[providers.NAME]` section: what is left out keeps its built-in value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// More hosts whose URLs belong to this provider when a request names none; `*.example.org`
    /// covers every host below `example.org`.
    pub hosts: Option<Vec<String>>,
    /// How often it may be asked, by all processes together: `1/s`, or `["1/2s", "1000/h"]`.
    pub budget: Option<Budget>,
    /// How long an answer is fresh, whatever its headers say; image types get twice as long unless
    /// `max_ttl` forbids it. Where there is neither this nor a built-in value, the headers decide,
    /// and without them it is 7 days.
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
    /// Whether the provider is asked for a stale answer on the condition that it has changed. Default
    /// `true`, and `false` for `musicbrainz`.
    pub revalidate: Option<bool>,
    /// Query parameters that are credentials on this provider's hosts.
    pub secret_params: Option<Vec<String>>,
    /// Path prefixes, each ending in `/`, after which one segment is a credential.
    pub secret_path_prefixes: Option<Vec<String>>,
    /// The key that is sent with every request to this provider's hosts which has none of its own,
    /// also by workers. An empty one counts as none.
    pub api_key: Option<Secret>,
    /// The environment variable in which the program finds `api_key`. The library reads no
    /// environment: it only names the variable where the key is missing.
    pub api_key_env: Option<String>,
    /// Where the key goes: `query NAME`, `path /PREFIX/` or `header NAME: VALUE` with `{key}` in
    /// the value. Whatever stands there is a secret, be a key configured or not.
    pub api_key_in: Option<ApiKeyPlace>,
    /// More texts that stand in the URLs of pictures which mean "there is none".
    pub placeholder_urls: Option<Vec<String>>,
    /// The SHA-256 checksums of such pictures, for those that no URL tells.
    pub placeholder_checksums: Option<Vec<Checksum>>,
}

/// The policy of one provider, complete.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    hosts: Vec<String>,
    pub(crate) budget: Budget,
    budget_with_key: Option<Budget>,
    pub(crate) lifetimes: Lifetimes,
    /// Whether its stale answers are worth a conditional request.
    pub(crate) revalidates: bool,
    pub(crate) timeout: Duration,
    pub(crate) secrets: SecretRules,
    pub(crate) answers: Arc<AnswerRules>,
    api_key_in: Option<ApiKeyPlace>,
    api_key_env: Option<String>,
    credential: Option<Credential>,
}

impl From<&BuiltIn> for Policy {
    fn from(row: &BuiltIn) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let mut policy = Self {
            hosts: texts(row.hosts),
            budget: Budget::built_in(row.budget),
            budget_with_key: row.budget_with_key.map(Budget::built_in),
            lifetimes: row.into(),
            revalidates: row.revalidates,
            timeout: row.timeout,
            secrets: SecretRules {
                params: texts(row.secret_params),
                path_prefixes: texts(row.secret_path_prefixes),
                headers: Vec::new(),
            },
            answers: Arc::new(row.into()),
            api_key_in: row.api_key_in.and_then(|place| place.parse().ok()),
            api_key_env: None,
            credential: None,
        };
        policy.hide_api_key();
        policy
    }
}

impl Policy {
    fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')),
            None => host == pattern,
        })
    }

    /// What stands where the key goes is a secret.
    fn hide_api_key(&mut self) {
        if let Some(place) = &self.api_key_in {
            place.hide_in(&mut self.secrets);
        }
    }

    /// `Err` says why these settings cannot be used.
    fn overlay(&mut self, config: &ProviderConfig) -> Result<(), &'static str> {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        self.lifetimes = self.lifetimes.overlaid(config);
        set(&mut self.revalidates, config.revalidate.as_ref());
        set(&mut self.timeout, config.timeout.as_ref());
        set(&mut self.secrets.params, config.secret_params.as_ref());
        let hosts = config.hosts.iter().flatten();
        self.hosts.extend(hosts.map(|host| host.to_lowercase()));
        if let Some(prefixes) = &config.secret_path_prefixes {
            let with_slash = |prefix: &String| format!("{}/", prefix.trim_end_matches('/'));
            self.secrets.path_prefixes = prefixes.iter().map(with_slash).collect();
        }
        Arc::make_mut(&mut self.answers).overlay(config)?;
        self.overlay_api_key(config)?;
        set(&mut self.budget, config.budget.as_ref());
        Ok(())
    }

    fn overlay_api_key(&mut self, config: &ProviderConfig) -> Result<(), &'static str> {
        self.api_key_in = config.api_key_in.clone().or(self.api_key_in.take());
        self.api_key_env.clone_from(&config.api_key_env);
        self.hide_api_key();
        if let Some(key) = config.api_key.clone().filter(|key| !key.is_empty()) {
            let place = self.api_key_in.clone();
            let place = place.ok_or("there is an api_key, but api_key_in does not say where to")?;
            self.credential = Some(Credential::new(key, place)?);
            self.budget = self.budget_with_key.take().unwrap_or_else(|| self.budget.clone());
        }
        Ok(())
    }
}

/// Who pays for a request.
#[derive(Clone, Debug)]
pub(crate) struct Payer {
    pub(crate) provider: Provider,
    pub(crate) budget: Budget,
}

fn is_own_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
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
    /// # Errors
    /// [`Config`](ErrorKind::Config) for an API key that cannot be sent, or nobody knows where.
    pub(crate) fn new(configured: &BTreeMap<Provider, ProviderConfig>) -> Result<Self> {
        let other = Policy::from(&built_in::OTHER);
        let rows = built_in::TABLE.iter();
        let mut by_provider: BTreeMap<Provider, Policy> =
            rows.map(|row| (Provider::from_row(row.name.to_owned()), row.into())).collect();
        for (provider, config) in configured {
            let policy = by_provider.entry(provider.clone());
            let overlaid = policy.or_insert_with(|| other.clone()).overlay(config);
            overlaid.map_err(|reason| {
                let section = format_args!("[providers.{provider}]");
                Error::new(ErrorKind::Config, "open cache", section, reason)
            })?;
        }
        Ok(Self { by_provider, configured: configured.keys().cloned().collect(), other })
    }

    /// The provider that `url` belongs to by its host, else its host itself.
    pub(crate) fn provider_of(&self, url: &Url) -> Provider {
        self.owner_of(url).cloned().unwrap_or_else(|| Provider::of_url(url))
    }

    /// The provider among whose hosts that of `url` is.
    fn owner_of(&self, url: &Url) -> Option<&Provider> {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        // `example.org.` is `example.org`.
        let host = host.trim_end_matches('.');
        let mut first = self.configured.iter().chain(self.by_provider.keys());
        first.find(|provider| self.get(provider).has_host(host))
    }

    /// The key that `url` is asked with. Neither the provider that a request names nor one that
    /// happens to be called like the host has a say in it, lest its key be sent to a stranger.
    pub(crate) fn credential_of(&self, url: &Url) -> Option<&Credential> {
        self.get(self.owner_of(url)?).credential.as_ref()
    }

    /// What a person can set so that requests to the host of `url` are sent with a key.
    pub(crate) fn api_key_setting(&self, url: &Url) -> String {
        let Some(owner) = self.owner_of(url) else {
            let host = url.host_str().unwrap_or_default();
            return format!(
                "api_key or api_key_env in the [providers.NAME] whose hosts have {host}"
            );
        };
        match &self.get(owner).api_key_env {
            Some(variable) => format!(
                "api_key in [providers.{owner}] or the environment variable {variable}, which its \
                 api_key_env names"
            ),
            None => format!("api_key or api_key_env in [providers.{owner}]"),
        }
    }

    /// Whose budget a request to `url` is paid from, and what that is: that of the provider its
    /// host belongs to, lest a request that names none, or another, go round it; else that of the
    /// one it names, if that has a policy; else that of its host. The user's own machine asks for
    /// no budget.
    pub(crate) fn payer_of(&self, url: &Url, named: &Provider) -> Payer {
        let known = Some(named).filter(|named| self.by_provider.contains_key(*named));
        match self.owner_of(url).or(known) {
            Some(owner) => {
                Payer { provider: owner.clone(), budget: self.get(owner).budget.clone() }
            }
            None if is_own_machine(url) => {
                Payer { provider: Provider::of_url(url), budget: Budget::UNLIMITED }
            }
            None => Payer { provider: Provider::of_url(url), budget: self.other.budget.clone() },
        }
    }

    /// The providers that have a policy of their own.
    pub(crate) fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.by_provider.keys()
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
    use crate::name::DataType;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    fn policies(json: &str) -> Policies {
        Policies::new(&serde_json::from_str(json).unwrap()).unwrap()
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
    fn no_name_goes_round_the_budget_of_a_host() {
        let policies = policies(r#"{"mine": {"budget": "7/s"}, "free": {"budget": "none"}}"#);
        for (url, named, provider, budget) in [
            ("https://musicbrainz.org/ws/2", "musicbrainz", "musicbrainz", "1/s"),
            ("https://musicbrainz.org/ws/2", "mine", "musicbrainz", "1/s"),
            ("https://a.example/", "mine", "mine", "7/s"),
            ("https://a.example/", "free", "free", "none"),
            ("https://a.example/", "unknown", "a.example", "1/s"),
            ("http://127.0.0.1:8000/", "unknown", "127.0.0.1", "none"),
            ("http://localhost/", "mine", "mine", "7/s"),
        ] {
            let payer =
                policies.payer_of(&Url::parse(url).unwrap(), &Provider::new(named).unwrap());
            assert_eq!(payer.provider.as_str(), provider, "{url} {named}");
            assert_eq!(payer.budget.to_string(), budget, "{url} {named}");
        }
    }

    #[test]
    fn settings_replace_only_what_they_name() {
        let policies = policies(
            r#"{"musicbrainz": {"ttl": "1h", "max_ttl": "30m", "budget": "1/3s"},
                "mine": {"timeout": "2s"}}"#,
        );
        let musicbrainz = policies.get(&Provider::new("musicbrainz").unwrap());
        assert_eq!(musicbrainz.lifetimes.ttl(None, None, &DataType::API_RESPONSE), HOUR / 2);
        assert_eq!(musicbrainz.lifetimes.absent_ttl(None), DAY);
        assert_eq!(musicbrainz.timeout, 15 * SECOND);
        assert_eq!(musicbrainz.budget.to_string(), "1/3s");
        let mine = policies.get(&Provider::new("mine").unwrap());
        assert_eq!((mine.timeout, mine.budget.to_string().as_str()), (2 * SECOND, "1/s"));
    }

    #[test]
    fn everybody_but_musicbrainz_is_asked_on_condition() {
        let revalidates = |policies: &Policies, provider| {
            policies.get(&Provider::new(provider).unwrap()).revalidates
        };
        let built_in = policies("{}");
        assert!(revalidates(&built_in, "cdn") && revalidates(&built_in, "a.example"));
        assert!(!revalidates(&built_in, "musicbrainz"));
        let configured =
            policies(r#"{"musicbrainz": {"revalidate": true}, "cdn": {"revalidate": false}}"#);
        assert!(revalidates(&configured, "musicbrainz") && !revalidates(&configured, "cdn"));
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
        assert_eq!(key("https://api.song.link/x?key=1"), "https://api.song.link/x");
        assert_eq!(key("https://api.discogs.com/x?key=1&secret=2"), "https://api.discogs.com/x");
        assert_eq!(
            key("https://www.theaudiodb.com.//api/v1/json/523532/x"),
            "https://www.theaudiodb.com./api/v1/json/_/x"
        );
        assert_eq!(key("https://a.example/x?key=1"), "https://a.example/x?key=1");
    }

    #[test]
    fn every_built_in_place_can_be_read() {
        for row in built_in::TABLE {
            assert_eq!(Policy::from(row).api_key_in.is_some(), row.api_key_in.is_some());
        }
    }

    #[test]
    fn a_key_needs_a_place_and_an_address() {
        for (json, words) in [
            (r#"{"mine": {"api_key": "s3cret"}}"#, ["[providers.mine]", "api_key_in"]),
            (r#"{"lastfm": {"api_key": "s3cret\n"}}"#, ["[providers.lastfm]", "line break"]),
        ] {
            let error = Policies::new(&serde_json::from_str(json).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let error = format!("{error} {error:?}");
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        policies(r#"{"mine": {"api_key": "", "api_key_env": "MINE"}}"#);
    }

    #[test]
    fn a_key_belongs_to_the_hosts_of_its_provider() {
        let policies = policies(r#"{"lastfm": {"api_key": "s3cret", "hosts": ["a.example"]}}"#);
        let has_key = |url| policies.credential_of(&Url::parse(url).unwrap()).is_some();
        assert!(has_key("https://ws.audioscrobbler.com/2.0/") && has_key("http://A.example.:81/"));
        for url in
            ["https://lastfm/", "https://lastfm.example/", "https://b.a.example/", "lastfm:x"]
        {
            assert!(!has_key(url), "{url}");
        }
    }

    #[test]
    fn what_is_missing_is_called_by_its_name() {
        let policies = policies(r#"{"lastfm": {"api_key_env": "LASTFM_KEY"}}"#);
        let setting = |url| policies.api_key_setting(&Url::parse(url).unwrap());
        let lastfm = setting("https://ws.audioscrobbler.com/");
        assert!(lastfm.contains("[providers.lastfm]") && lastfm.contains("LASTFM_KEY"), "{lastfm}");
        assert!(setting("https://api.song.link/").contains("api_key_env in [providers.songlink]"));
        assert!(setting("https://a.example/").contains("hosts have a.example"));
    }

    #[test]
    fn where_a_key_goes_is_a_secret_whatever_else_is_said_to_be_one() {
        let policies = policies(
            r#"{"songlink": {"secret_params": []},
                "mine": {"hosts": ["a.example"], "api_key_in": "path /v1"},
                "other": {"hosts": ["b.example"], "api_key_in": "header X-Client: {key}"}}"#,
        );
        let rules = |url| policies.secrets_of(&Url::parse(url).unwrap());
        assert_eq!(rules("https://api.song.link/").params, ["key"]);
        assert_eq!(rules("https://a.example/").path_prefixes, ["/v1/"]);
        assert!(rules("https://b.example/").is_secret_header("x-client"));
        assert!(!rules("https://a.example/").is_secret_header("x-client"));
    }
}
