//! Origins that fail, redirect, or say nothing.

#[cfg(target_os = "linux")]
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use datacache::testing::{Origin, Reply};
#[cfg(target_os = "linux")]
use datacache_tests::Namespace;
use datacache_tests::{Folder, write};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1/x";

fn origin(reply: Reply) -> Origin {
    Origin::start(move |_| reply.clone()).unwrap()
}

/// An origin that answers `first` so many times and then 200.
fn recovering(first: Reply, times: usize) -> Origin {
    let asked = AtomicUsize::new(0);
    Origin::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        number if number < times => first.clone(),
        _ => Reply::ok("hello"),
    })
    .unwrap()
}

#[test]
fn absence_is_remembered() {
    for status in [404, 410] {
        let (folder, origin) = (Folder::new(), recovering(Reply::status(status), 1));
        let url = origin.url("/x");
        for source in ["origin", "store"] {
            let run = folder.run(["get", &url, "--json"]);
            assert_eq!(run.status, 3, "{run:?}");
            assert_eq!(run.json()["outcome"], "absent");
            assert_eq!(run.json()["source"], source);
            assert_eq!(run.stderr, format!("there is none: {url}\n"));
        }
        assert_eq!(origin.received().len(), 1);
        assert_eq!(folder.blobs().len(), 0);
    }
}

#[test]
fn a_failure_is_never_remembered_as_absence() {
    for status in [400, 401, 403, 408, 429, 500, 502, 503, 504] {
        let (folder, origin) = (Folder::new(), recovering(Reply::status(status), 1));
        let get = ["get", &origin.url("/x"), "--retries", "0"];
        folder.run(get).assert_failed(1, &[&origin.url("/x"), &status.to_string()]);
        folder.assert_empty();
        // A 429 is remembered as that.
        folder.run(["limits", "clear", &origin.url("").replace("http://", "")]);
        let run = folder.run(get);
        assert_eq!((run.status, &run.stdout[..]), (0, &b"hello"[..]), "{run:?}");
        assert_eq!(origin.received().len(), 2);
    }
}

#[test]
fn a_failure_that_passes_is_tried_again() {
    for failure in [
        Reply::status(503),
        Reply::raw(""),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
    ] {
        let (folder, origin) = (Folder::new(), recovering(failure, 2));
        let run = folder.run(["get", &origin.url("/x")]);
        assert_eq!((run.status, &run.stdout[..]), (0, &b"hello"[..]), "{run:?}");
        assert_eq!(origin.received().len(), 3);
    }
}

#[test]
fn retries_end() {
    let (folder, origin) = (Folder::new(), origin(Reply::status(503)));
    folder.run(["get", &origin.url("/x")]).assert_failed(1, &["503", "3 attempts"]);
    assert_eq!(origin.received().len(), 3);
}

#[test]
fn who_asks_to_be_left_alone_is_not_asked_again_at_once() {
    for (wait, words) in [
        ("7", "left alone for 7s"),
        // Told, not slept through.
        ("86400", "left alone for 1day"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "left alone for 68years"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "left alone for 0s"),
        ("-5", "429 Too Many Requests"),
        ("soon", "429 Too Many Requests"),
    ] {
        let throttle = Reply::status(429).header("Retry-After", wait);
        let (folder, origin) = (Folder::new(), origin(throttle));
        folder.run(["get", &origin.url("/x")]).assert_failed(1, &["429", words]);
        assert_eq!(origin.received().len(), 1);
    }
}

#[test]
fn an_answer_to_a_question_that_nobody_asked_is_an_error() {
    let (folder, origin) = (Folder::new(), origin(Reply::status(304)));
    folder.run(["get", &origin.url("/x")]).assert_failed(1, &["304"]);
    assert_eq!(origin.received().len(), 1);
    folder.assert_empty();
}

#[test]
fn an_unreachable_origin_is_an_error() {
    let folder = Folder::new();
    folder.run(["get", NOWHERE]).assert_failed(1, &[NOWHERE, "cannot be reached"]);
    folder.assert_empty();
}

/// Nobody else has a port of this address.
#[cfg(target_os = "linux")]
#[test]
fn what_was_asked_for_offline_is_fetched_once_there_is_a_network() {
    let folder = Folder::new();
    let address = TcpListener::bind("127.77.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}/x");
    folder.run(["enqueue", &url]);
    let get = ["get", &url, "--retries", "0"];
    folder.run(get).assert_failed(1, &[&url, "cannot be reached"]);
    let worked = folder.run(["--json", "worker", "--drain", "--patience", "0s"]).json();
    assert_eq!((&worked["done"], &worked["retried"]), (&0.into(), &1.into()), "{worked}");
    folder.assert_empty();
    let origin = Origin::start_at(address, |_| Reply::ok("hello")).unwrap();
    assert_eq!(folder.run(get).text(), "hello");
    assert_eq!(folder.run(["--json", "queue", "ls"]).text(), "");
    assert_eq!(origin.received().len(), 1);
}

/// There is a network, but no name server on it.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_cannot_be_looked_up_is_an_error() {
    let folder = Folder::new();
    let settings = folder.beside("resolv.conf");
    write(&settings, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    let script = r#"PATH=$PATH:/sbin:/usr/sbin; ip link set lo up &&
        mount --bind "$1" /etc/resolv.conf && echo ready && exec cat"#;
    let namespace = Namespace::new(&["--user", "--mount", "--net"], script, [settings]);
    let url = "http://name.example/x";
    let run = namespace.run(&folder.program(["get", url, "--retries", "0"]));
    run.assert_failed(1, &[url, "cannot be reached"]);
    folder.assert_empty();
}

#[test]
fn silence_ends_with_the_timeout() {
    let (folder, origin) = (Folder::new(), origin(Reply::silence()));
    let url = origin.url("/x");
    let get = ["get", &url, "--timeout", "300ms", "--retries", "0"];
    folder.run(get).assert_failed(1, &[&url, "within 300ms"]);
    folder.assert_empty();
}

#[test]
fn silence_until_the_deadline_is_pending_and_queued_first() {
    let (folder, origin) = (Folder::new(), origin(Reply::silence()));
    let url = origin.url("/x");
    let run = folder.run(["get", &url, "--deadline", "300ms"]);
    assert_eq!((run.status, run.stderr.as_str()), (4, &*format!("pending: {url}\n")), "{run:?}");
    assert_eq!(run.stdout, b"");
    assert_eq!(folder.run(["stats", "--json"]).json()["queue"]["immediate"], 1);
    folder.assert_empty();
}

#[test]
fn a_batch_miss_is_queued_and_asks_nobody() {
    let (folder, origin) = (Folder::new(), origin(Reply::ok("hello")));
    let url = origin.url("/x");
    let run = folder.run(["get", &url, "--batch", "--json"]);
    assert_eq!(run.status, 4, "{run:?}");
    assert_eq!(run.json()["outcome"], "queued");
    assert_eq!(folder.run(["stats", "--json"]).json()["queue"]["batch"], 1);
    assert_eq!(origin.received(), []);
    folder.assert_empty();
}

#[test]
fn an_offline_miss_asks_nobody() {
    let (folder, origin) = (Folder::new(), origin(Reply::ok("hello")));
    let url = origin.url("/x");
    let run = folder.run(["get", &url, "--offline"]);
    assert_eq!((run.status, run.stderr.as_str()), (3, &*format!("not in the cache: {url}\n")));
    assert_eq!(origin.received(), []);
    folder.assert_empty();
}

#[test]
fn a_stale_entry_is_better_than_a_failure_but_not_silent() {
    let page = Reply::ok("<html>log in</html>").header("Content-Type", "image/png");
    let image = crate::picture::picture(image::ImageFormat::Png);
    for (reply, words) in [
        (Reply::status(503), "503"),
        (Reply::status(401), "401"),
        (Reply::raw(""), "the connection broke"),
        (page, "an HTML page"),
    ] {
        let (folder, origin) = (Folder::new(), origin(reply));
        let (url, file) = (origin.url("/x"), folder.beside("file"));
        write(&file, &image);
        let kind = ["--type", "front_cover"];
        let put = ["put", &url, file.to_str().unwrap(), "--ttl", "0s"];
        assert_eq!(folder.run([&put[..], &kind].concat()).status, 0);

        let get = ["get", &url, "--retries", "0"];
        let stale = folder.run([&get[..], &kind].concat());
        assert_eq!((stale.status, &stale.stdout), (0, &image), "{}", stale.stderr);
        assert!(stale.stderr.starts_with("warning: "), "{}", stale.stderr);
        assert!(stale.stderr.contains("it expired"), "{}", stale.stderr);
        let told = folder.run([&get[..], &kind, &["--json"]].concat()).json();
        assert_eq!(told["outcome"], "stale");
        assert!(told["warning"].as_str().unwrap().contains("it expired"), "{told}");

        let fresh = folder.run([&get[..], &kind, &["--fresh"]].concat());
        fresh.assert_failed(1, &[&url, words]);
        let still = folder.run(["get", &url, "--offline"]);
        assert_eq!((still.status, &still.stdout), (0, &image));
    }
}

#[test]
fn a_redirect_loop_ends() {
    let (folder, origin) = (Folder::new(), origin(Reply::redirect("/x")));
    let failed = folder.run(["get", &origin.url("/x")]);
    failed.assert_failed(1, &[&origin.url("/x"), "more than 10 redirects"]);
    assert_eq!(origin.received().len(), 11);
    folder.assert_empty();
}

#[test]
fn a_redirect_to_something_else_than_http_is_refused() {
    for target in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:text/plain,hello",
        "http://",
        "http://:1/",
    ] {
        let (folder, origin) = (Folder::new(), origin(Reply::redirect(target)));
        let url = origin.url("/x");
        let failed = folder.run(["get", &url]);
        failed.assert_failed(1, &[&url, "redirect to"]);
        assert_eq!(origin.received().len(), 1);
        folder.assert_empty();
    }
}

#[test]
fn a_redirect_without_a_target_is_refused() {
    let (folder, origin) = (Folder::new(), origin(Reply::status(302)));
    folder.run(["get", &origin.url("/x")]).assert_failed(1, &[&origin.url("/x"), "Location"]);
    folder.assert_empty();
}

#[test]
fn a_callers_header_follows_no_redirect_to_another_origin() {
    let there = origin(Reply::ok("hello"));
    let target = there.url("/there");
    let here = Origin::start(move |request| match request.path.as_str() {
        "/first" => Reply::redirect("/second"),
        _ => Reply::redirect(&target),
    })
    .unwrap();
    let folder = Folder::new();
    let header = ["--header", "X-Api-Key: s3cret", "--header", "X-Plain: 1"];
    let first = here.url("/first");
    let run = folder.run([&["get", first.as_str()][..], &header].concat());
    assert_eq!((run.status, &run.stdout[..]), (0, &b"hello"[..]), "{run:?}");
    let paths: Vec<_> = here.received().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/first", "/second"]);
    for request in here.received() {
        assert_eq!(request.headers["x-api-key"], "s3cret");
    }
    let [request] = &there.received()[..] else { panic!("one request") };
    assert_eq!(request.headers.get("x-api-key"), None);
    assert_eq!(request.headers.get("x-plain"), None);
}
