//! Cache folders that cannot be used, and blob files that are not what was stored.

use std::fs;
use std::path::{Path, PathBuf};

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, body, write};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

const DATABASE: &str = "datacache.sqlite";

/// What somebody does to a path behind the cache's back.
type Damage = fn(&Path);

/// A body that lies in a file of its own.
fn large() -> Vec<u8> {
    body(1, 100_000)
}

fn origin() -> Origin {
    Origin::start(|_| Reply::ok(large())).unwrap()
}

/// A cache folder with one entry, which `origin` answered.
fn filled(origin: &Origin) -> Folder {
    let folder = Folder::new();
    let run = folder.run(["get", &origin.url("/x")]);
    assert_eq!((run.status, run.stdout), (0, large()), "{}", run.stderr);
    folder
}

async fn execute(database: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Asserts that no command can use the folder, and that the database stays as it is.
fn assert_unusable(folder: &Folder, words: &[&str]) {
    const URL: &str = "http://127.0.0.1:1/x";
    let dir = folder.dir();
    let database = dir.join(DATABASE);
    let before = fs::read(&database).unwrap();
    let words = [words, &[dir.to_str().unwrap()]].concat();
    for args in [
        &["get", URL][..],
        &["put", URL, database.to_str().unwrap()],
        &["show", URL],
        &["ls"],
        &["rm", "--all"],
        &["random", "Daft Punk", "artistfanart"],
        &["keys", "Daft Punk", "artistfanart"],
        &["enqueue", URL],
        &["queue", "ls"],
        &["queue", "stats"],
        &["queue", "retry", URL],
        &["queue", "rm", URL],
        &["queue", "pause", "cdn"],
        &["queue", "resume", "cdn"],
        &["worker", "--drain"],
        &["stats"],
        &["verify"],
        &["verify", "--repair"],
    ] {
        folder.run(args).assert_failed(1, &words);
    }
    assert!(fs::read(&database).unwrap() == before, "the database was touched");
}

#[test]
fn a_folder_that_is_a_file_is_named() {
    let folder = Folder::new();
    write(folder.dir(), "precious");
    let dir = folder.dir();
    folder.run(["ls"]).assert_failed(1, &[dir.to_str().unwrap(), "is a file"]);
    let below = dir.join("below");
    let below = below.to_str().unwrap();
    folder.run(["ls", "--cache-dir", below]).assert_failed(1, &[below]);
    assert_eq!(fs::read(dir).unwrap(), b"precious");
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let folder = filled(&origin());
    execute(&folder.dir().join(DATABASE), "PRAGMA user_version = 99").await;
    assert_unusable(&folder, &["schema 99", "update"]);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    fs::create_dir(folder.dir()).unwrap();
    execute(&folder.dir().join(DATABASE), "CREATE TABLE notes (text)").await;
    assert_unusable(&folder, &["another program"]);
}

#[test]
fn an_empty_database_file_is_a_new_cache() {
    let (folder, origin) = (Folder::new(), origin());
    fs::create_dir(folder.dir()).unwrap();
    write(folder.dir().join(DATABASE), "");
    folder.assert_empty();
    for _ in 0..2 {
        assert!(folder.run(["get", &origin.url("/x")]).stdout == large());
    }
    assert_eq!(origin.received().len(), 1);
}

#[test]
fn something_else_in_place_of_a_file_or_a_folder_is_named() {
    for (name, make) in [
        (DATABASE, (|path| fs::create_dir(path).unwrap()) as Damage),
        ("locks", |path| write(path, "precious")),
        ("blobs", |path| write(path, "precious")),
    ] {
        let (folder, origin) = (Folder::new(), origin());
        fs::create_dir(folder.dir()).unwrap();
        let path = folder.dir().join(name);
        make(&path);
        let failed = folder.run(["get", &origin.url("/x")]);
        failed.assert_failed(1, &[path.to_str().unwrap()]);
        assert!(path.is_dir() || fs::read(&path).unwrap() == b"precious");
    }
}

/// What may happen to a blob file.
const DAMAGES: &[(&str, Damage)] = &[
    ("deleted", |blob| fs::remove_file(blob).unwrap()),
    ("emptied", |blob| write(blob, "")),
    ("truncated", |blob| write(blob, &large()[..50_000])),
    ("lengthened", |blob| write(blob, [large(), vec![0]].concat())),
    ("bit flipped", |blob| {
        let mut bytes = large();
        bytes[70_000] ^= 1;
        write(blob, bytes);
    }),
    ("replaced by a folder", |blob| {
        fs::remove_file(blob).unwrap();
        fs::create_dir_all(blob.join("below")).unwrap();
    }),
    ("its folder deleted", |blob| fs::remove_dir_all(blob.parent().unwrap()).unwrap()),
];

fn damaged(origin: &Origin, damage: Damage) -> Folder {
    let folder = filled(origin);
    let blobs = folder.blobs();
    let [blob] = &blobs[..] else { panic!("one blob, not {blobs:?}") };
    damage(&folder.dir().join(blob));
    folder
}

/// Somebody who opens a pipe to write would wait for who reads it.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_lock_keeps_nobody_waiting() {
    let folder = filled(&origin());
    let file = folder.beside("file");
    write(&file, large());
    let files = fs::read_dir(folder.dir().join("locks")).unwrap().map(|file| file.unwrap().path());
    let is_lock = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "lock");
    let locks: Vec<_> = files.filter(is_lock).collect();
    assert!(locks.len() > 2, "{locks:?}");
    for lock in locks {
        fs::remove_file(&lock).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
        let url = format!("a:{}", lock.file_name().unwrap().display());
        let put = folder.run(["put", &url, file.to_str().unwrap()]);
        assert_eq!(put.status, 0, "{}: {put:?}", lock.display());
        assert!(folder.run(["get", &url]).stdout == large(), "{}", lock.display());
        fs::remove_file(&lock).unwrap();
    }
}

#[test]
fn a_damaged_blob_is_fetched_again() {
    for (what, damage) in DAMAGES {
        let origin = origin();
        let folder = damaged(&origin, *damage);
        for outcome in ["fetched", "fresh"] {
            let out = folder.beside("out");
            let get = ["get", &origin.url("/x"), "--json", "-o", out.to_str().unwrap()];
            let run = folder.run(get);
            assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{what}");
            assert_eq!(run.json()["outcome"], outcome, "{what}");
            assert!(fs::read(out).unwrap() == large(), "{what}");
        }
        assert_eq!(origin.received().len(), 2, "{what}");
        assert_eq!(folder.blobs().len(), 1, "{what}");
    }
}

#[test]
fn a_damaged_blob_is_not_in_the_cache_where_only_the_cache_is_asked() {
    for (what, damage) in DAMAGES {
        let origin = origin();
        let folder = damaged(&origin, *damage);
        let run = folder.run(["get", &origin.url("/x"), "--offline"]);
        assert_eq!((run.status, &run.stdout[..]), (3, &b""[..]), "{what}: {run:?}");
        assert_eq!(origin.received().len(), 1);
        folder.assert_empty();
    }
}

#[test]
fn a_damaged_blob_that_two_entries_share_is_mended_for_both() {
    for (what, damage) in DAMAGES {
        let origin = origin();
        let folder = filled(&origin);
        assert!(folder.run(["get", &origin.url("/y")]).stdout == large());
        let blobs = folder.blobs();
        damage(&folder.dir().join(&blobs[0]));
        assert!(folder.run(["get", &origin.url("/x")]).stdout == large(), "{what}");
        let other = folder.run(["get", &origin.url("/y"), "--offline"]);
        assert!(other.stdout == large(), "{what}: {}", other.stderr);
        assert_eq!(folder.blobs(), blobs, "{what}");
    }
}

#[test]
fn an_entry_whose_blob_is_damaged_can_be_removed() {
    for (what, damage) in DAMAGES {
        let origin = origin();
        let folder = damaged(&origin, *damage);
        let run = folder.run(["rm", &origin.url("/x")]);
        assert_eq!(run.status, 0, "{what}: {run:?}");
        folder.assert_empty();
    }
}
