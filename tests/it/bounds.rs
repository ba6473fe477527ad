//! The bound on what the cache takes, as anybody sees it who looks at the folder meanwhile.

use std::path::Path;
use std::thread;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, body};

const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// What the folder takes on disk, every file in it counted.
fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    // What is gone between two looks takes nothing.
    let sizes = entries.filter_map(|entry| {
        let file = entry.metadata().ok()?;
        Some(if file.is_dir() { folder_bytes(&entry.path()) } else { file.len() })
    });
    sizes.sum()
}

/// Bodies that go into rows, so that every byte passes through the log.
#[test]
fn three_workers_that_never_leave_the_log_idle_keep_within_the_bound_together() {
    const WORKERS: usize = 3;
    const JOBS: usize = 600;
    const BODY_BYTES: usize = 15_000;
    let origin = Origin::start(|request| Reply::ok(body(request.path.len() as u64, BODY_BYTES)));
    let (origin, folder) = (origin.unwrap(), Folder::new());
    let program = |args: &[&str]| {
        let mut program = folder.program(args);
        program.env("DATACACHE_MAX_BYTES", MAX_BYTES.to_string());
        program
    };
    let urls: Vec<String> = (0..JOBS).map(|number| origin.url(&format!("/{number}"))).collect();
    let names: Vec<&str> = urls.iter().map(String::as_str).collect();
    let run = datacache_tests::run(&mut program(&[&["enqueue"], &names[..]].concat()));
    assert_eq!(run.status, 0, "{run:?}");
    let (dir, mut most) = (folder.dir(), 0);
    thread::scope(|scope| {
        let drain = || datacache_tests::run(&mut program(&["--json", "worker", "--drain"]));
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(drain)).collect();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            most = most.max(folder_bytes(&dir));
        }
        let runs = workers.into_iter().map(|worker| worker.join().unwrap());
        let done: u64 = runs.map(|run| run.json()["done"].as_u64().unwrap()).sum();
        assert_eq!(done, JOBS as u64);
    });
    assert!(most <= MAX_BYTES + (WORKERS * BODY_BYTES) as u64, "{most} bytes");
}
