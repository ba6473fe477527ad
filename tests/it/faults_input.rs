//! Bad input: each is told in one line, sends nothing and leaves nothing behind.

use std::fs::{self, File};

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, write};

use crate::picture::pixel_bomb;

/// Nobody listens there: what asks it anyway fails with another status.
const NOWHERE: &str = "http://127.0.0.1:1/x";

/// More than the calendar holds, though the duration can be read.
const BEYOND: &str = "300000000000days";

/// A sum that no test's bytes have.
const OTHER_SUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn bad_arguments_are_told_in_one_line() {
    let folder = Folder::new();
    let put = folder.beside("put");
    write(&put, "hello");
    let put = put.to_str().unwrap();
    for (args, words) in [
        (&["get", ""][..], &["URL", "''"][..]),
        (&["get", "a/b"], &["URL", "'a'", "relative"]),
        (&["get", "http://"], &["URL", "http://", "host"]),
        (&["get", "http://127.0.0.1:99999/x"], &["URL", "127.0.0.1:99999", "port"]),
        (&["get", "http://h/\r\nEvil: 1"], &["URL", "http://h", "control"]),
        (&["get", "ftp://h/x"], &["ftp://h/x", "http and https"]),
        (&["get", "ftp://h/x", "--batch"], &["ftp://h/x", "http and https"]),
        (&["get", NOWHERE, "--identifier", " "], &["identifier", "empty"]),
        (&["get", NOWHERE, "--ttl", BEYOND], &[NOWHERE, "TTL"]),
        (&["get", NOWHERE, "--negative-ttl", BEYOND], &[NOWHERE, "TTL"]),
        (&["get", NOWHERE, "--ttl", BEYOND, "--batch"], &[NOWHERE, "TTL"]),
        (&["get", NOWHERE, "--header", "a b: 1"], &["header number 1"]),
        (&["put", "a/b", put], &["URL", "'a'"]),
        (&["put", "a://b", put, "--ttl", BEYOND], &["a://b", "TTL"]),
        (&["put", "a://b", put, "--identifier", ""], &["identifier", "empty"]),
        (&["show", "a/b"], &["URL", "'a'"]),
        (&["rm", "a/b"], &["URL", "'a'"]),
        (&["random", "X", "bio_en"], &["bio_en", "image type"]),
    ] {
        folder.run(args).assert_failed(2, words);
    }
    folder.assert_empty();
    let queue = &folder.run(["stats", "--json"]).json()["queue"];
    assert_eq!((&queue["immediate"], &queue["batch"]), (&0.into(), &0.into()));
}

#[test]
fn arguments_that_cannot_be_read_are_named() {
    let folder = Folder::new();
    for (option, value) in [
        ("--ttl", "99999999999999999d"),
        ("--ttl", "soon"),
        ("--deadline", "-1s"),
        ("--retries", "-1"),
        ("--metadata", "[1]"),
        ("--metadata", "nonsense"),
        ("--metadata", "{\"a\": 1} x"),
        ("--header", "no colon"),
        ("--checksum", "abc"),
        ("--cachekey", "abc"),
        ("--type", ""),
        ("--provider", "a b"),
    ] {
        let run = folder.run(["get", NOWHERE, &format!("{option}={value}")]);
        run.assert_failed(2, &[option]);
    }
    assert!(!folder.dir().exists());
}

#[test]
fn a_header_with_a_line_break_never_reaches_the_origin() {
    let folder = Folder::new();
    let origin = Origin::start(|_| Reply::ok("hello")).unwrap();
    for header in ["X: a\r\nEvil: 1", "X: a\nEvil: 1", "X\r\nEvil: 1", ": 1"] {
        let run = folder.run(["get", &origin.url("/x"), "--header", header]);
        run.assert_failed(2, &["header"]);
    }
    assert_eq!(origin.received(), []);
    folder.assert_empty();
}

#[test]
fn other_bytes_than_the_checksum_says_are_refused() {
    let folder = Folder::new();
    let origin = Origin::start(|_| Reply::ok("hello")).unwrap();
    let (url, out) = (origin.url("/x"), folder.beside("out"));
    let get = ["get", &url, "--checksum", OTHER_SUM, "-o", out.to_str().unwrap()];
    folder.run(get).assert_failed(1, &[&url, "checksum", OTHER_SUM]);
    assert!(!out.exists());
    write(&out, "hello");
    let put = ["put", "a://b", out.to_str().unwrap(), "--checksum", OTHER_SUM];
    folder.run(put).assert_failed(1, &["a://b", "checksum", OTHER_SUM]);
    folder.assert_empty();
}

#[test]
fn an_output_that_cannot_be_written_is_named_and_the_bytes_stay_cached() {
    let folder = Folder::new();
    let origin = Origin::start(|_| Reply::ok("hello")).unwrap();
    let url = origin.url("/x");
    let outputs = folder.beside("outputs");
    fs::create_dir(&outputs).unwrap();
    for out in [folder.beside("nowhere").join("x"), outputs.clone()] {
        let out = out.to_str().unwrap();
        folder.run(["get", &url, "-o", out]).assert_failed(1, &["write", out]);
    }
    assert_eq!(fs::read_dir(&outputs).unwrap().count(), 0);
    assert_eq!(folder.run(["get", &url]).stdout, b"hello");
    assert_eq!(origin.received().len(), 1);
}

#[test]
fn an_existing_output_stays_as_it_was_when_the_fetch_fails() {
    let folder = Folder::new();
    let outputs = folder.beside("outputs");
    fs::create_dir(&outputs).unwrap();
    let out = outputs.join("out");
    write(&out, "precious");
    let args = ["get", NOWHERE, "--retries", "0", "-o", out.to_str().unwrap()];
    folder.run(args).assert_failed(1, &[NOWHERE]);
    assert_eq!(fs::read(&out).unwrap(), b"precious");
    assert_eq!(fs::read_dir(&outputs).unwrap().count(), 1);
    folder.assert_empty();
}

#[test]
fn a_file_that_cannot_be_put_is_named() {
    let folder = Folder::new();
    let missing = folder.beside("missing");
    let missing = missing.to_str().unwrap();
    folder.run(["put", "a://b", missing]).assert_failed(1, &["read", missing]);
    let dir = folder.dir();
    folder.run(["put", "a://b", dir.to_str().unwrap()]).assert_failed(1, &["read"]);
    let two_lines = folder.beside("two\nlines");
    folder.run(["put", "a://b", two_lines.to_str().unwrap()]).assert_failed(1, &["two lines"]);
    folder.assert_empty();
}

#[test]
fn what_is_no_reasonable_picture_is_not_put_as_one() {
    let folder = Folder::new();
    let file = folder.beside("file");
    let bomb = pixel_bomb();
    for (bytes, words) in [
        (&b"<!DOCTYPE html><html>log in</html>"[..], "an HTML page"),
        (b"", "not an image"),
        (b"\xff\xd8\xff\xe0nonsense", "ends before its end"),
        (b"\xff\xd8\xff\xda\0\x02\xff\xd9", "does not decode"),
        (&bomb, "65535 × 65535 pixels"),
    ] {
        write(&file, bytes);
        for image_type in ["front_cover", "artistlogo"] {
            let put = ["put", "a://b", file.to_str().unwrap(), "--type", image_type];
            folder.run(put).assert_failed(1, &["a://b", words]);
        }
    }
    folder.assert_empty();
}

#[test]
fn standard_input_can_be_put() {
    let folder = Folder::new();
    let file = folder.beside("file");
    write(&file, "hello");
    let mut put = folder.program(["put", "a://b", "-"]);
    let run = datacache_tests::run(put.stdin(File::open(&file).unwrap()));
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(folder.run(["get", "a://b"]).stdout, b"hello");
}
