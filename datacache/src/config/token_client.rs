//! The client credentials with which a provider's tokens are obtained (OAuth 2.0, RFC 6749,
//! section 4.4). Pure.
//!
//! They go to the provider's token endpoint and nowhere else. What its hosts get is a token, which
//! `fetch` obtains when it is needed.

use url::{Url, form_urlencoded};

use super::credential::{Secret, is_visible};
use super::payer::is_own_machine;
use crate::key::Key;
use crate::name::Provider;
use crate::redact::{SecretRules, Stripped};

/// What a token is obtained with, and where.
#[derive(Clone, Debug)]
pub(crate) struct TokenClient {
    id: Secret,
    secret: Secret,
    pub(crate) endpoint: Endpoint,
    /// What a person can set to have other credentials.
    pub(crate) settings: String,
}

/// Where tokens are obtained.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    /// The same, for errors and events.
    pub(crate) key: Key,
}

impl Endpoint {
    /// `Err` says why `token_url` cannot be used, without repeating it.
    pub(super) fn parse(token_url: &str) -> Result<Self, &'static str> {
        let url = Url::parse(token_url).map_err(|_| "token_url is not a URL")?;
        // The client's secret is sent there as it is (RFC 6749, section 3.2).
        if url.scheme() != "https" && !(url.scheme() == "http" && is_own_machine(&url)) {
            return Err("token_url is to begin with https, unless it leads to this machine");
        }
        match Key::canonical(url.clone(), &SecretRules::default()) {
            (key, Stripped::Nothing) => Ok(Self { url, key }),
            (_, Stripped::Secrets) => Err("token_url has a credential in it"),
        }
    }
}

impl TokenClient {
    /// Refuses what is no credential but a mistake in copying one. `Err` says why, without it.
    pub(super) fn new(
        id: String,
        secret: Secret,
        endpoint: Endpoint,
        settings: String,
    ) -> Result<Self, &'static str> {
        let id = Secret::new(id);
        if !is_visible(id.reveal()) || !is_visible(secret.reveal()) {
            return Err(
                "client_id or client_secret has a space, a line break or another character \
                        that neither has",
            );
        }
        Ok(Self { id, secret, endpoint, settings })
    }

    /// Id and secret in the form in which HTTP Basic sends them (RFC 6749, section 2.3.1).
    pub(crate) fn encoded(&self) -> [String; 2] {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect();
        [encoded(self.id.reveal()), encoded(self.secret.reveal())]
    }
}

/// What a person can set so that `owner` has client credentials. Its settings may name variables.
pub(super) fn settings(owner: &Provider, id_env: Option<&str>, secret_env: Option<&str>) -> String {
    let either = |name: &str, variable: Option<&str>| match variable {
        Some(variable) => format!("{name} or the environment variable {variable}"),
        None => format!("{name} or {name}_env"),
    };
    let (id, secret) = (either("client_id", id_env), either("client_secret", secret_env));
    format!("{id}, and {secret}, in [providers.{owner}]")
}

#[cfg(test)]
mod tests {
    use super::super::{Policies, built_in};
    use super::*;
    use crate::error::ErrorKind;

    const URL: &str = "https://a.example/token";

    fn client(id: &str, secret: &str) -> Result<TokenClient, &'static str> {
        let endpoint = Endpoint::parse(URL).unwrap();
        TokenClient::new(id.to_owned(), Secret::new(secret), endpoint, String::new())
    }

    #[test]
    fn a_secret_goes_over_tls_only_unless_it_stays_here() {
        for url in [URL, "http://127.0.0.1:8080/token", "http://localhost/", "http://[::1]/"] {
            assert!(Endpoint::parse(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "s3cret",
            "http://a.example/token",
            "ftp://127.0.0.1/",
            "https://u:s3cret@a.example/",
            "https://a.example/?client_secret=s3cret",
        ] {
            let reason = Endpoint::parse(url).unwrap_err();
            assert!(reason.contains("token_url") && !reason.contains("s3cret"), "{reason}");
        }
    }

    #[test]
    fn credentials_are_sent_as_a_form_has_them() {
        assert_eq!(client("a:b", "c+d/e").unwrap().encoded(), ["a%3Ab", "c%2Bd%2Fe"]);
        for (id, secret) in [("", "x"), ("x", ""), ("x\n", "x"), ("x", "x y"), ("ä", "x")] {
            assert!(client(id, secret).is_err(), "{id} {secret}");
        }
    }

    #[test]
    fn what_is_missing_is_called_by_its_name() {
        let spotify = Provider::new("spotify").unwrap();
        assert_eq!(
            settings(&spotify, None, Some("SPOTIFY_SECRET")),
            "client_id or client_id_env, and client_secret or the environment variable \
             SPOTIFY_SECRET, in [providers.spotify]"
        );
    }

    #[test]
    fn a_secret_that_cannot_be_used_is_refused_by_its_setting_and_not_shown() {
        let id = r#""client_id": "i", "client_secret": "s3cret""#;
        for (name, settings, word) in [
            ("mine", id, "token_url"),
            ("mine", &format!(r#"{id}, "token_url": """#), "token_url"),
            ("mine", &format!(r#"{id}, "token_url": "http://a.example/s3cret""#), "https"),
            ("lastfm", &format!(r#"{id}, "token_url": "{URL}", "api_key": "k""#), "api_key"),
            ("spotify", r#""client_id": "i", "client_secret": "s3cret\n""#, "line break"),
        ] {
            let json = format!(r#"{{"{name}": {{{settings}}}}}"#);
            let error = Policies::new(&serde_json::from_str(&json).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let error = format!("{error} {error:?}");
            assert!(error.contains(&format!("[providers.{name}]")), "{error}");
            assert!(error.contains(word) && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn spotify_wants_tokens_unless_it_is_said_not_to() {
        let spotify = Url::parse("https://api.spotify.com/v1/artists/x").unwrap();
        for (json, is_wanted, is_had) in [
            ("{}", true, false),
            (r#"{"spotify": {"client_id": "i"}}"#, true, false),
            (r#"{"spotify": {"client_secret": "s"}}"#, true, false),
            (r#"{"spotify": {"client_id": "", "client_secret": "s"}}"#, true, false),
            (r#"{"spotify": {"client_id": "i", "client_secret": "s"}}"#, true, true),
            (r#"{"spotify": {"token_url": ""}}"#, false, false),
        ] {
            let policies = Policies::new(&serde_json::from_str(json).unwrap()).unwrap();
            assert_eq!(policies.want_token(&spotify), is_wanted, "{json}");
            assert_eq!(policies.credential_of(&spotify).is_some(), is_had, "{json}");
        }
        let lastfm = Url::parse("https://ws.audioscrobbler.com/").unwrap();
        assert!(!Policies::new(&[].into()).unwrap().want_token(&lastfm));
    }

    #[test]
    fn every_built_in_endpoint_can_be_used() {
        for url in built_in::TABLE.iter().filter_map(|row| row.token_url) {
            assert!(Endpoint::parse(url).is_ok(), "{url}");
        }
    }
}
