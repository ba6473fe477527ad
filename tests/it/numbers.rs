//! How the cache has done: counted by many processes, and shown.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, PATIENCE, Peer};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::prometheus;

fn origin() -> Origin {
    Origin::start(|request| match request.path.as_str() {
        "/none" => Reply::status(404),
        "/broken" => Reply::status(500),
        _ => Reply::ok("one"),
    })
    .unwrap()
}

fn numbers(folder: &Folder) -> Value {
    folder.run(["stats", "--json"]).json()["numbers"].take()
}

/// What four runs of the program make of an origin: a fetch, a hit, an absence, a failure.
fn use_it(folder: &Folder, origin: &Origin) {
    for (path, status) in [("/x", 0), ("/x", 0), ("/none", 3), ("/broken", 1)] {
        let args = ["get", &origin.url(path), "--ttl", "1h", "--retries", "0"];
        assert_eq!(folder.run(args).status, status, "{path}");
    }
}

#[test]
fn what_one_run_after_the_other_counts_adds_up() {
    let (folder, origin) = (Folder::new(), origin());
    use_it(&folder, &origin);
    use_it(&folder, &origin);
    let numbers = numbers(&folder);
    let total = &numbers["total"];
    for (name, count) in [
        ("fresh", 3),
        ("absent", 1),
        ("fetched", 1),
        ("fetched_absent", 1),
        ("fetches", 4),
        ("served_bytes", 12),
        ("fetched_bytes", 3),
    ] {
        assert_eq!(total[name], count, "{name} in {numbers}");
    }
    assert_eq!(total["errors"], json!({ "upstream": 2 }));
    assert_eq!(total["fetch_errors"], json!({ "upstream": 2 }));
    assert_eq!((&numbers["answers"], &numbers["hits"]), (&8.into(), &4.into()));
    assert_eq!((&numbers["hit_rate"], &numbers["fallback_rate"]), (&json!(0.5), &json!(0.0)));
    assert_eq!(total["from_cache"]["count"], 4);
    assert!(total["from_origin"]["p50_us"].as_u64() > total["from_cache"]["p50_us"].as_u64());
    let groups = numbers["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &groups[0]["provider"]), (1, &"127.0.0.1".into()));
}

/// The program leaves while its request is still under way.
#[test]
fn what_an_origin_was_asked_is_counted_though_nobody_waits_for_it() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::silence()).unwrap());
    let pending = folder.run(["get", &origin.url("/x"), "--deadline", "2s"]);
    assert_eq!((pending.status, origin.received().len()), (4, 1), "{pending:?}");
    let total = &numbers(&folder)["total"];
    assert_eq!((&total["pending"], &total["fetches"]), (&json!(1), &json!(1)), "{total}");
    assert_eq!(total["fetch_errors"], json!({ "closed": 1 }));
}

#[test]
fn killed_processes_lose_none_of_the_numbers_that_were_written() {
    const LOOK_UPS: u64 = 20;
    let folder = Folder::new();
    let mut peers: Vec<Peer> = (0..3).map(|_| Peer::start(&folder.dir())).collect();
    peers[0].order("put a://b 1 10");
    for peer in &mut peers {
        for _ in 0..LOOK_UPS {
            peer.order("lookup a://b");
        }
    }
    // They write every few seconds, without anybody's asking.
    let written = || numbers(&folder)["total"]["fresh"].as_u64().unwrap();
    let all = 3 * LOOK_UPS;
    wait_until(|| {
        // A peer that waits for an order does nothing else.
        for peer in &mut peers {
            peer.order("remove a://none");
        }
        written() == all
    });
    for peer in &mut peers {
        peer.order("lookup a://b");
        peer.kill();
    }
    let left = written();
    assert!((all..=all + 3).contains(&left), "{left}");
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let mut turns = 0;
    while !is_so() {
        turns += 1;
        assert!(turns < 10_000, "it never is");
    }
}

#[test]
fn only_what_happened_in_a_period_is_counted_when_asked() {
    let folder = Folder::new();
    let now = datacache::Clock::system().now().as_millis();
    let ten_days_ago = now - 10 * 86_400_000;
    for at in [ten_days_ago, now] {
        let mut peer = Peer::start_at(&folder.dir(), at);
        peer.order("lookup a://b");
        assert_eq!(peer.order("close"), "closed");
    }
    let missed = |args: &[&str]| {
        let args = ["stats", "--json"].iter().chain(args);
        folder.run(args).json()["numbers"]["total"]["missed"].clone()
    };
    assert_eq!((missed(&[]), missed(&["--since", "1h"])), (2.into(), 1.into()));
    assert_eq!(missed(&["--since", "20d"]), 2);
    let text = folder.run(["stats", "--since", "1h"]).text();
    assert!(text.contains(" 1  in the last 1h\n"), "{text}");
    // What is counted are whole hours, however little is asked for.
    let text = folder.run(["stats", "--since", "1ms"]).text();
    assert!(text.contains(" 1  in the last 1h\n"), "{text}");
}

#[tokio::test]
async fn prometheus_reads_what_is_written_for_it() {
    let (folder, origin) = (Folder::new(), origin());
    use_it(&folder, &origin);
    folder.run(["enqueue", &origin.url("/later")]);
    // A name that has to be escaped can come from another program only.
    let file = folder.dir().join("datacache.sqlite");
    let mut db: SqliteConnection =
        SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let odd = "INSERT INTO numbers VALUES ('all', 0, 0, 'errors', 'a\"b\\c' || char(10) || 'd', 5)";
    sqlx::query(odd).execute(&mut db).await.unwrap();
    db.close().await.unwrap();

    let run = folder.run(["stats", "--prometheus"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    let families = prometheus::read(&run.text());
    let sum = |family: &str, labels: &[(&str, &str)]| {
        let whole = families[family].sum(labels).to_string();
        whole.parse::<u64>().unwrap_or_else(|_| panic!("{family}: {whole}"))
    };
    for (outcome, count) in [("fresh", 1), ("fetched", 1), ("fetched_absent", 1), ("failed", 6)] {
        assert_eq!(sum("datacache_answers_total", &[("outcome", outcome)]), count, "{outcome}");
    }
    assert_eq!(sum("datacache_answer_errors_total", &[("kind", "upstream")]), 1);
    assert_eq!(sum("datacache_answer_errors_total", &[("kind", "a\"b\\c\nd")]), 5);
    assert_eq!(sum("datacache_fetches_total", &[("provider", "127.0.0.1")]), 3);
    assert_eq!(sum("datacache_fetched_bytes_total", &[]), 3);
    assert_eq!(sum("datacache_entries", &[("state", "fresh")]), 1);
    assert_eq!(sum("datacache_queued_requests", &[("state", "batch")]), 1);
    assert!(sum("datacache_disk_bytes", &[("part", "database")]) > 0);
    let times = &families["datacache_answer_seconds"];
    let within = |source, le| times.sum(&[("source", source), ("le", le)]);
    assert!((within("cache", "100") - 1.0).abs() < f64::EPSILON, "{times:?}");
    assert!((within("origin", "+Inf") - 2.0).abs() < f64::EPSILON, "{times:?}");
    assert!(within("cache", "0.00001") < 1.0, "no run takes 10 µs");
}

#[test]
fn an_empty_cache_is_shown_in_every_form() {
    let folder = Folder::new();
    prometheus::read(&folder.run(["stats", "--prometheus"]).text());
    assert_eq!(numbers(&folder)["hit_rate"], Value::Null);
    let text = folder.run(["stats"]).text();
    assert!(text.contains("\nANSWERS                  0\n") && !text.contains("NaN"), "{text}");
}

fn watching(folder: &Folder, more: &[&str]) -> Child {
    let args = ["stats", "--watch", "--interval", "100ms"];
    let mut command: Command = folder.program(args.iter().chain(more));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for its end, and ends it when that does not come.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let mut stderr = child.stderr.take().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        let _ = tell.send(text);
    });
    let text = told.recv_timeout(PATIENCE);
    if text.is_err() {
        child.kill().unwrap();
    }
    (child.wait().unwrap().code(), text.unwrap())
}

#[test]
fn watching_ends_when_nobody_reads_any_more() {
    let folder = Folder::new();
    for more in [&[][..], &["--json"]] {
        let mut child = watching(&folder, more);
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut String::new()).unwrap();
        drop(reader);
        assert_eq!(ended(child), (Some(0), String::new()), "{more:?}");
    }
}

#[test]
fn watching_gives_one_object_a_line_and_sees_what_others_do() {
    let folder = Folder::new();
    let mut child = watching(&folder, &["--json"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut missed = || -> u64 {
        let line = lines.next().unwrap().unwrap();
        let report: Value = serde_json::from_str(&line).unwrap();
        report["numbers"]["total"]["missed"].as_u64().unwrap()
    };
    assert_eq!(missed(), 0);
    assert_eq!(folder.run(["get", "http://a.example/", "--offline"]).status, 3);
    wait_until(|| missed() == 1);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn watching_over_a_pipe_appends_until_it_is_interrupted() {
    let folder = Folder::new();
    let mut child = watching(&folder, &[]);
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while text.matches("  entries ").count() < 2 {
        assert!(reader.read_line(&mut text).unwrap() > 0, "{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    let interrupt = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let rest = std::thread::spawn(move || reader.read_to_string(&mut String::new()).unwrap());
    assert_eq!(ended(child), (Some(0), String::new()));
    rest.join().unwrap();
}

#[test]
fn what_cannot_be_shown_together_is_wrong_usage() {
    let folder = Folder::new();
    for args in [
        &["--prometheus", "--json"][..],
        &["--prometheus", "--watch"],
        &["--prometheus", "--since", "1h"],
        &["--interval", "1s"],
        &["--watch", "--interval", "0s"],
        &["--since", "yesterday"],
    ] {
        let run = folder.run(["stats"].iter().chain(args));
        assert_eq!(run.status, 2, "{args:?}: {run:?}");
    }
}

#[test]
fn a_hit_says_nothing_above_debug_and_a_fetch_says_so() {
    let (folder, origin) = (Folder::new(), origin());
    let url = origin.url("/x?api_key=S3CRET");
    let said = |verbosity| {
        let run = folder.run(["get", &url, "--ttl", "1h", verbosity]);
        assert_eq!(run.status, 0, "{run:?}");
        assert!(!run.stderr.contains("S3CRET"), "{run:?}");
        run.stderr
    };
    let fetched = said("-vv");
    for word in ["an origin was asked", "answer=\"found\"", "size_bytes=3", "key=http://127.0.0.1"]
    {
        assert!(fetched.contains(word), "no {word} in {fetched}");
    }
    assert_eq!(said("-vv"), "");
    let hit = said("-vvv");
    for word in ["fetch{key=http://127.0.0.1", "answered", "outcome=\"fresh\"", "took="] {
        assert!(hit.contains(word), "no {word} in {hit}");
    }
}
