//! Statements on what there is already, for who is about to have more fetched.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query_as, query_scalar};

use crate::clock::Timestamp;
use crate::store::deferred::Subject;

statements! {
    FRESH_AMONG = "SELECT url, status_code, data_type, identifier FROM cached_data \
        WHERE url IN (SELECT value FROM json_each(?1)) AND expires_at > ?2 AND varies_on = ''";

    /// Those that may be shown, fresh or not, and those of which it is known that there is none.
    ANSWERED_AMONG = concat!(
        "SELECT url, status_code, expires_at <= ?2, EXISTS (SELECT 1 FROM subjects \
           WHERE subjects.entry_id = cached_data.entry_id \
             AND subjects.identifier = ?3 AND subjects.data_type = ?4) \
         FROM cached_data WHERE url IN (SELECT value FROM json_each(?1)) AND (expires_at > ?2 OR ",
        usable!("?2"),
        ")"
    );
    /// Counts no further than ?3.
    HELD = concat!(
        "SELECT COUNT(*) FROM (",
        of_subject!("SELECT 1"),
        " AND ",
        usable!("?4"),
        " LIMIT ?3)"
    );
}

/// Those of the keys for which there is a fresh answer, be it "there is none".
pub(in crate::store) async fn fresh_among(
    db: &mut SqliteConnection,
    keys: &[&str],
    now: Timestamp,
) -> Result<Vec<(String, u16, String, String)>> {
    let keys = serde_json::to_string(keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
    query_as(FRESH_AMONG).bind(keys).bind(now.as_millis()).fetch_all(db).await
}

/// Those of the keys whose origin need not be asked: there is an entry that may be shown, fresh or
/// not, or it is known that there is none; with whether its time has passed, and whether it is
/// about `subject`.
pub(in crate::store) async fn answered_among(
    db: &mut SqliteConnection,
    keys: &[&str],
    subject: &Subject,
    now: Timestamp,
) -> Result<Vec<(String, u16, bool, bool)>> {
    let keys = serde_json::to_string(keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
    query_as(ANSWERED_AMONG)
        .bind(keys)
        .bind(now.as_millis())
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str())
        .fetch_all(db)
        .await
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
