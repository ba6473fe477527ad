//! The statements on the tables of whats-now-playing. They are no `statements!`, as those are of
//! our schema.
//!
//! The tables are not STRICT: any column may hold anything, and is asked for as what it should be.

use bytes::Bytes;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};

use super::requests::RequestRow;
use super::row::Row;

const TABLES: &str = "SELECT COUNT(*) FROM sqlite_schema \
    WHERE type = 'table' AND name IN ('cached_data', 'pending_requests')";

const ENTRIES: &str = "SELECT rowid AS id, url, cachekey, identifier, data_type, provider, \
      metadata, created_at, expires_at, access_count, last_accessed, data_size, status_code, \
      mime_type, content_checksum, file_path IS NOT NULL AS is_in_file \
    FROM cached_data WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";

const BODY: &str =
    "SELECT data_value FROM cached_data WHERE rowid = ?1 AND length(data_value) <= ?2";

/// Those that have failed would fail again, and those that are done are entries.
const REQUESTS: &str = "SELECT rowid AS id, provider, data_type, priority, \
      CASE WHEN length(params) <= 1048576 THEN params END AS params \
    FROM pending_requests WHERE rowid > ?1 AND status IN ('pending', 'processing') \
    ORDER BY rowid LIMIT ?2";

pub(super) async fn has_tables(db: &mut SqliteConnection) -> Result<bool> {
    let tables: i64 = query_scalar(TABLES).fetch_one(db).await?;
    Ok(tables == 2)
}

/// Rows with their numbers; one that makes no sense is an error of its own.
pub(super) async fn entries(
    db: &mut SqliteConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Result<Row>)>> {
    let rows = query(ENTRIES).bind(after).bind(limit).fetch_all(db).await?;
    rows.iter().map(|row| Ok((Row::id(row)?, Row::read(row)))).collect()
}

/// The bytes in a row, unless they are too many.
pub(super) async fn body(
    db: &mut SqliteConnection,
    id: i64,
    max_bytes: u64,
) -> Result<Option<Bytes>> {
    let max_bytes = i64::try_from(max_bytes).unwrap_or(i64::MAX);
    let body = query_as::<_, (Option<Vec<u8>>,)>(BODY).bind(id).bind(max_bytes);
    Ok(body.fetch_optional(db).await?.and_then(|(data,)| data).map(Bytes::from))
}

/// Requests with their numbers, the oldest first.
pub(super) async fn requests(
    db: &mut SqliteConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Result<RequestRow>)>> {
    let rows = query(REQUESTS).bind(after).bind(limit).fetch_all(db).await?;
    rows.iter().map(|row| Ok((Row::id(row)?, RequestRow::read(row)))).collect()
}
