//! Statements that count all entries.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query_as, query_scalar};

use crate::clock::Timestamp;
use crate::store::totals::GroupTotals;

statements! {
    TOTALS = "SELECT provider, data_type, \
          COUNT(*) FILTER (WHERE status_code = 200 AND expires_at > ?1), \
          COUNT(*) FILTER (WHERE status_code = 200 AND expires_at <= ?1), \
          COUNT(*) FILTER (WHERE status_code <> 200), \
          SUM(data_size) \
        FROM cached_data GROUP BY provider, data_type ORDER BY provider, data_type";
    FILE_BYTES = "SELECT value FROM upkeep WHERE name = 'file_bytes'";
}

/// What there is of each provider and data type.
pub(in crate::store) async fn totals(
    db: &mut SqliteConnection,
    now: Timestamp,
) -> Result<Vec<GroupTotals>> {
    query_as(TOTALS).bind(now.as_millis()).fetch_all(db).await
}

/// The bytes of all files that entries name.
pub(in crate::store) async fn file_bytes(db: &mut SqliteConnection) -> Result<Option<i64>> {
    query_scalar(FILE_BYTES).fetch_optional(db).await
}
