//! A cache that cannot be used, and is done without.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use datacache::testing::{Origin, Reply};
use datacache::{Answer, Cache, Config, ErrorKind, OnCacheError, Request};
use datacache_tests::{Folder, Namespace, Run, body, program, run, write};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

const DATABASE: &str = "datacache.sqlite";

fn large() -> Vec<u8> {
    body(1, 100_000)
}

fn origin() -> Origin {
    Origin::start(|_| Reply::ok(large())).unwrap()
}

fn bypassing(folder: &Folder, args: &[&str]) -> Command {
    let mut command = folder.program(args);
    command.env("DATACACHE_ON_CACHE_ERROR", "bypass");
    command
}

async fn connect(database: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(database).create_if_missing(true).connect().await.unwrap()
}

async fn execute(database: &Path, sql: &'static str) {
    let mut connection = connect(database).await;
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// One line of warning and no other, with all of `words`.
fn assert_warned(run: &Run, words: &[&str]) {
    let line = run.stderr.strip_prefix("warning: nothing is kept in the cache: ");
    let line = line.and_then(|rest| rest.strip_suffix('\n'));
    let line = line.filter(|line| !line.contains('\n'));
    let line = line.unwrap_or_else(|| panic!("not one line of warning in {}", run.stderr));
    assert!(words.iter().all(|word| line.contains(word)), "{words:?} in {line}");
}

/// Asserts what becomes of each kind of request in a folder that cannot be used. `run` runs the
/// program.
fn assert_bypassed(folder: &Folder, words: &[&str], run: impl Fn(&Command) -> Run) {
    let origin = Origin::start(|request| match request.path.as_str() {
        "/none" => Reply::status(404),
        "/broken" => Reply::status(500),
        _ => Reply::ok(large()),
    })
    .unwrap();
    let url = origin.url("/x");
    for requests in 1..3 {
        let got = run(&bypassing(folder, &["get", &url]));
        assert_eq!((got.status, got.stdout == large()), (0, true), "{}", got.stderr);
        assert_warned(&got, words);
        assert_eq!(origin.received().len(), requests);
    }
    let out = folder.beside("out");
    let told = run(&bypassing(folder, &["get", &url, "--json", "-o", out.to_str().unwrap()]));
    assert_eq!(told.json()["outcome"], "fetched", "{told:?}");
    let warning = told.json()["warning"].as_str().unwrap().to_owned();
    assert!(words.iter().all(|word| warning.contains(word)), "{warning}");

    let none = run(&bypassing(folder, &["get", &origin.url("/none"), "--json"]));
    assert_eq!((none.status, &none.json()["outcome"]), (3, &"absent".into()), "{none:?}");
    assert!(none.json()["warning"].is_string());
    let broken = run(&bypassing(folder, &["get", &origin.url("/broken"), "--retries", "0"]));
    assert_eq!(broken.status, 1);
    assert!(broken.stderr.contains("500"), "{broken:?}");

    // What the cache is for fails, and says why.
    for args in [
        &["get", &origin.url("/y"), "--batch"][..],
        &["enqueue", &url],
        &["put", "a://b", "/dev/null"],
    ] {
        run(&bypassing(folder, args)).assert_failed(1, words);
    }
    // Without the setting everything does.
    let received = origin.received().len();
    run(&folder.program(["get", &origin.url("/new")])).assert_failed(1, words);
    assert_eq!(origin.received().len(), received);
}

fn here(command: &Command) -> Run {
    let mut again = Command::new(command.get_program());
    again.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => again.env(name, value),
            None => again.env_remove(name),
        };
    }
    run(&mut again)
}

#[test]
fn without_a_folder_there_is_no_cache_but_an_answer() {
    let folder = Folder::new();
    write(folder.dir(), "precious");
    assert_bypassed(&folder, &["is a file"], here);
    assert_eq!(std::fs::read(folder.dir()).unwrap(), b"precious");
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let folder = Folder::new();
    assert_eq!(folder.run(["get", &origin().url("/x")]).status, 0);
    execute(&folder.dir().join(DATABASE), "PRAGMA user_version = 99").await;
    let before = std::fs::read(folder.dir().join(DATABASE)).unwrap();
    assert_bypassed(&folder, &["schema 99"], here);
    assert!(std::fs::read(folder.dir().join(DATABASE)).unwrap() == before);
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let folder = Folder::new();
    std::fs::create_dir(folder.dir()).unwrap();
    execute(&folder.dir().join(DATABASE), "CREATE TABLE notes (text)").await;
    assert_bypassed(&folder, &["another program"], here);
}

/// A disk of 128 MiB, of which 64 are to stay free, and the program on it.
fn disk(folder: &Folder) -> Namespace {
    std::fs::create_dir(folder.dir()).unwrap();
    let script = r#"mount -t tmpfs -o size=128m tmpfs "$1" && echo ready && exec cat"#;
    Namespace::new(&["--user", "--mount"], script, [folder.dir()])
}

#[test]
fn what_is_on_a_read_only_disk_is_read_and_the_rest_fetched() {
    let (folder, origin) = (Folder::new(), origin());
    let disk = disk(&folder);
    let url = origin.url("/x");
    assert_eq!(disk.run(&folder.program(["get", &url])).status, 0);
    let mut remount = Command::new("mount");
    remount.args(["-o", "remount,ro"]).arg(folder.dir());
    assert_eq!(disk.run(&remount).status, 0);

    let kept = disk.run(&bypassing(&folder, &["get", &url]));
    assert_eq!((kept.status, kept.stdout == large()), (0, true), "{}", kept.stderr);
    assert_warned(&kept, &["cannot be written"]);
    assert_eq!(origin.received().len(), 1);
    let listed = disk.run(&bypassing(&folder, &["ls", "--json"]));
    assert_eq!((listed.status, listed.json()["url"].as_str()), (0, Some(url.as_str())));
    assert_bypassed(&folder, &["cannot be written"], |command| disk.run(command));
}

#[test]
fn with_a_full_disk_answers_come_all_the_same() {
    let folder = Folder::new();
    let disk = disk(&folder);
    let mut fill = Command::new("sh");
    fill.args(["-c", r#"cat /dev/zero > "$0/fill" 2>/dev/null; true"#]).arg(folder.dir());
    assert_eq!(disk.run(&fill).status, 0);
    assert_bypassed(&folder, &["full"], |command| disk.run(command));
}

/// A disk of which the system says that it is a share; its list of mounts is made up.
fn share(folder: &Folder, name: &str) -> Namespace {
    std::fs::create_dir(folder.dir()).unwrap();
    let script = r#"mount -t tmpfs tmpfs "$1" && device=$(stat -c %Hd:%Ld "$1") &&
        mount -t tmpfs tmpfs /proc && mkdir /proc/self &&
        echo "36 35 $device / $1 rw - $2 server:/x rw" > /proc/self/mountinfo &&
        echo ready && exec cat"#;
    let dir = folder.dir();
    Namespace::new(&["--user", "--mount"], script, [dir.to_str().unwrap(), name])
}

#[test]
fn a_folder_on_a_network_file_system_is_refused_and_nothing_made_in_it() {
    for name in ["nfs4", "cifs", "fuse.sshfs"] {
        let folder = Folder::new();
        let share = share(&folder, name);
        let dir = folder.dir();
        let words = ["network file system", name, "cache.dir", dir.to_str().unwrap()];
        assert_bypassed(&folder, &words, |command| share.run(command));
        let mut list = Command::new("ls");
        assert_eq!(share.run(list.arg("-A").arg(folder.dir())).text(), "");
    }
}

/// Below a link to a share as on it; a link on a share to a local disk is none.
#[test]
fn a_link_is_judged_by_where_it_leads() {
    let folder = Folder::new();
    let share = share(&folder, "nfs");
    let (link, local) = (folder.beside("link"), folder.beside("local"));
    std::os::unix::fs::symlink(folder.dir(), &link).unwrap();
    for dir in [link.clone(), link.join("below/it")] {
        let dir = dir.to_str().unwrap();
        share
            .run(folder.program(["ls"]).args(["--cache-dir", dir]))
            .assert_failed(1, &["nfs", dir]);
    }
    std::fs::create_dir(&local).unwrap();
    let mut link = Command::new("ln");
    let onward = folder.dir().join("onward");
    assert_eq!(share.run(link.arg("-s").arg(&local).arg(&onward)).status, 0);
    let listed = share.run(folder.program(["ls"]).arg("--cache-dir").arg(&onward));
    assert_eq!((listed.status, listed.stderr.as_str()), (0, ""));
    assert!(local.join(DATABASE).exists());
}

/// A writer that does not end, and one that keeps even readers away.
#[tokio::test]
async fn a_database_that_somebody_keeps_locked_is_not_waited_for() {
    for lock in ["BEGIN IMMEDIATE", "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"] {
        let (folder, origin) = (Folder::new(), origin());
        assert_eq!(folder.run(["ls"]).status, 0);
        let mut connection = connect(&folder.dir().join(DATABASE)).await;
        sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
        for path in ["/x", "/y"] {
            let url = origin.url(path);
            let mut get = bypassing(&folder, &["get", &url, "--deadline", "20s"]);
            let got = tokio::task::spawn_blocking(move || run(&mut get)).await.unwrap();
            assert_eq!((got.status, got.stdout == large()), (0, true), "{lock}: {}", got.stderr);
            assert_warned(&got, &["2s"]);
        }
        connection.close().await.unwrap();
        assert_eq!(folder.run(["get", &origin.url("/x")]).status, 0);
        assert!(!folder.run(["show", &origin.url("/x")]).text().is_empty());
    }
}

/// A cache that does without a folder which cannot be opened.
async fn bypassed(folder: &Folder, change: impl FnOnce(&mut Config)) -> Cache {
    write(folder.dir(), "precious");
    let mut config = folder.config();
    config.cache.on_cache_error = OnCacheError::Bypass;
    change(&mut config);
    let cache = Cache::open(config).await.unwrap();
    assert_eq!(cache.bypassed().unwrap().kind(), ErrorKind::Io);
    cache
}

#[tokio::test]
async fn the_cache_is_used_again_as_soon_as_it_can_be() {
    let (folder, origin) = (Folder::new(), origin());
    let cache = bypassed(&folder, |_| {}).await;
    let request = || Request::new(origin.url("/x"));
    for _ in 0..2 {
        assert!(matches!(cache.fetch(request()).await.unwrap(), Answer::Found(_)));
    }
    assert_eq!(origin.received().len(), 2);
    std::fs::remove_file(folder.dir()).unwrap();
    let back = async {
        while cache.bypassed().is_some() {
            cache.fetch(request()).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), back).await.unwrap();
    let asked = origin.received().len();
    cache.fetch(request()).await.unwrap();
    cache.fetch(request()).await.unwrap();
    assert!(origin.received().len() <= asked + 1);
    assert!(cache.show(&origin.url("/x")).await.unwrap().is_some());
    cache.close().await;
}

#[tokio::test]
async fn requests_without_the_cache_keep_to_the_budget_and_are_one_at_a_time() {
    let (folder, origin) = (Folder::new(), origin());
    let settings = r#"{"slow": {"hosts": ["127.0.0.1"], "budget": "1/h"}}"#;
    let cache = bypassed(&folder, |config| {
        config.providers = serde_json::from_str(settings).unwrap();
        config.http.max_wait = Duration::ZERO;
    })
    .await;
    let fetch = |path: &str| cache.fetch(Request::new(origin.url(path)).retries(0));
    let (one, other) = tokio::join!(fetch("/x"), fetch("/x"));
    assert!(matches!((one.unwrap(), other.unwrap()), (Answer::Found(_), Answer::Found(_))));
    assert_eq!(origin.received().len(), 1);
    assert_eq!(fetch("/y").await.unwrap_err().kind(), ErrorKind::RateLimited);
    assert_eq!(origin.received().len(), 1);
    cache.close().await;
}

#[tokio::test]
async fn what_only_the_cache_can_do_fails_with_its_error() {
    let (folder, origin) = (Folder::new(), origin());
    let cache = bypassed(&folder, |_| {}).await;
    let request = || Request::new(origin.url("/x"));
    for refused in [
        cache.fetch(request().offline()).await.map(drop),
        cache.lookup(&origin.url("/x")).await.map(drop),
        cache.put(request(), "x").await.map(drop),
        cache.enqueue(vec![request()]).await.map(drop),
        cache.stats().await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("is a file"), "{error}");
    }
    assert_eq!(origin.received().len(), 0);
    cache.close().await;
    let closed = cache.fetch(request()).await.unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Closed);
}

/// What has been opened may fail later; the first who meets it waits a little, the others do not.
#[tokio::test]
async fn a_cache_that_fails_in_use_is_done_without_until_it_does_not() {
    let (folder, origin) = (Folder::new(), origin());
    let mut config = folder.config();
    config.cache.on_cache_error = OnCacheError::Bypass;
    let cache = Cache::open(config).await.unwrap();
    let request = |path: &str| Request::new(origin.url(path));
    cache.fetch(request("/kept")).await.unwrap();
    assert!(cache.bypassed().is_none());
    let mut connection = connect(&folder.dir().join(DATABASE)).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    for path in ["/x", "/y", "/z"] {
        assert!(matches!(cache.fetch(request(path)).await.unwrap(), Answer::Found(_)));
        assert_eq!(cache.bypassed().unwrap().kind(), ErrorKind::Busy);
        // Readers do not care.
        assert!(cache.show(&origin.url("/kept")).await.unwrap().is_some());
        let error = cache.put(request(path), "x").await.unwrap_err();
        assert!(error.to_string().contains("2s"), "it was waited for: {error}");
    }
    let api = cache.providers().api();
    let provider = datacache::Provider::new("mine").unwrap();
    let call = || async { Ok::<_, datacache::Error>(Some(7)) };
    assert_eq!(api.cached(&provider, "me", "x", call).await.unwrap(), Some(7));
    connection.close().await.unwrap();
    let back = async {
        while cache.bypassed().is_some() {
            cache.fetch(request("/x")).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), back).await.unwrap();
    assert!(cache.show(&origin.url("/x")).await.unwrap().is_some());
    cache.close().await;
}

/// A deadline ends the waiting; nothing can be left to a worker.
#[test]
fn a_deadline_is_kept_to() {
    let folder = Folder::new();
    write(folder.dir(), "precious");
    let origin = Origin::start(|_| Reply::silence()).unwrap();
    let run = here(&bypassing(&folder, &["get", &origin.url("/x"), "--deadline", "100ms"]));
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stderr.contains("without the cache it cannot be queued"), "{run:?}");
}

#[test]
fn another_word_for_it_is_refused() {
    let mut command = program();
    command.env("DATACACHE_ON_CACHE_ERROR", "ignore").arg("ls");
    run(&mut command).assert_failed(1, &["DATACACHE_ON_CACHE_ERROR", "ignore"]);
}
