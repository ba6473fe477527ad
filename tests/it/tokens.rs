//! Tokens: the program obtains them with credentials from its environment, and keeps none.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, run, write};

const SECRET: &str = "S3CRETVALUE";

/// `mine:S3CRETVALUE` as HTTP Basic sends it.
const BASIC: &str = "Basic bWluZTpTM0NSRVRWQUxVRQ==";

/// Where the credentials are found, for those who have them.
const VARIABLES: [(&str, &str); 2] = [("MINE_CLIENT_ID", "mine"), ("MINE_CLIENT_SECRET", SECRET)];

/// Whether a process has the client's credentials.
#[derive(Clone, Copy)]
enum Credentials {
    Known,
    Unknown,
}

/// An endpoint that grants `T0K3N-1`, `T0K3N-2` and so on to who has the credentials.
fn endpoint() -> Origin {
    let granted = AtomicUsize::new(0);
    Origin::start(move |request| {
        if request.headers["authorization"] != BASIC {
            return Reply::status(401);
        }
        let number = 1 + granted.fetch_add(1, Ordering::SeqCst);
        Reply::ok(format!(
            r#"{{"access_token": "T0K3N-{number}", "token_type": "Bearer", "expires_in": 3600}}"#
        ))
    })
    .unwrap()
}

/// The provider `mine` with the hosts of the tests' origins, and its credentials in the
/// environment.
fn configure(folder: &Folder, endpoint: &Origin) {
    let toml = format!(
        "[providers.mine]\nhosts = ['127.0.0.1']\nclient_id_env = 'MINE_CLIENT_ID'\n\
         client_secret_env = 'MINE_CLIENT_SECRET'\ntoken_url = '{}'\n",
        endpoint.url("/token")
    );
    write(folder.beside("datacache.toml"), toml);
}

/// A run that says as much as it can, and no secret.
fn run_with(folder: &Folder, credentials: Credentials, args: &[&str]) -> Run {
    let mut command = folder.program(args);
    command.arg("-vvvv").arg("--config").arg(folder.beside("datacache.toml"));
    for (name, value) in VARIABLES {
        match credentials {
            Credentials::Known => command.env(name, value),
            Credentials::Unknown => command.env_remove(name),
        };
    }
    let run = run(&mut command);
    let shown = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        [SECRET, "T0K3N", BASIC].iter().any(|secret| text.contains(secret))
    };
    assert!(!shown(&run.stdout) && !shown(run.stderr.as_bytes()), "{run:?}");
    for file in folder.files() {
        let bytes = fs::read(folder.dir().join(&file)).unwrap();
        assert!(!shown(&bytes), "{} has a secret", file.display());
    }
    run
}

#[test]
fn a_token_is_obtained_for_what_the_cache_does_not_have() {
    let (folder, endpoint) = (Folder::new(), endpoint());
    let origin = Origin::start(|_| Reply::ok("x").header("Vary", "Authorization")).unwrap();
    configure(&folder, &endpoint);
    let url = origin.url("/x");
    let got = run_with(&folder, Credentials::Known, &["get", &url, "--explain"]);
    assert_eq!((got.status, got.text().as_str()), (0, "x"), "{got:?}");
    assert!(got.stderr.contains("token of mine: a new one was obtained"), "{got:?}");
    for credentials in [Credentials::Known, Credentials::Unknown] {
        let again = run_with(&folder, credentials, &["get", &url]);
        assert_eq!((again.status, again.text().as_str()), (0, "x"), "{again:?}");
    }
    assert_eq!((endpoint.received().len(), origin.received().len()), (1, 1));
    assert_eq!(origin.received()[0].headers["authorization"], "Bearer T0K3N-1");
}

#[test]
fn a_token_that_is_refused_is_renewed_and_the_request_sent_again() {
    let (folder, endpoint) = (Folder::new(), endpoint());
    let origin = Origin::start(|request| match request.headers["authorization"].as_str() {
        "Bearer T0K3N-1" => Reply::status(401),
        _ => Reply::ok("x"),
    })
    .unwrap();
    configure(&folder, &endpoint);
    let got = run_with(&folder, Credentials::Known, &["get", &origin.url("/x"), "--retries", "0"]);
    assert_eq!((got.status, got.text().as_str()), (0, "x"), "{got:?}");
    assert_eq!((endpoint.received().len(), origin.received().len()), (2, 2));
}

#[test]
fn a_worker_without_the_credentials_puts_the_job_off_and_says_why() {
    let (folder, endpoint) = (Folder::new(), endpoint());
    let origin = Origin::start(|_| Reply::ok("x")).unwrap();
    configure(&folder, &endpoint);
    let url = origin.url("/x");
    let words = ["MINE_CLIENT_ID", "MINE_CLIENT_SECRET", "[providers.mine]"];
    let failed = run_with(&folder, Credentials::Unknown, &["get", &url]);
    assert!(failed.status == 1 && words.iter().all(|word| failed.stderr.contains(word)));
    assert_eq!(run_with(&folder, Credentials::Unknown, &["enqueue", &url]).status, 0);
    let drain = ["--json", "worker", "--drain", "--patience", "0s"];
    let worked = run_with(&folder, Credentials::Unknown, &drain);
    assert_eq!((worked.status, &worked.json()["retried"]), (0, &1.into()), "{worked:?}");
    let job = run_with(&folder, Credentials::Unknown, &["--json", "queue", "ls"]).json();
    let reason = job["last_error"].as_str().unwrap();
    assert!(words.iter().all(|word| reason.contains(word)), "{reason}");
    assert_eq!((endpoint.received().len(), origin.received().len()), (0, 0));
    // A job of its own, which is due at once.
    let other = origin.url("/y");
    assert_eq!(run_with(&folder, Credentials::Unknown, &["enqueue", &other]).status, 0);
    let worked = run_with(&folder, Credentials::Known, &drain);
    assert_eq!((worked.status, &worked.json()["done"]), (0, &1.into()), "{worked:?}");
    assert_eq!(origin.received()[0].headers["authorization"], "Bearer T0K3N-1");
}

#[test]
fn credentials_that_cannot_be_used_are_named_by_their_settings() {
    let (folder, endpoint) = (Folder::new(), endpoint());
    let file = folder.beside("datacache.toml");
    for (settings, words) in [
        ("client_secret = 'S3CRETVALUE'", &["[providers.mine]", "token_url"][..]),
        ("client_id = 'x'\nclient_secret = 'S3CRETVALUE'", &["[providers.mine]", "token_url"]),
        ("client_secret = 12345678", &["line 2", "quotes"]),
    ] {
        write(&file, format!("[providers.mine]\n{settings}\n"));
        let failed = run(folder.program(["ls", "--config"]).arg(&file));
        failed.assert_failed(1, words);
        assert!(!failed.stderr.contains(SECRET) && !failed.stderr.contains("12345678"));
    }
    configure(&folder, &endpoint);
    let mut command = folder.program(["get", &endpoint.url("/x"), "--config"]);
    command.arg(&file).env("MINE_CLIENT_ID", "other").env("MINE_CLIENT_SECRET", SECRET);
    run(&mut command).assert_failed(1, &["401", "MINE_CLIENT_SECRET, in [providers.mine]"]);
    assert_eq!(endpoint.received().len(), 1);
}
