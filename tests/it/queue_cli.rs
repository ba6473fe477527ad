//! The queue and the worker from the command line.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, run};
use serde_json::Value;

/// No event of a test takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

fn drain(folder: &Folder) -> Run {
    folder.run(["--json", "worker", "--drain", "--patience", "0s"])
}

fn enqueue_lines(folder: &Folder, lines: &str) -> Run {
    let file = folder.beside("lines");
    datacache_tests::write(&file, lines);
    let mut command = folder.program(["--json", "enqueue", "-"]);
    run(command.stdin(Stdio::from(std::fs::File::open(file).unwrap())))
}

fn jobs(folder: &Folder) -> Vec<Value> {
    let listed = folder.run(["queue", "ls", "--json"]).text();
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_queued_is_fetched_and_not_queued_again() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::ok("x")).unwrap());
    let urls = [origin.url("/1"), origin.url("/2")];
    let enqueue = |urls: &[String]| {
        let args = ["--json", "enqueue"].into_iter().chain(urls.iter().map(String::as_str));
        folder.run(args).json()
    };
    assert_eq!(enqueue(&urls)["new"], 2);
    assert_eq!(enqueue(&urls)["known"], 2);
    let raised = folder.run(["--json", "enqueue", &urls[0], "--priority", "immediate"]);
    assert_eq!(raised.json()["raised"], 1);

    let worked = drain(&folder);
    assert_eq!((worked.status, &worked.json()["done"]), (0, &2.into()), "{worked:?}");
    assert_eq!(folder.run(["get", &urls[1], "--offline"]).text(), "x");
    assert_eq!(enqueue(&urls)["cached"], 2);
    assert_eq!(jobs(&folder), Vec::<Value>::new());
    assert_eq!(origin.received().len(), 2);
}

#[test]
fn a_hundred_thousand_lines_are_queued_each_once() {
    const LINES: usize = 100_000;
    let folder = Folder::new();
    let lines: Vec<String> = (0..LINES).map(|line| format!("https://a.example/{line}")).collect();
    let enqueued = enqueue_lines(&folder, &lines.join("\n"));
    assert_eq!((enqueued.status, enqueued.stderr.as_str()), (0, ""));
    assert_eq!(enqueued.json()["new"], LINES);
    assert_eq!(folder.run(["--json", "queue", "stats"]).json()["batch"], LINES);
    let listed = jobs(&folder);
    let urls: BTreeSet<&str> = listed.iter().filter_map(|job| job["url"].as_str()).collect();
    assert_eq!((listed.len(), urls.len()), (LINES, LINES));
}

#[test]
fn a_line_says_all_that_a_request_can() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::ok("x")).unwrap());
    let line = format!(
        r#"{{"url": "{}", "identifier": "Daft Punk", "type": "bio_en", "provider": "mine",
            "priority": "immediate", "ttl": "90s", "headers": {{"Accept": "text/plain"}},
            "metadata": {{"a": 1}}, "retries": 0, "timeout": "5s"}}"#,
        origin.url("/1")
    );
    let lines = format!("{}\n\n  {}  \n", line.replace('\n', " "), origin.url("/2"));
    let enqueued = enqueue_lines(&folder, &lines);
    assert_eq!((enqueued.status, &enqueued.json()["new"]), (0, &2.into()), "{enqueued:?}");
    assert_eq!(drain(&folder).json()["done"], 2);
    let received = origin.received();
    let first = received.iter().find(|request| request.path == "/1").unwrap();
    assert_eq!(first.headers["accept"], "text/plain");
    let entry = folder.run(["show", &origin.url("/1"), "--json"]).json();
    assert_eq!(entry["identifier"], "daft_punk");
    assert_eq!(entry["data_type"], "bio_en");
    assert_eq!(entry["provider"], "mine");
    assert_eq!(entry["metadata"]["a"], 1);
    let fresh_ms = entry["expires_at"].as_i64().unwrap() - entry["created_at"].as_i64().unwrap();
    assert_eq!(fresh_ms, 90_000);
}

#[test]
fn a_line_that_cannot_be_used_is_named() {
    for (line, reason) in [
        ("not a url", "line 2"),
        (r#"{"url": "https://a.example/", "speed": 1}"#, "expected one of `url`"),
        (r#"{"url": "https://a.example/", "ttl": "soon"}"#, "line 2"),
        (r#"{"identifier": "x"}"#, "url"),
        ("https://a.example/?token=S3CRET", "credential"),
        ("ftp://a.example/", "ftp"),
    ] {
        let folder = Folder::new();
        let run = enqueue_lines(&folder, &format!("https://a.example/1\n{line}\n"));
        run.assert_failed(2, &["line 2", reason]);
        assert!(!run.stderr.contains("S3CRET"));
    }
}

#[test]
fn a_paused_provider_is_left_alone_until_it_is_resumed() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::ok("x")).unwrap());
    folder.run(["enqueue", &origin.url("/1"), "--provider", "slow"]);
    folder.run(["enqueue", &origin.url("/2"), "--provider", "fast"]);
    assert_eq!(folder.run(["queue", "pause", "slow"]).status, 0);
    assert_eq!(drain(&folder).json()["done"], 1);
    let stats = folder.run(["queue", "stats", "--json"]).json();
    assert_eq!(stats["resting"][0]["provider"], "slow");
    assert_eq!(folder.run(["queue", "resume", "slow"]).status, 0);
    assert_eq!(folder.run(["queue", "resume", "slow"]).status, 3);
    assert_eq!(drain(&folder).json()["done"], 1);
}

#[test]
fn what_fails_is_put_off_or_given_up_and_says_why() {
    let folder = Folder::new();
    let origin = Origin::start(|request| match request.path.as_str() {
        "/none" => Reply::status(404),
        "/forbidden" => Reply::status(403),
        _ => Reply::status(500),
    });
    let origin = origin.unwrap();
    for path in ["/none", "/forbidden", "/broken"] {
        folder.run(["enqueue", &origin.url(path), "--retries", "0"]);
    }
    let worked = drain(&folder).json();
    assert_eq!(
        (&worked["done"], &worked["retried"], &worked["dead"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(folder.run(["get", &origin.url("/none"), "--offline"]).status, 3);
    let states: Vec<(Value, bool)> = jobs(&folder)
        .iter()
        .map(|job| {
            (job["status"].clone(), job["last_error"].as_str().unwrap().contains("answered"))
        })
        .collect();
    assert_eq!(states, [("dead".into(), true), ("pending".into(), true)]);

    assert_eq!(folder.run(["queue", "retry", &origin.url("/broken")]).status, 3);
    assert_eq!(folder.run(["queue", "retry", &origin.url("/forbidden")]).status, 0);
    assert_eq!(drain(&folder).json()["dead"], 1);
    assert_eq!(folder.run(["--json", "queue", "rm", "--dead"]).json()["removed"], 1);
    assert_eq!(folder.run(["queue", "rm", &origin.url("/broken")]).status, 0);
    assert_eq!(jobs(&folder), Vec::<Value>::new());
}

#[test]
fn a_worker_runs_one_request_at_once_or_some_but_not_thousands() {
    let folder = Folder::new();
    for number in ["0", "257", "18446744073709551616", "many"] {
        let run = folder.run(["worker", "--drain", "--concurrency", number]);
        run.assert_failed(2, &["--concurrency", "from 1 to 256"]);
    }
    for number in ["1", "256"] {
        assert_eq!(folder.run(["worker", "--drain", "--concurrency", number]).status, 0);
    }
}

/// An origin that tells of each request and answers none.
fn silent() -> (Origin, Receiver<()>) {
    let (arrive, arrived) = mpsc::channel();
    let arrive = Mutex::new(arrive);
    let origin = Origin::start(move |_| {
        let _ = arrive.lock().unwrap().send(());
        Reply::silence()
    });
    (origin.unwrap(), arrived)
}

#[cfg(unix)]
#[test]
fn a_worker_that_is_told_to_stop_hands_back_what_it_had_begun() {
    let (folder, (origin, arrived)) = (Folder::new(), silent());
    let mut worker = folder.program(["--json", "worker"]);
    let worker = worker.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whichever comes first, the worker or the job.
    folder.run(["enqueue", &origin.url("/1")]);
    arrived.recv_timeout(PATIENCE).unwrap();
    let told = Command::new("kill").args(["-s", "TERM", &worker.id().to_string()]).status();
    assert!(told.unwrap().success());
    let output = worker.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let [job] = &jobs(&folder)[..] else { panic!("the job is gone") };
    assert_eq!((&job["status"], &job["attempts"]), (&"pending".into(), &0.into()));
}
