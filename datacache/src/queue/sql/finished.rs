//! Every statement on `finished_requests`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};

use crate::key::Key;
use crate::queue::job::Finish;

/// How many finished keys are remembered for those who wait.
const REMEMBERED_FINISHES: i64 = 10_000;

statements! {
    FINISHED = "INSERT INTO finished_requests (url, outcome) VALUES (?1, ?2) RETURNING seq";
    FORGET_FINISHED = "DELETE FROM finished_requests WHERE seq <= ?1";
    LAST_FINISHED = "SELECT COALESCE(MAX(seq), 0) FROM finished_requests";
    FINISHED_SINCE = "SELECT seq, url, outcome FROM finished_requests WHERE seq > ?1 ORDER BY seq";
}

/// Remembers that `key` was finished, and forgets the finishes of long ago.
pub(in crate::queue) async fn finished(
    db: &mut SqliteConnection,
    key: &Key,
    finish: Finish,
) -> Result<()> {
    let finished = query_scalar(FINISHED).bind(key.as_str()).bind(finish.as_str());
    let seq: i64 = finished.fetch_one(&mut *db).await?;
    // Now and then is enough.
    if seq % 1_000 == 0 {
        query(FORGET_FINISHED).bind(seq - REMEMBERED_FINISHES).execute(db).await?;
    }
    Ok(())
}

pub(in crate::queue) async fn last_finished(db: &mut SqliteConnection) -> Result<i64> {
    query_scalar(LAST_FINISHED).fetch_one(db).await
}

pub(in crate::queue) async fn finished_since(
    db: &mut SqliteConnection,
    seq: i64,
) -> Result<Vec<(i64, Key, Finish)>> {
    let rows: Vec<(i64, String, String)> = query_as(FINISHED_SINCE).bind(seq).fetch_all(db).await?;
    let read = |(seq, url, outcome): (i64, String, String)| {
        (seq, Key::from_row(url), Finish::of_str(&outcome))
    };
    Ok(rows.into_iter().map(read).collect())
}
