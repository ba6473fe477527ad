//! What an answer of each class leads to: the exit status, what is told, what is remembered, and
//! that an old entry outlives every failure.

use std::sync::atomic::{AtomicUsize, Ordering};

use datacache::Checksum;
use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, run, write};
use image::ImageFormat;

use crate::picture::picture;

/// The bytes of a picture that says "there is none".
const SILHOUETTE: &[u8] = b"a grey silhouette";

/// What would be remembered as absence if the body were not read.
const ERROR_WITH_404: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\n{\"error\":29}";

/// The same, of a log-in page.
const PAGE_WITH_404: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\n<html></html>";

const JSON: &str = r#"{"id": 27, "name": "Daft Punk"}"#;

/// The configuration under which the tests' origins are a provider's hosts.
fn configure(folder: &Folder, provider: &str) {
    let silhouette = Checksum::of(SILHOUETTE);
    let toml = format!(
        "[providers.{provider}]\nhosts = ['127.0.0.1']\nplaceholder_urls = ['/none.png']\n\
         placeholder_checksums = ['{silhouette}']\n"
    );
    write(folder.beside("datacache.toml"), toml);
}

fn run_with(folder: &Folder, args: &[&str]) -> Run {
    let mut command = folder.program(args);
    run(command.arg("--config").arg(folder.beside("datacache.toml")))
}

fn get(folder: &Folder, url: &str, options: &[&str]) -> Run {
    run_with(folder, &[&["get", url, "--retries", "0"], options].concat())
}

fn page() -> Reply {
    Reply::ok("\u{feff} <!DOCTYPE html><html>log in</html>").header("Content-Type", "image/png")
}

/// An answer, whose it is, the type that is asked for, and words of what is told.
type Row = (&'static str, Reply, &'static str, &'static [&'static str]);

fn failures() -> Vec<Row> {
    let json = "api_response";
    vec![
        // Transient.
        ("nobody", Reply::status(500), json, &["500"]),
        ("lastfm", Reply::ok(r#"{"error":16,"message":"x"}"#), json, &["200", "error 16"]),
        ("deezer", Reply::ok(r#"{"error":{"code":700}}"#), json, &["error 700"]),
        // Throttled.
        ("nobody", Reply::status(429), json, &["429"]),
        ("nobody", Reply::status(503).header("Retry-After", "7"), json, &["503", "for 7s"]),
        ("nobody", Reply::status(403).header("Retry-After", "7"), json, &["403", "for 7s"]),
        ("musicbrainz", Reply::status(503), json, &["503"]),
        ("lastfm", Reply::ok(r#"{"error":29,"message":"x"}"#), json, &["200", "error 29"]),
        ("lastfm", Reply::raw(ERROR_WITH_404), json, &["404", "error 29"]),
        ("deezer", Reply::ok(r#"{"error":{"code":4}}"#), json, &["error 4"]),
        // Unauthorized.
        ("nobody", Reply::status(401), json, &["401"]),
        ("lastfm", Reply::ok(r#"{"error":10,"message":"x"}"#), json, &["error 10"]),
        // Refused.
        ("nobody", page(), json, &["HTML page", "api_response"]),
        ("nobody", page(), "front_cover", &["HTML page", "front_cover"]),
        ("nobody", Reply::ok(r#"{"name": "Daft"#), json, &["not JSON", "api_response"]),
        ("lastfm", Reply::ok(r#"{"error":3,"message":"x"}"#), json, &["error 3"]),
        ("musicbrainz", Reply::ok(r#"{"error":"x"}"#), json, &["none of its answers"]),
        ("musicbrainz", Reply::raw(PAGE_WITH_404), json, &["404", "none of its answers"]),
    ]
}

fn absences() -> Vec<(&'static str, Reply, &'static str)> {
    vec![
        ("nobody", Reply::status(404), "api_response"),
        ("lastfm", Reply::ok(r#"{"error":6,"message":"x"}"#), "api_response"),
        ("deezer", Reply::ok(r#"{"error":{"code":800}}"#), "api_response"),
        ("nobody", Reply::ok(SILHOUETTE), "front_cover"),
        ("nobody", Reply::redirect("/2a96cbd8b46e442fc41c2b86b821562f.png"), "front_cover"),
        ("nobody", Reply::redirect("/none.png"), "front_cover"),
    ]
}

/// What is due under a type.
fn due(data_type: &str) -> Vec<u8> {
    if data_type == "front_cover" { picture(ImageFormat::Png) } else { JSON.into() }
}

/// An origin that answers `first` once, and then what is due.
fn recovering(first: &Reply, data_type: &str) -> Origin {
    let (first, due, asked) = (first.clone(), due(data_type), AtomicUsize::new(0));
    Origin::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => first.clone(),
        _ => Reply::ok(due.clone()),
    })
    .unwrap()
}

/// Stores what is due as an entry that has expired already.
fn put_stale(folder: &Folder, url: &str, data_type: &str) {
    let file = folder.beside("file");
    write(&file, due(data_type));
    let file = file.to_str().unwrap();
    let put = run_with(folder, &["put", url, file, "--ttl", "0s", "--type", data_type]);
    assert_eq!(put.status, 0, "{put:?}");
}

#[test]
fn no_failure_is_remembered() {
    for (provider, reply, data_type, words) in failures() {
        let (folder, origin) = (Folder::new(), recovering(&reply, data_type));
        configure(&folder, provider);
        let url = origin.url("/x");
        let failed = get(&folder, &url, &["--type", data_type, "--json"]);
        failed.assert_failed(1, words);
        let told = failed.json();
        assert_eq!((&told["outcome"], &told["source"]), (&"miss".into(), &"none".into()));
        assert!(words.iter().all(|word| told["error"].as_str().unwrap().contains(word)), "{told}");
        folder.assert_empty();
        // What is remembered is how long the provider wants to be left alone.
        run_with(&folder, &["limits", "clear", provider]);
        let found = get(&folder, &url, &["--type", data_type]);
        assert_eq!((found.status, found.stdout), (0, due(data_type)), "{provider} {reply:?}");
        assert_eq!(origin.received().len(), 2);
    }
}

#[test]
fn an_old_entry_outlives_every_failure() {
    for (provider, reply, data_type, words) in failures() {
        let (folder, origin) = (Folder::new(), recovering(&reply, data_type));
        configure(&folder, provider);
        let url = origin.url("/x");
        put_stale(&folder, &url, data_type);
        let out = folder.beside("out");
        get(&folder, &url, &["--fresh"]).assert_failed(1, words);
        let stale = get(&folder, &url, &["--offline", "--json", "-o", out.to_str().unwrap()]);
        assert_eq!((stale.status, &stale.json()["outcome"]), (0, &"stale".into()), "{stale:?}");
        assert!(stale.json()["warning"].as_str().unwrap().contains("expired"), "{stale:?}");
        assert_eq!(std::fs::read(out).unwrap(), due(data_type));
    }
}

#[test]
fn every_way_to_say_that_there_is_none_is_remembered() {
    for (provider, reply, data_type) in absences() {
        let (folder, origin) = (Folder::new(), recovering(&reply, data_type));
        configure(&folder, provider);
        let url = origin.url("/x");
        for source in ["origin", "store"] {
            let run = get(&folder, &url, &["--type", data_type, "--json"]);
            assert_eq!(run.status, 3, "{provider} {run:?}");
            assert_eq!(
                (&run.json()["outcome"], &run.json()["source"]),
                (&"absent".into(), &source.into())
            );
        }
        // A placeholder that its URL tells is not even asked for.
        assert_eq!(origin.received().len(), 1);
    }
}

/// A cover that is known by now to be none does not stay.
#[test]
fn an_old_entry_is_replaced_by_absence() {
    let reply = Reply::redirect("/none.png");
    let (folder, origin) = (Folder::new(), recovering(&reply, "front_cover"));
    configure(&folder, "nobody");
    let url = origin.url("/x");
    put_stale(&folder, &url, "front_cover");
    assert_eq!(get(&folder, &url, &["--fresh"]).status, 3);
    assert_eq!(get(&folder, &url, &["--offline"]).status, 3);
}

#[test]
fn a_throttled_job_waits_as_long_as_it_was_told_to() {
    let throttle = Reply::ok(r#"{"error":29,"message":"x"}"#).header("Retry-After", "3600");
    let (folder, origin) = (Folder::new(), recovering(&throttle, "api_response"));
    configure(&folder, "lastfm");
    run_with(&folder, &["enqueue", &origin.url("/x"), "--type", "api_response"]);
    let worked = run_with(&folder, &["--json", "worker", "--drain"]);
    assert_eq!((worked.status, &worked.json()["retried"]), (0, &1.into()), "{worked:?}");
    let job = run_with(&folder, &["--json", "queue", "ls"]).json();
    assert_eq!(job["status"], "pending");
    let waits_ms = job["run_at"].as_i64().unwrap() - job["created_at"].as_i64().unwrap();
    assert!(waits_ms >= 3_600_000, "{job}");
    assert_eq!(origin.received().len(), 1);
}

#[test]
fn a_page_is_fine_where_nothing_else_is_due() {
    let folder = Folder::new();
    let origin = Origin::start(|_| page()).unwrap();
    configure(&folder, "nobody");
    let run = get(&folder, &origin.url("/x"), &["--json"]);
    assert_eq!((run.status, &run.json()["outcome"]), (0, &"fetched".into()), "{run:?}");
}
