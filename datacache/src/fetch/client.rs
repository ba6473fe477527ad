//! The HTTP client and its identity.

use reqwest::header::HeaderValue;
use reqwest::{Client, ClientBuilder, redirect};

use super::address::Check;
use super::resolver::PublicOnly;
use crate::config::HttpConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// Refuses settings that could not be sent.
pub(crate) fn check(http: &HttpConfig) -> Result<()> {
    let user_agent = user_agent(http);
    if user_agent.trim().is_empty() || HeaderValue::from_str(&user_agent).is_err() {
        let reason = "http.user_agent and http.contact must be one line of plain text";
        return Err(Error::new(ErrorKind::Config, "open cache", "http", reason));
    }
    if http.connect_timeout.is_zero() {
        let reason = "http.connect_timeout is 0, within which nothing can be connected to";
        return Err(Error::new(ErrorKind::Config, "open cache", "http", reason));
    }
    Ok(())
}

/// Builds the client.
pub(super) async fn build(http: &HttpConfig, key: &Key) -> Result<Client> {
    finish(builder(http), key).await
}

/// Builds the client for untrusted URLs, which connects only to what `check` lets pass. It uses no
/// proxy: that would resolve the names itself, and may stand where it reaches what we do not.
pub(super) async fn build_guarded(http: &HttpConfig, key: &Key, check: Check) -> Result<Client> {
    finish(builder(http).no_proxy().dns_resolver(PublicOnly(check)), key).await
}

/// Redirects are ours to follow: each hop is checked, and the caller's headers stay with the origin
/// they were meant for.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds a client")]
fn builder(http: &HttpConfig) -> ClientBuilder {
    Client::builder()
        .user_agent(user_agent(http))
        .connect_timeout(http.connect_timeout)
        .redirect(redirect::Policy::none())
}

async fn finish(builder: ClientBuilder, key: &Key) -> Result<Client> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
        let cause = std::iter::successors(Some(&*source as &dyn std::error::Error), |e| e.source());
        let cause = cause.last().map(ToString::to_string).unwrap_or_default();
        let reason = format_args!("the HTTP client cannot be set up: {cause}");
        Error::new(ErrorKind::Config, "fetch", key, reason).with_source(source)
    };
    // It reads the system's certificates from disk.
    let built = tokio::task::spawn_blocking(|| builder.build()).await;
    built.map_err(|join| failed(join.into()))?.map_err(|error| failed(error.into()))
}

/// `NAME/VERSION ( CONTACT )`, the form MusicBrainz asks for
/// (<https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting>).
fn user_agent(http: &HttpConfig) -> String {
    match &http.contact {
        Some(contact) => format!("{} ( {contact} )", http.user_agent),
        None => http.user_agent.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_contact_stands_in_brackets() {
        let mut http = HttpConfig::default();
        assert_eq!(user_agent(&http), concat!("datacache/", env!("CARGO_PKG_VERSION")));
        http.user_agent = "overlay/2.0".to_owned();
        http.contact = Some("dj@example.org".to_owned());
        assert_eq!(user_agent(&http), "overlay/2.0 ( dj@example.org )");
    }

    #[test]
    fn a_timeout_of_nothing_is_refused() {
        let http = HttpConfig { connect_timeout: Duration::ZERO, ..HttpConfig::default() };
        assert!(check(&http).unwrap_err().to_string().contains("http.connect_timeout"));
    }

    #[test]
    fn an_identity_that_could_smuggle_headers_is_refused() {
        for (user_agent, contact) in [("", None), ("x\r\nEvil: 1", None), ("x", Some("a\nb"))] {
            let http = HttpConfig {
                user_agent: user_agent.to_owned(),
                contact: contact.map(str::to_owned),
                ..HttpConfig::default()
            };
            assert_eq!(check(&http).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
