//! The policies of all providers, and whose policy holds for a URL.
//!
//! Every provider has a policy: its row of the built-in table, else the row for everybody else,
//! under what `[providers.NAME]` says.

use std::collections::BTreeMap;

use url::Url;

use super::base_url::BaseUrl;
use super::budget::Budget;
use super::built_in;
use super::credential::Credential;
use super::payer::{Payer, is_own_machine, origin_of};
use super::provider::{Policy, ProviderConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::name::Provider;
use crate::redact::SecretRules;

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
    /// [`Config`](ErrorKind::Config) for an API key that cannot be sent, or nobody knows where, and
    /// for a client's secret that is not enough to obtain a token.
    pub(crate) fn new(configured: &BTreeMap<Provider, ProviderConfig>) -> Result<Self> {
        let other = Policy::from(&built_in::OTHER);
        let rows = built_in::TABLE.iter();
        let mut by_provider: BTreeMap<Provider, Policy> =
            rows.map(|row| (Provider::from_row(row.name.to_owned()), row.into())).collect();
        for (provider, config) in configured {
            let policy = by_provider.entry(provider.clone());
            let overlaid = policy.or_insert_with(|| other.clone()).overlay(provider, config);
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
        let port = url.port_or_known_default();
        first.find(|provider| self.get(provider).has_host(host, port))
    }

    /// What `url` is asked with. Neither the provider that a request names nor one that
    /// happens to be called like the host has a say in it, lest its credential be sent to a
    /// stranger.
    pub(crate) fn credential_of(&self, url: &Url) -> Option<&Credential> {
        self.get(self.owner_of(url)?).credential.as_ref()
    }

    /// Whether the host of `url` is not to be asked without a token.
    pub(crate) fn want_token(&self, url: &Url) -> bool {
        self.owner_of(url).is_some_and(|owner| self.get(owner).wants_token())
    }

    /// What a person can set so that requests to the host of `url` are sent with a credential.
    pub(crate) fn credential_setting(&self, url: &Url) -> String {
        let Some(owner) = self.owner_of(url) else {
            let host = url.host_str().unwrap_or_default();
            return format!(
                "api_key or api_key_env in the [providers.NAME] whose hosts have {host}"
            );
        };
        let policy = self.get(owner);
        if policy.wants_token() {
            return policy.client_settings(owner);
        }
        match &policy.api_key_env {
            Some(variable) => format!(
                "api_key in [providers.{owner}] or the environment variable {variable}, which its \
                 api_key_env names"
            ),
            None => format!("api_key or api_key_env in [providers.{owner}]"),
        }
    }

    /// Whose budget a request to `url` is paid from, and what that is: that of the provider its
    /// host belongs to or that is called like its host, lest a request that names none, or another,
    /// go round it; else that of the one it names, if that has a policy; else that of its host. The
    /// user's own machine asks for no budget.
    pub(crate) fn payer_of(&self, url: &Url, named: &Provider) -> Payer {
        let owner = self.owner_of(url);
        let host = Provider::of_url(url);
        let origin = owner.filter(|owner| self.get(owner).is_one_service).cloned();
        let origin = origin.unwrap_or_else(|| origin_of(url));
        let known = || [&host, named].into_iter().find(|name| self.by_provider.contains_key(*name));
        match owner.or_else(known) {
            Some(provider) => {
                let budget = self.get(provider).budget.clone();
                Payer { provider: provider.clone(), budget, origin }
            }
            None if is_own_machine(url) => {
                Payer { provider: origin.clone(), budget: Budget::UNLIMITED, origin }
            }
            None => Payer { provider: host, budget: self.other.budget.clone(), origin },
        }
    }

    /// How often a provider may be asked, or a host that is known by nothing but its name.
    pub(crate) fn budget_of(&self, provider: &Provider) -> &Budget {
        static UNLIMITED: Budget = Budget::UNLIMITED;
        let url = Url::parse(&format!("http://{provider}/"));
        match self.by_provider.get(provider) {
            Some(policy) => &policy.budget,
            None if url.is_ok_and(|url| is_own_machine(&url)) => &UNLIMITED,
            None => &self.other.budget,
        }
    }

    /// Where the API of a provider begins that has a place for it in the built-in table.
    pub(crate) fn base_url(&self, provider: &str) -> Option<&BaseUrl> {
        let (_, policy) = self.by_provider.iter().find(|(name, _)| name.as_str() == provider)?;
        policy.base_url.as_ref()
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
    use std::time::Duration;

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
    fn settings_that_can_mean_nothing_are_named() {
        for (json, word) in [
            (r#"{"mine": {"hosts": ["a.example", "http://x/"]}}"#, "hosts"),
            (r#"{"mine": {"hosts": ["*"]}}"#, "hosts"),
            (r#"{"mine": {"hosts": [""]}}"#, "hosts"),
            (r#"{"mine": {"timeout": "0s"}}"#, "timeout"),
        ] {
            let error = Policies::new(&serde_json::from_str(json).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let error = error.to_string();
            assert!(error.contains("[providers.mine]") && error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_mirror_belongs_to_its_provider_on_its_port() {
        let policies = policies(
            r#"{"musicbrainz": {"base_url": "http://localhost:81/ws/2"},
                "spotify": {"base_url": "http://localhost:82/"}}"#,
        );
        for (url, provider) in [
            ("http://localhost:81/ws/2/artist", "musicbrainz"),
            ("http://localhost:82/v1/search", "spotify"),
            ("http://localhost/", "localhost"),
            ("https://musicbrainz.org/", "musicbrainz"),
        ] {
            assert_eq!(provider_of(&policies, url), provider, "{url}");
        }
        let at = |provider| policies.base_url(provider).unwrap().endpoint(&["x"], &[]).to_string();
        assert_eq!(at("musicbrainz"), "http://localhost:81/ws/2/x");
        assert_eq!(at("lastfm"), "https://ws.audioscrobbler.com/2.0/x");
    }

    #[test]
    fn no_name_goes_round_the_budget_of_a_host() {
        let policies = policies(
            r#"{"mine": {"budget": "7/s"}, "free": {"budget": "none"}, "127.0.0.1": {"budget": "1/2s"},
                "b.example": {"budget": "2/s"}}"#,
        );
        for (url, named, provider, budget) in [
            ("https://musicbrainz.org/ws/2", "musicbrainz", "musicbrainz", "1/s"),
            ("https://musicbrainz.org/ws/2", "mine", "musicbrainz", "1/s"),
            ("https://a.example/", "mine", "mine", "7/s"),
            ("https://a.example/", "free", "free", "none"),
            ("https://a.example/", "unknown", "a.example", "1/s"),
            ("https://b.example/", "free", "b.example", "2/s"),
            ("http://127.0.0.1:8000/", "cdn", "127.0.0.1", "1/2s"),
            ("http://127.0.0.2:8000/", "unknown", "127.0.0.2:8000", "none"),
            ("http://localhost/", "mine", "mine", "7/s"),
        ] {
            let payer =
                policies.payer_of(&Url::parse(url).unwrap(), &Provider::new(named).unwrap());
            assert_eq!(payer.provider.as_str(), provider, "{url} {named}");
            assert_eq!(payer.budget.to_string(), budget, "{url} {named}");
        }
    }

    #[test]
    fn who_rests_is_a_provider_that_is_one_service_and_else_the_host() {
        let policies = policies(r#"{"mine": {"hosts": ["127.0.0.2"]}, "127.0.0.1": {}}"#);
        for (url, named, origin) in [
            ("https://musicbrainz.org/ws/2", "images", "musicbrainz"),
            ("https://en.wikipedia.org/wiki/X", "wikimedia", "wikimedia"),
            ("https://i.scdn.co/image/x", "cdn", "i.scdn.co"),
            ("https://a.example:81/", "images", "a.example"),
            ("https://a.example/", "musicbrainz", "a.example"),
            ("http://127.0.0.1:81/", "images", "127.0.0.1:81"),
            ("http://127.0.0.2:81/", "images", "mine"),
            ("http://[::1]:81/", "images", "::1:81"),
            ("http://localhost/", "localhost", "localhost"),
        ] {
            let named = Provider::new(named).unwrap();
            let payer = policies.payer_of(&Url::parse(url).unwrap(), &named);
            assert_eq!(payer.origin.as_str(), origin, "{url} {named}");
        }
    }

    #[test]
    fn a_name_alone_tells_the_budget() {
        let policies = policies(r#"{"127.0.0.1": {"budget": "1/2s"}}"#);
        for (name, budget) in [
            ("spotify", "1/2s, 1000/h"),
            ("127.0.0.1", "1/2s"),
            ("127.0.0.1:81", "none"),
            ("a.example", "1/s"),
        ] {
            let found = policies.budget_of(&Provider::new(name).unwrap());
            assert_eq!(found.to_string(), budget, "{name}");
        }
    }

    #[test]
    fn settings_replace_only_what_they_name() {
        let policies = policies(
            r#"{"musicbrainz": {"ttl": "1h", "max_ttl": "30m", "budget": "1/3s"},
                "mine": {"timeout": "2s"}}"#,
        );
        let musicbrainz = policies.get(&Provider::new("musicbrainz").unwrap());
        assert_eq!(musicbrainz.lifetimes.ttl(None, None, &DataType::API_RESPONSE).0, HOUR / 2);
        assert_eq!(musicbrainz.lifetimes.absent_ttl(None).0, DAY);
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
        let setting = |url| policies.credential_setting(&Url::parse(url).unwrap());
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
