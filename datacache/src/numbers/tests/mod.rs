mod rolling_up;
mod writing;

use std::fs;

use super::*;
use crate::clock::Timestamp;
use crate::error::ErrorKind;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The first moment of a day.
const START: Timestamp = Timestamp::from_millis(20_000 * DAY_MS);

struct Folder {
    dir: tempfile::TempDir,
    clock: Clock,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("locks")).unwrap();
        Self { dir, clock: Clock::manual(START) }
    }

    /// A handle as another process would have it: nothing is shared but the folder and the time.
    async fn open(&self) -> Tally {
        let db = Db::open(self.dir.path(), &self.dir.path().join("locks"), None).await.unwrap();
        Tally::new(db, self.clock.clone())
    }
}

fn provider(name: &str) -> Provider {
    Provider::new(name).unwrap()
}

/// Counts an answer that was in the cache.
fn count(tally: &Tally, name: &str) {
    tally.count(&provider(name), &DataType::OTHER, answer);
}

fn answer(counts: &mut Counts) {
    counts.answered(Answered {
        outcome: Outcome::Fresh,
        way: Way::Cache,
        size_bytes: 7,
        took: Duration::from_micros(300),
    });
}

async fn total(tally: &Tally) -> Counts {
    tally.read(None).await.unwrap().total
}

async fn scalar(tally: &Tally, sql: &'static str) -> i64 {
    let mut connection = tally.0.db.read("test").await.unwrap();
    let value = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.unwrap();
    connection.close();
    value
}

async fn execute(tally: &Tally, sql: &'static str) {
    let mut tx = tally.0.db.write("test").await.unwrap();
    sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}
