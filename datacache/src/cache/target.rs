//! What is sent: the URL and the headers of a request, with the API key of the provider that the
//! URL's host belongs to. Pure.
//!
//! A request that has a credential of its own at the provider's place keeps it; any other gets the
//! configured one, unless its URL comes from a stranger. The key of the entry is the same either way.
//!
//! The queue holds no secrets: a row has the key and the headers without credentials, and a worker
//! puts in what it has configured. So a request can be queued exactly if that makes the same request
//! again.

use std::fmt;

use url::Url;

use crate::config::{Credential, Policies};
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
    /// None, though the path has a gap for one.
    Missing,
    /// The same, and none will ever be put there: the URL is untrusted.
    Withheld,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, headers, secrets } = self;
        f.debug_struct("Target")
            .field("headers", headers)
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
        let secrets = if has_secrets && !can_be_rebuilt(&key, &url, &headers, credential) {
            Secrets::Own
        } else if rules.leave_gap_in(&url) {
            if trust == Trust::Trusted { Secrets::Missing } else { Secrets::Withheld }
        } else if is_put {
            Secrets::Configured
        } else {
            Secrets::Nothing
        };
        Ok((key, Self { url, headers, secrets }))
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

    /// Refuses to send without a credential what needs one: a URL with a gap in its path, and a job
    /// that was queued by somebody who had the key.
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
        let setting = policies.api_key_setting(&self.url);
        let reason = format_args!("its provider's API key is not configured: set {setting}");
        Err(Error::new(ErrorKind::Config, "fetch", key, reason))
    }

    /// Says whether a worker needs the provider's key for this request.
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
                let setting = policies.api_key_setting(&self.url);
                let reason = format_args!(
                    "a request with a credential can be queued only if it is the configured API \
                     key: set {setting}"
                );
                Err(Error::new(ErrorKind::Unsupported, "enqueue", key, reason))
            }
        }
    }
}

fn withheld(operation: &'static str, key: &Key) -> Error {
    let reason = "the URL needs its provider's API key, but is untrusted";
    Error::new(ErrorKind::Refused, operation, key, reason)
}

/// Puts the key in its place, unless something is there already; says whether there is something
/// now.
fn put(credential: &Credential, url: &mut Url, headers: &mut Headers) -> bool {
    match credential.header() {
        Some((name, value)) => {
            headers.add_credential(name, value);
            true
        }
        None => credential.put_into(url),
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cache::plan::Plan;
    use crate::cache::request::Request;
    use crate::config::Config;
    use crate::queue::{Params, Priority};

    /// Hosts of a provider for each place, with the key `s3cret`.
    const PLACES: &str = r#"{"providers": {
        "query": {"hosts": ["query.example"], "api_key": "s3cret", "api_key_in": "query zz"},
        "path": {"hosts": ["path.example"], "api_key": "s3cret", "api_key_in": "path /v1/"},
        "header": {"hosts": ["header.example"], "api_key": "s3cret",
            "api_key_in": "header X-Client: id={key}"}}}"#;

    fn config(json: &str) -> Config {
        serde_json::from_str(json).unwrap()
    }

    fn policies(json: &str) -> Policies {
        Policies::new(&config(json).providers).unwrap()
    }

    fn target(url: &str, headers: &[(&str, &str)], policies: &Policies) -> (String, Target) {
        let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let headers: Vec<_> = headers.iter().map(pair).collect();
        let (key, target) = Target::new(url, &headers, Trust::Trusted, policies).unwrap();
        (key.to_string(), target)
    }

    /// What stands in the queue for a request, or why nothing can.
    fn queued(request: Request, policies: &Policies) -> Result<Params> {
        Ok(Plan::new(request, policies)?.job(Priority::Batch, policies)?.params)
    }

    #[test]
    fn the_configured_key_is_sent_to_its_own_host_and_only_there() {
        let policies = policies(PLACES);
        for (url, sent) in [
            ("https://query.example/x", "https://query.example/x?zz=s3cret"),
            ("https://path.example/v1/_/x", "https://path.example/v1/s3cret/x"),
            ("https://header.example/x", "https://header.example/x"),
            ("https://path.example/v2/_/x", "https://path.example/v2/_/x"),
            ("https://a.example/v1/_/x", "https://a.example/v1/_/x"),
            ("https://query/x", "https://query/x"),
        ] {
            let (key, target) = target(url, &[], &policies);
            assert_eq!((key.as_str(), target.url().as_str()), (url, sent));
            assert_eq!(target.headers().carry_secrets(), url.contains("header.example"));
        }
    }

    #[test]
    fn no_configured_key_is_sent_for_a_stranger() {
        let policies = policies(PLACES);
        for (url, secrets) in [
            ("https://query.example/x", Secrets::Nothing),
            ("https://query.example/x?zz=s3cret", Secrets::Own),
            ("https://path.example/v1/_/x", Secrets::Withheld),
            ("https://header.example/x", Secrets::Nothing),
        ] {
            let (key, target) = Target::new(url, &[], Trust::Untrusted, &policies).unwrap();
            assert_eq!((target.url().as_str(), target.secrets), (url, secrets));
            assert!(!target.headers().carry_secrets());
            if secrets == Secrets::Withheld {
                for checked in [
                    target.check_credential(&key, None, &policies),
                    target.check_queueable(&key, &policies).map(drop),
                ] {
                    assert_eq!(checked.unwrap_err().kind(), ErrorKind::Refused);
                }
            }
        }
    }

    #[test]
    fn a_request_with_a_key_of_its_own_keeps_it_and_its_place_in_the_cache() {
        let policies = policies(PLACES);
        for (url, key) in [
            ("https://query.example/x?ZZ=own", "https://query.example/x"),
            ("https://path.example/v1/own/x", "https://path.example/v1/_/x"),
        ] {
            let (own_key, own) = target(url, &[], &policies);
            assert_eq!((own_key.as_str(), own.url().as_str()), (key, url));
            assert_eq!(own.secrets, Secrets::Own);
        }
        let (_, own) = target("https://header.example/", &[("x-client", "own")], &policies);
        let mut expected = Headers::default();
        expected.add_credential("X-Client", "own".to_owned());
        assert!(own.headers().share_secrets_with(&expected));
        assert_eq!(own.secrets, Secrets::Own);
    }

    #[test]
    fn what_a_worker_can_make_again_can_be_queued_without_its_secrets() {
        let policies = policies(PLACES);
        for request in [
            Request::new("https://query.example/x?a=1&zz=s3cret&b=2#top"),
            Request::new("https://query.example/x?%7Az=s3cre%74"),
            Request::new("https://query.example/x"),
            Request::new("https://path.example/v1/s3cret/x"),
            Request::new("https://path.example//v1/s3cret/x"),
            Request::new("https://path.example/v1/_/x"),
            Request::new("https://header.example/x").header("x-client", "id=s3cret"),
            Request::new("https://header.example/x"),
        ] {
            let params = queued(request.header("Accept", "text/plain"), &policies).unwrap();
            assert!(params.credential);
            assert_eq!(params.headers, [("Accept".to_owned(), "text/plain".to_owned())]);
        }
        for url in ["https://path.example/v2/x", "HTTPS://A.example/#top", "https://a.example/?q&"]
        {
            assert!(!queued(Request::new(url), &policies).unwrap().credential, "{url}");
        }
    }

    #[test]
    fn what_no_worker_could_make_again_is_refused_with_what_to_do() {
        let policies = policies(PLACES);
        for (request, setting) in [
            (Request::new("https://query.example/x?zz=other"), "[providers.query]"),
            (Request::new("https://query.example/x?zz=s3cret&zz=other"), "[providers.query]"),
            (Request::new("https://query.example/x?zz=s3cret&token=other"), "[providers.query]"),
            (Request::new("https://user:other@query.example/x"), "[providers.query]"),
            (Request::new("https://path.example/v1/other/x"), "[providers.path]"),
            (Request::new("https://header.example/").header("X-Client", "other"), "api_key_env"),
            (Request::new("https://query.example/").header("Cookie", "other"), "api_key_env"),
            (Request::new("https://a.example/?api_key=s3cret"), "whose hosts have a.example"),
            (Request::new("https://a.example/").header("Authorization", "s3cret"), "api_key"),
            (Request::new("https://www.theaudiodb.com/api/v1/json/2/x"), "[providers.theaudiodb]"),
            (
                Request::new("https://www.theaudiodb.com/api/v1/json/_/x")
                    .header("Cookie", "other"),
                "[providers.theaudiodb]",
            ),
        ] {
            let error = queued(request, &policies).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(setting), "{error}");
        }
    }

    #[test]
    fn a_url_with_a_gap_is_not_sent_but_can_be_queued() {
        let policies = policies(PLACES);
        for (url, is_sent) in [
            ("https://path.example/v1/_/x", true),
            ("https://a.example/api/v1/json/_/x", true),
            ("https://www.theaudiodb.com/api/v1/json/2/x", true),
            ("https://www.theaudiodb.com/api/v1/json/_/x", false),
            ("https://www.theaudiodb.com//api/v1/json/_", false),
        ] {
            let (key, target) = Target::new(url, &[], Trust::Trusted, &policies).unwrap();
            let checked = target.check_credential(&key, None, &policies);
            assert_eq!(checked.is_ok(), is_sent, "{url}");
            if let Err(error) = checked {
                assert_eq!(error.kind(), ErrorKind::Config);
                assert!(error.to_string().contains("[providers.theaudiodb]"), "{error}");
                assert!(target.check_queueable(&key, &policies).unwrap());
            }
        }
    }

    proptest! {
        #[test]
        fn no_secret_can_be_formatted(secret in "[A-Z]{3}[!-~]{13}", which in 0usize..6) {
            let mut config = config(PLACES);
            for provider in config.providers.values_mut() {
                provider.api_key = Some(crate::Secret::new(&*secret));
            }
            let policies = Policies::new(&config.providers).unwrap();
            let escaped: String =
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let request = match which {
                0 => Request::new("https://header.example/x"),
                1 => Request::new(format!("https://query.example/?zz={escaped}&token={escaped}")),
                2 => Request::new(format!("https://path.example/v1/{escaped}/x?q=1")),
                3 => Request::new("https://path.example/v1/_/x?q=1"),
                4 => Request::new(format!("https://u:{escaped}@query.example/x")),
                _ => Request::new("https://query.example/").header("X-Api-Key", &*secret),
            };
            let plan = Plan::new(request.clone(), &policies).unwrap();
            let job = plan.job(Priority::Batch, &policies);
            let line = job.as_ref().err().map(ToString::to_string);
            let shown = format!("{config:?} {policies:?} {request:?} {plan:?} {job:?} {line:?}");
            prop_assert!(!shown.contains(&secret) && !shown.contains(&escaped), "{shown}");
        }
    }
}
