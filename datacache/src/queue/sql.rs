//! Every statement on `pending_requests`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as};

use super::job::{NewJob, QueueCounts};
use crate::clock::Timestamp;
use crate::identifier::Identifier;

statements! {
    ENQUEUE = "INSERT INTO pending_requests \
          (url, identifier, data_type, provider, params, priority, created_at, run_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) \
        ON CONFLICT (url) DO UPDATE SET priority = MIN(priority, excluded.priority)";

    COUNTS = "SELECT COUNT(*) FILTER (WHERE priority = 1), COUNT(*) FILTER (WHERE priority = 2) \
        FROM pending_requests";
}

pub(super) async fn enqueue(db: &mut SqliteConnection, job: &NewJob, now: Timestamp) -> Result<()> {
    let params = serde_json::to_string(&job.params);
    let enqueue = query(ENQUEUE)
        .bind(job.key.as_str())
        .bind(job.identifier.as_ref().map_or("", Identifier::as_str))
        .bind(job.data_type.as_str())
        .bind(job.provider.as_str())
        .bind(params.map_err(|error| sqlx::Error::Encode(error.into()))?)
        .bind(job.priority.as_number())
        .bind(now.as_millis());
    let done = enqueue.execute(db).await?;
    debug_assert_eq!(done.rows_affected(), 1);
    Ok(())
}

pub(super) async fn counts(db: &mut SqliteConnection) -> Result<QueueCounts> {
    let (immediate, batch): (i64, i64) = query_as(COUNTS).fetch_one(db).await?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(QueueCounts { immediate: count(immediate), batch: count(batch) })
}
