//! Statements on entries that come from another cache.

use sqlx::Result;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

use crate::checksum::Checksum;
use crate::identifier::Identifier;
use crate::store::entry::{Cachekey, NewEntry};
use crate::store::moved::Past;
use crate::store::sql::{counting, together};

statements! {
    /// Of two of the same bytes, the one that was confirmed later is newer.
    HAS_AS_NEW = "SELECT EXISTS (SELECT 1 FROM cached_data \
        WHERE url = ?1 AND (created_at, expires_at) >= (?2, ?3))";

    /// The place of an entry to be, which is noted to be about nothing until it is filled. A handle that is given away is not given again, but ?3.
    MAKE_PLACE = "INSERT INTO cached_data (url, cachekey, identifier, data_type, provider, \
           created_at, expires_at, last_accessed, access_count, \
           status_code, mime_type, data_size, content_checksum, metadata, data_value, \
           ordinal, rank) \
         VALUES (?1, iif(EXISTS (SELECT 1 FROM cached_data WHERE cachekey = ?2), ?3, ?2), \
           ?4, ?5, ?6, ?7, ?8, ?9, ?10, 404, '', 0, ?11, '{}', x'', 0, ?12) \
         ON CONFLICT (url) DO UPDATE SET \
           last_accessed = MAX(last_accessed, excluded.last_accessed), \
           access_count = MAX(access_count, excluded.access_count), \
           rank = MAX(rank, excluded.rank)";
}

/// Whether there is an entry of the key that is as new.
pub(in crate::store) async fn has_as_new(
    db: &mut SqliteConnection,
    new: &NewEntry,
) -> Result<bool> {
    let found = query_scalar(HAS_AS_NEW)
        .bind(new.key.as_str())
        .bind(new.created_at.as_millis())
        .bind(new.expires_at.as_millis());
    found.fetch_one(db).await
}

/// Gives the entry to be its handle and its past, or the past alone where there is an older one.
pub(in crate::store) async fn make_place(
    db: &mut SqliteConnection,
    new: &NewEntry,
    past: &Past,
) -> Result<()> {
    let counted =
        [Some(counting::TAKE_FROM_PROVIDER), Some(MAKE_PLACE), Some(counting::ADD_TO_PROVIDER)];
    let made = query(together(&counted))
        .bind(new.key.as_str())
        .bind(past.cachekey.to_string())
        .bind(Cachekey::new_random().to_string())
        .bind(new.identifier.as_ref().map_or("", Identifier::as_str))
        .bind(new.data_type.as_str())
        .bind(new.provider.as_str())
        .bind(new.created_at.as_millis())
        .bind(new.expires_at.as_millis())
        .bind(past.last_accessed.as_millis())
        .bind(i64::try_from(past.access_count).unwrap_or(i64::from(u32::MAX)))
        .bind(Checksum::of(b"").to_string())
        .bind(past.rank);
    made.execute(db).await.map(drop)
}
