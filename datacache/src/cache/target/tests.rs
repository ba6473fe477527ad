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
    for url in ["https://path.example/v2/x", "HTTPS://A.example/#top", "https://a.example/?q&"] {
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
            Request::new("https://www.theaudiodb.com/api/v1/json/_/x").header("Cookie", "other"),
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

/// A provider that wants tokens, with a client and without.
const TOKENS: &str = r#"{"providers": {
    "token": {"hosts": ["token.example"], "client_id": "id", "client_secret": "s3cret",
        "token_url": "https://token.example/token"},
    "none": {"hosts": ["none.example"], "token_url": "https://none.example/token"}}}"#;

#[test]
fn a_token_is_obtained_for_what_brings_no_authorization_of_its_own() {
    let policies = policies(TOKENS);
    let own = ("authorization", "Bearer own");
    for (url, headers, secrets, is_obtained) in [
        ("https://token.example/x", &[][..], Secrets::Configured, true),
        ("https://token.example/x", &[("Accept", "a/b")], Secrets::Configured, true),
        ("https://token.example/x", &[own], Secrets::Own, false),
        ("https://token.example/x", &[("Cookie", "own")], Secrets::Own, true),
        ("https://none.example/x", &[], Secrets::Missing, false),
        ("https://none.example/x", &[own], Secrets::Own, false),
        ("https://a.example/x", &[], Secrets::Nothing, false),
        ("https://token/x", &[], Secrets::Nothing, false),
    ] {
        let (key, target) = target(url, headers, &policies);
        assert_eq!((key.as_str(), target.url().as_str()), (url, url));
        assert_eq!(target.secrets, secrets, "{url} {headers:?}");
        assert_eq!(target.token_client().is_some(), is_obtained, "{url} {headers:?}");
    }
}

#[test]
fn what_needs_a_token_is_not_sent_without_but_can_be_queued() {
    let policies = policies(TOKENS);
    let url = "https://none.example/x";
    let (key, target) = Target::new(url, &[], Trust::Trusted, &policies).unwrap();
    let error = target.check_credential(&key, None, &policies).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for word in ["client_id_env", "client_secret_env", "[providers.none]"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    for url in [url, "https://token.example/x"] {
        assert!(queued(Request::new(url), &policies).unwrap().credential, "{url}");
        let own = Request::new(url).header("Authorization", "Bearer own");
        assert_eq!(queued(own, &policies).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn no_token_is_obtained_for_a_stranger() {
    let policies = policies(TOKENS);
    for url in ["https://token.example/x", "https://none.example/x"] {
        let (key, target) = Target::new(url, &[], Trust::Untrusted, &policies).unwrap();
        assert!(target.token_client().is_none());
        let error = target.check_credential(&key, None, &policies).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(target.check_queueable(&key, &policies).is_err());
    }
}

proptest! {
    #[test]
    fn no_secret_can_be_formatted(secret in "[A-Z]{3}[!-~]{13}", which in 0usize..7) {
        let mut config = config(PLACES);
        for provider in config.providers.values_mut() {
            provider.api_key = Some(crate::Secret::new(&*secret));
        }
        let spotify = crate::ProviderConfig {
            client_id: Some("id".to_owned()),
            client_secret: Some(crate::Secret::new(&*secret)),
            ..crate::ProviderConfig::default()
        };
        config.providers.insert(crate::Provider::new("spotify").unwrap(), spotify);
        let policies = Policies::new(&config.providers).unwrap();
        let escaped: String =
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let request = match which {
            0 => Request::new("https://header.example/x"),
            1 => Request::new(format!("https://query.example/?zz={escaped}&token={escaped}")),
            2 => Request::new(format!("https://path.example/v1/{escaped}/x?q=1")),
            3 => Request::new("https://path.example/v1/_/x?q=1"),
            4 => Request::new("https://api.spotify.com/v1/artists/x"),
            5 => Request::new(format!("https://u:{escaped}@query.example/x")),
            _ => Request::new("https://query.example/").header("X-Api-Key", &*secret),
        };
        let plan = Plan::new(request.clone(), &policies).unwrap();
        let job = plan.job(Priority::Batch, &policies);
        let line = job.as_ref().err().map(ToString::to_string);
        let shown = format!("{config:?} {policies:?} {request:?} {plan:?} {job:?} {line:?}");
        prop_assert!(!shown.contains(&secret) && !shown.contains(&escaped), "{shown}");
    }
}
