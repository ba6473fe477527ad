//! Statements of who checks the entries, and the numbers that are kept of them.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Result, Row as _, query, query_as, query_scalar};

use crate::checksum::Checksum;
use crate::store::sql::counting::text;

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

/// No rank comes near it, unless it was damaged.
const HIGHEST_RANK: i64 = 1 << 53;

/// No disk has so many bytes.
const MOST_BYTES: i64 = 1 << 53;

/// Entries that are not noted to be about what they say.
macro_rules! missing_subject {
    () => {
        "cached_data WHERE identifier <> '' AND NOT EXISTS (SELECT 1 FROM subjects \
           WHERE subjects.entry_id = cached_data.entry_id \
             AND subjects.identifier = cached_data.identifier \
             AND subjects.data_type = cached_data.data_type)"
    };
}

/// Notes of entries that are gone.
macro_rules! of_none {
    () => {
        "subjects WHERE NOT EXISTS \
           (SELECT 1 FROM cached_data WHERE cached_data.entry_id = subjects.entry_id)"
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

    WRONG_USAGE = concat!(
        "WITH actual AS (SELECT provider, SUM",
        entry_bytes!(),
        " AS size FROM cached_data GROUP BY provider) \
         SELECT coalesce(actual.provider, noted.provider), coalesce(noted.size_bytes, 0), \
           coalesce(actual.size, 0) \
         FROM actual FULL JOIN provider_usage AS noted ON noted.provider = actual.provider \
         WHERE coalesce(noted.size_bytes, 0) <> coalesce(actual.size, 0)"
    );
    WRONG_OF_FILES = concat!(
        of_files!(),
        "SELECT name, coalesce(noted.value, 0), actual.value \
         FROM actual LEFT JOIN upkeep AS noted USING (name) \
         WHERE noted.value IS NOT actual.value"
    );
    FORGET_USAGE = "DELETE FROM provider_usage";
    NOTE_USAGE = concat!(
        "INSERT INTO provider_usage SELECT provider, SUM",
        entry_bytes!(),
        " FROM cached_data GROUP BY provider"
    );
    NOTE_OF_FILES = concat!(of_files!(), "REPLACE INTO upkeep SELECT name, value FROM actual");
    /// Where it has been lost, the rank of what would go first is as near as one comes.
    AGE = "SELECT coalesce((SELECT value FROM upkeep WHERE name = 'age'), -1), \
        coalesce((SELECT MIN(rank) FROM cached_data WHERE rank BETWEEN 0 AND ?1), 0)";
    NOTE_AGE = "REPLACE INTO upkeep VALUES ('age', ?1)";
    WRONG_STRAYS = "SELECT value FROM upkeep \
        WHERE name = 'stray_bytes' AND value NOT BETWEEN 0 AND ?1";
    FORGET_STRAYS = "DELETE FROM upkeep \
        WHERE name = 'stray_bytes' AND value NOT BETWEEN 0 AND ?1";

    /// As bytes, as in the others.
    MISSING_SUBJECTS = concat!("SELECT CAST(url AS BLOB) FROM ", missing_subject!());
    SUBJECTS_OF_NONE =
        concat!("SELECT CAST(data_type || ' ' || identifier AS BLOB) FROM ", of_none!());
    WRONG_PINS = concat!(
        "SELECT CAST(url AS BLOB), is_pinned FROM cached_data WHERE is_pinned <> ",
        is_of_pinned!()
    );
    FORGET_SUBJECTS = concat!("DELETE FROM ", of_none!());
    NOTE_SUBJECTS = concat!(
        "INSERT INTO subjects SELECT identifier, data_type, \
           (SELECT COALESCE(MAX(ordinal), -1) FROM subjects AS noted \
            WHERE noted.identifier = cached_data.identifier \
              AND noted.data_type = cached_data.data_type) \
           + row_number() OVER (PARTITION BY identifier, data_type ORDER BY entry_id), \
           entry_id FROM ",
        missing_subject!()
    );
    MARK_PINS = concat!(
        "UPDATE cached_data SET is_pinned = ",
        is_of_pinned!(),
        " WHERE is_pinned <> ",
        is_of_pinned!()
    );
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
    // Whoever stores something next counts them.
    query(FORGET_STRAYS).bind(MOST_BYTES).execute(&mut *db).await?;
    if let Some((_, actual)) = wrong_age(db).await? {
        query(NOTE_AGE).bind(actual).execute(db).await?;
    }
    Ok(())
}

/// The rank of the entry that was removed last, as it is noted and as it may have been, if it was
/// none; -1 where nothing is noted.
pub(in crate::store) async fn wrong_age(db: &mut SqliteConnection) -> Result<Option<(i64, i64)>> {
    let (noted, actual) = query_as(AGE).bind(HIGHEST_RANK).fetch_one(db).await?;
    Ok((!(0..=HIGHEST_RANK).contains(&noted)).then_some((noted, actual)))
}

/// What strays are noted to take, if that cannot be.
pub(in crate::store) async fn wrong_strays(db: &mut SqliteConnection) -> Result<Option<i64>> {
    query_scalar(WRONG_STRAYS).bind(MOST_BYTES).fetch_optional(db).await
}

/// The keys of entries that are not noted to be about what they say.
pub(in crate::store) async fn missing_subjects(db: &mut SqliteConnection) -> Result<Vec<String>> {
    let urls: Vec<Vec<u8>> = query_scalar(MISSING_SUBJECTS).fetch_all(db).await?;
    Ok(urls.iter().map(|url| text(url)).collect())
}

/// What entries that are gone are noted to be about.
pub(in crate::store) async fn subjects_of_none(db: &mut SqliteConnection) -> Result<Vec<String>> {
    let subjects: Vec<Vec<u8>> = query_scalar(SUBJECTS_OF_NONE).fetch_all(db).await?;
    Ok(subjects.iter().map(|subject| text(subject)).collect())
}

/// The keys of entries that are noted to be pinned, or not to be, and whether they are.
pub(in crate::store) async fn wrong_pins(db: &mut SqliteConnection) -> Result<Vec<(String, bool)>> {
    let pins: Vec<(Vec<u8>, bool)> = query_as(WRONG_PINS).fetch_all(db).await?;
    Ok(pins.iter().map(|(url, is_pinned)| (text(url), *is_pinned)).collect())
}

pub(in crate::store) async fn mend_notes(db: &mut SqliteConnection) -> Result<()> {
    for statement in [FORGET_SUBJECTS, NOTE_SUBJECTS, MARK_PINS] {
        query(statement).execute(&mut *db).await?;
    }
    Ok(())
}
