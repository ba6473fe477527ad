//! What no facade shows.
//!
//! Where the URLs of strangers lead: no test has a public host: the line between public and not is
//! drawn elsewhere, namely between 127.0.0.1 and everything else.

use std::net::{IpAddr, Ipv4Addr};

use super::hop::Hop;
use super::*;
use crate::config::Credential;
use crate::db::Db;
use crate::error::ErrorKind;
use crate::testing::{Origin, Reply};

fn check(address: IpAddr) -> Result<(), &'static str> {
    if address == Ipv4Addr::LOCALHOST { Ok(()) } else { Err("elsewhere") }
}

async fn get(url: &str, trust: Trust) -> Result<Fetched> {
    with_call(url, trust, "{}", async |fetcher, call| fetcher.get(call).await).await
}

/// Does something with a call for `url`, and a fetcher that nobody else has.
async fn with_call<T>(
    url: &str,
    trust: Trust,
    providers: &str,
    act: impl AsyncFnOnce(&Fetcher, Call<'_>) -> T,
) -> T {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("locks")).unwrap();
    let db = Db::open(dir.path(), &dir.path().join("locks"), None).await.unwrap();
    let policies = Policies::new(&serde_json::from_str(providers).unwrap()).unwrap();
    let policies = Arc::new(policies);
    let (http, clock) = (HttpConfig::default(), Clock::system());
    let limits = Limits::new(db, clock.clone());
    let mut fetcher =
        Fetcher::new(http, Arc::clone(&policies), clock, limits, Background::default());
    fetcher.check_address = check;
    let nobody = Provider::new("nobody").unwrap();
    let (url, key) = (Url::parse(url).unwrap(), Key::parse(url).unwrap());
    let credential = policies.credential_of(&url);
    let call = Call {
        url: &url,
        key: &key,
        trust,
        headers: &Headers::default(),
        token_client: credential.and_then(Credential::token_client).map(|client| &**client),
        condition: None,
        provider: &nobody,
        rules: &policies.get(&nobody).answers,
        timeout: Duration::from_secs(30),
        retries: 0,
        payer: &policies.payer_of(&url, &nobody),
        urgency: Urgency::Live,
        trail: &Trail::default(),
        was_sent: None,
    };
    act(&fetcher, call).await
}

#[tokio::test]
async fn every_hop_of_an_untrusted_url_is_checked() {
    let public = Origin::start(|_| Reply::ok("x")).unwrap();
    for (target, host) in [
        ("http://127.0.0.2:1/x".to_owned(), "127.0.0.2"),
        ("http://[::1]:1/x".to_owned(), "[::1]"),
        ("//169.254.169.254/latest/meta-data/".to_owned(), "169.254.169.254"),
        ("http://0x0a.1/".to_owned(), "10.0.0.1"),
    ] {
        // Two hops, the first of which is harmless.
        let origin = Origin::start(move |request| match request.path.as_str() {
            "/first" => Reply::redirect("/second"),
            _ => Reply::redirect(target.clone()),
        })
        .unwrap();
        let error = get(&origin.url("/first"), Trust::Untrusted).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        let words = format!("the address of {host} is elsewhere, and the URL is untrusted");
        assert!(error.to_string().ends_with(&words), "{error}");
        assert_eq!(origin.received().len(), 2);
    }
    let there = public.url("/x");
    let origin = Origin::start(move |_| Reply::redirect(there.clone())).unwrap();
    let found = get(&origin.url("/x"), Trust::Untrusted).await.unwrap();
    assert!(matches!(found, Fetched::Found { .. }), "{found:?}");
}

/// A name is resolved, checked and connected to in one step.
#[tokio::test]
async fn a_name_is_connected_to_where_it_may_lead() {
    let origin = Origin::start(|_| Reply::ok("x")).unwrap();
    let url = origin.url("/x").replace("127.0.0.1", "localhost");
    // `localhost` may be ::1 too, where nobody listens.
    let found = get(&url, Trust::Untrusted).await.unwrap();
    assert!(matches!(found, Fetched::Found { .. }), "{found:?}");
}

/// Five failures in a row would give the provider a rest.
#[tokio::test]
async fn one_failure_of_a_token_endpoint_is_told_to_all_who_wait_and_counts_once() {
    let endpoint = Origin::start(|_| Reply::status(503)).unwrap();
    let providers = format!(
        r#"{{"mine": {{"hosts": ["127.0.0.1"], "budget": "none", "client_id": "id",
            "client_secret": "secret", "token_url": "{}"}}}}"#,
        endpoint.url("/token")
    );
    with_call("http://127.0.0.1:1/x", Trust::Trusted, &providers, async |fetcher, call| {
        let http = fetcher.client_for(call).await.unwrap();
        let (hop, mut patience) = (Hop::first(call), Duration::ZERO);
        let turn = fetcher.admit(http, call, &hop, &mut patience).await.unwrap();
        assert!(turn.token.is_err());
        let asked = || fetcher.token(http, call, &turn.slot);
        let told = tokio::join!(asked(), asked(), asked(), asked(), asked());
        for token in [told.0, told.1, told.2, told.3, told.4] {
            assert_eq!(token.err().unwrap().status(), Some(503));
        }
        assert_eq!(endpoint.received().len(), 2);
        assert_eq!(fetcher.limits.resting().await.unwrap().len(), 0);
        for _ in 0..3 {
            assert!(asked().await.is_err());
        }
        assert_eq!(fetcher.limits.resting().await.unwrap().len(), 1);
    })
    .await;
}
