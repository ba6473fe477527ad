//! What survives `kill -9`.

use std::collections::BTreeMap;

use datacache::{Checksum, Lookup};
use datacache_tests::{Folder, Peer, writes};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

const KILLS: u64 = 200;

type Model = BTreeMap<String, Checksum>;

#[tokio::test]
async fn acknowledged_entries_survive_two_hundred_kills() {
    let folder = Folder::new();
    let mut model = Model::new();
    let mut rng = fastrand::Rng::with_seed(7);
    let mut written = 0;
    for seed in 0..KILLS {
        let acknowledged = write_until_killed(&folder, seed, &mut rng);
        written += acknowledged;
        let mut sequence = writes(seed).map(|(url, body)| (url, Checksum::of(&body)));
        model.extend(sequence.by_ref().take(acknowledged));
        let unacknowledged = sequence.next().unwrap();
        check_entries(&folder, &mut model, unacknowledged).await;
        assert_no_temp_files(&folder, seed);
    }
    assert_eq!(integrity(&folder).await, "ok");
    assert!(written > 1_000, "only {written} writes were acknowledged: the test shows nothing");
}

/// Kills a writer at an instant of its own choosing; returns how many writes it acknowledged.
fn write_until_killed(folder: &Folder, seed: u64, rng: &mut fastrand::Rng) -> usize {
    let mut peer = Peer::start(&folder.dir());
    peer.tell(&format!("write {seed}"));
    for _ in 0..rng.usize(..20) {
        assert!(peer.answer().is_some());
    }
    // Some way into the next write, wherever that is.
    for _ in 0..rng.u32(..400_000) {
        std::hint::spin_loop();
    }
    peer.kill();
    while peer.answer().is_some() {}
    peer.heard() - 1
}

/// Every entry is the last one acknowledged, or the one that was being written.
async fn check_entries(folder: &Folder, model: &mut Model, last: (String, Checksum)) {
    let cache = folder.open().await;
    let (last_url, last_checksum) = last;
    for url in model.keys().chain([&last_url]) {
        let found = match cache.lookup(url).await.unwrap() {
            Lookup::Fresh(entry) => Some(entry.info.content_checksum),
            Lookup::Miss => None,
            other => panic!("{url}: {other:?}"),
        };
        let is_acknowledged = found.as_ref() == model.get(url);
        let is_last = *url == last_url && found == Some(last_checksum);
        assert!(is_acknowledged || is_last, "{url}: {found:?}, not {:?}", model.get(url));
    }
    if let Lookup::Fresh(entry) = cache.lookup(&last_url).await.unwrap() {
        model.insert(last_url, entry.info.content_checksum);
    }
    cache.close().await;
}

fn assert_no_temp_files(folder: &Folder, seed: u64) {
    let left: Vec<_> =
        folder.files().into_iter().filter(|path| path.starts_with("blobs/tmp")).collect();
    assert!(left.is_empty(), "kill {seed} left {left:?}");
}

async fn integrity(folder: &Folder) -> String {
    let options = SqliteConnectOptions::new().filename(folder.dir().join("datacache.sqlite"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let verdict = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await;
    connection.close().await.unwrap();
    verdict.unwrap()
}
