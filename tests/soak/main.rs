//! A minute of everything at once: six processes put, look up, fetch, queue and remove in a cache
//! that is too small for what they have, a worker is killed with -9 again and again, and the
//! maintenance runs. Nobody may notice.
//!
//! A program of its own: it takes the processor for as long as it runs.

#![expect(clippy::unwrap_used, reason = "a test ends at a failure")]
#![expect(clippy::disallowed_methods, reason = "it lasts a minute, and looks now and then")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use datacache::Checksum;
use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Peer, body};

const LASTS: Duration = Duration::from_mins(1);
const PEERS: u64 = 6;
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// There are so many URLs, each with a few bodies that it may have: all of them three times what
/// fits.
const URLS: u64 = 300;
const BODIES: u64 = 3;

/// To rows, to files, and the largest that may be on its way in each process.
const SIZES: [usize; 5] = [50, 3_000, 30_000, 70_000, LARGEST];
const LARGEST: usize = 120_000;

/// So often the worker is killed, after so many requests to the origin.
const REQUESTS_PER_KILL: u64 = 40;

fn settings() -> String {
    format!(r#"{{"cache": {{"max_bytes": {MAX_BYTES}, "min_free": 0}}}}"#)
}

fn size_of(url: u64) -> usize {
    SIZES[usize::try_from(url).unwrap() % SIZES.len()]
}

fn seed_of(url: u64, number: u64) -> u64 {
    url * BODIES + number % BODIES
}

/// What an entry of `url` may be.
fn checksums_of(url: u64) -> HashSet<String> {
    let bodies = (0..BODIES).map(|number| body(seed_of(url, number), size_of(url)));
    bodies.map(|body| Checksum::of(&body).to_string()).collect()
}

/// The number that a URL ends in.
fn number_in(url: &str) -> u64 {
    url.rsplit('/').next().unwrap().parse().unwrap()
}

/// What the folder takes on disk, every file in it counted.
fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    // What is gone between two looks takes nothing.
    let sizes = entries.filter_map(|entry| {
        let file = entry.metadata().ok()?;
        Some(if file.is_dir() { folder_bytes(&entry.path()) } else { file.len() })
    });
    sizes.sum()
}

/// What one process does, and what it hears: nothing but what somebody has put.
fn use_cache(folder: &Path, origin: &str, seed: u64, until: Instant) -> u64 {
    let mut peer = Peer::start_with(folder, &settings());
    let mut rng = fastrand::Rng::with_seed(seed);
    let known: Vec<HashSet<String>> = (0..URLS).map(checksums_of).collect();
    let mut orders = 0;
    while Instant::now() < until {
        let (number, kind) = (rng.u64(..URLS), rng.u8(..20));
        let url = format!("{origin}/{number}");
        let body = seed_of(number, rng.u64(..BODIES));
        let order = match kind {
            0..6 => format!("put {url} {body} {}", size_of(number)),
            6..14 => format!("lookup {url}"),
            14..17 => format!("fetch {url}"),
            17 => format!("enqueue {url}"),
            18 => format!("remove {url}"),
            _ => "random peer front_cover".to_owned(),
        };
        let answer = peer.order(&order);
        match answer.split(' ').collect::<Vec<_>>()[..] {
            ["put" | "fresh" | "stale" | "found", checksum] => {
                assert!(known[usize::try_from(number).unwrap()].contains(checksum), "{order}");
            }
            ["miss" | "queued" | "none"] | ["removed", _] => {}
            _ => panic!("{order}: {answer}"),
        }
        orders += 1;
    }
    assert_eq!(peer.order("close"), "closed");
    orders
}

/// Works off the queue, and is killed again and again; returns how often.
fn work_and_die(folder: &Path, asked: &AtomicU64, until: Instant) -> u64 {
    let mut kills = 0;
    while Instant::now() < until {
        let mut worker = Peer::start_with(folder, &settings());
        let before = asked.load(Ordering::Acquire);
        while asked.load(Ordering::Acquire) < before + REQUESTS_PER_KILL && Instant::now() < until {
            worker.tell("work");
            // It may be killed in the middle of it.
            thread::sleep(Duration::from_millis(20));
        }
        worker.kill();
        kills += 1;
    }
    kills
}

fn maintain(folder: &Folder, until: Instant) -> u64 {
    let mut runs = 0;
    while Instant::now() < until {
        let mut program = folder.program(["--json", "maintain"]);
        let run = datacache_tests::run(program.env("DATACACHE_MAX_BYTES", MAX_BYTES.to_string()));
        assert_eq!(run.status, 0, "{run:?}");
        runs += 1;
        thread::sleep(Duration::from_secs(1));
    }
    runs
}

#[test]
fn a_minute_of_everything_at_once_leaves_a_sound_cache_within_its_bounds() {
    let (folder, asked) = (Folder::new(), std::sync::Arc::new(AtomicU64::new(0)));
    let noted = std::sync::Arc::clone(&asked);
    let origin = Origin::start(move |request| {
        let number = noted.fetch_add(1, Ordering::AcqRel);
        let url = number_in(&request.path);
        Reply::ok(body(seed_of(url, number), size_of(url)))
    });
    let (origin, dir) = (origin.unwrap(), folder.dir());
    let url = origin.url("/x");
    let url = url.trim_end_matches("/x");
    let until = Instant::now() + LASTS;
    // Give or take what is on its way in each process, the worker's eight jobs among them.
    let in_flight = (PEERS + 2) * LARGEST as u64;
    let (mut most, mut orders, mut kills, mut runs) = (0, 0, 0, 0);
    thread::scope(|scope| {
        let users: Vec<_> = (0..PEERS)
            .map(|seed| {
                scope.spawn({
                    let dir = &dir;
                    move || use_cache(dir, url, seed, until)
                })
            })
            .collect();
        let worker = scope.spawn(|| work_and_die(&dir, &asked, until));
        let maintainer = scope.spawn(|| maintain(&folder, until));
        while Instant::now() < until {
            let bytes = folder_bytes(&dir);
            assert!(bytes <= MAX_BYTES + in_flight, "{bytes} bytes");
            most = most.max(bytes);
        }
        orders = users.into_iter().map(|user| user.join().unwrap()).sum();
        (kills, runs) = (worker.join().unwrap(), maintainer.join().unwrap());
    });
    println!("{orders} orders, {kills} kills, {runs} maintenances, at most {most} bytes");
    assert!(orders > 500 && kills > 3 && runs > 3, "{orders} {kills} {runs}");

    let run = |args: &[&str]| {
        datacache_tests::run(folder.program(args).env("DATACACHE_MAX_BYTES", MAX_BYTES.to_string()))
    };
    assert_eq!(run(&["maintain"]).status, 0);
    let verified = run(&["--json", "verify"]);
    assert_eq!(verified.status, 0, "{verified:?}");
    let bytes = folder_bytes(&dir);
    assert!(bytes <= MAX_BYTES, "{bytes}");
    assert!(!folder.blobs().iter().any(|path| path.starts_with("blobs/tmp")));
}
