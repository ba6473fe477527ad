//! Every statement on `finished_requests`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};

use crate::key::Key;
use crate::queue::job::Finish;

statements! {
    FINISHED = "INSERT INTO finished_requests (url, outcome) VALUES (?1, ?2) RETURNING seq";
    FORGET_FINISHED = "DELETE FROM finished_requests WHERE seq IN \
        (SELECT seq FROM finished_requests WHERE seq <= ?1 ORDER BY seq LIMIT ?2)";
    FIRST_FINISHED = "SELECT COALESCE(MIN(seq), 0) FROM finished_requests";
    LAST_FINISHED = "SELECT COALESCE(MAX(seq), 0) FROM finished_requests";
    FINISHED_SINCE = "SELECT seq, url, outcome FROM finished_requests WHERE seq > ?1 ORDER BY seq";
}

/// Remembers that `key` was finished; returns its number.
pub(in crate::queue) async fn finished(
    db: &mut SqliteConnection,
    key: &Key,
    finish: Finish,
) -> Result<i64> {
    let finished = query_scalar(FINISHED).bind(key.as_str()).bind(finish.as_str());
    finished.fetch_one(db).await
}

/// Forgets up to `limit` of the finishes up to the number `last`, the oldest first; returns how many.
pub(in crate::queue) async fn forget_finished(
    db: &mut SqliteConnection,
    last: i64,
    limit: i64,
) -> Result<u64> {
    let forget = query(FORGET_FINISHED).bind(last).bind(limit);
    Ok(forget.execute(db).await?.rows_affected())
}

/// The number of the oldest that is remembered; 0 when there is none.
pub(in crate::queue) async fn first_finished(db: &mut SqliteConnection) -> Result<i64> {
    query_scalar(FIRST_FINISHED).fetch_one(db).await
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
