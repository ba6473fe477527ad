//! The policy of one provider: how often it may be asked, how long its answers are kept, how long
//! it may take, which key is sent. It is a row of the built-in table under what `[providers.NAME]`
//! says.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::answers::AnswerRules;
use super::base_url::BaseUrl;
use super::budget::Budget;
use super::built_in::BuiltIn;
use super::credential::{ApiKey, ApiKeyPlace, Credential, Secret};
use super::duration;
use super::host::HostPattern;
use super::lifetimes::Lifetimes;
use super::token_client::{self, Endpoint, TokenClient};
use crate::checksum::Checksum;
use crate::name::Provider;
use crate::redact::SecretRules;

/// One `[providers.NAME]` section: what is left out keeps its built-in value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// Where its API begins, for a mirror of one's own: `https://mirror.example/ws/2/`. What lies
    /// below becomes the provider's, so that its budget, key and TTLs hold there. Two providers
    /// cannot have the same.
    pub base_url: Option<BaseUrl>,
    /// More hosts whose URLs belong to this provider when a request names none; `*.example.org`
    /// covers every host below `example.org`, and `localhost:8080` one port.
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
    /// What its entries may take on disk together: 0 or nothing for any amount within
    /// `cache.max_bytes`. Those used least make room for new ones.
    pub max_bytes: Option<u64>,
    /// Whether an answer past its time may be shown until there is a newer one, or the machine is
    /// offline. Default `true`, and `false` for `discogs`, whose terms forbid it.
    pub serve_stale: Option<bool>,
    /// How long one request may take, from sending to the last byte; more than 0.
    #[serde(deserialize_with = "duration::optional::deserialize")]
    pub timeout: Option<Duration>,
    /// Whether the provider is asked for a stale answer on the condition that it has changed.
    /// Default `true`, and `false` for `musicbrainz`.
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
    /// The id of the client whose tokens are sent with every request to this provider's hosts that
    /// has no `Authorization` of its own, also by workers (OAuth 2.0, RFC 6749, section 4.4). An
    /// empty one counts as none.
    pub client_id: Option<String>,
    /// The secret of that client; it is sent to `token_url` only. An empty one counts as none.
    pub client_secret: Option<Secret>,
    /// The environment variable in which the program finds `client_id`. The library reads no
    /// environment.
    pub client_id_env: Option<String>,
    /// The same for `client_secret`.
    pub client_secret_env: Option<String>,
    /// Where tokens are obtained; built in for `spotify`. A provider that has one is not asked
    /// without a token, or a credential that the request brings. An empty one counts as none.
    pub token_url: Option<String>,
    /// More texts that stand in the URLs of pictures which mean "there is none".
    pub placeholder_urls: Option<Vec<String>>,
    /// The SHA-256 checksums of such pictures, for those that no URL tells.
    pub placeholder_checksums: Option<Vec<Checksum>>,
}

/// The policy of one provider, complete.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    hosts: Vec<HostPattern>,
    /// Where its API begins, if it is one that is known.
    pub(crate) base_url: Option<BaseUrl>,
    /// Whether that is configured.
    is_mirrored: bool,
    pub(crate) budget: Budget,
    budget_with_key: Option<Budget>,
    /// Whether its hosts rest together.
    pub(super) is_one_service: bool,
    pub(crate) lifetimes: Lifetimes,
    /// Whether its stale answers are worth a conditional request.
    pub(crate) revalidates: bool,
    pub(crate) timeout: Duration,
    pub(crate) secrets: SecretRules,
    pub(crate) answers: Arc<AnswerRules>,
    pub(super) api_key_in: Option<ApiKeyPlace>,
    pub(super) api_key_env: Option<String>,
    pub(super) credential: Option<Credential>,
    /// Where it wants to be asked for tokens; then it wants them from everybody.
    token_url: Option<String>,
    client_id_env: Option<String>,
    client_secret_env: Option<String>,
}

impl From<&BuiltIn> for Policy {
    fn from(row: &BuiltIn) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let mut policy = Self {
            hosts: row.hosts.iter().map(|host| HostPattern::of_host(host)).collect(),
            base_url: row.base_url.and_then(|url| url.parse().ok()),
            is_mirrored: false,
            budget: Budget::built_in(row.budget),
            budget_with_key: row.budget_with_key.map(Budget::built_in),
            is_one_service: row.is_one_service,
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
            token_url: row.token_url.map(str::to_owned),
            client_id_env: None,
            client_secret_env: None,
        };
        policy.hide_api_key();
        policy
    }
}

impl Policy {
    /// Whether a host is one of the provider's.
    pub(super) fn has_host(&self, host: &str, port: Option<u16>) -> bool {
        self.hosts.iter().any(|pattern| pattern.has(host, port))
    }

    /// Where its API begins, if that is configured.
    pub(super) fn mirror(&self) -> Option<&BaseUrl> {
        self.base_url.as_ref().filter(|_| self.is_mirrored)
    }

    /// What stands where the key goes is a secret.
    fn hide_api_key(&mut self) {
        if let Some(place) = &self.api_key_in {
            place.hide_in(&mut self.secrets);
        }
    }

    /// `Err` says why these settings cannot be used.
    pub(super) fn overlay(
        &mut self,
        owner: &Provider,
        config: &ProviderConfig,
    ) -> Result<(), &'static str> {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        if config.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err("no origin answers within a timeout of 0");
        }
        self.lifetimes = self.lifetimes.overlaid(config);
        set(&mut self.revalidates, config.revalidate.as_ref());
        set(&mut self.timeout, config.timeout.as_ref());
        set(&mut self.secrets.params, config.secret_params.as_ref());
        let hosts = config.hosts.iter().flatten();
        let hosts = hosts.map(|host| HostPattern::read(host)).collect::<Option<Vec<_>>>();
        self.hosts.extend(hosts.ok_or(
            "hosts has something that is no host: it is written example.org, *.example.org or \
             localhost:8080",
        )?);
        if let Some(base_url) = &config.base_url {
            (self.base_url, self.is_mirrored) = (Some(base_url.clone()), true);
        }
        if let Some(prefixes) = &config.secret_path_prefixes {
            let with_slash = |prefix: &String| format!("{}/", prefix.trim_end_matches('/'));
            self.secrets.path_prefixes = prefixes.iter().map(with_slash).collect();
        }
        Arc::make_mut(&mut self.answers).overlay(config)?;
        self.overlay_api_key(config)?;
        self.overlay_client(owner, config)?;
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
            self.credential = Some(Credential::ApiKey(ApiKey::new(key, place)?));
            self.budget = self.budget_with_key.take().unwrap_or_else(|| self.budget.clone());
        }
        Ok(())
    }

    fn overlay_client(
        &mut self,
        owner: &Provider,
        config: &ProviderConfig,
    ) -> Result<(), &'static str> {
        self.token_url = config.token_url.clone().or(self.token_url.take());
        self.token_url.take_if(|url| url.is_empty());
        self.client_id_env.clone_from(&config.client_id_env);
        self.client_secret_env.clone_from(&config.client_secret_env);
        let endpoint = self.token_url.as_deref().map(Endpoint::parse).transpose()?;
        let Some(secret) = config.client_secret.clone().filter(|secret| !secret.is_empty()) else {
            return Ok(());
        };
        if self.credential.is_some() {
            return Err(
                "there are an api_key and a client_secret, and only one of them can be sent",
            );
        }
        let endpoint = endpoint
            .ok_or("there is a client_secret, but token_url does not say where tokens are had")?;
        // Half of the credentials is none: nothing but asking this provider needs them.
        let id = config.client_id.clone().filter(|id| !id.is_empty());
        let Some(id) = id else { return Ok(()) };
        let client = TokenClient::new(id, secret, endpoint, self.client_settings(owner))?;
        self.credential = Some(Credential::Token(Arc::new(client)));
        Ok(())
    }

    /// Whether nobody asks it without a token.
    pub(super) fn wants_token(&self) -> bool {
        self.token_url.is_some()
    }

    /// What a person can set so that tokens are obtained.
    pub(super) fn client_settings(&self, owner: &Provider) -> String {
        let (id_env, secret_env) = (&self.client_id_env, &self.client_secret_env);
        token_client::settings(owner, id_env.as_deref(), secret_env.as_deref())
    }
}
