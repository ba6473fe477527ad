//! A disk that is full: a small one of its own, mounted where only this test sees it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Namespace, Run, body, write};
use serde_json::Value;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

const KIB: u64 = 1024;
const BLOCK_BYTES: usize = 4096;

/// A cache folder on a disk of its own, of 16 MiB.
struct Disk {
    folder: Folder,
    /// Where the disk is mounted.
    namespace: Namespace,
}

impl Disk {
    fn new() -> Self {
        let folder = Folder::new();
        std::fs::create_dir(folder.dir()).unwrap();
        let script = r#"mount -t tmpfs -o size=16m tmpfs "$1" && echo ready && exec cat"#;
        let namespace = Namespace::new(&["--user", "--mount"], script, [folder.dir()]);
        Self { folder, namespace }
    }

    /// A run that fills the disk to its last byte.
    fn run(&self, args: &[&str]) -> Run {
        self.run_leaving(0, args)
    }

    fn run_leaving(&self, min_free_bytes: u64, args: &[&str]) -> Run {
        let mut program = self.folder.program(args);
        program.env("DATACACHE_MIN_FREE", min_free_bytes.to_string());
        self.namespace.run(&program)
    }

    fn free_bytes(&self) -> u64 {
        let mut stat = Command::new("stat");
        stat.args(["--file-system", "--format=%a %S"]).arg(self.folder.dir());
        let text = self.namespace.run(&stat).text();
        let (blocks, size) = text.trim().split_once(' ').unwrap();
        blocks.parse::<u64>().unwrap() * size.parse::<u64>().unwrap()
    }

    /// A path on the disk as this process, which does not see the mount, can reach it.
    fn path(&self, name: &str) -> PathBuf {
        self.namespace.path(&self.folder.dir().join(name))
    }

    /// Fills the disk up to the last block, then makes so much room again.
    fn leave_kib(&self, left_kib: u64) {
        let options = OpenOptions::new().create(true).append(true).open(self.path("fill"));
        let mut fill = options.unwrap();
        while fill.write_all(&[1; BLOCK_BYTES]).is_ok() {}
        let size = fill.metadata().unwrap().len();
        fill.set_len(size - left_kib * KIB).unwrap();
    }

    fn empty(&self) {
        std::fs::remove_file(self.path("fill")).unwrap();
    }

    /// The names of the blob files, temporary ones among them.
    fn blobs(&self) -> Vec<String> {
        let mut find = Command::new("find");
        find.arg(self.folder.dir().join("blobs")).args(["-type", "f"]);
        self.namespace.run(&find).text().lines().map(str::to_owned).collect()
    }

    /// To be asked after each run, because the next would remove what a dead process has left.
    fn assert_no_temporary_file(&self) {
        let blobs = self.blobs();
        assert!(!blobs.iter().any(|path| path.contains("blobs/tmp/")), "{blobs:?}");
    }

    fn jobs(&self) -> Vec<Value> {
        let listed = self.run(&["queue", "ls", "--json"]).text();
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// SQLite's word on the database, of which it gets a copy: it would follow the path by which
    /// this process sees the disk to where the disk is not.
    async fn integrity(&self) -> String {
        let copy = self.folder.beside("copy.sqlite");
        std::fs::copy(self.path("datacache.sqlite"), &copy).unwrap();
        assert!(!self.path("datacache.sqlite-wal").exists());
        let options = SqliteConnectOptions::new().filename(copy);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let check = sqlx::query_scalar("PRAGMA integrity_check");
        let verdict = check.fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        verdict
    }

    fn drain(&self) -> Run {
        self.run(&["--json", "worker", "--drain", "--patience", "0s"])
    }
}

/// Asserts that a run did what it was to do, or said that the disk is full; says which.
fn is_done(run: &Run) -> bool {
    if run.status != 0 {
        run.assert_failed(1, &["the disk is full"]);
    }
    run.status == 0
}

#[tokio::test]
async fn jobs_that_do_not_fit_wait_and_are_done_once_there_is_room() {
    const JOBS: usize = 20;
    const SURE: usize = 2;
    let content = |path: &str| body(path.len() as u64, 500_000);
    let origin = Origin::start(move |request| Reply::ok(content(&request.path))).unwrap();
    let paths = (1..=JOBS).map(|number| format!("/{}", "x".repeat(number)));
    let urls: Vec<(String, Vec<u8>)> =
        paths.map(|path| (origin.url(&path), content(&path))).collect();
    let names: Vec<&str> = urls.iter().map(|(url, _)| url.as_str()).collect();
    let disk = Disk::new();
    // Three bodies, the database, and what its log grows by while the rest is put off.
    disk.leave_kib(2 * KIB + 64);
    assert_eq!(disk.run(&[&["enqueue"], &names[..SURE]].concat()).status, 0);
    assert_eq!(disk.drain().json()["done"], SURE);
    assert_eq!(disk.run(&[&["enqueue"], &names[SURE..]].concat()).status, 0);

    // Those that run at once may take the room from each other, so none of them is sure. When one has
    // found none, no others are begun.
    let worked = disk.drain().json();
    disk.assert_no_temporary_file();
    let count = |name: &str| usize::try_from(worked[name].as_u64().unwrap()).unwrap();
    let done = SURE + count("done");
    assert!(done <= SURE + 1, "{worked}");
    let left = JOBS - done;
    assert!((1..left).contains(&count("retried")) && count("lost") == 0, "{worked}");
    let jobs = disk.jobs();
    assert_eq!(jobs.len(), left);
    let reasons = jobs.iter().filter_map(|job| {
        assert_eq!((&job["status"], &job["attempts"]), (&"pending".into(), &0.into()));
        job["last_error"].as_str()
    });
    let reasons: Vec<&str> = reasons.collect();
    assert!(reasons.iter().all(|reason| reason.contains("the disk is full")), "{reasons:?}");
    assert_eq!(reasons.len(), count("retried"));
    assert_eq!(disk.blobs().len(), done);
    let is_queued = |url: &str| jobs.iter().any(|job| job["url"] == url);
    let (waiting, stored): (Vec<_>, Vec<_>) = urls.iter().partition(|(url, _)| is_queued(url));
    for (url, content) in &stored {
        assert!(disk.run(&["get", url, "--offline"]).stdout == *content, "{url}");
    }

    // Whoever removes an entry has room for another.
    assert_eq!(disk.run(&["rm", &stored[0].0]).status, 0);
    assert!(disk.run(&["get", &waiting[0].0]).stdout == waiting[0].1);
    assert_eq!(disk.jobs().len(), left - 1);

    disk.empty();
    let again = [&["enqueue", "--priority", "immediate"], &names[..]].concat();
    assert_eq!(disk.run(&again).status, 0);
    assert_eq!(disk.drain().json()["done"], left);
    assert_eq!(disk.jobs(), Vec::<Value>::new());
    for (url, content) in &urls {
        assert!(disk.run(&["get", url, "--offline"]).stdout == *content, "{url}");
    }
    assert_eq!(disk.blobs().len(), urls.len());
    assert_eq!(disk.integrity().await, "ok");
}

/// Of what others have filled the disk with nothing is made up for: what is stored goes for what is
/// to be stored.
#[test]
fn what_is_to_be_left_free_is_left_free() {
    const LEFT_KIB: u64 = 1_024;
    let disk = Disk::new();
    let put = |number: u64| {
        let file = disk.folder.beside(number.to_string());
        write(&file, body(number, 200_000));
        let url = format!("a://{number}");
        disk.run_leaving(LEFT_KIB * KIB, &["put", &url, file.to_str().unwrap()])
    };
    for number in 0..5 {
        assert_eq!(put(number).status, 0);
    }
    disk.leave_kib(LEFT_KIB + 500);
    for number in 5..30 {
        assert_eq!(put(number).status, 0, "{number}");
        assert!(disk.free_bytes() >= LEFT_KIB * KIB, "{} after {number}", disk.free_bytes());
    }
    disk.leave_kib(LEFT_KIB - 100);
    let (blobs, free_bytes) = (disk.blobs().len(), disk.free_bytes());
    assert_eq!(put(30).status, 0);
    assert_eq!(disk.blobs().len(), blobs, "one for another, and none for what others have taken");
    assert!(disk.free_bytes() >= free_bytes - 16 * KIB);
    assert_eq!(disk.run(&["rm", "--all"]).status, 0);
    disk.leave_kib(LEFT_KIB - 100);
    put(31).assert_failed(1, &["a://31", "cache.min_free"]);
    disk.assert_no_temporary_file();
    disk.empty();
    assert_eq!(put(31).status, 0);
}

/// Whatever the first thing is that does not fit: the `-shm` file, the log, a body.
#[tokio::test]
async fn however_little_is_left_nothing_is_lost_or_half_done() {
    let disk = Disk::new();
    let origin = Origin::start(|_| Reply::ok(body(1, 70_000))).unwrap();
    let inputs = [("a://inline", 9_000), ("a://file", 70_001)].map(|(url, size)| {
        let file = disk.folder.beside(size.to_string());
        write(&file, body(2, size));
        (url, file, body(2, size))
    });
    let kept = disk.folder.beside("kept");
    write(&kept, body(3, 70_000));
    assert!(is_done(&disk.run(&["put", "a://kept", kept.to_str().unwrap()])));
    let (mut failed, mut put_off, mut done) = (0, 0, 0);
    for left_kib in (0..=280).step_by(8) {
        let (job, other) = (origin.url("/job"), origin.url("/other"));
        assert!(is_done(&disk.run(&["enqueue", &job])));
        disk.leave_kib(left_kib);

        let worked = disk.drain();
        disk.assert_no_temporary_file();
        if is_done(&worked) {
            let worked = worked.json();
            put_off += worked["retried"].as_u64().unwrap();
            done += worked["done"].as_u64().unwrap();
            assert_eq!(worked["lost"], 0, "{left_kib}");
        } else {
            failed += 1;
        }
        let puts = inputs.each_ref().map(|(url, file, _)| {
            let put = disk.run(&["put", url, file.to_str().unwrap()]);
            disk.assert_no_temporary_file();
            is_done(&put)
        });
        let is_enqueued = is_done(&disk.run(&["enqueue", &other]));

        disk.empty();
        assert!(disk.run(&["get", "a://kept"]).stdout == body(3, 70_000), "{left_kib}");
        for ((url, _, content), is_put) in inputs.iter().zip(puts) {
            let expected = if is_put { (0, &content[..]) } else { (3, &b""[..]) };
            let get = disk.run(&["get", url, "--offline"]);
            assert!((get.status, &get.stdout[..]) == expected, "{left_kib}: {url}");
        }
        assert_eq!(disk.run(&["queue", "rm", &other]).status == 0, is_enqueued, "{left_kib}");
        // At once, however long the job was put off.
        assert!(is_done(&disk.run(&["enqueue", &job, "--priority", "immediate"])));
        assert!(is_done(&disk.drain()));
        let get = disk.run(&["get", &job, "--offline"]);
        assert!(get.stdout == body(1, 70_000), "{left_kib}: {get:?}");
        assert!(is_done(&disk.run(&["rm", &job, inputs[0].0, inputs[1].0])));
        assert_eq!(disk.blobs().len(), 1, "{left_kib}");
        assert_eq!(disk.jobs(), Vec::<Value>::new(), "{left_kib}");
    }
    assert!(
        failed > 0 && put_off > 0 && done > 0,
        "{failed} failed, {put_off} put off, {done} done"
    );
    assert_eq!(disk.integrity().await, "ok");
}

#[test]
fn a_cache_that_could_not_be_made_for_lack_of_room_is_made_when_there_is_some() {
    for left_kib in [0, 4, 16, 40, 64] {
        let disk = Disk::new();
        let file = disk.folder.beside("file");
        write(&file, body(1, 70_000));
        let put = ["put", "a://b", file.to_str().unwrap()];
        disk.leave_kib(left_kib);
        disk.run(&put).assert_failed(1, &["the disk is full"]);
        disk.empty();
        assert!(is_done(&disk.run(&put)), "{left_kib}");
        assert!(disk.run(&["get", "a://b"]).stdout == body(1, 70_000), "{left_kib}");
    }
}
