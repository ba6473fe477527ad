mod damage;
mod shape;

use std::fs;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnection, SqliteJournalMode};

use super::*;
use crate::clock::Timestamp;
use crate::queue::{Finish, Queue, Turns};
use crate::session::OwnSession;
use crate::{limits, numbers, queue, store};

struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("locks")).unwrap();
        Self { dir }
    }

    async fn open(&self) -> Result<Db> {
        Db::open(self.dir.path(), &self.dir.path().join("locks"), None).await
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join(FILE_NAME)
    }
}

async fn scalar<T>(db: &Db, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
{
    let mut connection = db.read("test").await.unwrap();
    let value = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.unwrap();
    connection.close();
    value
}

/// Earlier versions can corrupt a WAL database under concurrent writers: see the module header.
#[tokio::test]
async fn sqlite_has_the_wal_reset_fix() {
    let folder = Folder::new();
    let version: String = scalar(&folder.open().await.unwrap(), "SELECT sqlite_version()").await;
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "SQLite {version}");
}

#[tokio::test]
async fn a_new_database_is_in_wal_mode_private_and_of_the_current_schema() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    assert_eq!(scalar::<String>(&db, "PRAGMA journal_mode").await, "wal");
    assert_eq!(scalar::<i64>(&db, "PRAGMA auto_vacuum").await, 2);
    assert_eq!(scalar::<i64>(&db, "PRAGMA user_version").await, schema::current_version());
    let loose = "SELECT COUNT(*) FROM pragma_table_list \
        WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%'";
    assert_eq!(scalar::<i64>(&db, loose).await, 0, "every table is STRICT");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// A reader is in the way of every checkpoint, so the log becomes longer; when it has ended, the first
/// to write cuts the log back.
#[tokio::test]
async fn a_log_that_has_become_too_long_is_cut_back_by_who_writes_next() {
    const MOST_BYTES: u64 = 200_000;
    let folder = Folder::new();
    let locks = folder.dir.path().join("locks");
    let db = Db::open(folder.dir.path(), &locks, Some(MOST_BYTES)).await.unwrap();
    let write = async |sql: &'static str| {
        let mut tx = db.write("test").await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    write("CREATE TABLE t (x BLOB) STRICT").await;
    let mut reader = db.read("test").await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT COUNT(*) FROM t").execute(&mut *reader).await.unwrap();
    for _ in 0..10 {
        write("INSERT INTO t VALUES (zeroblob(50000))").await;
    }
    assert!(db.log_bytes() > 2 * MOST_BYTES, "{}", db.log_bytes());
    reader.close();
    write("INSERT INTO t VALUES (x'')").await;
    assert!(db.log_bytes() < MOST_BYTES, "{}", db.log_bytes());
    assert_eq!(scalar::<i64>(&db, "SELECT COUNT(*) FROM t").await, 11);
}

#[tokio::test]
async fn every_statement_prepares_and_uses_an_index() {
    assert_every_statement_uses_an_index(&Folder::new().open().await.unwrap()).await;
}

/// Prepares every statement of the crate, and keeps full scans to those that mean to read all.
pub(crate) async fn assert_every_statement_uses_an_index(db: &Db) {
    const READS_ALL: &[&str] = &[
        "TOTALS",
        "COUNTS",
        "SOME",
        "COUNT_ENTRIES",
        "ROWS",
        "FILLED",
        "BEYOND",
        "WRONG_USAGE",
        "NOTE_USAGE",
        "MISSING_SUBJECTS",
        "NOTE_SUBJECTS",
        "WRONG_PINS",
        "MARK_PINS",
    ];
    for (name, sql) in [
        store::sql::STATEMENTS,
        store::sql::checking::STATEMENTS,
        store::sql::counting::STATEMENTS,
        store::sql::derived::STATEMENTS,
        store::sql::moved::STATEMENTS,
        store::sql::held::STATEMENTS,
        store::sql::many::STATEMENTS,
        store::sql::picking::STATEMENTS,
        store::sql::subjects::STATEMENTS,
        store::sql::totals::STATEMENTS,
        store::sql::upkeep::STATEMENTS,
        queue::sql::STATEMENTS,
        queue::sql::due::STATEMENTS,
        queue::sql::enqueueing::STATEMENTS,
        queue::sql::finished::STATEMENTS,
        queue::sql::flights::STATEMENTS,
        queue::sql::managing::STATEMENTS,
        limits::sql::STATEMENTS,
        numbers::sql::STATEMENTS,
    ]
    .concat()
    .into_iter()
    .flat_map(|(name, sql)| sql.split("; ").map(move |sql| (name, sql)))
    {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut connection = db.read("test").await.unwrap();
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(explain))
            .fetch_all(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        connection.close();
        let scans = plan.iter().any(|(.., step)| {
            step.starts_with("SCAN cached_data")
                || step.starts_with("SCAN named")
                || step.starts_with("SCAN pending_requests")
        });
        assert_eq!(scans, READS_ALL.contains(&name), "{name}: {plan:?}");
    }
}

#[tokio::test]
async fn a_second_opening_finds_what_the_first_wrote() {
    let folder = Folder::new();
    let first = folder.open().await.unwrap();
    let mut tx = first.write("test").await.unwrap();
    let insert = "INSERT INTO last_picks VALUES ('a', 'b', 'c')";
    sqlx::query(insert).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let second = folder.open().await.unwrap();
    assert_eq!(scalar::<i64>(&second, "SELECT COUNT(*) FROM last_picks").await, 1);
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_and_frees_the_lock() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    let insert = "INSERT INTO last_picks VALUES ('a', 'b', 'c')";
    let mut tx = db.write("test").await.unwrap();
    sqlx::query(insert).execute(&mut *tx).await.unwrap();
    drop(tx);
    let mut tx = db.write("test").await.unwrap();
    sqlx::query(insert).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scalar::<i64>(&db, "SELECT COUNT(*) FROM last_picks").await, 1);
}

/// The anchor keeps the write-ahead log; without it each closing would delete it.
#[tokio::test]
async fn the_anchor_outlives_operations_and_ends_with_close() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    let log = folder.dir.path().join("datacache.sqlite-wal");
    db.write("test").await.unwrap().commit().await.unwrap();
    assert!(log.exists());
    db.close().await;
    assert!(!log.exists());
    let refused = db.read("test").await.map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Closed);
}

/// It may live on a runtime that nobody drives any more.
#[test]
fn whoever_closes_the_cache_closes_the_anchor_himself() {
    let folder = Folder::new();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (at_rest, driven) = (runtime(), runtime());
    let db = at_rest.block_on(async {
        let db = folder.open().await.unwrap();
        db.write("test").await.unwrap().commit().await.unwrap();
        db
    });
    driven.block_on(db.close());
    assert!(!folder.dir.path().join("datacache.sqlite-wal").exists());
    drop(at_rest);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    scalar::<Option<i64>>(&db, "SELECT MAX(priority) FROM pending_requests").await;
    let mut tx = db.write("test").await.unwrap();
    sqlx::query("PRAGMA user_version = 99").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let before = fs::read(folder.file()).unwrap();
    let error = folder.open().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerSchema);
    assert!(error.to_string().contains("schema 99"), "{error}");
    assert_eq!(fs::read(folder.file()).unwrap(), before);
}

/// What a program of schema 1 writes, naming every column it knows; ?1 is the row's name.
const INSERTS_OF_1: [&str; 3] = [
    "INSERT INTO cached_data (url, cachekey, identifier, data_type, provider, ordinal, \
       status_code, mime_type, data_size, content_checksum, created_at, expires_at, \
       last_accessed, access_count, metadata, data_value) \
     VALUES (?1, ?1, ?1, 'other', 'cdn', 0, 200, 'text/plain', 1, 'aa', 1, 9, 1, 0, '{}', x'00')",
    "INSERT INTO last_picks (identifier, data_type, cachekey) VALUES (?1, 'other', ?1)",
    "INSERT INTO pending_requests (url, identifier, data_type, provider, params, priority, \
       status, attempts, created_at, run_at, lease_id, lease_until, session, last_error) \
     VALUES (?1, '', 'other', 'cdn', '{}', 2, 'pending', 0, 1, 1, NULL, NULL, NULL, NULL)",
];

/// What it reads: its row, if every column is as it was written.
const SELECTS_OF_1: [&str; 3] = [
    "SELECT url FROM cached_data WHERE (url, cachekey, identifier, data_type, provider, ordinal, \
       status_code, mime_type, data_size, content_checksum, created_at, expires_at, \
       last_accessed, access_count, metadata, data_value) \
     = (?1, ?1, ?1, 'other', 'cdn', 0, 200, 'text/plain', 1, 'aa', 1, 9, 1, 0, '{}', x'00')",
    "SELECT cachekey FROM last_picks WHERE (identifier, data_type, cachekey) = (?1, 'other', ?1)",
    "SELECT url FROM pending_requests WHERE (url, identifier, data_type, provider, params, \
       priority, status, attempts, created_at, run_at) \
     = (?1, '', 'other', 'cdn', '{}', 2, 'pending', 0, 1, 1) \
       AND COALESCE(lease_id, lease_until, session, last_error) IS NULL",
];

/// What it changes and removes.
const CHANGES_OF_1: [&str; 6] = [
    "UPDATE cached_data SET access_count = 1, last_accessed = 2 WHERE url = ?1",
    "UPDATE last_picks SET cachekey = '' WHERE identifier = ?1",
    "UPDATE pending_requests SET status = 'leased', lease_id = 'a', lease_until = 2, \
       session = 'b', attempts = 1 WHERE url = ?1",
    "DELETE FROM cached_data WHERE url = ?1",
    "DELETE FROM last_picks WHERE identifier = ?1",
    "DELETE FROM pending_requests WHERE url = ?1",
];

async fn change_one_row_each(db: &mut SqliteConnection, statements: &[&'static str], name: &str) {
    for sql in statements {
        let changed = sqlx::query(*sql).bind(name).execute(&mut *db).await.unwrap();
        assert_eq!(changed.rows_affected(), 1, "{sql}");
    }
}

async fn assert_rows_as_written(db: &mut SqliteConnection, name: &str) {
    for sql in SELECTS_OF_1 {
        let rows = sqlx::query(sql).bind(name).fetch_all(&mut *db).await.unwrap();
        assert_eq!(rows.len(), 1, "{sql}");
    }
}

/// A database as a program of schema 1 makes it, and its connection.
async fn open_as_schema_1(folder: &Folder) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.file()).create_if_missing(true);
    let mut older = options.journal_mode(SqliteJournalMode::Wal).connect().await.unwrap();
    let migration = include_str!("../../../migrations/0001_entries_and_queue.sql");
    sqlx::raw_sql(migration).execute(&mut older).await.unwrap();
    let stamp = "PRAGMA user_version = 1; PRAGMA application_id = 0x64746368";
    sqlx::raw_sql(stamp).execute(&mut older).await.unwrap();
    older
}

#[tokio::test]
async fn a_schema_1_is_upgraded_with_its_rows_while_its_program_goes_on() {
    const KEY: &str = "https://a.example/";
    let folder = Folder::new();
    let mut older = open_as_schema_1(&folder).await;
    change_one_row_each(&mut older, &INSERTS_OF_1, KEY).await;

    let db = folder.open().await.unwrap();
    assert_eq!(scalar::<i64>(&db, "PRAGMA user_version").await, schema::current_version());
    assert_rows_as_written(&mut db.read("test").await.unwrap(), KEY).await;
    assert_rows_as_written(&mut older, KEY).await;
    change_one_row_each(&mut older, &INSERTS_OF_1, "later").await;
    assert_rows_as_written(&mut older, "later").await;
    // What there was is noted to be about what it says; the older program knows nothing of that.
    let subjects = "SELECT group_concat(identifier) FROM subjects";
    assert_eq!(scalar::<String>(&db, subjects).await, KEY);
    change_one_row_each(&mut older, &CHANGES_OF_1, "later").await;

    let session = OwnSession::new(folder.dir.path().join("locks"));
    let queue = Queue::new(db, Arc::new(session), 10_000);
    let jobs = queue.claim(&mut Turns::default(), 9, Timestamp::from_millis(1)).await.unwrap();
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!(job.key.as_str(), KEY);
    let settled = queue.complete_answered(&[(job.clone(), Finish::Found)]).await.unwrap();
    assert_eq!(settled, 1);
    let left = sqlx::query("SELECT 1 FROM pending_requests").fetch_all(&mut older).await.unwrap();
    assert_eq!(left.len(), 0);
}

#[tokio::test]
async fn databases_of_others_are_refused_and_left_alone() {
    let folder = Folder::new();
    let options = SqliteConnectOptions::new().filename(folder.file()).create_if_missing(true);
    let mut other = options.connect().await.unwrap();
    sqlx::query("CREATE TABLE notes (text)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let error = folder.open().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("another program"), "{error}");
}

/// Two handles that read and then write: deferred transactions would fail here at once.
#[tokio::test(flavor = "multi_thread")]
async fn writers_wait_for_each_other() {
    const WRITES: i64 = 50;
    let folder = Folder::new();
    let (first, second) = (folder.open().await.unwrap(), folder.open().await.unwrap());
    let writer = |db: Db| async move {
        for _ in 0..WRITES {
            let mut tx = db.write("test").await.unwrap();
            let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM last_picks")
                .fetch_one(&mut *tx)
                .await
                .unwrap();
            let insert = sqlx::query("INSERT INTO last_picks VALUES (?1, '', '')");
            insert.bind(count.to_string()).execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    let writers = [tokio::spawn(writer(first)), tokio::spawn(writer(second.clone()))];
    for writer in writers {
        writer.await.unwrap();
    }
    let count: i64 = scalar(&second, "SELECT COUNT(*) FROM last_picks").await;
    assert_eq!(count, 2 * WRITES);
}

/// A lock file stands for a writer of another process, which SQLite would let through.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_lets_those_finish_who_were_there_before_in_other_processes() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    let before = crate::lock::try_acquire(&folder.dir.path().join("locks/write.lock")).unwrap();
    let writing = tokio::spawn({
        let db = db.clone();
        async move { db.write("test").await.unwrap().commit().await.unwrap() }
    });
    // Whoever wants to write in this process waits behind it.
    while db.0.line.is_free() {
        tokio::task::yield_now().await;
    }
    let mut other = db.read("test").await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK").execute(&mut *other).await.unwrap();
    other.close();
    assert!(before.is_some() && !writing.is_finished());
    drop(before);
    writing.await.unwrap();
}
