//! Secrets of a request reach its origin and nothing else.

use std::fs;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run};

const SECRET: &str = "S3CRETVALUE";

/// `user:S3CRETVALUE` as basic authentication sends it.
const IN_BASE64: &str = "dXNlcjpTM0NSRVRWQUxVRQ";

/// A run that has the secret in its URL and a header, and says as much as it can.
fn get(folder: &Folder, host: &str, options: &[&str]) -> Run {
    let url = format!("http://user:{SECRET}@{host}/x?api_key={SECRET}&q=1#{SECRET}");
    let header = format!("Authorization: Bearer {SECRET}");
    let args = ["get", &url, "-vvvv", "--header", &header, "--retries", "1"];
    folder.run([&args[..], options].concat())
}

fn assert_kept(folder: &Folder, run: &Run) {
    let shown = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.contains(SECRET) || text.contains(IN_BASE64)
    };
    assert!(!shown(&run.stdout) && !shown(run.stderr.as_bytes()), "{run:?}");
    assert!(!run.stderr.contains('\x1b'), "colours are for terminals: {run:?}");
    for file in folder.files() {
        let bytes = fs::read(folder.dir().join(&file)).unwrap();
        assert!(!shown(&bytes), "{} has the secret", file.display());
    }
}

#[test]
fn a_secret_reaches_the_origin_and_nothing_else() {
    for (status, exit) in [(200, 0), (404, 3), (401, 1), (500, 1), (302, 1)] {
        let folder = Folder::new();
        let origin = Origin::start(move |_| Reply::status(status)).unwrap();
        let host = origin.url("").replace("http://", "");
        for output in [&["--json"][..], &[]] {
            let run = get(&folder, &host, output);
            assert_eq!(run.status, exit, "{run:?}");
            assert_kept(&folder, &run);
        }
        let request = &origin.received()[0];
        assert_eq!(request.path, format!("/x?api_key={SECRET}&q=1"));
        assert!(request.headers["authorization"].contains(SECRET));
    }
}

#[test]
fn a_secret_stays_secret_when_no_answer_comes() {
    let folder = Folder::new();
    let origin = Origin::start(|_| Reply::silence()).unwrap();
    let silent = origin.url("").replace("http://", "");
    for (host, options, exit) in [
        ("127.0.0.1:1", &[][..], 1),
        ("127.0.0.1:99999", &[], 2),
        (&silent, &["--timeout", "100ms"], 1),
        (&silent, &["--deadline", "100ms"], 1),
        (&silent, &["--offline"], 3),
        (&silent, &["--batch"], 2),
    ] {
        let run = get(&folder, host, options);
        assert_eq!(run.status, exit, "{run:?}");
        assert_kept(&folder, &run);
    }
    folder.assert_empty();
}

#[test]
fn a_secret_in_a_redirect_stays_secret() {
    let folder = Folder::new();
    let origin = Origin::start(|request| match request.path.as_str() {
        "/signed" => Reply::redirect(format!("http://user:{SECRET}@127.0.0.1:1/x?q={SECRET}")),
        "/odd" => Reply::redirect(format!("ftp://{SECRET}")),
        _ => Reply::redirect(SECRET),
    })
    .unwrap();
    for path in ["/signed", "/odd", "/loop"] {
        let run = folder.run(["get", &origin.url(path), "-vvvv", "--retries", "0"]);
        assert_eq!(run.status, 1, "{run:?}");
        assert_kept(&folder, &run);
    }
    folder.assert_empty();
}

/// Rows hold no secrets, so nobody could make the request later.
#[test]
fn a_request_with_a_secret_is_not_left_to_a_worker() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::silence()).unwrap());
    let url = origin.url("/x?api_key=S3CRETVALUE");
    folder.run(["get", &url, "--deadline", "200ms"]).assert_failed(1, &["deadline", "credential"]);
    folder.run(["get", &url, "--batch"]).assert_failed(2, &["credential"]);
    let stats = folder.run(["stats", "--json"]).json();
    assert_eq!((&stats["queue"]["immediate"], &stats["queue"]["batch"]), (&0.into(), &0.into()));
}
