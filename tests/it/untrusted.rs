//! URLs of strangers reach no address that is not public, by whichever way.

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, run, write};

fn origin() -> Origin {
    Origin::start(|_| Reply::ok("secrets of this machine")).unwrap()
}

/// URLs of `origin`, or of the port it has, that are told from the URL alone.
fn literal(origin: &Origin) -> Vec<String> {
    let hosts = ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"];
    hosts.iter().map(|host| at(origin, host)).collect()
}

/// The URL of `origin` under another name of its host.
fn at(origin: &Origin, host: &str) -> String {
    origin.url("/x").replace("127.0.0.1", host)
}

#[test]
fn an_address_of_this_machine_is_refused_unasked_in_every_notation() {
    let (folder, origin) = (Folder::new(), origin());
    for url in literal(&origin).iter().chain([&at(&origin, "localhost")]) {
        let refused = folder.run(["get", url, "--untrusted", "--json"]);
        refused.assert_failed(1, &["loopback", "untrusted"]);
        assert_eq!(refused.json()["outcome"], "miss", "{refused:?}");
    }
    folder.run(["get", &at(&origin, "localhost"), "--untrusted"]).assert_failed(1, &["localhost"]);
    assert_eq!(origin.received(), []);
    assert_eq!(origin.connections(), 0);
    folder.assert_empty();
    // The user's own URLs are another matter.
    assert_eq!(folder.run(["get", &at(&origin, "localhost")]).status, 0);
    assert_eq!(origin.connections(), 1);
}

#[test]
fn other_special_addresses_are_called_what_they_are() {
    let folder = Folder::new();
    for (url, range) in [
        ("http://10.0.0.1/", "private"),
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://[fd00:ec2::254]/latest/meta-data/", "unique-local"),
        ("http://100.64.0.1/", "private to a carrier"),
        ("http://[64:ff9b::10.0.0.1]/", "private"),
        ("http://0/", "unspecified"),
    ] {
        let refused = folder.run(["get", url, "--untrusted"]);
        refused.assert_failed(1, &[&format!("is {range}, and the URL is untrusted")]);
    }
}

#[test]
fn what_the_cache_has_under_a_private_address_is_not_given_to_strangers() {
    let (folder, origin) = (Folder::new(), origin());
    let (url, named) = (origin.url("/x"), at(&origin, "localhost"));
    for url in [&url, &named] {
        assert_eq!(folder.run(["get", url]).status, 0);
    }
    for options in [&["--untrusted"][..], &["--untrusted", "--offline"]] {
        folder.run([&["get", &url], options].concat()).assert_failed(1, &["loopback"]);
    }
    // A name is not resolved for what is cached already, as is documented.
    assert_eq!(folder.run(["get", &named, "--untrusted"]).status, 0);
}

fn drain(folder: &Folder) -> Run {
    folder.run(["--json", "worker", "--drain", "--patience", "0s"])
}

#[test]
fn a_queued_request_stays_untrusted() {
    let (folder, origin) = (Folder::new(), origin());
    for url in literal(&origin) {
        folder.run(["enqueue", &url, "--untrusted"]).assert_failed(1, &["loopback"]);
    }
    assert_eq!(folder.run(["enqueue", &at(&origin, "localhost"), "--untrusted"]).status, 0);
    let batch = ["get", &at(&origin, "localhost").replace("/x", "/y"), "--untrusted", "--batch"];
    assert_eq!(folder.run(batch).status, 4);
    let worked = drain(&folder);
    assert_eq!((worked.status, &worked.json()["dead"]), (0, &2.into()), "{worked:?}");
    let jobs = folder.run(["--json", "queue", "ls"]).text();
    assert_eq!(jobs.matches("is loopback, and the URL is untrusted").count(), 2, "{jobs}");
    assert_eq!(origin.connections(), 0);
    folder.assert_empty();
}

#[test]
fn a_line_of_standard_input_can_be_untrusted() {
    let (folder, origin) = (Folder::new(), origin());
    let file = folder.beside("lines");
    write(&file, format!(r#"{{"url": "{}", "untrusted": true}}"#, at(&origin, "localhost")));
    let mut enqueue = folder.program(["enqueue", "-"]);
    let enqueued = run(enqueue.stdin(std::fs::File::open(file).unwrap()));
    assert_eq!(enqueued.status, 0, "{enqueued:?}");
    assert_eq!(drain(&folder).json()["dead"], 1);
    assert_eq!(origin.connections(), 0);
}

/// A proxy would resolve the name itself.
#[test]
fn no_proxy_is_asked_for_a_stranger() {
    let (folder, proxy) = (Folder::new(), Origin::start(|_| Reply::ok("proxied")).unwrap());
    let get = |options: &[&str]| {
        let mut get = folder.program(["get", "http://localhost:1/x", "--retries", "0"]);
        run(get.args(options).env("HTTP_PROXY", proxy.url("")).env_remove("NO_PROXY"))
    };
    get(&["--untrusted"]).assert_failed(1, &["localhost", "loopback"]);
    assert_eq!(proxy.connections(), 0);
    assert_eq!(get(&[]).text(), "proxied");
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn no_configured_key_is_sent_for_a_stranger() {
    let folder = Folder::new();
    let config = folder.beside("datacache.toml");
    write(
        &config,
        "[providers.mine]\nhosts = ['a.example']\napi_key = 'S3CRET'\napi_key_in = 'path /v1/'\n",
    );
    let url = "https://a.example/v1/_/x";
    for args in [&["get", url, "--untrusted"][..], &["enqueue", url, "--untrusted"]] {
        let mut command = folder.program(args);
        let refused = run(command.arg("--config").arg(&config));
        refused.assert_failed(1, &["API key", "untrusted"]);
    }
}
