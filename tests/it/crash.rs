//! What survives `kill -9`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use datacache::{Checksum, Lookup};
use datacache_tests::{Folder, Peer, body, run, write, writes};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

const KILLS: u64 = 200;
const PUT_KILLS: u64 = 60;

/// So often it can be looked for a file while a put takes its time, or about that.
const PUT_SPINS: u32 = 10_000;

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

/// Programs that are killed while they put, each followed by one that only reads, and sweeps away all that
/// tells of the death.
#[test]
fn what_killed_puts_leave_does_not_add_up() {
    const MAX_BYTES: u64 = 8 * 1024 * 1024;
    const BODY_BYTES: usize = 900_000;
    let (folder, file) = (Folder::new(), Folder::new());
    std::fs::create_dir(file.dir()).unwrap();
    let body_of = file.dir().join("body");
    let program = |args: &[&str]| {
        let mut program = folder.program(args);
        program.env("DATACACHE_MAX_BYTES", MAX_BYTES.to_string());
        program
    };
    let put = |seed: u64, url: &str| {
        write(&body_of, body(seed, BODY_BYTES));
        let mut put = program(&["put", url, body_of.to_str().unwrap()]);
        put.stdout(Stdio::null()).stderr(Stdio::null());
        put
    };
    for seed in 0..8 {
        assert!(put(seed, &format!("a://whole/{seed}")).status().unwrap().success());
    }
    let (mut rng, mut between) = (fastrand::Rng::with_seed(3), 0);
    for seed in 100..100 + PUT_KILLS {
        // Half of them replace an entry.
        let url = format!("a://{}", if seed % 2 == 0 { seed } else { 0 });
        let file = blob(&folder, &body(seed, BODY_BYTES));
        let mut killed = put(seed, &url).spawn().unwrap();
        // Some die at any moment, most when the file has just got its name.
        let mut left = if seed % 5 == 0 { rng.u32(..PUT_SPINS) } else { u32::MAX };
        while left > 0 && !file.exists() && killed.try_wait().unwrap().is_none() {
            left -= 1;
        }
        let _ = killed.kill();
        killed.wait().unwrap();
        let is_known = run(&mut program(&["show", &url])).status == 0;
        between += u64::from(file.exists() && !is_known);
        let bytes: u64 = sizes(&folder).sum();
        assert!(bytes <= MAX_BYTES + BODY_BYTES as u64, "{bytes} after {seed}");
    }
    assert!(between > 0, "nobody died between file and commit: the test shows nothing");
    assert!(put(1_000, "a://last").status().unwrap().success());
    let report = folder.run(["--json", "verify"]).json();
    assert_eq!(report["counts"]["orphaned_file"]["found"].as_u64().unwrap_or(0), 0, "{report}");
}

/// Where the file of a body lies.
fn blob(folder: &Folder, body: &[u8]) -> PathBuf {
    let name = Checksum::of(body).to_string();
    folder.dir().join("blobs/v1").join(&name[..2]).join(&name[2..4]).join(&name)
}

fn sizes(folder: &Folder) -> impl Iterator<Item = u64> {
    let files = folder.files().into_iter().map(|file| folder.dir().join(file));
    files.map(|file| file.metadata().map_or(0, |file| file.len()))
}

async fn integrity(folder: &Folder) -> String {
    let options = SqliteConnectOptions::new().filename(folder.dir().join("datacache.sqlite"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let verdict = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await;
    connection.close().await.unwrap();
    verdict.unwrap()
}
