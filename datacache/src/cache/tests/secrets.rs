use std::fmt::{Debug, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span;

use super::*;
use crate::config::ProviderConfig;

/// Keeps the text of every event and span of this thread, ours and those of our dependencies.
#[derive(Clone, Default)]
struct Events {
    text: Arc<Mutex<String>>,
    last_span: Arc<AtomicU64>,
}

impl Events {
    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }
}

/// What comes of `work`, and what is logged meanwhile.
fn logging<T>(work: impl Future<Output = T>) -> (T, String) {
    // Of a lone subscriber it is thought that what another thread comes by first interests nobody.
    let _other = tracing::Dispatch::new(Events::default());
    let events = Events::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done = tracing::subscriber::with_default(events.clone(), || runtime.block_on(work));
    (done, events.text())
}

struct Writer<'a>(&'a mut String);

impl Visit for Writer<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl tracing::Subscriber for Events {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut Writer(&mut self.text.lock().unwrap()));
        span::Id::from_u64(self.last_span.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Writer(&mut self.text.lock().unwrap()));
    }

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Writer(&mut self.text.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Requests with the secret in each place where secrets are sent.
fn requests(origin: &Origin, secret: &str) -> Vec<Request> {
    let with_user = |user: &str, path: &str| origin.url(path).replacen("://", user, 1);
    vec![
        request(&with_user(&format!("://user:{secret}@"), "/password")),
        request(&with_user(&format!("://{secret}@"), "/user")),
        request(&origin.url(&format!("/parameter?q=1&api_key={secret}"))),
        request(&origin.url(&format!("/parameter?Access_Token={secret}#{secret}"))),
        request(&origin.url(&format!("/api/v1/json/{secret}/search.php?s=x"))),
        request(&origin.url("/header")).header("Authorization", format!("Bearer {secret}")),
        request(&origin.url("/header")).header("X-Api-Key", secret),
        request(&format!("http://user:{secret}@exa mple/?api_key={secret}")),
        request(&format!("embedded://{secret}@album/?api_key={secret}")),
        request(&format!("http://user:{secret}@127.0.0.1:1/?api_key={secret}")),
    ]
}

/// Everything that a caller can get to see of these requests, as text.
async fn all_that_shows(cache: &Cache, requests: Vec<Request>) -> String {
    let mut shown = String::new();
    for request in requests {
        // Lest a circuit open, and nothing more be sent.
        cache.clear_limits(&Provider::new("theaudiodb").unwrap()).await.unwrap();
        for variant in [
            request.clone(),
            request.clone().must_be_fresh().expected_checksum(crate::Checksum::of(b"other")),
            request.clone().must_be_fresh().priority(Priority::Batch),
            request.clone().data_type(DataType::ARTIST_LOGO),
            request.clone().header("X-Broken", "a\nb"),
        ] {
            write!(shown, "{variant:?} {:?} ", cache.lookup(&variant.url).await).unwrap();
            match cache.fetch(variant).await {
                Ok(answer) => writeln!(shown, "{answer:?}").unwrap(),
                Err(error) => writeln!(shown, "{error} {error:?} {:#?}", chain(&error)).unwrap(),
            }
        }
        writeln!(shown, "{:?}", cache.put(request, "put").await).unwrap();
    }
    let (entries, _) = cache.list(&Filter::all(), Page::default()).await.unwrap();
    let json = serde_json::to_string(&entries).unwrap();
    write!(shown, "{cache:?} {entries:?} {json}").unwrap();
    shown
}

fn chain(error: &Error) -> Vec<String> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.map(|cause| format!("{cause} {cause:?}")).collect()
}

fn files_containing(dir: &Path, secret: &str) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    paths
        .flat_map(|path| match std::fs::read(&path) {
            Ok(bytes) if holds(&bytes) => vec![path],
            Err(_) if path.is_dir() => files_containing(&path, secret),
            // SQLite may have removed it meanwhile.
            Ok(_) | Err(_) => Vec::new(),
        })
        .collect()
}

/// Sees to a request that needs a token, whatever comes of it, and returns what shows of it.
async fn all_that_shows_of_a_token(config: Config, folder: &Folder, url: &str) -> String {
    let mut shown = format!("{config:?}");
    let cache = folder.open_with(config).await;
    for request in [request(url), request(url).must_be_fresh(), request(url).untrusted()] {
        write!(shown, "{:?}", cache.explain(request).await).unwrap();
    }
    cache.enqueue([request(&format!("{url}?queued"))]).await.unwrap();
    drain(&cache).await;
    let (jobs, _) = cache.jobs(Page::default()).await.unwrap();
    let (entries, _) = cache.list(&Filter::all(), Page::default()).await.unwrap();
    write!(shown, "{cache:?} {jobs:?} {entries:?}").unwrap();
    cache.close().await;
    shown
}

#[test]
fn neither_a_token_nor_what_it_is_obtained_with_is_shown_logged_or_stored() {
    const SECRET: &str = "S3CRETVALUE";
    /// `the-id:S3CRETVALUE` as HTTP Basic sends it.
    const IN_BASE64: &str = "dGhlLWlkOlMzQ1JFVFZBTFVF";
    const TOKEN: &str = "T0K3NVALUE";
    let granted = format!(r#"{{"access_token": "{TOKEN}", "token_type": "Bearer"}}"#);
    for (answer, status) in [
        (Reply::ok(granted.clone()), 200),
        (Reply::ok(granted.clone()).header("Vary", "*"), 401),
        (Reply::ok(format!("{TOKEN} {SECRET}")), 200),
        (Reply::ok(granted.replace("Bearer", SECRET)), 200),
        (Reply::status(401).header("WWW-Authenticate", SECRET), 200),
        (Reply::redirect(format!("https://{SECRET}/?{TOKEN}")), 200),
    ] {
        let (endpoint, folder) = (origin([answer]), Folder::new());
        let origin = origin([Reply::status(status).header("Vary", "Authorization")]);
        let mut config = folder.config();
        let json = format!(
            r#"{{"mine": {{"hosts": ["127.0.0.1"], "budget": "none", "client_id": "the-id",
                "client_secret": "{SECRET}", "token_url": "{}"}}}}"#,
            endpoint.url("/token")
        );
        config.providers = serde_json::from_str(&json).unwrap();
        let url = origin.url("/x");
        let (shown, logged) = logging(all_that_shows_of_a_token(config, &folder, &url));
        for secret in [SECRET, IN_BASE64, TOKEN] {
            assert!(!shown.contains(secret), "{shown}");
            assert!(!logged.contains(secret), "{logged}");
            let files = files_containing(folder.dir.path(), secret);
            assert!(files.is_empty(), "{files:?}");
        }
        assert!(format!("{:?}", endpoint.received()).contains(IN_BASE64));
        assert!(logged.contains("127.0.0.1"), "{logged}");
    }
}

#[test]
fn no_secret_is_shown_logged_or_stored() {
    let mut rng = fastrand::Rng::with_seed(7);
    for status in [200, 404, 500, 302] {
        let secret: String = std::iter::repeat_with(|| rng.alphanumeric()).take(20).collect();
        let elsewhere = format!("ftp://elsewhere.example/?token={secret}");
        let origin = origin([Reply::status(status).header("Location", elsewhere)]);
        let folder = Folder::new();
        let mut config = folder.config();
        let hosts = Some(vec!["127.0.0.1".to_owned()]);
        let budget = Some("none".parse().unwrap());
        let host = ProviderConfig { hosts, budget, ..ProviderConfig::default() };
        config.providers.insert(Provider::new("theaudiodb").unwrap(), host);

        let (shown, logged) = logging(async {
            let cache = folder.open_with(config).await;
            let shown = all_that_shows(&cache, requests(&origin, &secret)).await;
            cache.close().await;
            shown
        });
        assert!(!shown.contains(&secret), "{shown}");
        assert!(!logged.contains(&secret), "{logged}");
        let files = files_containing(folder.dir.path(), &secret);
        assert!(files.is_empty(), "{files:?}");

        let received = origin.received();
        let is_sent = |received: &crate::testing::Received| {
            received.path.contains(&secret)
                || received.headers.values().any(|value| value.contains(&secret))
        };
        assert!(received.iter().filter(|received| is_sent(received)).count() > 3);
        assert!(logged.contains("127.0.0.1"), "{logged}");
    }
}
