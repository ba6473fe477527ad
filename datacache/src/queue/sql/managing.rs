//! Statements on `pending_requests` for those who look after the queue.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, Row as _, query, query_as, query_scalar};

use super::unsigned;
use crate::clock::Timestamp;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::DataType;
use crate::queue::job::{JobInfo, QueueCounts};

statements! {
    LEASED = "SELECT COUNT(*) FROM pending_requests WHERE status = 'leased'";
    BY_KEY = concat!("SELECT ", job_columns!(), " FROM pending_requests WHERE url = ?1");
    LIST = concat!(
        "SELECT ", job_columns!(), " FROM pending_requests \
         WHERE request_id > ?1 ORDER BY request_id LIMIT ?2"
    );
    LIVE_OF = "SELECT url FROM pending_requests \
        WHERE identifier = ?1 AND data_type = ?2 AND identifier <> '' AND status <> 'dead' LIMIT ?3";
    LIVE_AMONG = "SELECT url FROM pending_requests \
        WHERE url IN (SELECT value FROM json_each(?1)) AND status <> 'dead'";
    REMOVE = "DELETE FROM pending_requests WHERE url = ?1 AND status <> 'leased'";
    REMOVE_DEAD_OF = "DELETE FROM pending_requests WHERE url = ?1 AND status = 'dead'";
    REMOVE_DEAD = "DELETE FROM pending_requests WHERE status = 'dead'";
    FORGET_DEAD = "DELETE FROM pending_requests WHERE request_id IN \
        (SELECT request_id FROM pending_requests \
         WHERE status = 'dead' AND run_at <> created_at AND run_at <= ?1 LIMIT ?2)";
    REVIVE = "UPDATE pending_requests SET status = 'pending', attempts = 0, run_at = created_at \
        WHERE url = ?1 AND status = 'dead'";
    REVIVE_ALL = "UPDATE pending_requests SET status = 'pending', attempts = 0, \
        run_at = created_at WHERE status = 'dead'";
    COUNTS = "SELECT \
          COUNT(*) FILTER (WHERE status = 'pending' AND priority = 1), \
          COUNT(*) FILTER (WHERE status = 'pending' AND priority = 2), \
          COUNT(*) FILTER (WHERE status = 'leased'), \
          COUNT(*) FILTER (WHERE status = 'dead'), \
          MIN(created_at) FILTER (WHERE status = 'pending'), \
          MIN(run_at) FILTER (WHERE status = 'pending') \
        FROM pending_requests";
}

pub(in crate::queue) async fn by_key(
    db: &mut SqliteConnection,
    key: &Key,
) -> Result<Option<JobInfo>> {
    query_as(BY_KEY).bind(key.as_str()).fetch_optional(db).await
}

pub(in crate::queue) async fn list(
    db: &mut SqliteConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<JobInfo>> {
    query_as(LIST).bind(after).bind(limit).fetch_all(db).await
}

/// The keys of at most `limit` requests about a name that are not given up.
pub(in crate::queue) async fn live_of(
    db: &mut SqliteConnection,
    identifier: &Identifier,
    data_type: &DataType,
    limit: i64,
) -> Result<Vec<String>> {
    let live = query_scalar(LIVE_OF);
    let live = live.bind(identifier.as_str()).bind(data_type.as_str()).bind(limit);
    live.fetch_all(db).await
}

/// Those of the keys that are queued and not given up.
pub(in crate::queue) async fn live_among(
    db: &mut SqliteConnection,
    keys: &[&Key],
) -> Result<Vec<String>> {
    let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let keys = serde_json::to_string(&keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
    query_scalar(LIVE_AMONG).bind(keys).fetch_all(db).await
}

/// Removes the request for `key` unless a worker is at it.
pub(in crate::queue) async fn remove(db: &mut SqliteConnection, key: &Key) -> Result<u64> {
    Ok(query(REMOVE).bind(key.as_str()).execute(db).await?.rows_affected())
}

pub(in crate::queue) async fn remove_dead_of(db: &mut SqliteConnection, key: &Key) -> Result<()> {
    query(REMOVE_DEAD_OF).bind(key.as_str()).execute(db).await.map(drop)
}

pub(in crate::queue) async fn remove_dead(db: &mut SqliteConnection) -> Result<u64> {
    Ok(query(REMOVE_DEAD).execute(db).await?.rows_affected())
}

/// Makes the dead request for `key` pending again, or all dead ones.
pub(in crate::queue) async fn revive(db: &mut SqliteConnection, key: Option<&Key>) -> Result<u64> {
    let revive = match key {
        Some(key) => query(REVIVE).bind(key.as_str()),
        None => query(REVIVE_ALL),
    };
    Ok(revive.execute(db).await?.rows_affected())
}

pub(in crate::queue) async fn counts(db: &mut SqliteConnection) -> Result<QueueCounts> {
    let row = query(COUNTS).fetch_one(db).await?;
    let count = |index: usize| row.try_get::<i64, _>(index).map(unsigned);
    let moment = |index: usize| {
        let millis = row.try_get::<Option<i64>, _>(index);
        millis.map(|millis| millis.map(Timestamp::from_millis))
    };
    Ok(QueueCounts {
        immediate: count(0)?,
        batch: count(1)?,
        leased: count(2)?,
        dead: count(3)?,
        oldest: moment(4)?,
        next_run_at: moment(5)?,
    })
}

/// Removes at most `limit` of the requests that were given up before `before`; returns how many.
pub(in crate::queue) async fn forget_dead(
    db: &mut SqliteConnection,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    let forget = query(FORGET_DEAD).bind(before.as_millis()).bind(limit);
    Ok(forget.execute(db).await?.rows_affected())
}

/// How many requests somebody is at.
pub(in crate::queue) async fn leased(db: &mut SqliteConnection) -> Result<u64> {
    query_scalar(LEASED).fetch_one(db).await.map(unsigned)
}
