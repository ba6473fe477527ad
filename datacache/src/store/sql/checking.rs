//! Statements of who checks the entries, and the numbers that are kept of them.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Result, Row as _, query, query_as, query_scalar};

use crate::checksum::Checksum;

/// Each file counts once, however many entries name it.
macro_rules! of_files {
    () => {
        "WITH file AS (SELECT MAX(disk_size) AS size FROM cached_data \
            WHERE file_checksum IS NOT NULL GROUP BY file_checksum), \
          actual (name, value) AS ( \
            SELECT 'file_bytes', coalesce(SUM(size), 0) FROM file \
            UNION ALL SELECT 'file_blocks', coalesce(SUM((size + 4095) / 4096), 0) FROM file \
            UNION ALL SELECT 'files', COUNT(*) FROM file) "
    };
}

statements! {
    IDS_AFTER = "SELECT entry_id FROM cached_data WHERE entry_id > ?1 ORDER BY entry_id LIMIT ?2";
    COUNT_ENTRIES = "SELECT COUNT(*) FROM cached_data";
    /// As bytes, so that they can be read whatever they are.
    OUTLINE = "SELECT CAST(url AS BLOB) AS url, CAST(identifier AS BLOB) AS identifier, \
          CAST(data_type AS BLOB) AS data_type, CAST(provider AS BLOB) AS provider, \
          CAST(file_checksum AS BLOB) AS file, disk_size, \
          source_url IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cached_data AS source \
            WHERE source.url = cached_data.source_url \
              AND source.content_checksum = cached_data.source_checksum) AS is_sourceless \
        FROM cached_data WHERE entry_id = ?1";
    NAMING = "SELECT entry_id, disk_size FROM cached_data WHERE file_checksum = ?1";
    REMOVE_BY_ID = "DELETE FROM cached_data WHERE entry_id = ?1 \
        RETURNING CAST(url AS BLOB), CAST(file_checksum AS BLOB)";

    WRONG_USAGE = "WITH actual AS \
          (SELECT provider, SUM(disk_size) AS size FROM cached_data GROUP BY provider) \
        SELECT coalesce(actual.provider, noted.provider), coalesce(noted.size_bytes, 0), \
          coalesce(actual.size, 0) \
        FROM actual FULL JOIN provider_usage AS noted ON noted.provider = actual.provider \
        WHERE coalesce(noted.size_bytes, 0) <> coalesce(actual.size, 0)";
    WRONG_OF_FILES = concat!(
        of_files!(),
        "SELECT name, coalesce(noted.value, 0), actual.value \
         FROM actual LEFT JOIN upkeep AS noted USING (name) \
         WHERE noted.value IS NOT actual.value"
    );
    FORGET_USAGE = "DELETE FROM provider_usage";
    NOTE_USAGE = "INSERT INTO provider_usage \
        SELECT provider, SUM(disk_size) FROM cached_data GROUP BY provider";
    NOTE_OF_FILES = concat!(of_files!(), "REPLACE INTO upkeep SELECT name, value FROM actual");
}

/// What a row says about itself, however damaged it is.
pub(in crate::store) struct RawOutline {
    pub(in crate::store) url: Vec<u8>,
    pub(in crate::store) identifier: Vec<u8>,
    pub(in crate::store) data_type: Vec<u8>,
    pub(in crate::store) provider: Vec<u8>,
    pub(in crate::store) file: Option<Vec<u8>>,
    pub(in crate::store) disk_size: i64,
    pub(in crate::store) is_sourceless: bool,
}

impl FromRow<'_, SqliteRow> for RawOutline {
    fn from_row(row: &SqliteRow) -> Result<Self> {
        Ok(Self {
            url: row.try_get("url")?,
            identifier: row.try_get("identifier")?,
            data_type: row.try_get("data_type")?,
            provider: row.try_get("provider")?,
            file: row.try_get("file")?,
            disk_size: row.try_get("disk_size")?,
            is_sourceless: row.try_get("is_sourceless")?,
        })
    }
}

pub(in crate::store) async fn ids_after(
    db: &mut SqliteConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    query_scalar(IDS_AFTER).bind(after).bind(limit).fetch_all(db).await
}

pub(in crate::store) async fn count_entries(db: &mut SqliteConnection) -> Result<i64> {
    query_scalar(COUNT_ENTRIES).fetch_one(db).await
}

pub(in crate::store) async fn outline(
    db: &mut SqliteConnection,
    id: i64,
) -> Result<Option<RawOutline>> {
    query_as(OUTLINE).bind(id).fetch_optional(db).await
}

/// The rows that name a file, and how large each takes it to be.
pub(in crate::store) async fn naming(
    db: &mut SqliteConnection,
    checksum: Checksum,
) -> Result<Vec<(i64, i64)>> {
    query_as(NAMING).bind(checksum.to_string()).fetch_all(db).await
}

/// Removes a row; returns its key and the file it named, as they stood there.
pub(in crate::store) async fn remove_by_id(
    db: &mut SqliteConnection,
    id: i64,
) -> Result<Option<(Vec<u8>, Option<Vec<u8>>)>> {
    query_as(REMOVE_BY_ID).bind(id).fetch_optional(db).await
}

/// The providers whose number of bytes is not that of their rows, with both.
pub(in crate::store) async fn wrong_usage(
    db: &mut SqliteConnection,
) -> Result<Vec<(String, i64, i64)>> {
    query_as(WRONG_USAGE).fetch_all(db).await
}

/// The numbers about all files that are not those of the rows, with both.
pub(in crate::store) async fn wrong_of_files(
    db: &mut SqliteConnection,
) -> Result<Vec<(String, i64, i64)>> {
    query_as(WRONG_OF_FILES).fetch_all(db).await
}

pub(in crate::store) async fn note_counters(db: &mut SqliteConnection) -> Result<()> {
    for statement in [FORGET_USAGE, NOTE_USAGE, NOTE_OF_FILES] {
        query(statement).execute(&mut *db).await?;
    }
    Ok(())
}
