//! Workers whose database is locked or removed, and workers that are told to stop meanwhile.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use datacache::testing::Reply;
use datacache_tests::{Directed, Folder, PATIENCE, Peer};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// Longer than a worker takes to stop, and shorter than it would wait for a lock.
const SOON: Duration = Duration::from_secs(10);

/// The program `datacache worker`, at work.
struct Worker {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Worker {
    fn start(folder: &Folder) -> Self {
        let mut worker = folder.program(["-v", "worker"]);
        let mut child = worker.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Self { child, said }
    }

    /// The next line of standard error; empty after the last.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end, which is not far; returns the exit status and what else it said.
    fn end(mut self, within: Duration) -> (Option<i32>, String) {
        let (ended, end) = mpsc::channel();
        let id = self.child.id().to_string();
        thread::spawn(move || {
            let mut rest = String::new();
            self.said.read_to_string(&mut rest).unwrap();
            ended.send((self.child.wait().unwrap().code(), rest))
        });
        end.recv_timeout(within).unwrap_or_else(|_| {
            let _ = Command::new("kill").args(["-s", "KILL", &id]).status();
            panic!("the worker does not end");
        })
    }
}

/// Locks the database for writers, as another process would, until it is dropped.
async fn lock(folder: &Folder) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.dir().join("datacache.sqlite"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    connection
}

/// Waits until a worker has begun its session, as it does before it first takes the lock.
fn wait_for_session(folder: &Folder) {
    let is_session = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "session");
    while !folder.files().iter().any(is_session) {
        thread::yield_now();
    }
}

#[tokio::test]
async fn a_lock_that_is_held_for_longer_than_a_worker_waits_for_it_does_not_end_it() {
    let (folder, directed) = (Folder::new(), Directed::start());
    assert_eq!(folder.run(["enqueue", &directed.origin.url("/x")]).status, 0);
    let lock = lock(&folder).await;
    let mut worker = Worker::start(&folder);
    let line = worker.line();
    assert!(line.contains("the worker waits") && line.contains("locked"), "{line}");
    lock.close().await.unwrap();
    directed.next().send(Reply::ok("x")).unwrap();
    let cache = folder.open().await;
    cache.wait(&directed.origin.url("/x"), PATIENCE).await.unwrap();
    worker.signal("TERM");
    let (status, said) = worker.end(SOON);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("1 done"), "{said}");
}

#[tokio::test]
async fn a_worker_that_waits_for_a_lock_hears_that_it_is_to_stop() {
    let folder = Folder::new();
    assert_eq!(folder.run(["enqueue", "http://127.0.0.1:1/x"]).status, 0);
    let _lock = lock(&folder).await;
    let worker = Worker::start(&folder);
    wait_for_session(&folder);
    worker.signal("TERM");
    let (status, said) = worker.end(SOON);
    assert_eq!(status, Some(0), "{said}");
}

#[tokio::test]
async fn what_cannot_be_handed_back_in_time_is_left_to_the_next_worker() {
    let (folder, directed) = (Folder::new(), Directed::start());
    assert_eq!(folder.run(["enqueue", &directed.origin.url("/x")]).status, 0);
    let worker = Worker::start(&folder);
    let _unanswered = directed.next();
    let lock = lock(&folder).await;
    worker.signal("TERM");
    let (status, said) = worker.end(SOON);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("left to be taken back"), "{said}");
    lock.close().await.unwrap();
    let mut next = Peer::start(&folder.dir());
    next.tell("work");
    directed.next().send(Reply::ok("x")).unwrap();
    assert_eq!(next.answer().unwrap(), "worked 1 0 0 0");
}

#[test]
fn a_second_signal_ends_a_worker_at_once() {
    let (folder, directed) = (Folder::new(), Directed::start());
    assert_eq!(folder.run(["enqueue", &directed.origin.url("/x")]).status, 0);
    let worker = Worker::start(&folder);
    let _unanswered = directed.next();
    // Two of a kind that come together would count as one.
    worker.signal("TERM");
    worker.signal("INT");
    let (status, said) = worker.end(SOON);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("told to stop at once"), "{said}");
}

#[test]
fn a_worker_whose_folder_is_removed_ends_and_says_so() {
    let folder = Folder::new();
    let worker = Worker::start(&folder);
    wait_for_session(&folder);
    // Gone in one step: what is deleted file by file can be written to meanwhile.
    let gone = folder.dir().with_extension("gone");
    std::fs::rename(folder.dir(), &gone).unwrap();
    std::fs::remove_dir_all(gone).unwrap();
    let (status, said) = worker.end(SOON);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("datacache.sqlite"), "{said}");
}
