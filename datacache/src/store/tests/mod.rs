mod budget;
mod caps;
mod checking;
mod concurrency;
mod damage;
mod deferred;
mod derived;
mod encoding;
mod loose;
mod many;
mod model;
mod notes;
mod pins;
mod random;
mod refused;
mod removal;
mod renewal;
mod round_trip;
mod strays;
mod together;

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::{fs, io};

use super::*;
use crate::background::Background;
use crate::checksum::Checksum;
use crate::clock::Clock;
use crate::identifier::Identifier;
use crate::name::{DataType, Provider};
use crate::session::OwnSession;

const INLINE_MAX: usize = 1_024;
const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const LATER: Timestamp = Timestamp::from_millis(2_000_000);

struct Folder {
    dir: tempfile::TempDir,
    allowance: Allowance,
    clock: Clock,
    background: Background,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("locks")).unwrap();
        let clock = Clock::manual(NOW);
        Self { dir, allowance: Allowance::default(), clock, background: Background::default() }
    }

    /// A handle as another process would have it: nothing is shared but the folder.
    async fn open(&self) -> Store {
        let (dir, locks) = (self.dir.path(), self.dir.path().join("locks"));
        let db = Db::open(dir, &locks, self.allowance.log_bytes()).await.unwrap();
        let blobs = Blobs::open(dir, Arc::new(OwnSession::new(locks))).await.unwrap();
        let room = Room::new(
            self.allowance.clone(),
            self.clock.clone(),
            self.background.clone(),
            &self.dir.path().join("locks"),
        );
        Store::new(db, blobs, INLINE_MAX, room)
    }

    /// The names of all blob files.
    fn blob_files(&self) -> BTreeSet<String> {
        let files = files_below(&self.dir.path().join("blobs").join("v1"));
        files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    fn temp_files(&self) -> usize {
        files_below(&self.dir.path().join("blobs").join("tmp")).len()
    }
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => panic!("{}: {error}", dir.display()),
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn key(path: &str) -> Key {
    Key::parse(&format!("https://a.example/{path}")).unwrap()
}

fn provider(name: &str) -> Provider {
    Provider::new(name).unwrap()
}

fn identifier(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

fn entry(path: &str, data: impl Into<Bytes>) -> NewEntry {
    let data = data.into();
    NewEntry {
        key: key(path),
        identifier: None,
        data_type: DataType::OTHER,
        provider: provider("cdn"),
        metadata: Metadata::new(),
        status_code: 200,
        mime_type: "text/plain".to_owned(),
        checksum: Checksum::of(&data),
        data,
        created_at: NOW,
        expires_at: LATER,
        terms: Terms::default(),
        derived_from: None,
    }
}

/// A body that does not fit in a row, and is no text.
fn large(byte: u8) -> Bytes {
    let mut data = vec![byte; INLINE_MAX];
    data.push(0xff);
    data.into()
}

async fn execute(store: &Store, sql: &'static str) -> u64 {
    let mut tx = store.db.write("test").await.unwrap();
    let done = sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    done.rows_affected()
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    let mut connection = store.db.read("test").await.unwrap();
    let count = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.unwrap();
    connection.close();
    count
}

async fn entries(store: &Store) -> i64 {
    count(store, "SELECT COUNT(*) FROM cached_data").await
}

/// `number` images of Daft Punk with empty bodies and the ordinals from 0, fresh until [`LATER`].
async fn insert_images(store: &Store, number: i64) {
    const INSERT: &str = "WITH RECURSIVE numbers (n) AS \
          (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?1) \
        INSERT INTO cached_data (url, cachekey, identifier, data_type, provider, ordinal, \
          status_code, mime_type, data_size, content_checksum, created_at, expires_at, \
          last_accessed, metadata, data_value) \
        SELECT 'https://a.example/' || n, printf('00000000-0000-4000-8000-%012d', n), \
          'daft_punk', 'artistfanart', iif(n % 2, 'odd', 'even'), n, 200, 'image/png', 0, ?2, \
          ?3, ?4, ?3, '{}', x'' FROM numbers";
    const DESCRIBE: &str = "INSERT INTO subjects \
        SELECT identifier, data_type, ordinal, entry_id FROM cached_data";
    let mut tx = store.db.write("test").await.unwrap();
    let insert = sqlx::query(INSERT)
        .bind(number)
        .bind(Checksum::of(b"").to_string())
        .bind(NOW.as_millis())
        .bind(LATER.as_millis());
    insert.execute(&mut *tx).await.unwrap();
    sqlx::query(DESCRIBE).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    store.note_counters().await.unwrap();
}

fn daft_punk() -> Subject {
    Subject { identifier: identifier("Daft Punk"), data_type: DataType::ARTIST_FANART }
}

/// Drives `future` so many steps and no further; its result if that ended it.
pub(super) async fn poll_times<F: Future>(
    mut future: Pin<&mut F>,
    times: usize,
) -> Option<F::Output> {
    let mut left = times;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            left -= 1;
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}
