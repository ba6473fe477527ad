//! A folder that a program of another version has made.

use std::sync::Barrier;

use datacache_tests::{Folder, run};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _};

const MIGRATION_1: &str = include_str!("../../datacache/migrations/0001_entries_and_queue.sql");
/// So many that the upgrade takes a while, in which the others come.
const ROWS: i64 = 50_000;
const PROGRAMS: usize = 8;

async fn connect(folder: &Folder) -> SqliteConnection {
    let file = folder.dir().join("datacache.sqlite");
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    options.journal_mode(SqliteJournalMode::Wal).connect().await.unwrap()
}

/// A folder as a program of schema 1 leaves it, with entries and requests.
async fn folder_of_schema_1() -> Folder {
    const FILL: &str = "WITH RECURSIVE numbers (n) AS \
          (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000) \
        INSERT INTO cached_data (url, cachekey, identifier, data_type, provider, ordinal, \
          status_code, mime_type, data_size, content_checksum, created_at, expires_at, \
          last_accessed, metadata, data_value) \
        SELECT 'a://entry/' || n, printf('00000000-0000-4000-8000-%012d', n), '', 'other', 'cdn', \
          n, 200, 'text/plain', 5, \
          '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', 1, \
          9000000000000, 1, '{}', CAST('hello' AS BLOB) FROM numbers; \
        INSERT INTO pending_requests \
          (url, identifier, data_type, provider, params, priority, created_at, run_at) \
        SELECT replace(url, 'a://entry', 'http://127.0.0.1:1'), '', 'other', 'cdn', '{}', 2, 1, 1 \
        FROM cached_data";
    let folder = Folder::new();
    std::fs::create_dir(folder.dir()).unwrap();
    let mut older = connect(&folder).await;
    let stamp = "PRAGMA user_version = 1; PRAGMA application_id = 0x64746368";
    for sql in [MIGRATION_1, FILL, stamp] {
        sqlx::raw_sql(sql).execute(&mut older).await.unwrap();
    }
    older.close().await.unwrap();
    folder
}

#[tokio::test]
async fn eight_programs_that_find_an_older_folder_at_once_upgrade_it_once_and_lose_nothing() {
    let folder = folder_of_schema_1().await;
    let barrier = Barrier::new(PROGRAMS);
    std::thread::scope(|scope| {
        let get = |number| {
            let mut get = folder.program(["get", &format!("a://entry/{number}")]);
            barrier.wait();
            run(&mut get)
        };
        let runs: Vec<_> = (1..=PROGRAMS).map(|number| scope.spawn(move || get(number))).collect();
        // An upgrade that ran twice would fail where it makes what is there already.
        for ended in runs {
            let ended = ended.join().unwrap();
            assert_eq!((ended.status, ended.text().as_str()), (0, "hello"), "{ended:?}");
        }
    });
    let stats = folder.run(["--json", "stats"]).json();
    assert_eq!((&stats["totals"]["fresh"], &stats["queue"]["batch"]), (&ROWS.into(), &ROWS.into()));
    let mut connection = connect(&folder).await;
    let version: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.unwrap();
    assert!(version > 1, "{version}");
    let verdict: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(verdict, "ok");
    connection.close().await.unwrap();
}
