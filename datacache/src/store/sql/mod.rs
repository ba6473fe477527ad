//! Every statement on `cached_data`; those of the random pick stand in `picking`, those on what was
//! made from other entries in `derived`, those on what comes from another cache in `moved`,
//! those that keep the cache within bounds in `upkeep`, those of who checks entries in `checking`,
//! those on what there is before more is fetched in `held`, on what entries are about in
//! `subjects`, the one that reads many entries at once in `many`, and what is kept in step with the
//! rows in `counting`.
//!
//! Placeholders are numbered. An optional condition is written `?3 IS NULL OR data_type = ?3`,
//! and each statement leads with the most selective condition that is set, so that an index serves
//! it; a test keeps it so.

use std::collections::BTreeSet;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Result, Row as _, query, query_as, query_scalar};

use super::encoding::{Encoding, Stored};
use super::entry::{Cachekey, NewEntry, Renewal};
use super::filter::Filter;
use super::row::{Lasting, RawRow, Version};
use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::{DataType, Provider};

/// An access is counted at most once per this time and entry.
pub(super) const TOUCH_INTERVAL_MS: i64 = 5 * 60 * 1000;

/// All columns of an entry but its bytes.
macro_rules! info_columns {
    () => {
        "entry_id, url, cachekey, identifier, data_type, provider, metadata, status_code, \
         mime_type, data_size, content_checksum, encoding, stored_size, stored_checksum, \
         created_at, expires_at, last_accessed, access_count, etag, last_modified, \
         varies_on, may_be_stale, is_untrusted, \
         data_value IS NULL AS is_in_file"
    };
}

macro_rules! select_entry {
    ($condition:literal) => {
        concat!("SELECT ", info_columns!(), ", data_value FROM cached_data WHERE ", $condition)
    };
}

macro_rules! list_entries {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            info_columns!(),
            ", NULL AS data_value FROM cached_data \
             WHERE entry_id > ?4 AND source_url IS NULL AND ",
            $condition,
            " ORDER BY entry_id LIMIT ?5"
        )
    };
}

macro_rules! select_some {
    ($condition:literal) => {
        concat!(
            "SELECT entry_id FROM cached_data WHERE source_url IS NULL AND ",
            $condition,
            " LIMIT ?4"
        )
    };
}

/// What may be shown at the moment in this placeholder: no absence, and nothing stale whose origin
/// forbids it.
macro_rules! usable {
    ($now:literal) => {
        concat!("status_code = 200 AND (may_be_stale OR expires_at > ", $now, ")")
    };
}

/// The entries that are about ?1, and of the type ?2.
macro_rules! of_subject {
    ($select:literal) => {
        concat!(
            $select,
            " FROM subjects CROSS JOIN cached_data USING (entry_id) \
             WHERE subjects.identifier = ?1 AND subjects.data_type = ?2"
        )
    };
}

/// Of a row of `cached_data`: it is about somebody who is pinned, or was made from what is.
macro_rules! is_of_pinned {
    () => {
        "EXISTS (SELECT 1 FROM subjects JOIN pins USING (identifier) \
           WHERE subjects.entry_id = coalesce((SELECT source.entry_id FROM cached_data AS source \
             WHERE source.url = cached_data.source_url), cached_data.entry_id))"
    };
}

#[macro_use]
pub(crate) mod counting;

pub(crate) mod checking;
pub(crate) mod derived;
pub(crate) mod held;
pub(crate) mod many;
pub(crate) mod moved;
pub(crate) mod picking;
pub(crate) mod subjects;
pub(crate) mod totals;
pub(crate) mod upkeep;

pub(super) use counting::{Removed, remove};

statements! {
    BY_KEY = select_entry!("url = ?1");
    BY_CACHEKEY = select_entry!("cachekey = ?1");
    BY_ID = select_entry!("entry_id = ?1");

    INSERT = "INSERT INTO cached_data (url, cachekey, identifier, data_type, provider, metadata, \
          status_code, mime_type, data_size, content_checksum, created_at, expires_at, \
          last_accessed, data_value, etag, last_modified, varies_on, may_be_stale, \
          source_url, source_checksum, encoding, stored_size, stored_checksum, is_untrusted, \
          ordinal, rank) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?11, ?13, ?14, ?15, ?16, ?17, \
          ?18, ?19, ?20, ?21, ?22, ?23, 0, \
          COALESCE((SELECT value FROM upkeep WHERE name = 'age'), 0) + 1) \
        RETURNING entry_id, cachekey, last_accessed, access_count";
    FORGET_REPLACED = forget_subjects!("url = ?1", "?4");
    REPLACE = "UPDATE cached_data SET identifier = ?3, data_type = ?4, provider = ?5, metadata = ?6, \
          status_code = ?7, mime_type = ?8, data_size = ?9, content_checksum = ?10, \
          created_at = ?11, expires_at = ?12, data_value = ?13, etag = ?14, last_modified = ?15, \
          varies_on = ?16, may_be_stale = ?17, source_url = ?18, source_checksum = ?19, \
          encoding = ?20, stored_size = ?21, stored_checksum = ?22, is_untrusted = ?23 \
        WHERE url = ?1 RETURNING entry_id, cachekey, last_accessed, access_count";

    FORGET_RENEWED = forget_subjects!(
        "url = ?1 AND content_checksum = ?2 AND created_at = ?3 AND entry_id = ?14", "?5"
    );
    RENEW = concat!(
        "UPDATE cached_data SET \
           identifier = ?4, data_type = ?5, provider = ?6, metadata = ?7, expires_at = ?8, \
           etag = ?9, last_modified = ?10, varies_on = ?11, may_be_stale = ?12, \
           is_untrusted = ?13 \
         WHERE url = ?1 AND content_checksum = ?2 AND created_at = ?3 AND entry_id = ?14 \
         RETURNING ",
        info_columns!(),
        ", NULL AS data_value"
    );

    REPLACED = concat!(
        "SELECT entry_id, file_checksum, ",
        entry_bytes!(),
        " FROM cached_data WHERE url = ?1"
    );
    NAMED_AMONG = "SELECT file_checksum FROM cached_data \
        WHERE file_checksum IN (SELECT value FROM json_each(?1))";

    OF_KEY = "SELECT entry_id FROM cached_data WHERE url = ?1";
    OF_VERSION = "SELECT entry_id FROM cached_data \
        WHERE entry_id = ?1 AND content_checksum = ?2 AND created_at = ?3";
    SOME_BY_IDENTIFIER = select_some!(
        "entry_id IN (SELECT entry_id FROM subjects \
           WHERE identifier = ?1 AND (?2 IS NULL OR data_type = ?2)) \
         AND (?3 IS NULL OR provider = ?3)"
    );
    SOME_BY_PROVIDER = select_some!(
        "provider = ?3 AND (?2 IS NULL OR data_type = ?2) AND ?1 IS NULL"
    );
    SOME = select_some!("(?2 IS NULL OR data_type = ?2) AND ?1 IS NULL AND ?3 IS NULL");

    LIST_BY_IDENTIFIER = list_entries!(
        "entry_id IN (SELECT entry_id FROM subjects \
           WHERE identifier = ?1 AND (?2 IS NULL OR data_type = ?2)) \
         AND (?3 IS NULL OR provider = ?3)"
    );
    LIST_BY_PROVIDER = list_entries!(
        "provider = ?3 AND (?2 IS NULL OR data_type = ?2) AND ?1 IS NULL"
    );
    LIST_ANY = list_entries!("(?2 IS NULL OR data_type = ?2) AND ?1 IS NULL AND ?3 IS NULL");

    TOUCH = "UPDATE cached_data SET access_count = access_count + 1, last_accessed = ?2, \
          rank = access_count + 2 + COALESCE((SELECT value FROM upkeep WHERE name = 'age'), 0) \
        WHERE entry_id = ?1 AND last_accessed <= ?2 - ?3";
}

pub(super) async fn by_key(db: &mut SqliteConnection, key: &Key) -> Result<Option<RawRow>> {
    query_as(BY_KEY).bind(key.as_str()).fetch_optional(db).await
}

pub(super) async fn by_cachekey(
    db: &mut SqliteConnection,
    cachekey: Cachekey,
) -> Result<Option<RawRow>> {
    query_as(BY_CACHEKEY).bind(cachekey.to_string()).fetch_optional(db).await
}

pub(super) async fn by_id(db: &mut SqliteConnection, id: i64) -> Result<Option<RawRow>> {
    query_as(BY_ID).bind(id).fetch_optional(db).await
}

/// Inserts the row of `new.key`, or replaces it where there is one; `inline` is `None` where the
/// bytes have a file.
pub(super) async fn store(
    db: &mut SqliteConnection,
    new: &NewEntry,
    stored: &Stored,
    inline: Option<&[u8]>,
    replaced: Option<&Replaced>,
) -> Result<Lasting> {
    let size_of = |bytes: &[u8]| {
        i64::try_from(bytes.len()).map_err(|error| sqlx::Error::Encode(error.into()))
    };
    // What is the same as with the content is left out.
    let is_encoded = stored.encoding != Encoding::Identity;
    let stored_size = is_encoded.then(|| size_of(&stored.bytes)).transpose()?;
    let file_name = (is_encoded && inline.is_none()).then(|| stored.checksum.to_string());
    let had_file = replaced.is_some_and(|replaced| replaced.blob.is_some());
    // What is about nothing, and never was, is noted nowhere.
    let is_noted = new.identifier.is_some() || new.derived_from.is_some() || replaced.is_some();
    let parts = [
        replaced.map(|_| counting::TAKE_FROM_PROVIDER),
        had_file.then_some(counting::TAKE_FROM_FILES),
        replaced.map(|_| FORGET_REPLACED),
        Some(if replaced.is_some() { REPLACE } else { INSERT }),
        Some(counting::ADD_TO_PROVIDER),
        inline.is_none().then_some(counting::ADD_TO_FILES),
        is_noted.then_some(counting::NOTE_SUBJECT),
        is_noted.then_some(counting::MARK_PIN),
    ];
    let rows = query_as(together(&parts))
        .bind(new.key.as_str())
        .bind(Cachekey::new_random().to_string())
        .bind(new.identifier.as_ref().map_or("", Identifier::as_str))
        .bind(new.data_type.as_str())
        .bind(new.provider.as_str())
        .bind(serde_json::Value::Object(new.metadata.clone()).to_string())
        .bind(new.status_code)
        .bind(&new.mime_type)
        .bind(size_of(&new.data)?)
        .bind(new.checksum.to_string())
        .bind(new.created_at.as_millis())
        .bind(new.expires_at.as_millis())
        .bind(inline)
        .bind(&new.terms.etag)
        .bind(&new.terms.last_modified)
        .bind(&new.terms.varies_on)
        .bind(new.terms.may_be_stale)
        .bind(new.derived_from.as_ref().map(|from| from.key.as_str()))
        .bind(new.derived_from.as_ref().map(|from| from.checksum.to_string()))
        .bind(stored.encoding.as_column())
        .bind(stored_size)
        .bind(file_name)
        .bind(new.terms.is_untrusted)
        .fetch_all(db)
        .await?;
    rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)
}

/// Statements for one round trip, of which one at most returns rows; they share their values. For each
/// number that a statement leaves out, sqlx gives it one of the values all the same, from the first on:
/// there have to be enough of them.
fn together(parts: &[Option<&str>]) -> AssertSqlSafe<String> {
    let parts: Vec<_> = parts.iter().flatten().copied().collect();
    AssertSqlSafe(parts.join("; "))
}

/// Renews a row but its content, unless that has been replaced since it was read.
pub(super) async fn renew(
    db: &mut SqliteConnection,
    version: &Version,
    renewal: &Renewal,
) -> Result<Option<RawRow>> {
    let parts = [
        Some(counting::TAKE_FROM_PROVIDER),
        Some(FORGET_RENEWED),
        Some(RENEW),
        Some(counting::ADD_TO_PROVIDER),
        Some(counting::NOTE_SUBJECT),
        Some(counting::MARK_PIN),
    ];
    let rows = query_as(together(&parts))
        .bind(renewal.old.url.as_str())
        .bind(&version.checksum)
        .bind(version.created_at)
        .bind(renewal.identifier.as_ref().map_or("", Identifier::as_str))
        .bind(renewal.data_type.as_str())
        .bind(renewal.provider.as_str())
        .bind(serde_json::Value::Object(renewal.metadata.clone()).to_string())
        .bind(renewal.expires_at.as_millis())
        .bind(&renewal.terms.etag)
        .bind(&renewal.terms.last_modified)
        .bind(&renewal.terms.varies_on)
        .bind(renewal.terms.may_be_stale)
        .bind(renewal.terms.is_untrusted)
        .bind(version.id)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().next())
}

/// What is there of a row that is about to be replaced.
pub(super) struct Replaced {
    pub(super) entry_id: i64,
    /// The file that it names, if it has one.
    pub(super) blob: Option<String>,
    pub(super) size_bytes: u64,
}

impl Replaced {
    fn of(row: &SqliteRow) -> Result<Self> {
        let size_bytes = u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0);
        Ok(Self { entry_id: row.try_get(0)?, blob: row.try_get(1)?, size_bytes })
    }
}

/// Those of the files that rows name.
pub(super) async fn named_among(
    db: &mut SqliteConnection,
    files: &BTreeSet<Checksum>,
) -> Result<BTreeSet<Checksum>> {
    if files.is_empty() {
        return Ok(BTreeSet::new());
    }
    let named = query_scalar(NAMED_AMONG).bind(counting::json(files)?).fetch_all(db).await?;
    Ok(named.iter().filter_map(|name: &String| name.parse().ok()).collect())
}

pub(super) async fn remove_by_key(db: &mut SqliteConnection, key: &Key) -> Result<Removed> {
    let id = query_scalar(OF_KEY).bind(key.as_str()).fetch_all(&mut *db).await?;
    counting::remove(db, &id).await
}

/// Removes a row unless its content has been replaced since it was read.
pub(super) async fn remove_version(
    db: &mut SqliteConnection,
    version: &Version,
) -> Result<Removed> {
    let id = query_scalar(OF_VERSION)
        .bind(version.id)
        .bind(&version.checksum)
        .bind(version.created_at)
        .fetch_all(&mut *db)
        .await?;
    counting::remove(db, &id).await
}

/// Removes at most `limit` of the entries that `filter` matches.
pub(super) async fn remove_some(
    db: &mut SqliteConnection,
    filter: &Filter,
    limit: i64,
) -> Result<Removed> {
    let statement = match filter {
        Filter { identifier: Some(_), .. } => SOME_BY_IDENTIFIER,
        Filter { provider: Some(_), .. } => SOME_BY_PROVIDER,
        _ => SOME,
    };
    let ids = query_scalar(statement)
        .bind(filter.identifier.as_ref().map(Identifier::as_str))
        .bind(filter.data_type.as_ref().map(DataType::as_str))
        .bind(filter.provider.as_ref().map(Provider::as_str))
        .bind(limit)
        .fetch_all(&mut *db)
        .await?;
    counting::remove(db, &ids).await
}

pub(super) async fn list(
    db: &mut SqliteConnection,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<RawRow>> {
    let statement = match filter {
        Filter { identifier: Some(_), .. } => LIST_BY_IDENTIFIER,
        Filter { provider: Some(_), .. } => LIST_BY_PROVIDER,
        _ => LIST_ANY,
    };
    query_as(statement)
        .bind(filter.identifier.as_ref().map(Identifier::as_str))
        .bind(filter.data_type.as_ref().map(DataType::as_str))
        .bind(filter.provider.as_ref().map(Provider::as_str))
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Counts an access, unless one was counted in the last five minutes or the row is gone.
pub(super) async fn touch(db: &mut SqliteConnection, id: i64, at: Timestamp) -> Result<()> {
    let touch = query(TOUCH).bind(id).bind(at.as_millis()).bind(TOUCH_INTERVAL_MS);
    touch.execute(db).await.map(drop)
}
