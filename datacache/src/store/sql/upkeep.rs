//! Statements that keep the entries within bounds: what there is, what goes first, what stays.

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Result, Row as _, query, query_scalar};

use crate::clock::Timestamp;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::Provider;
use crate::store::Subject;
use crate::store::room::Usage;
use crate::store::sql::{REPLACED, Removed, Replaced, remove, together};

/// The first `?4` entries of a rank below `?6` in an order, but the entry `?3` and those used after
/// `?5`.
macro_rules! victims {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT entry_id FROM cached_data WHERE is_pinned = 0 AND ",
            $condition,
            " AND (?2 IS NULL OR provider = ?2) AND entry_id <> ?3 AND last_accessed <= ?5 \
               AND rank < ?6 ORDER BY ",
            $order,
            " LIMIT ?4"
        )
    };
}

macro_rules! expired {
    ($condition:literal) => {
        concat!(
            "SELECT entry_id FROM cached_data WHERE ",
            $condition,
            " ORDER BY expires_at LIMIT ?2"
        )
    };
}

statements! {
    USAGE = "SELECT page_size, page_count, freelist_count, \
          (SELECT value FROM upkeep WHERE name = 'files'), \
          (SELECT value FROM upkeep WHERE name = 'file_blocks'), \
          (SELECT value FROM upkeep WHERE name = 'stray_bytes'), \
          COALESCE((SELECT size_bytes FROM provider_usage WHERE provider = ?2), 0) \
        FROM pragma_page_size, pragma_page_count, pragma_freelist_count";

    /// At most ?2 whose time passed before ?1.
    EXPIRED = expired!("is_pinned = 0 AND expires_at <= ?1");
    EXPIRED_ABSENT = expired!("is_pinned = 0 AND status_code <> 200 AND expires_at <= ?1");
    /// At most ?1.
    FORGET_PICKS = "DELETE FROM last_picks WHERE (identifier, data_type) IN \
        (SELECT identifier, data_type FROM last_picks WHERE NOT EXISTS (SELECT 1 FROM subjects \
           WHERE subjects.identifier = last_picks.identifier \
             AND subjects.data_type = last_picks.data_type) LIMIT ?1)";

    NOTED = "SELECT value FROM upkeep WHERE name = ?1";
    NOTE = "INSERT INTO upkeep VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
    LOWER_STRAYS = "UPDATE upkeep SET value = MAX(value - ?1, 0) WHERE name = 'stray_bytes'";

    /// What the first ?4 that the next but one could choose take at the most, whatever ?1 is: whole
    /// blocks for a file, and for a row some space and whole pages for what does not fit in one, in
    /// the table and in the index of keys.
    EVICTABLE = "SELECT COUNT(*), COALESCE(SUM( \
          (disk_size + 4095) / 4096 * 4096 + 8192 + octet_length(metadata) \
          + 2 * octet_length(url) + iif(octet_length(url) > 900, 8192, 0)), 0) FROM \
        (SELECT disk_size, metadata, url FROM cached_data WHERE is_pinned = 0 \
           AND keep_class >= 0 AND ?1 IS NOT NULL AND (?2 IS NULL OR provider = ?2) \
           AND entry_id <> ?3 AND last_accessed <= ?5 AND rank < ?6 LIMIT ?4)";
    PAST_THEIR_TIME = victims!("expires_at <= ?1", "expires_at");
    /// Whatever ?1 is.
    LEAST_USED =
        victims!("keep_class >= 0 AND ?1 IS NOT NULL", "keep_class, rank, last_accessed");
    AGE = "UPDATE upkeep SET value = MAX(value, ?1) WHERE name = 'age'";

    /// All but the ?4 of a subject that are pinned or used most, and but the entry ?3.
    SURPLUS = concat!(
        "SELECT entry_id FROM (",
        of_subject!("SELECT entry_id, is_pinned"),
        " AND status_code = 200 AND entry_id <> ?3 \
          ORDER BY is_pinned DESC, rank DESC, last_accessed DESC LIMIT -1 OFFSET ?4) \
        WHERE is_pinned = 0"
    );

    PIN = "INSERT OR IGNORE INTO pins VALUES (?1)";
    UNPIN = "DELETE FROM pins WHERE identifier = ?1";
    PINNED = "SELECT identifier FROM pins ORDER BY identifier";
    /// What is about ?1, and what was made from that.
    MARK_PINNED = concat!(
        "UPDATE cached_data SET is_pinned = ",
        is_of_pinned!(),
        " WHERE entry_id IN (WITH about AS MATERIALIZED (SELECT entry_id, url \
              FROM subjects CROSS JOIN cached_data USING (entry_id) \
              WHERE subjects.identifier = ?1) \
            SELECT entry_id FROM about UNION ALL \
            SELECT made.entry_id FROM about CROSS JOIN cached_data AS made \
              ON made.source_url = about.url) \
          AND is_pinned <> ",
        is_of_pinned!()
    );
}

fn count(row: &SqliteRow, index: usize) -> Result<u64> {
    row.try_get::<i64, _>(index).map(|count| u64::try_from(count).unwrap_or(0))
}

/// What the cache takes, and of it the entries of `provider`.
pub(in crate::store) async fn usage(
    db: &mut SqliteConnection,
    provider: Option<&Provider>,
) -> Result<Usage> {
    let no_key = None::<&str>;
    let row = query(USAGE).bind(no_key).bind(provider.map(Provider::as_str)).fetch_one(db).await?;
    usage_of(&row)
}

/// The same, and the row that what is to be stored under `key` will replace.
pub(in crate::store) async fn replaced_and_usage(
    db: &mut SqliteConnection,
    key: &Key,
    provider: &Provider,
) -> Result<(Option<Replaced>, Usage)> {
    let statements = together(&[Some(REPLACED), Some(USAGE)]);
    let rows = query(statements).bind(key.as_str()).bind(provider.as_str()).fetch_all(db).await?;
    let (usage, replaced) = rows.split_last().ok_or(sqlx::Error::RowNotFound)?;
    Ok((replaced.first().map(Replaced::of).transpose()?, usage_of(usage)?))
}

fn usage_of(row: &SqliteRow) -> Result<Usage> {
    Ok(Usage {
        page_bytes: count(row, 0)?,
        pages: count(row, 1)?,
        free_pages: count(row, 2)?,
        files: count(row, 3)?,
        file_blocks: count(row, 4)?,
        stray_bytes: row.try_get::<Option<i64>, _>(5)?.map(|it| u64::try_from(it).unwrap_or(0)),
        provider_bytes: count(row, 6)?,
    })
}

type Statement<'a> = Query<'a, Sqlite, SqliteArguments>;

/// What is to go to make room.
#[derive(Clone, Copy)]
pub(in crate::store) struct Victims<'a> {
    /// Whose entries; `None` for everybody's.
    pub(in crate::store) provider: Option<&'a Provider>,
    /// An entry that is to stay.
    pub(in crate::store) but: Option<i64>,
    /// What is ranked so high, or higher, is to stay.
    pub(in crate::store) below: i64,
    /// What was used later is to stay too.
    pub(in crate::store) used_until: Timestamp,
    /// How many at most.
    pub(in crate::store) limit: i64,
}

impl Victims<'_> {
    /// Any one entry.
    pub(in crate::store) const ANY: Self =
        Self { provider: None, but: None, below: i64::MAX, used_until: Timestamp::MAX, limit: 1 };

    fn bind(self, statement: &'static str, now: Timestamp) -> Statement<'static> {
        query(statement)
            .bind(now.as_millis())
            .bind(self.provider.map(Provider::to_string))
            .bind(self.but.unwrap_or(0))
            .bind(self.limit)
            .bind(self.used_until.as_millis())
            .bind(self.below)
    }
}

/// Removes entries: those whose time has passed, else images before others, and of those the ones
/// used least.
pub(in crate::store) async fn evict(
    db: &mut SqliteConnection,
    victims: Victims<'_>,
    now: Timestamp,
) -> Result<Removed> {
    let expired = chosen(db, PAST_THEIR_TIME, victims, now).await?;
    if !expired.is_empty() {
        return remove(db, &expired).await;
    }
    let least_used = chosen(db, LEAST_USED, victims, now).await?;
    let removed = remove(db, &least_used).await?;
    query(AGE).bind(removed.last_rank).execute(db).await?;
    Ok(removed)
}

/// How many entries could go, counted up to the limit, and how many bytes they take at the most.
pub(in crate::store) async fn evictable(
    db: &mut SqliteConnection,
    victims: Victims<'_>,
    now: Timestamp,
) -> Result<(i64, u64)> {
    let row = victims.bind(EVICTABLE, now).fetch_one(db).await?;
    Ok((row.try_get(0)?, count(&row, 1)?))
}

async fn chosen(
    db: &mut SqliteConnection,
    statement: &'static str,
    victims: Victims<'_>,
    now: Timestamp,
) -> Result<Vec<i64>> {
    let rows = victims.bind(statement, now).fetch_all(db).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Removes at most `limit` entries whose time passed before `before`, and at most so many absences
/// whose time has passed.
pub(in crate::store) async fn expire(
    db: &mut SqliteConnection,
    before: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Removed> {
    let mut removed = Removed::default();
    for (statement, time) in [(EXPIRED, before), (EXPIRED_ABSENT, now)] {
        let expired = query_scalar(statement).bind(time.as_millis()).bind(limit);
        let expired = expired.fetch_all(&mut *db).await?;
        removed += remove(db, &expired).await?;
    }
    Ok(removed)
}

/// Forgets what was picked last among images of which none is left, at most `limit` times; returns
/// how often.
pub(in crate::store) async fn forget_picks(db: &mut SqliteConnection, limit: i64) -> Result<u64> {
    Ok(query(FORGET_PICKS).bind(limit).execute(db).await?.rows_affected())
}

/// Removes the entries of a subject but the `kept` that are used most, those that are pinned, and
/// the entry `but`.
pub(in crate::store) async fn remove_surplus(
    db: &mut SqliteConnection,
    subject: &Subject,
    but: Option<i64>,
    kept: usize,
) -> Result<Removed> {
    let surplus = query_scalar(SURPLUS)
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str())
        .bind(but.unwrap_or(0))
        .bind(i64::try_from(kept).unwrap_or(i64::MAX))
        .fetch_all(&mut *db)
        .await?;
    remove(db, &surplus).await
}

/// A number that was noted under `name`.
pub(in crate::store) async fn noted(db: &mut SqliteConnection, name: &str) -> Result<Option<i64>> {
    query_scalar(NOTED).bind(name).fetch_optional(db).await
}

pub(in crate::store) async fn note(
    db: &mut SqliteConnection,
    name: &str,
    value: i64,
) -> Result<()> {
    query(NOTE).bind(name).bind(value).execute(db).await.map(drop)
}

/// So many bytes of what no entry names are gone.
pub(in crate::store) async fn lower_strays(db: &mut SqliteConnection, bytes: u64) -> Result<()> {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    query(LOWER_STRAYS).bind(bytes).execute(db).await.map(drop)
}

/// Gives at most so many unused pages back to the file system, with the next checkpoint.
pub(in crate::store) async fn vacuum(db: &mut SqliteConnection, pages: u64) -> Result<()> {
    let vacuum = format!("PRAGMA incremental_vacuum({pages})");
    query(AssertSqlSafe(vacuum)).execute(db).await.map(drop)
}

/// Pins what is about `identifier`, now and later; says whether it was not before.
pub(in crate::store) async fn pin(
    db: &mut SqliteConnection,
    identifier: &Identifier,
) -> Result<bool> {
    let pinned = query(PIN).bind(identifier.as_str()).execute(&mut *db).await?;
    mark_pinned(db, identifier).await?;
    Ok(pinned.rows_affected() > 0)
}

/// Unpins it; says whether it was pinned.
pub(in crate::store) async fn unpin(
    db: &mut SqliteConnection,
    identifier: &Identifier,
) -> Result<bool> {
    let unpinned = query(UNPIN).bind(identifier.as_str()).execute(&mut *db).await?;
    mark_pinned(db, identifier).await?;
    Ok(unpinned.rows_affected() > 0)
}

/// Notes of all that is about `identifier`, and of what was made from it, whether it is pinned.
pub(in crate::store) async fn mark_pinned(
    db: &mut SqliteConnection,
    identifier: &Identifier,
) -> Result<()> {
    query(MARK_PINNED).bind(identifier.as_str()).execute(db).await.map(drop)
}

pub(in crate::store) async fn pinned(db: &mut SqliteConnection) -> Result<Vec<String>> {
    query_scalar(PINNED).fetch_all(db).await
}
