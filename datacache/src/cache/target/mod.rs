//! What is sent: the URL and the headers of a request, with the API key of the provider that the
//! URL's host belongs to, or who obtains its token. Pure.
//!
//! A request that has a credential of its own at the provider's place keeps it; any other gets the
//! configured one, unless its URL comes from a stranger. The key of the entry is the same either way.
//! A token is not put in here: it is obtained, and may have to be renewed, when the request is sent.
//!
//! The queue holds no secrets: a row has the key and the headers without credentials, and a worker
//! puts in what it has configured. So a request can be queued exactly if that makes the same request
//! again.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::config::{Credential, Policies, TokenClient};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{Headers, Trust};
use crate::key::{self, Key};
use crate::queue::Job;
use crate::redact::{self, Stripped};

/// The request as it is sent.
#[derive(Clone)]
pub(super) struct Target {
    url: Url,
    headers: Headers,
    /// Who obtains the token that is sent with it, if one is.
    token_client: Option<Arc<TokenClient>>,
    secrets: Secrets,
}

/// Which credentials a request is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrets {
    Nothing,
    /// Those that the configuration supplies, be they in the request itself or not.
    Configured,
    /// Others.
    Own,
    /// None, though the path has a gap for one, or the provider wants a token.
    Missing,
    /// The same, and none will ever be put there: the URL is untrusted.
    Withheld,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, headers, token_client, secrets } = self;
        f.debug_struct("Target")
            .field("headers", headers)
            .field("token_client", token_client)
            .field("secrets", secrets)
            .finish_non_exhaustive()
    }
}

/// The key of `url` under the rules for secrets of its host.
pub(super) fn key_of(policies: &Policies, url: &str) -> Result<Key> {
    let url = key::parse_url(url)?;
    let rules = policies.secrets_of(&url);
    Ok(Key::canonical(url.clone(), rules).0)
}

impl Target {
    /// What is sent for `url` with the caller's `headers`, and under which key it is stored.
    pub(super) fn new(
        url: &str,
        headers: &[(String, String)],
        trust: Trust,
        policies: &Policies,
    ) -> Result<(Key, Self)> {
        let mut url = key::parse_url(url)?;
        let rules = policies.secrets_of(&url);
        let (key, stripped) = Key::canonical(url.clone(), rules);
        let mut headers = Headers::parse(headers, rules)?;
        let has_secrets = stripped == Stripped::Secrets || headers.carry_secrets();

        let credential = policies.credential_of(&url).filter(|_| trust == Trust::Trusted);
        let is_put = credential.is_some_and(|credential| put(credential, &mut url, &mut headers));
        let token_client =
            credential.and_then(Credential::token_client).filter(|_| !headers.authorize());
        let is_token_missing = credential.is_none() && policies.want_token(&url);
        let secrets = if has_secrets && !can_be_rebuilt(&key, &url, &headers, credential) {
            Secrets::Own
        } else if rules.leave_gap_in(&url) || is_token_missing {
            if trust == Trust::Trusted { Secrets::Missing } else { Secrets::Withheld }
        } else if is_put {
            Secrets::Configured
        } else {
            Secrets::Nothing
        };
        Ok((key, Self { url, headers, token_client: token_client.cloned(), secrets }))
    }

    /// With its secrets.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Whether the same is sent, credentials included.
    pub(super) fn sends_like(&self, other: &Self) -> bool {
        self.url == other.url && self.headers == other.headers
    }

    /// Who obtains the token that is sent with it.
    pub(super) fn token_client(&self) -> Option<&TokenClient> {
        self.token_client.as_deref()
    }

    /// Refuses to send without a credential what needs one: a URL with a gap in its path or of a
    /// provider that wants a token, and a job that was queued by somebody who had the key.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the settings; [`Refused`](ErrorKind::Refused) for an
    /// untrusted URL.
    pub(super) fn check_credential(
        &self,
        key: &Key,
        job: Option<&Job>,
        policies: &Policies,
    ) -> Result<()> {
        let is_missing = match self.secrets {
            Secrets::Missing => true,
            Secrets::Nothing => job.is_some_and(Job::needs_credential),
            Secrets::Configured | Secrets::Own => false,
            Secrets::Withheld => return Err(withheld("fetch", key)),
        };
        if !is_missing {
            return Ok(());
        }
        let setting = policies.credential_setting(&self.url);
        let reason = format_args!("its provider's credential is not configured: set {setting}");
        Err(Error::new(ErrorKind::Config, "fetch", key, reason))
    }

    /// Says whether a worker needs the provider's credential for this request.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) when no worker could make the same request, because
    /// rows hold no secrets; [`Refused`](ErrorKind::Refused) when none would send it.
    pub(super) fn check_queueable(&self, key: &Key, policies: &Policies) -> Result<bool> {
        match self.secrets {
            Secrets::Nothing => Ok(false),
            Secrets::Configured | Secrets::Missing => Ok(true),
            Secrets::Withheld => Err(withheld("enqueue", key)),
            Secrets::Own => {
                let setting = policies.credential_setting(&self.url);
                let reason = format_args!(
                    "a request with a credential can be queued only if it is the configured one: \
                     set {setting}"
                );
                Err(Error::new(ErrorKind::Unsupported, "enqueue", key, reason))
            }
        }
    }
}

fn withheld(operation: &'static str, key: &Key) -> Error {
    let reason = "the URL needs its provider's API key or token, but is untrusted";
    Error::new(ErrorKind::Refused, operation, key, reason)
}

/// Puts the key in its place, unless something is there already; says whether there is something
/// when it is sent.
fn put(credential: &Credential, url: &mut Url, headers: &mut Headers) -> bool {
    let api_key = match credential {
        Credential::ApiKey(api_key) => api_key,
        Credential::Token(_) => return true,
    };
    match api_key.header() {
        Some((name, value)) => {
            headers.add_credential(name, value);
            true
        }
        None => api_key.put_into(url),
    }
}

/// Whether a worker that knows the key, the other headers and the credential can make the request
/// that sends `url` and `headers`.
fn can_be_rebuilt(
    key: &Key,
    url: &Url,
    headers: &Headers,
    credential: Option<&Credential>,
) -> bool {
    let Ok(mut bare_url) = Url::parse(key.as_str()) else { return false };
    let mut rebuilt = Headers::default();
    if let Some(credential) = credential {
        put(credential, &mut bare_url, &mut rebuilt);
    }
    ask_the_same(&bare_url, url) && rebuilt.share_secrets_with(headers)
}

/// Whether two URLs differ at most in their fragments and the order of their parameters.
fn ask_the_same(one: &Url, other: &Url) -> bool {
    let without_query = |url: &Url| {
        let mut url = url.clone();
        // As keys have it where they have a place for a secret.
        url.set_path(&redact::collapsed(url.path()));
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    let params = |url: &Url| {
        let mut params: Vec<_> = url.query_pairs().into_owned().collect();
        params.sort();
        params
    };
    without_query(one) == without_query(other) && params(one) == params(other)
}

#[cfg(test)]
mod tests;
