//! The statements that queue requests.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};

use super::super::job::{Enqueued, NewJob};
use super::unsigned;
use crate::clock::Timestamp;
use crate::identifier::Identifier;
use crate::key::Key;

macro_rules! insert_rows {
    () => {
        "INSERT INTO pending_requests \
           (url, identifier, data_type, provider, origin, params, priority, created_at, \
            run_at) \
         SELECT value ->> 'url', value ->> 'identifier', value ->> 'data_type', \
           value ->> 'provider', value ->> 'origin', value ->> 'params', \
           value ->> 'priority', ?2, ?2 \
         FROM json_each(?1) WHERE true"
    };
}

/// A column of a row that is queued again.
macro_rules! anew {
    ($column:literal) => {
        concat!(
            "CASE WHEN status = 'dead' OR is_left = 0 THEN excluded.",
            $column,
            " ELSE ",
            $column,
            " END"
        )
    };
}

/// What a text takes, or its place in an index: `bytes_of` in `queue/share.rs`.
macro_rules! bytes_of {
    ($length:literal, $most:literal) => {
        concat!(
            "CASE WHEN ",
            $length,
            " <= ",
            $most,
            " THEN MIN(4096, 2 * (",
            $length,
            ")) \
             ELSE 978 + (",
            $length,
            " - 489 + 4091) / 4092 * 4096 END"
        )
    };
}

statements! {
    /// ?1 is a JSON array of rows. What there is stays as it is.
    ADD = concat!(insert_rows!(), " ON CONFLICT (url) DO NOTHING");
    /// The same, but a live row keeps what it says and is only made more urgent, and runs at once: that
    /// its provider is to be left alone is for the limits to say. A dead one begins anew, and so does
    /// one that was there only while somebody waited.
    ENQUEUE = concat!(
        insert_rows!(),
        " ON CONFLICT (url) DO UPDATE SET \
           identifier = ", anew!("identifier"), ", data_type = ", anew!("data_type"), ", \
           provider = ", anew!("provider"), ", origin = ", anew!("origin"), ", \
           params = ", anew!("params"), ", \
           priority = CASE status WHEN 'dead' THEN excluded.priority \
             ELSE MIN(priority, excluded.priority) END, \
           attempts = CASE status WHEN 'dead' THEN 0 ELSE attempts END, \
           created_at = excluded.created_at, \
           run_at = excluded.run_at, \
           status = CASE status WHEN 'dead' THEN 'pending' ELSE status END, \
           is_left = 1 \
         WHERE status = 'dead' OR is_left = 0 OR excluded.priority < priority"
    );
    ROWS = "SELECT COUNT(*) FROM pending_requests";
    /// No fewer than there are rows, found at the two ends of the table; and whether some of them are
    /// longer than usual.
    FILLED = "SELECT COALESCE((SELECT MAX(request_id) FROM pending_requests) \
          - (SELECT MIN(request_id) FROM pending_requests) + 1, 0), \
        EXISTS (SELECT 1 FROM pending_requests WHERE octet_length(url) + octet_length(params) > 512)";
    /// What those that are longer than usual take beyond that, each as `Lengths` in `queue/share.rs` has
    /// it.
    BEYOND = concat!(
        "SELECT COALESCE(SUM(512 - 1536 + ",
        bytes_of!(
            "octet_length(url) + octet_length(params) + coalesce(octet_length(last_error), 0) + 256",
            "4061"
        ),
        " + ", bytes_of!("octet_length(url) + 16", "1002"), "), 0) FROM pending_requests \
          WHERE octet_length(url) + octet_length(params) > 512"
    );
    PRESENT_AMONG = "SELECT url FROM pending_requests \
        WHERE url IN (SELECT value FROM json_each(?1))";
    LIVE_AMONG = "SELECT COUNT(*) FROM pending_requests \
        WHERE status <> 'dead' AND url IN (SELECT value ->> 'url' FROM json_each(?1))";
}

/// Queues all in one statement, unless some are queued already; its cost is their number, not that of the
/// rows there are.
pub(in crate::queue) async fn enqueue(
    db: &mut SqliteConnection,
    jobs: &[NewJob],
    now: Timestamp,
) -> Result<Enqueued> {
    let rows = jobs.iter().map(NewRow::of).collect::<serde_json::Result<Vec<_>>>();
    let rows = rows.and_then(|rows| serde_json::to_string(&rows));
    let rows = rows.map_err(|error| sqlx::Error::Encode(error.into()))?;
    let add = query(ADD).bind(&rows).bind(now.as_millis());
    let added = add.execute(&mut *db).await?.rows_affected();
    if added == jobs.len() as u64 {
        return Ok(Enqueued { new: added, ..Enqueued::default() });
    }
    let live: i64 = query_scalar(LIVE_AMONG).bind(&rows).fetch_one(&mut *db).await?;
    let enqueue = query(ENQUEUE).bind(rows).bind(now.as_millis());
    let changed = added + enqueue.execute(db).await?.rows_affected();
    let keys: BTreeSet<&Key> = jobs.iter().map(|job| &job.key).collect();
    let new = (keys.len() as u64 + added).saturating_sub(unsigned(live));
    let known = (jobs.len() as u64).saturating_sub(changed);
    Ok(Enqueued { new, raised: changed.saturating_sub(new), known, cached: 0 })
}

/// A number that is not below that of the rows, which may cost more to count; and what those that are
/// longer than usual take beyond that, in bytes.
pub(in crate::queue) async fn filled(db: &mut SqliteConnection) -> Result<(u64, u64)> {
    let (span, has_long): (i64, bool) = query_as(FILLED).fetch_one(&mut *db).await?;
    let beyond = if has_long { query_scalar(BEYOND).fetch_one(db).await? } else { 0 };
    Ok((unsigned(span), unsigned(beyond)))
}

/// How many rows there are.
pub(in crate::queue) async fn rows(db: &mut SqliteConnection) -> Result<u64> {
    query_scalar(ROWS).fetch_one(db).await.map(unsigned)
}

/// Which of the keys have a row.
pub(in crate::queue) async fn present(
    db: &mut SqliteConnection,
    jobs: &[NewJob],
) -> Result<BTreeSet<String>> {
    let keys: Vec<&str> = jobs.iter().map(|job| job.key.as_str()).collect();
    let keys = serde_json::to_string(&keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let present: Vec<String> = query_scalar(PRESENT_AMONG).bind(keys).fetch_all(db).await?;
    Ok(present.into_iter().collect())
}

/// A row to be, as JSON.
#[derive(Serialize)]
pub(super) struct NewRow<'a> {
    pub(super) url: &'a str,
    pub(super) identifier: &'a str,
    pub(super) data_type: &'a str,
    pub(super) provider: &'a str,
    pub(super) origin: &'a str,
    pub(super) params: String,
    pub(super) priority: i64,
}

impl<'a> NewRow<'a> {
    pub(super) fn of(job: &'a NewJob) -> serde_json::Result<Self> {
        Ok(Self {
            url: job.key.as_str(),
            identifier: job.identifier.as_ref().map_or("", Identifier::as_str),
            data_type: job.data_type.as_str(),
            provider: job.provider.as_str(),
            origin: job.origin.as_str(),
            params: serde_json::to_string(&job.params)?,
            priority: job.priority.as_number(),
        })
    }
}
