//! The main job: a URL through the cache, from the real program to a real origin.

use std::process::Stdio;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, body};
use image::ImageFormat;

use crate::picture::picture;

/// Bodies around every threshold, and pictures.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("/0", Vec::new()),
        ("/1", body(1, 1)),
        ("/64k", body(2, 64 * 1024)),
        ("/64k+1", body(3, 64 * 1024 + 1)),
        ("/5M", body(4, 5 * 1024 * 1024)),
        ("/png", picture(ImageFormat::Png)),
        ("/jpeg", picture(ImageFormat::Jpeg)),
        ("/webp", picture(ImageFormat::WebP)),
    ]
}

fn origin_of_bodies() -> Origin {
    let bodies = bodies();
    let answer = move |path: &str| bodies.iter().find(|(at, _)| *at == path).cloned();
    Origin::start(move |request| match answer(&request.path) {
        Some((_, body)) => Reply::ok(body),
        None => Reply::status(404),
    })
    .unwrap()
}

#[test]
fn the_first_get_asks_the_origin_and_the_second_the_cache() {
    let (folder, origin) = (Folder::new(), origin_of_bodies());
    for (path, expected) in bodies() {
        let url = origin.url(path);
        let file = folder.beside("out");
        let get = || folder.run(["--json", "get", &url, "-o", file.to_str().unwrap()]);
        for outcome in ["fetched", "fresh"] {
            let run = get();
            assert_eq!(run.status, 0, "{run:?}");
            assert_eq!(run.json()["outcome"], outcome, "{path}");
            assert_eq!(run.json()["data_size"], expected.len());
            assert!(std::fs::read(&file).unwrap() == expected, "{path} {outcome}");
            std::fs::remove_file(&file).unwrap();
        }
        let plain = folder.run(["get", &url]);
        assert!(plain.stdout == expected, "{path} on standard output");
    }
    assert_eq!(origin.received().len(), bodies().len());
}

#[test]
fn sixteen_processes_may_start_at_once_on_an_empty_folder() {
    let (folder, origin) = (Folder::new(), origin_of_bodies());
    let bodies = bodies();
    let start = |number: usize| {
        let (path, _) = &bodies[number % bodies.len()];
        let mut command = folder.program(["get", &origin.url(path)]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..16).map(start).collect();
    for (number, child) in children.into_iter().enumerate() {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == bodies[number % bodies.len()].1, "process {number}");
    }
}

#[test]
fn a_large_json_takes_little_room_and_comes_out_as_it_went_in() {
    let entries: Vec<_> = (0..3_000).map(|n| serde_json::json!({"id": n, "of": n % 7})).collect();
    let json = serde_json::to_vec_pretty(&entries).unwrap();
    assert!(json.len() > 100_000);
    let (folder, answer) = (Folder::new(), json.clone());
    let origin = Origin::start(move |_| Reply::ok(answer.clone())).unwrap();
    let url = origin.url("/x");
    for _ in 0..2 {
        assert!(folder.run(["get", &url, "--type", "api_response"]).stdout == json);
    }
    assert_eq!(origin.received().len(), 1);
    assert!(folder.blobs().is_empty());
    let shown = folder.run(["show", &url, "--json"]).json();
    assert_eq!((&shown["data_size"], &shown["encoding"]), (&json.len().into(), &"zstd".into()));
    assert!(shown["stored_size"].as_u64().unwrap() < 64 * 1024);
    assert!(folder.run(["show", &url]).text().contains("compressed to"));
}
