//! Statements on entries that were made from others, and on those others.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query_as, query_scalar};

use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::key::Key;
use crate::store::row::RawRow;
use crate::store::sql::{Removed, remove};

statements! {
    /// Its source is looked at too: an older program replaces that without knowing of this.
    DERIVED = select_entry!(
        "url = ?1 AND EXISTS (SELECT 1 FROM cached_data AS source \
           WHERE source.url = cached_data.source_url \
             AND source.content_checksum = cached_data.source_checksum)"
    );
    TERMS = "SELECT created_at, expires_at, may_be_stale FROM cached_data \
        WHERE url = ?1 AND content_checksum = ?2 AND status_code = 200";
    /// What was made from the bytes that it has now follows the entry ?1; what was not is told.
    FOLLOW = "UPDATE cached_data SET (created_at, expires_at, may_be_stale, is_pinned) = \
          (SELECT created_at, expires_at, may_be_stale, is_pinned FROM cached_data WHERE url = ?1) \
        WHERE source_url = ?1 AND source_checksum = ?2; \
        SELECT entry_id FROM cached_data WHERE source_url = ?1 AND source_checksum <> ?2";
}

/// The entry `key` that was made from another one, if that one has not changed.
pub(in crate::store) async fn derived(
    db: &mut SqliteConnection,
    key: &Key,
) -> Result<Option<RawRow>> {
    query_as(DERIVED).bind(key.as_str()).fetch_optional(db).await
}

/// How current an entry is.
pub(in crate::store) struct Currency {
    pub(in crate::store) created_at: Timestamp,
    pub(in crate::store) expires_at: Timestamp,
    pub(in crate::store) may_be_stale: bool,
}

/// How current the entry of `key` is; `None` when it no longer has these bytes.
pub(in crate::store) async fn currency(
    db: &mut SqliteConnection,
    key: &Key,
    checksum: Checksum,
) -> Result<Option<Currency>> {
    let row = query_as(TERMS).bind(key.as_str()).bind(checksum.to_string()).fetch_optional(db);
    let row: Option<(i64, i64, bool)> = row.await?;
    Ok(row.map(|(created_at, expires_at, may_be_stale)| Currency {
        created_at: Timestamp::from_millis(created_at),
        expires_at: Timestamp::from_millis(expires_at),
        may_be_stale,
    }))
}

/// Removes what was made from other bytes of the entry `key`; what was made from those it has now is
/// as current as they are, and pinned if they are.
pub(in crate::store) async fn follow(
    db: &mut SqliteConnection,
    key: &Key,
    checksum: Checksum,
) -> Result<Removed> {
    let outdated = query_scalar(FOLLOW).bind(key.as_str()).bind(checksum.to_string());
    let outdated = outdated.fetch_all(&mut *db).await?;
    remove(db, &outdated).await
}
