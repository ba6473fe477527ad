//! Statements on `pending_requests` for requests that are made at once.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};
use uuid::Uuid;

use super::super::flight::Prior;
use super::super::job::{Claim, Heirs, Job, JobState, Lease, NewJob};
use super::enqueueing::NewRow;
use super::{end_of_lease, job_of_row};
use crate::clock::Timestamp;
use crate::key::Key;

statements! {
    /// Takes what is pending or dead, with what it says, or begins anew; what somebody is at stays.
    BEGIN = concat!(
        "INSERT INTO pending_requests \
           (url, identifier, data_type, provider, params, priority, status, attempts, \
            created_at, run_at, lease_id, lease_until, session, is_left) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'leased', 1, ?7, ?7, ?8, ?9, ?10, 0) \
         ON CONFLICT (url) DO UPDATE SET \
           status = 'leased', priority = MIN(priority, ?6), \
           attempts = ", one_more!(), ", \
           lease_id = ?8, lease_until = ?9, session = ?10 \
         WHERE status <> 'leased' \
         RETURNING ", job_columns!(), ", params"
    );
    PRIOR = "SELECT status, COALESCE(last_error, '') FROM pending_requests WHERE url = ?1";
    /// A lease that ends later than any can was given before the clock was set back.
    IS_TAKEN = "SELECT EXISTS (SELECT 1 FROM pending_requests \
        WHERE url = ?1 AND status = 'leased' AND lease_until > ?2 AND lease_until <= ?3)";
    REMOVE_FLIGHT = "DELETE FROM pending_requests \
        WHERE request_id = ?1 AND lease_id = ?2 AND is_left = 0";
    REMOVE_VOID = "DELETE FROM pending_requests WHERE url = ?1 AND params = ''";
}

/// What there is under the key.
pub(in crate::queue) async fn prior(db: &mut SqliteConnection, key: &Key) -> Result<Prior> {
    let row: Option<(String, String)> =
        query_as(PRIOR).bind(key.as_str()).fetch_optional(db).await?;
    Ok(match row {
        None => Prior::Nothing,
        Some((status, error)) if JobState::of_str(&status) == JobState::Dead => Prior::Dead(error),
        Some(_) => Prior::Live,
    })
}

/// Leases the row for the key, making it if need be; `None` when somebody has it.
pub(in crate::queue) async fn begin(
    db: &mut SqliteConnection,
    job: &NewJob,
    heirs: Heirs,
    claim: Claim,
) -> Result<Option<Job>> {
    let row = NewRow::of(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let params = match heirs {
        Heirs::Anybody => row.params,
        Heirs::Nobody => String::new(),
    };
    let token = Uuid::new_v4();
    let begin = query(BEGIN)
        .bind(row.url)
        .bind(row.identifier)
        .bind(row.data_type)
        .bind(row.provider)
        .bind(params)
        .bind(row.priority)
        .bind(claim.now.as_millis())
        .bind(token.to_string())
        .bind(end_of_lease(claim.now).as_millis())
        .bind(claim.session.to_string());
    let row = begin.fetch_optional(db).await?;
    row.map(|row| job_of_row(&row, token)).transpose()
}

/// Whether somebody has the row for the key, under a lease that holds.
pub(in crate::queue) async fn is_taken(
    db: &mut SqliteConnection,
    key: &Key,
    now: Timestamp,
    latest_end: Timestamp,
) -> Result<bool> {
    let is_taken = query_scalar(IS_TAKEN)
        .bind(key.as_str())
        .bind(now.as_millis())
        .bind(latest_end.as_millis());
    is_taken.fetch_one(db).await
}

/// Removes a row that is there only for who waits now; says whether it was such a one.
pub(in crate::queue) async fn remove_flight(
    db: &mut SqliteConnection,
    lease: Lease,
) -> Result<bool> {
    let remove = query(REMOVE_FLIGHT).bind(lease.job).bind(lease.token.to_string());
    Ok(remove.execute(db).await?.rows_affected() == 1)
}

/// Removes a row that nobody else can do anything with.
pub(in crate::queue) async fn remove_void(db: &mut SqliteConnection, url: &str) -> Result<()> {
    query(REMOVE_VOID).bind(url).execute(db).await.map(drop)
}
