//! Every statement on `numbers` and `number_groups`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as};

use super::gathered::{Gathered, MOST_GROUPS};
use super::period::{Period, Step};
use crate::clock::Timestamp;

statements! {
    /// Those that are missing, until there are ?2.
    NEW_GROUPS = "INSERT INTO number_groups (provider, data_type) \
        SELECT DISTINCT j.value ->> 0 AS p, j.value ->> 1 AS t FROM json_each(?1) AS j \
        WHERE NOT EXISTS (SELECT 1 FROM number_groups WHERE provider = p AND data_type = t) \
        LIMIT max(0, ?2 - (SELECT COUNT(*) FROM number_groups))";
    ADD = "INSERT INTO numbers (period, starts_at, group_id, name, label, value) \
        SELECT ?2, ?3, COALESCE(group_id, 0), j.value ->> 2, j.value ->> 3, j.value ->> 4 \
        FROM json_each(?1) AS j LEFT JOIN number_groups \
          ON provider = j.value ->> 0 AND data_type = j.value ->> 1 \
        WHERE true \
        ON CONFLICT DO UPDATE SET value = value + excluded.value";

    /// In the order of the key, as the statement that removes them takes them.
    ROLL_UP = "INSERT INTO numbers (period, starts_at, group_id, name, label, value) \
        SELECT ?2, starts_at / ?3 * ?3, group_id, name, label, value FROM numbers \
        WHERE period = ?1 AND starts_at < ?4 \
        ORDER BY period, starts_at, group_id, name, label LIMIT ?5 \
        ON CONFLICT DO UPDATE SET value = value + excluded.value";
    REMOVE_ROLLED_UP = "DELETE FROM numbers WHERE (period, starts_at, group_id, name, label) IN \
        (SELECT period, starts_at, group_id, name, label FROM numbers \
         WHERE period = ?1 AND starts_at < ?2 \
         ORDER BY period, starts_at, group_id, name, label LIMIT ?3)";

    /// All, or those of the hours and days that have not ended at ?1.
    SUMS = "SELECT provider, data_type, name, label, SUM(value) \
        FROM numbers JOIN number_groups USING (group_id) \
        WHERE ?1 IS NULL OR (period = 'hour' AND starts_at > ?1 - 3600000) \
          OR (period = 'day' AND starts_at > ?1 - 86400000) \
        GROUP BY provider, data_type, name, label ORDER BY provider, data_type";
}

/// Adds to the sums of the hour in which `now` lies.
pub(super) async fn add(
    db: &mut SqliteConnection,
    gathered: &Gathered,
    now: Timestamp,
) -> Result<()> {
    let numbers: Vec<_> = gathered
        .groups()
        .flat_map(|(provider, data_type, counts)| {
            let numbers = counts.numbers().into_iter();
            numbers.map(move |it| (provider, data_type, it.name, it.label, it.value))
        })
        .collect();
    let json =
        serde_json::to_string(&numbers).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let most = i64::try_from(MOST_GROUPS).unwrap_or(i64::MAX);
    query(NEW_GROUPS).bind(&json).bind(most).execute(&mut *db).await?;
    let hour = Period::Hour;
    let add = query(ADD).bind(json).bind(hour.name()).bind(hour.start(now).as_millis());
    add.execute(db).await.map(drop)
}

/// Rolls up at most `limit` numbers; returns how many.
pub(super) async fn roll_up(db: &mut SqliteConnection, step: Step, limit: i64) -> Result<u64> {
    let Step { from, to, before } = step;
    let add = query(ROLL_UP).bind(from.name()).bind(to.name()).bind(to.length_ms());
    add.bind(before.as_millis()).bind(limit).execute(&mut *db).await?;
    let remove = query(REMOVE_ROLLED_UP).bind(from.name()).bind(before.as_millis()).bind(limit);
    Ok(remove.execute(db).await?.rows_affected())
}

/// Provider, data type, name and label of each number, and its sum, by group.
pub(super) type Sum = (String, String, String, String, i64);

pub(super) async fn sums(db: &mut SqliteConnection, since: Option<Timestamp>) -> Result<Vec<Sum>> {
    query_as(SUMS).bind(since.map(Timestamp::as_millis)).fetch_all(db).await
}
