//! Every statement on `pins`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_scalar};

use crate::identifier::Identifier;

statements! {
    PIN = "INSERT OR IGNORE INTO pins VALUES (?1)";
    PINNED = "SELECT identifier FROM pins ORDER BY identifier";
    MARK_PINNED = "UPDATE cached_data SET is_pinned = 1 WHERE identifier = ?1";
}

/// Pins an identifier; says whether it was not before.
pub(in crate::store) async fn pin(
    db: &mut SqliteConnection,
    identifier: &Identifier,
) -> Result<bool> {
    let pinned = query(PIN).bind(identifier.as_str()).execute(&mut *db).await?;
    query(MARK_PINNED).bind(identifier.as_str()).execute(db).await?;
    Ok(pinned.rows_affected() > 0)
}

pub(in crate::store) async fn pinned(db: &mut SqliteConnection) -> Result<Vec<String>> {
    query_scalar(PINNED).fetch_all(db).await
}
