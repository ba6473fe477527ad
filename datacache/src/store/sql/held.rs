//! Statements on what there is already, for who is about to have more fetched.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query_as, query_scalar};

use crate::clock::Timestamp;
use crate::store::deferred::Subject;

statements! {
    /// Those that may be shown, fresh or not, and those of which it is known that there is none.
    ANSWERED_AMONG = concat!(
        "SELECT url, status_code, expires_at <= ?2 FROM cached_data \
         WHERE url IN (SELECT value FROM json_each(?1)) AND (expires_at > ?2 OR ",
        usable!("?2"),
        ")"
    );
    /// Counts no further than ?3.
    HELD = concat!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM cached_data \
         WHERE identifier = ?1 AND data_type = ?2 AND ",
        usable!("?4"),
        " LIMIT ?3)"
    );
}

/// Those of the keys whose origin need not be asked: there is an entry that may be shown, fresh or
/// not, or it is known that there is none.
pub(in crate::store) async fn answered_among(
    db: &mut SqliteConnection,
    keys: &[&str],
    now: Timestamp,
) -> Result<Vec<(String, u16, bool)>> {
    let keys = serde_json::to_string(keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
    query_as(ANSWERED_AMONG).bind(keys).bind(now.as_millis()).fetch_all(db).await
}

/// How many entries a subject has that may be shown, counted up to `limit`.
pub(in crate::store) async fn held(
    db: &mut SqliteConnection,
    subject: &Subject,
    limit: i64,
    now: Timestamp,
) -> Result<i64> {
    let held = query_scalar(HELD)
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str())
        .bind(limit)
        .bind(now.as_millis());
    held.fetch_one(db).await
}
