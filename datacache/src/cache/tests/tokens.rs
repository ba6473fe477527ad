//! Tokens: obtained once for all who need one, renewed in time, never shown.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use super::*;
use crate::config::{ProviderConfig, Secret};
use crate::queue::JobState;

const CALLERS: usize = 50;

/// The body with which an endpoint grants the token `token` for an hour.
fn grant(token: &str) -> Reply {
    let body =
        format!(r#"{{"access_token": "{token}", "token_type": "Bearer", "expires_in": 3600}}"#);
    Reply::ok(body).header("Content-Type", "application/json")
}

/// An endpoint that grants `token-1`, `token-2` and so on.
fn endpoint() -> Origin {
    let granted = AtomicUsize::new(0);
    let next = move |_: &_| grant(&format!("token-{}", 1 + granted.fetch_add(1, Ordering::SeqCst)));
    Origin::start(next).unwrap()
}

/// A configuration whose provider `mine` has the hosts of the tests' origins and wants tokens.
fn config(folder: &Folder, endpoint: &Origin, secret: Option<&str>) -> Config {
    let mut config = folder.config();
    let mine = ProviderConfig {
        hosts: Some(vec!["127.0.0.1".to_owned()]),
        budget: Some("none".parse().unwrap()),
        client_id: Some("the-id".to_owned()),
        client_secret: secret.map(Secret::new),
        client_secret_env: Some("MINE_SECRET".to_owned()),
        token_url: Some(endpoint.url("/api/token")),
        ..ProviderConfig::default()
    };
    config.providers.insert(Provider::new("mine").unwrap(), mine);
    config
}

async fn open(folder: &Folder, endpoint: &Origin, secret: Option<&str>) -> Cache {
    folder.open_with(config(folder, endpoint, secret)).await
}

/// The tokens that came with the requests, in their order.
fn sent(origin: &Origin) -> Vec<String> {
    let token = |received: Received| received.headers.get("authorization").cloned();
    origin.received().into_iter().map(|received| token(received).unwrap_or_default()).collect()
}

/// Fetches `/1`, `/2` and so on at the same time.
async fn fetch_all(cache: &Cache, origin: &Origin) -> Vec<Result<Answer>> {
    let fetches = (0..CALLERS).map(|number| {
        let (cache, url) = (cache.clone(), origin.url(&format!("/{number}")));
        tokio::spawn(async move { cache.fetch(request(&url)).await })
    });
    let fetches: Vec<_> = fetches.collect();
    let mut answers = Vec::new();
    for fetch in fetches {
        answers.push(fetch.await.unwrap());
    }
    answers
}

async fn steps(cache: &Cache, request: Request) -> Vec<String> {
    let explained = cache.explain(request).await;
    explained.steps.into_iter().map(|step| step.what).collect()
}

#[tokio::test]
async fn a_token_is_obtained_as_the_rfc_has_it_and_sent() {
    let (folder, endpoint, origin) = (Folder::new(), endpoint(), origin([Reply::ok("one")]));
    let cache = open(&folder, &endpoint, Some("s3c:ret")).await;
    assert_eq!(fetch(&cache, request(&origin.url("/x"))).await.0, FoundState::Fetched);
    assert_eq!(sent(&origin), ["Bearer token-1"]);
    let [asked] = &endpoint.received()[..] else { panic!("more than one") };
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/api/token"));
    assert_eq!(asked.body, b"grant_type=client_credentials");
    assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
    // `the-id:s3c%3Aret`
    assert_eq!(asked.headers["authorization"], "Basic dGhlLWlkOnMzYyUzQXJldA==");
}

#[tokio::test]
async fn an_entry_is_the_same_with_a_token_and_without_whatever_token_it_was() {
    let (folder, endpoint) = (Folder::new(), endpoint());
    let cache = open(&folder, &endpoint, Some("s3cret")).await;
    let origin =
        origin([with(Reply::ok("one"), "Vary: Authorization; ETag: \"a\""), not_modified("")]);
    let url = origin.url("/x");
    fetch(&cache, request(&url)).await;
    let without = open(&folder, &endpoint, None).await;
    assert_eq!(fetch(&without, request(&url)).await.0, FoundState::Fresh);
    folder.clock.advance(HOUR);
    let renewed = fetch(&cache, request(&url).must_be_fresh()).await;
    assert_eq!(renewed.0, FoundState::Revalidated);
    assert_eq!(sent(&origin), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn many_callers_share_one_token_and_it_is_renewed_before_its_end() {
    let (folder, endpoint, origin) = (Folder::new(), endpoint(), origin([Reply::ok("one")]));
    let cache = open(&folder, &endpoint, Some("s3cret")).await;
    assert!(fetch_all(&cache, &origin).await.iter().all(Result::is_ok));
    assert_eq!(endpoint.received().len(), 1);
    for (path, step, token) in [
        ("/x", Duration::from_millis(59 * 60_000 - 1), "Bearer token-1"),
        ("/y", Duration::from_millis(1), "Bearer token-2"),
    ] {
        folder.clock.advance(step);
        // Clones share their tokens.
        fetch(&cache.clone(), request(&origin.url(path))).await;
        assert_eq!(sent(&origin).last().unwrap(), token);
    }
    assert_eq!(endpoint.received().len(), 2);
}

#[tokio::test]
async fn a_token_that_many_find_refused_is_renewed_once() {
    let (folder, endpoint) = (Folder::new(), endpoint());
    let all_have_asked = Arc::new(Barrier::new(CALLERS));
    let origin = Origin::start(move |received| {
        if received.headers["authorization"] == "Bearer token-1" {
            all_have_asked.wait();
            return Reply::status(401);
        }
        Reply::ok("one")
    })
    .unwrap();
    let cache = open(&folder, &endpoint, Some("s3cret")).await;
    assert!(fetch_all(&cache, &origin).await.iter().all(Result::is_ok));
    assert_eq!(endpoint.received().len(), 2);
    let sent = sent(&origin);
    assert_eq!(sent.len(), 2 * CALLERS);
    assert_eq!(sent.iter().filter(|token| *token == "Bearer token-2").count(), CALLERS);
}

#[tokio::test]
async fn a_second_refusal_is_the_answer() {
    let (folder, endpoint, origin) = (Folder::new(), endpoint(), origin([Reply::status(401)]));
    let cache = open(&folder, &endpoint, Some("s3cret")).await;
    let told = steps(&cache, request(&origin.url("/x")).retries(3)).await;
    assert_eq!(sent(&origin), ["Bearer token-1", "Bearer token-2"]);
    let obtained = told.iter().filter(|step| step.starts_with("token of mine: a new one was"));
    assert_eq!(obtained.count(), 2, "{told:#?}");
    assert!(!format!("{told:?}").contains("token-"), "{told:#?}");
    assert_eq!(failure(&cache, request(&origin.url("/x"))).await, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn a_401_of_who_was_sent_no_token_renews_none() {
    let (folder, endpoint) = (Folder::new(), endpoint());
    let cache = open(&folder, &endpoint, Some("s3cret")).await;
    let stranger = origin([Reply::status(401)]);
    let origin = origin([Reply::redirect(stranger.url("/x"))]);
    assert_eq!(failure(&cache, request(&origin.url("/x"))).await, ErrorKind::Unauthorized);
    assert_eq!(
        (sent(&origin), sent(&stranger)),
        (vec!["Bearer token-1".to_owned()], vec![String::new()])
    );
    let own = request(&origin.url("/y")).header("Authorization", "Bearer own");
    assert_eq!(failure(&cache, own).await, ErrorKind::Unauthorized);
    assert_eq!(sent(&origin)[1], "Bearer own");
    assert_eq!(endpoint.received().len(), 1);
}

#[tokio::test]
async fn what_the_endpoint_answers_is_told_and_nothing_sent() {
    let long = format!(r#"{{"access_token": "{}""#, "x".repeat(70_000));
    let refusal = Reply::raw(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 26\r\n\r\n{\"error\":\"invalid_client\"} ",
    );
    for (reply, kind, words) in [
        (refusal, ErrorKind::Unauthorized, "MINE_SECRET, in [providers.mine]"),
        (Reply::status(401), ErrorKind::Unauthorized, "client_id or client_id_env"),
        (Reply::status(400), ErrorKind::Upstream, "400"),
        (Reply::status(404), ErrorKind::Upstream, "404"),
        (Reply::status(503), ErrorKind::Upstream, "503"),
        (Reply::ok("<html>log in</html>"), ErrorKind::Refused, "no token's answer"),
        (Reply::ok(long), ErrorKind::Refused, "too long for a token's answer"),
        (Reply::redirect("/elsewhere"), ErrorKind::Refused, "302"),
        (Reply::silence(), ErrorKind::Timeout, "within"),
    ] {
        let (folder, endpoint, origin) =
            (Folder::new(), origin([reply]), origin([Reply::ok("one")]));
        let cache = open(&folder, &endpoint, Some("s3cret")).await;
        let mut request = request(&origin.url("/x"));
        if kind == ErrorKind::Timeout {
            request = request.timeout(Duration::from_millis(200));
        }
        let error = cache.fetch(request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains(&endpoint.url("/api/token")), "{error}");
        assert_eq!((endpoint.received().len(), origin.received().len()), (1, 0), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_again_as_often_as_the_origin_would_be() {
    let folder = Folder::new();
    let endpoint = origin([Reply::status(503), Reply::status(500), grant("token")]);
    let origin = origin([Reply::ok("one")]);
    let cache = open(&folder, &endpoint, Some("s3cret")).await;
    fetch(&cache, request(&origin.url("/x")).retries(2)).await;
    assert_eq!((endpoint.received().len(), origin.received().len()), (3, 1));
}

#[tokio::test]
async fn an_endpoint_that_asks_to_be_left_alone_is_by_every_process() {
    let folder = Folder::new();
    let endpoint = origin([Reply::status(429).header("Retry-After", "79892"), grant("token")]);
    let origin = origin([Reply::ok("one")]);
    let cache = open(&folder, &endpoint, Some("s3cret")).await;
    let other = open(&folder, &endpoint, Some("s3cret")).await;
    for cache in [&cache, &other] {
        let error = cache.fetch(request(&origin.url("/x")).retries(3)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(79_892)));
    }
    assert_eq!((endpoint.received().len(), origin.received().len()), (1, 0));
    folder.clock.advance(Duration::from_secs(79_892));
    fetch(&other, request(&origin.url("/x"))).await;
}

#[tokio::test]
async fn a_job_is_done_with_the_token_of_the_worker() {
    let (folder, endpoint, origin) = (Folder::new(), endpoint(), origin([Reply::ok("one")]));
    let (client, worker) =
        (open(&folder, &endpoint, None).await, open(&folder, &endpoint, Some("s3cret")).await);
    let url = origin.url("/x");
    assert_eq!(failure(&client, request(&url)).await, ErrorKind::Config);
    assert_eq!(client.enqueue([request(&url)]).await.unwrap().new, 1);
    assert_eq!(drain(&client).await.retried, 1);
    let job = client.0.queue.get(&client.key(&url).unwrap()).await.unwrap().unwrap();
    assert_eq!(job.status, JobState::Pending);
    let reason = job.last_error.unwrap();
    for word in ["client_id", "client_secret", "MINE_SECRET", "[providers.mine]"] {
        assert!(reason.contains(word), "{reason}");
    }
    assert_eq!((endpoint.received().len(), origin.received().len()), (0, 0));
    folder.clock.advance(HOUR);
    assert_eq!(drain(&worker).await.done, 1);
    assert_eq!(sent(&origin), ["Bearer token-1"]);
    assert_eq!(fetch(&client, request(&url)).await.0, FoundState::Fresh);
}

#[tokio::test]
async fn a_stranger_gets_no_token() {
    let (folder, endpoint, origin) = (Folder::new(), endpoint(), origin([Reply::ok("one")]));
    let mut config = config(&folder, &endpoint, Some("s3cret"));
    config.providers.values_mut().for_each(|mine| mine.hosts = Some(vec!["a.example".to_owned()]));
    let cache = folder.open_with(config).await;
    let untrusted = Request::new("https://a.example/x").untrusted();
    assert_eq!(failure(&cache, untrusted).await, ErrorKind::Refused);
    assert_eq!((endpoint.received().len(), origin.received().len()), (0, 0));
}
