//! API keys live in the configuration: they reach their provider's hosts, from any process that has
//! them, and nothing else.

use std::fs;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, run, write};
use serde_json::Value;

const SECRET: &str = "S3CRETVALUE";

/// Where the key is found, for those who have it.
const VARIABLE: &str = "MINE_API_KEY";

/// Whether a process has the key.
#[derive(Clone, Copy)]
enum Key {
    Known,
    Unknown,
}

/// The provider `mine` with the hosts of the tests' origins, and its key in the environment.
fn configure(folder: &Folder, place: &str) {
    let toml = format!(
        "[providers.mine]\nhosts = ['127.0.0.1']\napi_key_env = '{VARIABLE}'\napi_key_in = '{place}'\n"
    );
    write(folder.beside("datacache.toml"), toml);
}

/// A run that says as much as it can.
fn run_with(folder: &Folder, key: Key, args: &[&str]) -> Run {
    let mut command = folder.program(args);
    command.arg("-vvvv").arg("--config").arg(folder.beside("datacache.toml"));
    match key {
        Key::Known => command.env(VARIABLE, SECRET),
        Key::Unknown => command.env_remove(VARIABLE),
    };
    run(&mut command)
}

fn drain(folder: &Folder, key: Key) -> Run {
    run_with(folder, key, &["--json", "worker", "--drain", "--patience", "0s"])
}

fn assert_kept(folder: &Folder, run: &Run) {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(SECRET);
    assert!(!shown(&run.stdout) && !shown(run.stderr.as_bytes()), "{run:?}");
    assert!(!folder.files().is_empty());
    for file in folder.files() {
        let bytes = fs::read(folder.dir().join(&file)).unwrap();
        assert!(!shown(&bytes), "{} has the secret", file.display());
    }
}

#[test]
fn what_one_process_queues_with_its_key_another_fetches_with_its_own() {
    for (place, path, header) in [
        ("query zz", format!("/x?zz={SECRET}&q=1"), None),
        ("path /v1/", format!("/v1/{SECRET}/x"), None),
        ("header X-Client: id={key}", "/x".to_owned(), Some(format!("X-Client: id={SECRET}"))),
    ] {
        let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::ok("x")).unwrap());
        configure(&folder, place);
        let url = origin.url(&path);
        let mut enqueue = vec!["--json", "enqueue", &url];
        enqueue.extend(header.iter().flat_map(|header| ["--header", header]));
        let enqueued = run_with(&folder, Key::Known, &enqueue);
        assert_eq!((enqueued.status, &enqueued.json()["new"]), (0, &1.into()), "{enqueued:?}");
        assert_kept(&folder, &enqueued);
        let listed = run_with(&folder, Key::Known, &["--json", "queue", "ls"]);
        assert_kept(&folder, &listed);

        let worked = drain(&folder, Key::Known);
        assert_eq!((worked.status, &worked.json()["done"]), (0, &1.into()), "{worked:?}");
        assert_kept(&folder, &worked);
        let [received] = &origin.received()[..] else { panic!("{worked:?}") };
        let sent = format!("{} {:?}", received.path, received.headers.get("x-client"));
        assert_eq!(sent.matches(SECRET).count(), 1, "{sent}");
        assert_eq!(run_with(&folder, Key::Unknown, &["get", &url, "--offline"]).text(), "x");
    }
}

#[test]
fn a_worker_without_the_key_puts_the_job_off_and_says_why() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::ok("x")).unwrap());
    configure(&folder, "query zz");
    run_with(&folder, Key::Known, &["enqueue", &origin.url(&format!("/x?zz={SECRET}"))]);
    let worked = drain(&folder, Key::Unknown);
    assert_eq!((worked.status, &worked.json()["retried"]), (0, &1.into()), "{worked:?}");
    let listed = run_with(&folder, Key::Unknown, &["--json", "queue", "ls"]);
    let job: Value = listed.json();
    assert_eq!((&job["status"], &job["attempts"]), (&"pending".into(), &1.into()));
    let reason = job["last_error"].as_str().unwrap();
    for word in ["[providers.mine]", "api_key", VARIABLE] {
        assert!(reason.contains(word), "{reason}");
    }
    assert_eq!(origin.received(), []);
    // Somebody who waits does it at once, whatever its time.
    let got = run_with(&folder, Key::Known, &["get", &origin.url("/x")]);
    assert_eq!((got.status, got.text().as_str()), (0, "x"), "{got:?}");
    assert_eq!(origin.received()[0].path, format!("/x?zz={SECRET}"));
    assert_kept(&folder, &got);
}

#[test]
fn another_key_than_the_configured_one_is_not_queued_and_the_setting_named() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::ok("x")).unwrap());
    configure(&folder, "query zz");
    let url = origin.url(&format!("/x?zz={SECRET}"));
    for command in [&["enqueue", &url][..], &["get", &url, "--batch"]] {
        let failed = run_with(&folder, Key::Unknown, command);
        assert_eq!(failed.status, 2, "{failed:?}");
        for word in ["api_key", VARIABLE, "[providers.mine]"] {
            assert!(failed.stderr.contains(word), "{failed:?}");
        }
        assert_kept(&folder, &failed);
    }
    assert_eq!(run_with(&folder, Key::Known, &["get", &url, "--batch"]).status, 4);
}

#[test]
fn a_key_goes_to_no_host_that_is_not_its_providers() {
    for (place, path) in [
        ("query zz", "/x"),
        ("path /v1/", "/v1/_/x"),
        ("header Authorization: Mine token={key}", "/x"),
    ] {
        let folder = Folder::new();
        configure(&folder, place);
        let stranger = Origin::start(|_| Reply::ok("x")).unwrap();
        let elsewhere = stranger.url("/elsewhere");
        let origin = Origin::start(move |_| Reply::redirect(elsewhere.clone())).unwrap();
        let other_host = stranger.url(path).replace("127.0.0.1", "localhost");
        for command in [
            &["get", &origin.url(path)][..],
            &["get", &other_host, "--provider", "mine"],
            &["enqueue", &format!("{other_host}?queued"), "--provider", "mine"],
        ] {
            let run = run_with(&folder, Key::Known, command);
            assert_eq!(run.status, 0, "{run:?}");
            assert_kept(&folder, &run);
        }
        assert_eq!(drain(&folder, Key::Known).json()["done"], 1);
        let received = stranger.received();
        assert_eq!(received.len(), 3);
        assert!(!format!("{received:?}").contains(SECRET), "{received:?}");
        assert!(format!("{:?}", origin.received()).contains(SECRET));
    }
}

#[test]
fn a_key_that_cannot_be_used_is_named_by_its_setting_and_not_shown() {
    let folder = Folder::new();
    let file = folder.beside("datacache.toml");
    for (settings, words) in [
        ("api_key = 'S3CRETVALUE'", &["[providers.mine]", "api_key_in"][..]),
        ("api_key = 'S3CRETVALUE\\t'\napi_key_in = 'query key'", &["[providers.mine]", "api_key"]),
        ("api_key_in = 'S3CRETVALUE'", &["line 2", "api_key_in", "header NAME: VALUE"]),
        ("api_key_in = 'header X: S3CRETVALUE'", &["line 2", "api_key_in", "{key}"]),
        ("api_key = 20261121\napi_key_in = 'query key'", &["line 2", "quotes"]),
        ("api_key = S3CRETVALUE", &["line 2"]),
        ("api_key = 'S3CRETVALUE", &["line 2"]),
        ("api_key_env = 'MINE_API_KEY'", &["[providers.mine]", "api_key_in"]),
    ] {
        write(&file, format!("[providers.mine]\n{}\n", settings.replace("\\t", "\t")));
        let mut command = folder.program(["ls", "--config"]);
        let failed = run(command.arg(&file).env(VARIABLE, SECRET));
        failed.assert_failed(1, words);
        assert!(!failed.stderr.contains(SECRET) && !failed.stderr.contains("20261121"));
    }
    assert!(!folder.dir().exists());
}
