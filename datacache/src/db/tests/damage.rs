//! Databases that are damaged, cut, replaced and removed, at rest and in use.
#![expect(clippy::disallowed_methods, reason = "damaged files are the point")]

use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);
const BACKUP: &str = "datacache-damaged-20260131T120000Z.sqlite";
const INSERT: &str = "INSERT INTO last_picks VALUES (?1, '', '')";
/// What becomes of the bytes of a database.
type Damage = fn(&mut Vec<u8>);

/// So many rows that they fill pages of their own, with leaves that only they are on.
const ROWS: i64 = 2_000;

impl Folder {
    async fn open_at(&self, now: Timestamp) -> Result<Db> {
        let locks = self.dir.path().join("locks");
        Db::open_with_clock(self.dir.path(), &locks, None, Clock::manual(now)).await
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn backups(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir.path()).unwrap();
        let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut backups: Vec<String> = names.filter(|name| name.contains("damaged")).collect();
        backups.sort();
        backups
    }

    /// A database with rows, closed; and its bytes.
    async fn filled(&self) -> Vec<u8> {
        let db = self.open_at(NOW).await.unwrap();
        fill(&db).await;
        db.close().await;
        fs::read(self.file()).unwrap()
    }
}

async fn fill(db: &Db) {
    let mut tx = db.write("test").await.unwrap();
    for number in 0..ROWS {
        let insert = sqlx::query(INSERT).bind(format!("row {number}"));
        insert.execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn insert(db: &Db, name: &str) -> Result<()> {
    let mut tx = db.write("test").await?;
    let inserted = sqlx::query(INSERT).bind(name.to_owned()).execute(&mut *tx).await;
    inserted.map_err(|source| tx.error(source))?;
    tx.commit().await
}

async fn count(db: &Db) -> Result<i64> {
    let mut connection = db.read("test").await?;
    // Reads the rows themselves.
    let count = sqlx::query_scalar("SELECT COUNT(cachekey) FROM last_picks");
    let count = count.fetch_one(&mut *connection).await;
    let count = count.map_err(|source| connection.error("test", source))?;
    connection.close();
    Ok(count)
}

/// Overwrites all pages but the first, as no program that knows of SQLite's locks does.
fn damage_pages(database: &Path) {
    const PAGE_BYTES: u64 = 4_096;
    let mut file = fs::OpenOptions::new().write(true).open(database).unwrap();
    let length = file.metadata().unwrap().len();
    for page in 1..length / PAGE_BYTES {
        file.seek(SeekFrom::Start(page * PAGE_BYTES)).unwrap();
        file.write_all(&[0xee; 512]).unwrap();
    }
}

#[tokio::test]
async fn a_database_cut_at_any_length_is_moved_aside_and_a_new_one_begun() {
    let whole = Folder::new().filled().await;
    let lengths = [2, 15, 16, 50, 99, 100, 101, 511, 512, 513, 1_024, 4_095, 4_096, 4_097, 8_192];
    // SQLite counts pages: one of which a part is missing shows when it is read.
    let last_page = whole.len() - 4_096;
    let steps = (0..last_page).step_by(23_456).skip(1);
    for length in lengths.into_iter().chain(steps).chain([last_page]) {
        let folder = Folder::new();
        fs::write(folder.file(), &whole[..length]).unwrap();
        let db = folder.open_at(NOW).await.unwrap_or_else(|error| panic!("{length}: {error}"));
        assert_eq!(db.moved_to(), Some(folder.beside(BACKUP)), "{length}");
        assert!(fs::read(folder.beside(BACKUP)).unwrap() == whole[..length], "{length}");
        insert(&db, "x").await.unwrap();
        db.close().await;
        let again = folder.open_at(NOW).await.unwrap();
        assert_eq!((count(&again).await.unwrap(), again.moved_to()), (1, None), "{length}");
    }
}

#[tokio::test]
async fn an_empty_file_is_an_empty_database_unless_a_log_lies_beside_it() {
    let folder = Folder::new();
    fs::write(folder.file(), "").unwrap();
    assert_eq!(folder.open_at(NOW).await.unwrap().moved_to(), None);

    let folder = Folder::new();
    fs::write(folder.file(), "").unwrap();
    fs::write(folder.beside("datacache.sqlite-wal"), "what is left").unwrap();
    let db = folder.open_at(NOW).await.unwrap();
    assert_eq!(count(&db).await.unwrap(), 0);
    assert_eq!(folder.backups(), [BACKUP.to_owned(), format!("{BACKUP}-wal")]);
}

/// A flipped byte in the header either does no harm, or makes a damaged database, or one of another
/// program, or of a newer one.
#[tokio::test]
async fn whatever_byte_of_the_header_is_flipped_the_end_is_clear() {
    let whole = Folder::new().filled().await;
    let (mut harmless, mut moved, mut refused) = (0, 0, 0);
    for at in 0..100 {
        let folder = Folder::new();
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(folder.file(), &bytes).unwrap();
        match folder.open_at(NOW).await {
            Ok(db) if db.moved_to().is_some() => {
                moved += 1;
                assert!(fs::read(folder.beside(BACKUP)).unwrap() == bytes, "{at}");
                insert(&db, "x").await.unwrap();
            }
            Ok(db) => {
                harmless += 1;
                assert_eq!(count(&db).await.unwrap(), ROWS, "{at}");
            }
            Err(error) => {
                refused += 1;
                let text = error.to_string();
                let is_clear = text.contains("another program") || text.contains("newer program");
                assert!(is_clear, "{at}: {error}");
                assert!(fs::read(folder.file()).unwrap() == bytes, "{at}");
            }
        }
    }
    assert!(harmless > 20 && moved > 20 && refused >= 4, "{harmless} {moved} {refused}");
}

#[tokio::test]
async fn garbage_a_wrong_page_size_and_a_lost_schema_are_moved_aside() {
    let whole = Folder::new().filled().await;
    let damages: [(&str, Damage); 6] = [
        ("text", |bytes| *bytes = b"this is not a database".repeat(500)),
        ("zeros", |bytes| bytes.fill(0)),
        ("first page of zeros", |bytes| bytes[..4_096].fill(0)),
        ("page size of 8192", |bytes| bytes[16..18].copy_from_slice(&[0x20, 0])),
        ("page size of 100", |bytes| bytes[16..18].copy_from_slice(&[0, 100])),
        ("schema overwritten", |bytes| bytes[100..4_096].fill(0xee)),
    ];
    for (what, damage) in damages {
        let folder = Folder::new();
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(folder.file(), &bytes).unwrap();
        let db = folder.open_at(NOW).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(db.moved_to(), Some(folder.beside(BACKUP)), "{what}");
        assert!(fs::read(folder.beside(BACKUP)).unwrap() == bytes, "{what}");
        insert(&db, "x").await.unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_damages_whatever_is_written_is_not_filled_with_copies() {
    let folder = Folder::new();
    let damage = || fs::write(folder.file(), "no database".repeat(99)).unwrap();
    damage();
    folder.open_at(NOW).await.unwrap().close().await;
    damage();
    let soon = NOW.checked_add(Duration::from_secs(59)).unwrap();
    let error = folder.open_at(soon).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("less than a minute ago"), "{error}");
    assert_eq!(folder.backups(), [BACKUP]);
    let later = NOW.checked_add(Duration::from_mins(1)).unwrap();
    folder.open_at(later).await.unwrap();
    assert_eq!(folder.backups().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_open_a_damaged_database_one_moves_it() {
    let folder = Folder::new();
    fs::write(folder.file(), "no database".repeat(99)).unwrap();
    let (dir, locks) = (folder.dir.path().to_owned(), folder.beside("locks"));
    let openings: Vec<_> = (0..8)
        .map(|_| {
            let (dir, locks) = (dir.clone(), locks.clone());
            tokio::spawn(async move {
                let db = Db::open(&dir, &locks, None).await.unwrap();
                insert(&db, &uuid::Uuid::new_v4().to_string()).await.unwrap();
                db.moved_to().is_some()
            })
        })
        .collect();
    let mut moved = 0;
    for opening in openings {
        moved += u32::from(opening.await.unwrap());
    }
    assert_eq!((moved, folder.backups().len()), (1, 1));
    assert_eq!(count(&folder.open().await.unwrap()).await.unwrap(), 8);
}

/// Both handles go on with the new database, though they had connections to the old one.
#[tokio::test]
async fn damage_in_use_is_found_once_and_all_go_on_with_a_new_database() {
    let folder = Folder::new();
    folder.filled().await;
    let (one, other) = (folder.open_at(NOW).await.unwrap(), folder.open_at(NOW).await.unwrap());
    let mut changes = other.changes().await.unwrap();
    insert(&other, "kept open").await.unwrap();
    changes.next().await.unwrap();
    damage_pages(&folder.file());
    let error = count(&one).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    one.0.mender.finish().await;
    assert_eq!(one.moved_to(), Some(folder.beside(BACKUP)));
    assert_eq!((count(&one).await.unwrap(), count(&other).await.unwrap()), (0, 0));
    // Who waited for changes of the old one hears of the replacement, and then of those of the new
    // one.
    changes.next().await.unwrap();
    insert(&one, "a").await.unwrap();
    changes.next().await.unwrap();
    insert(&other, "b").await.unwrap();
    assert_eq!((count(&one).await.unwrap(), count(&other).await.unwrap()), (2, 2));
    one.close().await;
    other.close().await;
    assert!(folder.backups().contains(&BACKUP.to_owned()));
    assert_eq!(count(&folder.open_at(NOW).await.unwrap()).await.unwrap(), 2);
}

#[tokio::test]
async fn what_only_looked_like_damage_costs_nothing() {
    let folder = Folder::new();
    folder.filled().await;
    let db = folder.open_at(NOW).await.unwrap();
    let garbage = folder.beside("garbage");
    fs::write(&garbage, "no database".repeat(99)).unwrap();
    let elsewhere = SqliteConnectOptions::new().filename(garbage).pragma("synchronous", "1");
    let source = elsewhere.connect().await.map(drop).unwrap_err();
    assert_eq!(db.error("test", source).kind(), ErrorKind::Corrupt);
    db.0.mender.finish().await;
    assert_eq!((db.moved_to(), count(&db).await.unwrap()), (None, ROWS));
}

#[tokio::test]
async fn a_log_that_is_removed_in_use_ends_in_a_new_database() {
    let folder = Folder::new();
    folder.filled().await;
    let db = folder.open_at(NOW).await.unwrap();
    insert(&db, "in the log").await.unwrap();
    fs::remove_file(folder.beside("datacache.sqlite-wal")).unwrap();
    let error = count(&db).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("a part of the database is missing"), "{error}");
    db.0.mender.finish().await;
    assert_eq!(count(&db).await.unwrap(), 0);
    insert(&db, "x").await.unwrap();
    assert_eq!(count(&db).await.unwrap(), 1);
    assert!(folder.backups().contains(&BACKUP.to_owned()), "{:?}", folder.backups());
}

#[tokio::test]
async fn a_log_that_is_overwritten_in_use_ends_in_a_new_database() {
    let folder = Folder::new();
    let db = folder.open_at(NOW).await.unwrap();
    fill(&db).await;
    let log = folder.beside("datacache.sqlite-wal");
    let length = fs::metadata(&log).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(log).unwrap();
    file.write_all(&vec![0xee; usize::try_from(length).unwrap()]).unwrap();
    let error = count(&db).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    db.0.mender.finish().await;
    assert_eq!(count(&db).await.unwrap(), 0);
    // The anchor is one of the new database, whose log it keeps.
    insert(&db, "x").await.unwrap();
    assert!(folder.beside("datacache.sqlite-wal").exists());
}

/// What SQLite had not yet copied back is lost, and nothing else.
#[tokio::test]
async fn a_log_that_was_removed_overwritten_or_cut_at_rest_costs_its_last_commits_at_most() {
    let damages: [fn(&Path); 3] = [
        |log| fs::remove_file(log).unwrap(),
        |log| fs::write(log, "nonsense".repeat(5_000)).unwrap(),
        |log| fs::OpenOptions::new().write(true).open(log).unwrap().set_len(4_000).unwrap(),
    ];
    for damage in damages {
        // The files as a process leaves them that is killed: with a log.
        let (live, folder) = (Folder::new(), Folder::new());
        live.filled().await;
        let db = live.open_at(NOW).await.unwrap();
        insert(&db, "last").await.unwrap();
        for name in ["datacache.sqlite", "datacache.sqlite-wal"] {
            fs::copy(live.beside(name), folder.beside(name)).unwrap();
        }
        damage(&folder.beside("datacache.sqlite-wal"));
        let db = folder.open_at(NOW).await.unwrap();
        assert_eq!((count(&db).await.unwrap(), db.moved_to()), (ROWS, None));
        assert_eq!(db.complaints().await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_database_that_is_removed_in_use_is_begun_anew_and_its_log_is_not_taken_over() {
    let folder = Folder::new();
    folder.filled().await;
    let (one, other) = (folder.open_at(NOW).await.unwrap(), folder.open_at(NOW).await.unwrap());
    insert(&one, "in the log").await.unwrap();
    fs::remove_file(folder.file()).unwrap();
    let error = count(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    other.0.mender.finish().await;
    assert_eq!((count(&one).await.unwrap(), count(&other).await.unwrap()), (0, 0));
    insert(&one, "x").await.unwrap();
    assert_eq!(count(&other).await.unwrap(), 1);
    one.close().await;
    other.close().await;
    let again = folder.open_at(NOW).await.unwrap();
    assert_eq!((count(&again).await.unwrap(), again.complaints().await.unwrap()), (1, vec![]));
}

#[tokio::test]
async fn indexes_that_disagree_with_their_table_are_made_anew_and_the_rows_stay() {
    let folder = Folder::new();
    let db = folder.open_at(NOW).await.unwrap();
    let mut tx = db.write("test").await.unwrap();
    let insert = "INSERT INTO resting_providers (provider) VALUES ('x'); \
        INSERT INTO pending_requests (url, identifier, data_type, provider, params, priority, \
          created_at, run_at) VALUES ('a', '', 'other', 'cdn', '{}', 2, 1, 1); \
        PRAGMA writable_schema = ON; \
        UPDATE sqlite_schema SET sql = replace(sql, 'created_at, run_at', 'run_at, created_at') \
          WHERE name = 'pending_by_age'";
    sqlx::raw_sql(insert).execute(&mut *tx).await.unwrap();
    let row = "UPDATE sqlite_schema SET sql = replace(sql, '(status', '(priority') \
        WHERE name = 'pending_by_age'";
    sqlx::raw_sql(row).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let db = folder.open_at(NOW).await.unwrap();
    let complaints = db.complaints().await.unwrap();
    assert!(complaints.iter().any(|it| it.contains("pending_by_age")), "{complaints:?}");
    db.repair().await.unwrap();
    assert_eq!(db.complaints().await.unwrap(), Vec::<String>::new());
    assert_eq!(db.moved_to(), None);
    assert_eq!(scalar::<i64>(&db, "SELECT COUNT(*) FROM pending_requests").await, 1);
}

#[tokio::test]
async fn nobody_opens_a_database_while_it_is_replaced() {
    let folder = Folder::new();
    folder.filled().await;
    let (one, other) = (folder.open_at(NOW).await.unwrap(), folder.open_at(NOW).await.unwrap());
    let shut = one.0.gate.shut("test").await.unwrap();
    let mut reading = Box::pin(count(&other));
    let waits = std::future::poll_fn(|context| {
        std::task::Poll::Ready(reading.as_mut().poll(context).is_pending())
    });
    assert!(waits.await);
    // What is there now is not what it will see.
    fs::rename(folder.file(), folder.beside("old")).unwrap();
    fs::copy(folder.beside("old"), folder.file()).unwrap();
    drop(shut);
    assert_eq!(reading.await.unwrap(), ROWS);
    let opened = other.read("test").await.unwrap();
    assert!(!opened.is_left_behind());
    assert!(one.0.gate.shut("test").await.is_ok(), "the gate is passed, not held");
    assert!(!opened.is_left_behind());
    fs::rename(folder.beside("old"), folder.file()).unwrap();
    assert_eq!(opened.is_left_behind(), cfg!(unix));
}
