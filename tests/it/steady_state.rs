//! What ten thousand operations leave behind in a process, and beside the database: nothing that the
//! first hundred have not.

use std::fs;

use datacache_tests::{Folder, Peer};

/// What a process has open, and how many threads it has.
#[derive(Debug)]
struct Held {
    threads: usize,
    files: usize,
}

impl Held {
    fn by(peer: &Peer) -> Self {
        let count = |what| fs::read_dir(format!("/proc/{}/{what}", peer.id())).unwrap().count();
        Self { threads: count("task"), files: count("fd") }
    }
}

#[test]
fn neither_threads_nor_files_nor_the_log_grow() {
    const LOG_MAX_BYTES: u64 = 16 * 1024 * 1024;
    let folder = Folder::new();
    let mut peer = Peer::start_with(&folder.dir(), r#"{"cache": {"hot_bytes": 0}}"#);
    let mut operate = |count: usize| {
        for number in 0..count {
            let url = format!("https://a.example/{}", number % 500);
            match number % 5 {
                0 => peer.order(&format!("put {url} {number} 8192")),
                _ => peer.order(&format!("lookup {url}")),
            };
        }
        Held::by(&peer)
    };
    let before = operate(100);
    let after = operate(9_900);
    // A connection or two may still be closing.
    assert!(after.threads <= before.threads + 2, "{before:?}, {after:?}");
    assert!(after.files <= before.files + 6, "{before:?}, {after:?}");
    let log = folder.dir().join("datacache.sqlite-wal").metadata().unwrap().len();
    assert!(log <= LOG_MAX_BYTES, "{log}");
}
