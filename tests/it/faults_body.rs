//! Answers whose body is not what HTTP, the limits or the data type allow.

use std::io::Write as _;
use std::time::Duration;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, body, run};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::ImageFormat;

use crate::picture::{picture, pixel_bomb};

const LIMIT: usize = 100_000;

/// One attempt to get what `reply` answers, with bodies limited to [`LIMIT`].
fn get(folder: &Folder, reply: Reply, options: &[&str]) -> (Run, String) {
    let origin = Origin::start(move |_| reply.clone()).unwrap();
    let (url, out) = (origin.url("/x"), folder.beside("out"));
    let mut get = folder.program(["get", &url, "--retries", "0", "-o", out.to_str().unwrap()]);
    get.args(options).env("DATACACHE_HTTP_MAX_BODY_BYTES", LIMIT.to_string());
    let run = run(&mut get);
    assert_eq!(origin.received().len(), 1, "{run:?}");
    (run, url)
}

/// Asserts that the answer is an error with these words and that nothing of it is kept.
fn assert_refused(reply: Reply, options: &[&str], words: &[&str]) {
    let folder = Folder::new();
    let (run, url) = get(&folder, reply, options);
    run.assert_failed(1, &[words, &[&url]].concat());
    assert!(!folder.beside("out").exists());
    folder.assert_empty();
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// An answer of these header lines and this body, and the end of the connection.
fn raw(head: &str, body: &[u8]) -> Reply {
    Reply::raw([format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat())
}

#[test]
fn a_length_over_the_limit_is_refused_unread() {
    let reply = raw("Content-Length: 10737418240\r\n", b"few bytes");
    assert_refused(reply, &[], &["10737418240 bytes", "http.max_body_bytes", "100000"]);
}

#[test]
fn a_body_over_the_limit_is_refused_while_it_streams() {
    let chunk = body(1, LIMIT / 2);
    let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), &chunk, b"\r\n"].concat();
    for reply in [
        raw("", &body(1, 20 * LIMIT)),
        raw("", &body(1, LIMIT + 1)),
        raw("Transfer-Encoding: chunked\r\n", &chunk.repeat(40)),
        Reply::ok(gzip(&vec![0; 300 * LIMIT])).header("Content-Encoding", "gzip"),
    ] {
        assert_refused(reply, &[], &["http.max_body_bytes", "100000"]);
    }
}

#[test]
fn a_body_of_exactly_the_limit_is_delivered() {
    let expected = body(1, LIMIT);
    for reply in [
        Reply::ok(expected.clone()),
        raw("", &expected),
        Reply::ok(gzip(&expected)).header("Content-Encoding", "gzip"),
    ] {
        let folder = Folder::new();
        let (run, _) = get(&folder, reply, &[]);
        assert_eq!(run.status, 0, "{run:?}");
        assert!(std::fs::read(folder.beside("out")).unwrap() == expected);
    }
}

#[test]
fn a_short_body_is_an_error_and_is_not_stored() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    let half_a_zip = gzip(&body(1, 1_000));
    let half_a_zip = &half_a_zip[..half_a_zip.len() / 2];
    for reply in [
        raw("Content-Length: 100\r\n", b"short"),
        raw("Content-Length: 60000\r\n", &body(1, 59_999)),
        raw(chunked, b"5\r\nshort\r\n"),
        raw(chunked, b"ff\r\nshort"),
        raw(chunked, b"not a size\r\nshort\r\n0\r\n\r\n"),
        Reply::ok(half_a_zip).header("Content-Encoding", "gzip"),
        Reply::ok("no zip").header("Content-Encoding", "gzip"),
    ] {
        assert_refused(reply, &[], &["the body is incomplete"]);
    }
}

#[test]
fn a_body_that_trickles_ends_with_the_timeout() {
    let trickle = Reply::trickle(
        "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
        Duration::from_millis(100),
    );
    assert_refused(trickle, &["--timeout", "300ms"], &["within 300ms"]);
}

#[test]
fn a_connection_that_ends_early_and_garbage_are_errors() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"garbage instead of HTTP\r\n\r\n",
        b"\x00\xff\x16\x03",
        b"HTTP/1.1 99999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx",
    ] {
        assert_refused(Reply::raw(bytes), &[], &["the connection broke"]);
    }
}

#[test]
fn what_is_no_reasonable_picture_is_refused_whatever_its_header_says() {
    for body in [&b"<!DOCTYPE html><html>log in</html>"[..], b"", &pixel_bomb()] {
        for image_type in ["artistthumbnail", "front_cover"] {
            let reply = Reply::ok(body).header("Content-Type", "image/png");
            assert_refused(reply, &["--type", image_type], &["the data type is", image_type]);
        }
    }
}

/// Without a length, nothing but the picture tells that the connection has ended early.
#[test]
fn a_picture_that_ends_early_is_none() {
    let whole = picture(ImageFormat::Png);
    for end in [8, whole.len() / 2, whole.len() - 1] {
        let reply = raw("Connection: close\r\n", &whole[..end]);
        assert_refused(reply, &["--type", "front_cover"], &["ends before its end"]);
    }
}
