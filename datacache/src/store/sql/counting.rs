//! What is kept in step with the rows of `cached_data`: the bytes of each provider, what the files
//! take, and what entries are about.
//!
//! Whatever adds a row, or changes what it takes or is about, goes together with statements from
//! here, in one round trip; and there is one way to remove entries. `verify` counts everything anew.

use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Result, Row as _, query, query_scalar};

/// What an entry counts as for its provider: its body, as it is stored, its key and its metadata.
macro_rules! entry_bytes {
    () => {
        "(disk_size + octet_length(url) + octet_length(metadata))"
    };
}

/// What the rows that fulfil the condition take comes to what their providers do, or goes.
macro_rules! count_for_provider {
    (+ $row:literal) => {
        concat!(
            "INSERT INTO provider_usage SELECT provider, ",
            entry_bytes!(),
            " FROM cached_data WHERE ",
            $row,
            " ON CONFLICT (provider) DO UPDATE SET size_bytes = size_bytes + excluded.size_bytes"
        )
    };
    (- $row:literal) => {
        concat!(
            "UPDATE provider_usage SET size_bytes = size_bytes - gone.size FROM \
               (SELECT provider, SUM",
            entry_bytes!(),
            " AS size FROM cached_data WHERE ",
            $row,
            " GROUP BY provider) AS gone WHERE provider_usage.provider = gone.provider"
        )
    };
}

/// The files that only the rows which fulfil the condition name come to what all files take, or go.
macro_rules! count_files {
    ($sign:tt $row:literal) => {
        concat!(
            "UPDATE upkeep SET value = value ",
            stringify!($sign),
            " CASE name WHEN 'files' THEN file.number WHEN 'file_bytes' THEN file.bytes \
                ELSE file.blocks END \
             FROM (SELECT COUNT(*) AS number, COALESCE(SUM(size), 0) AS bytes, \
                 COALESCE(SUM((size + 4095) / 4096), 0) AS blocks FROM \
               (SELECT MAX(disk_size) AS size FROM cached_data AS named WHERE ",
            $row,
            " AND file_checksum IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cached_data \
                 WHERE file_checksum = named.file_checksum AND NOT (",
            $row,
            ")) GROUP BY file_checksum)) AS file \
             WHERE name IN ('files', 'file_bytes', 'file_blocks') AND file.number > 0"
        )
    };
}

/// What the row that fulfils the condition is about is forgotten if it becomes a picture, or ceases to be
/// one, as something of the given type.
macro_rules! forget_subjects {
    ($row:literal, $data_type:literal) => {
        concat!(
            "DELETE FROM subjects WHERE entry_id = (SELECT entry_id FROM cached_data WHERE ",
            $row,
            " AND (keep_class = 0) <> (",
            $data_type,
            " IN ('artistthumbnail', 'artistlogo', 'artistbanner', 'artistfanart', \
                  'front_cover', 'derived')))"
        )
    };
}

/// The row that fulfils the condition is noted to be about what it says.
macro_rules! note_subject {
    ($row:literal) => {
        concat!(
            "INSERT INTO subjects SELECT identifier, data_type, \
               (SELECT COALESCE(MAX(ordinal) + 1, 0) FROM subjects AS noted \
                WHERE noted.identifier = cached_data.identifier \
                  AND noted.data_type = cached_data.data_type), \
               entry_id FROM cached_data WHERE ",
            $row,
            " AND identifier <> '' ON CONFLICT (entry_id, identifier, data_type) DO NOTHING"
        )
    };
}

/// Rows go with all that is noted of them; what was damaged in them is read all the same.
macro_rules! remove_rows {
    ($row:literal) => {
        concat!(
            count_for_provider!(-$row),
            "; ",
            count_files!(-$row),
            "; DELETE FROM subjects WHERE ",
            $row,
            "; DELETE FROM cached_data WHERE ",
            $row,
            " RETURNING CAST(url AS BLOB), CAST(file_checksum AS BLOB), disk_size, rank"
        )
    };
}

statements! {
    pub(super) ADD_TO_PROVIDER = count_for_provider!(+ "url = ?1");
    pub(super) TAKE_FROM_PROVIDER = count_for_provider!(- "url = ?1");
    pub(super) ADD_TO_FILES = count_files!(+ "url = ?1");
    pub(super) TAKE_FROM_FILES = count_files!(- "url = ?1");
    pub(super) NOTE_SUBJECT = note_subject!("url = ?1");
    pub(super) MARK_PIN = concat!(
        "UPDATE cached_data SET is_pinned = ",
        is_of_pinned!(),
        " WHERE url = ?1 AND is_pinned <> ",
        is_of_pinned!()
    );

    REMOVE = remove_rows!("entry_id IN (SELECT value FROM json_each(?1))");
    MADE_OF = "SELECT entry_id FROM cached_data \
        WHERE source_url IN (SELECT value FROM json_each(?1))";
}

/// What a removal removed.
#[derive(Debug, Default)]
pub(in crate::store) struct Removed {
    /// The keys, but of what was made from other entries and went with them.
    pub(in crate::store) urls: Vec<String>,
    /// The files that the removed rows named; other rows may still name them.
    pub(in crate::store) blobs: Vec<String>,
    pub(in crate::store) size_bytes: u64,
    /// The highest rank among them.
    pub(in crate::store) last_rank: i64,
}

impl Removed {
    fn of(rows: &[SqliteRow]) -> Result<Self> {
        let mut removed = Self::default();
        for row in rows {
            removed.urls.push(text(row.try_get(0)?));
            removed.blobs.extend(row.try_get::<Option<_>, _>(1)?.map(text));
            removed.size_bytes += u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0);
            removed.last_rank = removed.last_rank.max(row.try_get(3)?);
        }
        Ok(removed)
    }
}

impl std::ops::AddAssign for Removed {
    fn add_assign(&mut self, other: Self) {
        self.urls.extend(other.urls);
        self.blobs.extend(other.blobs);
        self.size_bytes += other.size_bytes;
        self.last_rank = self.last_rank.max(other.last_rank);
    }
}

/// What bytes say, as far as they are text.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Removes these rows, with what was made from them.
pub(in crate::store) async fn remove(db: &mut SqliteConnection, ids: &[i64]) -> Result<Removed> {
    let mut removed = remove_rows(db, ids).await?;
    if !removed.urls.is_empty() {
        let made = query_scalar(MADE_OF).bind(json(&removed.urls)?).fetch_all(&mut *db).await?;
        removed.blobs.extend(remove_rows(db, &made).await?.blobs);
    }
    Ok(removed)
}

async fn remove_rows(db: &mut SqliteConnection, ids: &[i64]) -> Result<Removed> {
    if ids.is_empty() {
        return Ok(Removed::default());
    }
    Removed::of(&query(REMOVE).bind(json(ids)?).fetch_all(db).await?)
}

pub(super) fn json(list: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(list).map_err(|error| sqlx::Error::Encode(error.into()))
}
