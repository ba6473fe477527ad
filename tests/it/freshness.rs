//! How long answers are kept, and how their origins are asked again, by real processes.

use datacache::testing::{Origin, Received, Reply};
use datacache_tests::{Folder, Peer, Run, body};
use serde_json::Value;

const NOW: i64 = 1_800_000_000_000;
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// An origin that confirms what it has sent once, for an hour; until then nothing is fresh.
fn confirming(validator: (&'static str, &'static str), condition: &'static str) -> Origin {
    Origin::start(move |request| {
        if request.headers.get(condition).is_some_and(|asked| asked == validator.1) {
            return Reply::status(304).header("Cache-Control", "max-age=3600");
        }
        let reply = Reply::ok(body(1, 100 * 1024)).header("Cache-Control", "max-age=0");
        reply.header(validator.0, validator.1)
    })
    .unwrap()
}

/// The report of a `get` that takes nothing stale, and its bytes.
fn get(folder: &Folder, args: &[&str]) -> (Value, Vec<u8>) {
    let file = folder.beside("out");
    let options = ["--json", "get", "--fresh", "-o", file.to_str().unwrap()];
    let run = folder.run(options.iter().chain(args));
    assert_eq!(run.status, 0, "{run:?}");
    (run.json(), std::fs::read(file).unwrap())
}

fn outcomes(folder: &Folder, args: &[&str], times: usize) -> Vec<Value> {
    (0..times).map(|_| get(folder, args).0["outcome"].clone()).collect()
}

fn conditions(received: &[Received]) -> Vec<Option<&str>> {
    let tags = received.iter().map(|request| request.headers.get("if-none-match"));
    tags.map(|tag| tag.map(String::as_str)).collect()
}

#[test]
fn what_the_origin_confirms_is_not_sent_again() {
    for (validator, condition) in [
        (("ETag", "\"a\""), "if-none-match"),
        (("ETag", "W/\"a\""), "if-none-match"),
        (("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), "if-modified-since"),
    ] {
        let (folder, origin) = (Folder::new(), confirming(validator, condition));
        let url = origin.url("/x");
        let (fetched, _) = get(&folder, &[&url]);
        let blobs = folder.blobs();
        let (revalidated, bytes) = get(&folder, &[&url]);
        assert_eq!(
            (&fetched["outcome"], &revalidated["outcome"]),
            (&"fetched".into(), &"revalidated".into())
        );
        assert_eq!(revalidated["source"], "origin");
        assert!(bytes == body(1, 100 * 1024));
        assert_eq!(revalidated["created_at"], fetched["created_at"]);
        let expiry = |report: &Value| report["expires_at"].as_i64().unwrap();
        assert!(expiry(&revalidated) >= expiry(&fetched) + 3_600_000, "{revalidated}");
        assert_eq!(folder.blobs(), blobs);
        assert_eq!(get(&folder, &[&url]).0["outcome"], "fresh");
        let received = origin.received();
        assert_eq!(received.len(), 2);
        assert_eq!(received[1].headers[condition], validator.1);
    }
}

#[test]
fn another_process_asks_by_what_the_first_was_told_and_both_have_the_answer() {
    let (folder, origin) = (Folder::new(), confirming(("ETag", "\"a\""), "if-none-match"));
    let url = origin.url("/x");
    let mut first = Peer::start_at(&folder.dir(), NOW);
    let mut second = Peer::start_at(&folder.dir(), NOW + WEEK_MS);
    let found = first.order(&format!("fetch {url}"));
    assert_eq!(second.order(&format!("enqueue {url}")), "queued");
    assert_eq!(second.order("work"), "worked 1 0 0 0");
    let fresh = found.replace("found", "fresh");
    for peer in [&mut first, &mut second] {
        assert_eq!(peer.order(&format!("lookup {url}")), fresh);
    }
    assert_eq!(conditions(&origin.received()), [None, Some("\"a\"")]);
}

#[test]
fn a_job_ends_with_a_confirmation_as_well() {
    let (folder, origin) = (Folder::new(), confirming(("ETag", "\"a\""), "if-none-match"));
    let url = origin.url("/x");
    get(&folder, &[&url]);
    assert_eq!(folder.run(["--json", "enqueue", &url]).json()["new"], 1);
    let worked = folder.run(["--json", "worker", "--drain", "--patience", "0s"]);
    assert_eq!((worked.status, &worked.json()["done"]), (0, &1.into()), "{worked:?}");
    assert_eq!(folder.run(["--json", "queue", "ls"]).text(), "");
    assert_eq!(get(&folder, &[&url, "--offline"]).0["outcome"], "fresh");
    assert_eq!(conditions(&origin.received()), [None, Some("\"a\"")]);
}

#[test]
fn without_a_policy_the_headers_say_how_an_answer_is_kept() {
    for (headers, args, expected) in [
        ("max-age=60", &[][..], ["fetched", "fresh", "fresh"]),
        ("max-age=0", &[], ["fetched", "revalidated", "revalidated"]),
        ("no-cache", &[], ["fetched", "revalidated", "revalidated"]),
        ("no-store", &[], ["fetched", "fetched", "fetched"]),
        ("no-store", &["--ttl", "1h"], ["fetched", "fresh", "fresh"]),
        ("max-age=0", &["--provider", "musicbrainz"], ["fetched", "fresh", "fresh"]),
        ("no-store", &["--provider", "cdn"], ["fetched", "fresh", "fresh"]),
        ("max-age=60", &["--ttl", "0s"], ["fetched", "revalidated", "revalidated"]),
    ] {
        let folder = Folder::new();
        let origin = Origin::start(move |request| {
            let is_asked = request.headers.contains_key("if-none-match");
            let reply = if is_asked { Reply::status(304) } else { Reply::ok("x") };
            reply.header("ETag", "\"a\"").header("Cache-Control", headers)
        })
        .unwrap();
        let url = origin.url("/x");
        let args = [&[&*url], args].concat();
        assert_eq!(outcomes(&folder, &args, 3), expected, "{headers} {args:?}");
    }
}

#[test]
fn what_must_be_validated_is_an_error_when_its_origin_is_gone() {
    let folder = Folder::new();
    let shown = |headers: &'static str| -> Run {
        let origin = Origin::start(move |_| Reply::ok("x").header("Cache-Control", headers));
        let origin = origin.unwrap();
        let url = origin.url("/x");
        get(&folder, &[&url]);
        drop(origin);
        folder.run(["get", &url, "--retries", "0"])
    };
    let stale = shown("max-age=0");
    assert_eq!((stale.status, stale.text().as_str()), (0, "x"), "{stale:?}");
    assert!(stale.stderr.contains("this is an older copy"), "{stale:?}");
    shown("max-age=0, must-revalidate").assert_failed(1, &["reached"]);
}

#[test]
fn an_answer_in_one_language_is_none_in_another() {
    let folder = Folder::new();
    let origin = Origin::start(|request| {
        let language = request.headers.get("accept-language").cloned().unwrap_or_default();
        Reply::ok(language).header("Vary", "Accept-Language")
    })
    .unwrap();
    let url = origin.url("/x");
    for (language, outcome) in [("en", "fetched"), ("en", "fresh"), ("de", "fetched")] {
        let header = format!("Accept-Language: {language}");
        let (report, bytes) = get(&folder, &[&url, "--header", &header]);
        assert_eq!((&report["outcome"], bytes), (&outcome.into(), language.into()));
    }
    assert_eq!(origin.received().len(), 2);
}
