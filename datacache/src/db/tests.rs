use std::fs;

use super::*;
use crate::{queue, store};

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
        Db::open(self.dir.path(), &self.dir.path().join("locks")).await
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
    connection.close().await;
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

/// Prepares every statement of the crate, and keeps full scans to those that mean to read all.
#[tokio::test]
async fn every_statement_prepares_and_uses_an_index() {
    const READS_ALL: &[&str] = &["TOTALS", "COUNTS", "REMOVE_ANY"];
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    for (name, sql) in [
        store::sql::STATEMENTS,
        queue::sql::STATEMENTS,
        queue::sql::finished::STATEMENTS,
        queue::sql::managing::STATEMENTS,
        queue::sql::resting::STATEMENTS,
    ]
    .concat()
    {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut connection = db.read("test").await.unwrap();
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(explain))
            .fetch_all(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        connection.close().await;
        let scans = plan.iter().any(|(.., step)| {
            step.starts_with("SCAN cached_data") || step.starts_with("SCAN pending_requests")
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

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a file that is no database is the point")]
async fn garbage_and_databases_of_others_are_refused_and_left_alone() {
    let folder = Folder::new();
    fs::write(folder.file(), "this is not a database, and long enough to tell".repeat(50)).unwrap();
    let error = folder.open().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(fs::read(folder.file()).unwrap().starts_with(b"this is not"));

    fs::remove_file(folder.file()).unwrap();
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
