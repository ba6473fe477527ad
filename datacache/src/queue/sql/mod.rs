//! Every statement on `pending_requests`; those on `finished_requests` stand beside.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Result, Row as _, query, query_as, query_scalar};
use uuid::Uuid;

use super::backoff::MAX_ATTEMPTS;
use super::job::{Finish, Job, JobInfo, JobState, Lease, Priority, end_of_lease};
use crate::clock::Timestamp;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::{DataType, Provider};

/// Takes jobs back from their holder: those that have been tried too often are dead.
macro_rules! take_back {
    ($condition:literal, $reason:literal) => {
        concat!(
            "UPDATE pending_requests SET lease_id = NULL, lease_until = NULL, session = NULL, \
               status = CASE WHEN attempts >= ?1 THEN 'dead' ELSE 'pending' END, \
               is_left = 1, last_error = '",
            $reason,
            "' WHERE status = 'leased' AND ",
            $condition,
            " RETURNING url, status, params = ''"
        )
    };
}

/// A number of attempts that is out of range becomes one that still is, but can be stored.
macro_rules! one_more {
    () => {
        "MIN(attempts + 1, 4294967296)"
    };
}

macro_rules! settle {
    ($assignments:literal) => {
        concat!(
            "UPDATE pending_requests SET ",
            $assignments,
            ", lease_id = NULL, lease_until = NULL, session = NULL \
             WHERE request_id = ?1 AND lease_id = ?2"
        )
    };
}

macro_rules! job_columns {
    () => {
        "request_id, url, identifier, data_type, provider, coalesce(origin, provider) AS origin, \
         priority, status, attempts, created_at, run_at, last_error"
    };
}

pub(crate) mod due;
pub(crate) mod enqueueing;
pub(crate) mod finished;
pub(crate) mod flights;
pub(crate) mod managing;

statements! {
    /// Ended leases. One that ends later than any can was given before the clock was set back.
    TAKE_BACK_ENDED = take_back!(
        "(lease_until <= ?2 OR lease_until > ?3)",
        "its worker did not renew its lease"
    );
    IS_ENDED = "SELECT EXISTS (SELECT 1 FROM pending_requests \
        WHERE status = 'leased' AND (lease_until <= ?1 OR lease_until > ?2))";
    TAKE_BACK_OF_SESSION = take_back!("session = ?2", "its worker died");
    OTHER_SESSIONS = "SELECT DISTINCT session FROM pending_requests \
        WHERE status = 'leased' AND session <> ?1";

    LEASE = concat!(
        "UPDATE pending_requests SET status = 'leased', attempts = ", one_more!(), ", \
           lease_id = ?2, lease_until = ?3, session = ?4 \
         WHERE request_id = ?1 AND status = 'pending' \
         RETURNING ", job_columns!(), ", params"
    );
    /// Jobs that are put off for longer than any can be, since before the clock was set back.
    IS_LOST = "SELECT EXISTS (SELECT 1 FROM pending_requests \
        WHERE status = 'pending' AND run_at <> created_at AND run_at > ?1)";
    RECALL_LOST = "UPDATE pending_requests SET run_at = created_at \
        WHERE status = 'pending' AND run_at <> created_at AND run_at > ?1";
    RENEW = "UPDATE pending_requests SET lease_until = ?3 WHERE request_id = ?1 AND lease_id = ?2";

    COMPLETE = "DELETE FROM pending_requests WHERE request_id = ?1 AND lease_id = ?2";
    RETRY_LATER = settle!("status = 'pending', run_at = ?3, last_error = ?4");
    WAIT = settle!("status = 'pending', run_at = ?3, last_error = ?4, attempts = attempts - 1");
    /// Its time is that of its death.
    BURY = settle!("status = 'dead', last_error = ?3, run_at = ?4");
    /// Of a row that cannot be read.
    BURY_UNREADABLE = "UPDATE pending_requests SET status = 'dead', last_error = ?2, run_at = ?3, \
          lease_id = NULL, lease_until = NULL, session = NULL \
        WHERE request_id = ?1 RETURNING url";
    HAND_BACK = settle!("status = 'pending', attempts = attempts - 1");
    HOLDS = "SELECT EXISTS (SELECT 1 FROM pending_requests \
        WHERE status = 'leased' AND session = ?1)";
    HAND_BACK_ALL = "UPDATE pending_requests SET status = 'pending', attempts = attempts - 1, \
          lease_id = NULL, lease_until = NULL, session = NULL \
        WHERE status = 'leased' AND session = ?1";
}

/// Returns how many, like the one below.
pub(super) async fn take_back_ended(
    db: &mut SqliteConnection,
    now: Timestamp,
    latest_end: Timestamp,
) -> Result<u64> {
    let take_back = query_as(TAKE_BACK_ENDED)
        .bind(MAX_ATTEMPTS)
        .bind(now.as_millis())
        .bind(latest_end.as_millis());
    let taken = take_back.fetch_all(&mut *db).await?;
    taken_back(db, taken).await
}

pub(super) async fn take_back_of_session(db: &mut SqliteConnection, session: Uuid) -> Result<u64> {
    let take_back = query_as(TAKE_BACK_OF_SESSION).bind(MAX_ATTEMPTS).bind(session.to_string());
    let taken = take_back.fetch_all(&mut *db).await?;
    taken_back(db, taken).await
}

/// Tells those who wait which of the jobs are dead, and drops those that nobody can take up.
async fn taken_back(db: &mut SqliteConnection, jobs: Vec<(String, String, bool)>) -> Result<u64> {
    let count = jobs.len() as u64;
    for (url, status, is_void) in jobs {
        if is_void {
            flights::remove_void(db, &url).await?;
        } else if JobState::of_str(&status) == JobState::Dead {
            finished::finished(db, &Key::from_row(url), Finish::Failed).await?;
        }
    }
    Ok(count)
}

pub(super) async fn other_sessions(db: &mut SqliteConnection, own: Uuid) -> Result<Vec<String>> {
    query_scalar(OTHER_SESSIONS).bind(own.to_string()).fetch_all(db).await
}

/// Leases one pending job; `None` when it is not pending. A row that cannot be read is leased
/// nevertheless, and an error that says so.
pub(super) async fn lease(
    db: &mut SqliteConnection,
    id: i64,
    until: Timestamp,
    session: Uuid,
) -> Result<Option<Job>> {
    let token = Uuid::new_v4();
    let lease = query(LEASE)
        .bind(id)
        .bind(token.to_string())
        .bind(until.as_millis())
        .bind(session.to_string());
    let Some(row) = lease.fetch_optional(db).await? else { return Ok(None) };
    row.try_get::<u32, _>("attempts")?;
    job_of_row(&row, token).map(Some)
}

/// Buries the job of a row that cannot be read, lest it stop the others.
pub(super) async fn bury_unreadable(
    db: &mut SqliteConnection,
    id: i64,
    error: &str,
    now: Timestamp,
) -> Result<()> {
    let bury = query(BURY_UNREADABLE).bind(id).bind(error).bind(now.as_millis());
    let row = bury.fetch_one(&mut *db).await?;
    match row.try_get("url") {
        Ok(url) => finished::finished(db, &Key::from_row(url), Finish::Failed).await.map(drop),
        // Nobody can wait for it.
        Err(_) => Ok(()),
    }
}

/// The job of a row that was just leased under `token`.
fn job_of_row(row: &SqliteRow, token: Uuid) -> Result<Job> {
    let info = JobInfo::from_row(row)?;
    Ok(Job {
        lease: Lease { job: info.id, token },
        key: info.url,
        identifier: info.identifier,
        data_type: info.data_type,
        provider: info.provider,
        origin: Provider::from_row(row.try_get("origin")?),
        attempt: info.attempts,
        params: row.try_get("params")?,
    })
}

/// Whether a lease has ended.
pub(super) async fn is_ended(
    db: &mut SqliteConnection,
    now: Timestamp,
    latest_end: Timestamp,
) -> Result<bool> {
    let is_ended = query_scalar(IS_ENDED).bind(now.as_millis()).bind(latest_end.as_millis());
    is_ended.fetch_one(db).await
}

/// Whether a job is put off for longer than `latest`.
pub(super) async fn is_lost(db: &mut SqliteConnection, latest: Timestamp) -> Result<bool> {
    query_scalar(IS_LOST).bind(latest.as_millis()).fetch_one(db).await
}

/// Makes jobs that are put off for longer than `latest` as if they had never been put off.
pub(super) async fn recall_lost(db: &mut SqliteConnection, latest: Timestamp) -> Result<()> {
    query(RECALL_LOST).bind(latest.as_millis()).execute(db).await.map(drop)
}

/// Whether the lease still held.
pub(super) async fn renew(
    db: &mut SqliteConnection,
    lease: Lease,
    until: Timestamp,
) -> Result<bool> {
    let renew = query(RENEW).bind(lease.job).bind(lease.token.to_string()).bind(until.as_millis());
    Ok(renew.execute(db).await?.rows_affected() == 1)
}

/// Whether the lease still held; else nothing was changed. The same goes for the ones below.
pub(super) async fn complete(db: &mut SqliteConnection, lease: Lease) -> Result<bool> {
    let complete = query(COMPLETE).bind(lease.job).bind(lease.token.to_string());
    Ok(complete.execute(db).await?.rows_affected() == 1)
}

pub(super) async fn retry_later(
    db: &mut SqliteConnection,
    lease: Lease,
    run_at: Timestamp,
    error: &str,
) -> Result<bool> {
    postpone(db, RETRY_LATER, lease, run_at, error).await
}

/// Like [`retry_later`], but the attempt does not count.
pub(super) async fn wait(
    db: &mut SqliteConnection,
    lease: Lease,
    run_at: Timestamp,
    reason: &str,
) -> Result<bool> {
    postpone(db, WAIT, lease, run_at, reason).await
}

async fn postpone(
    db: &mut SqliteConnection,
    statement: &'static str,
    lease: Lease,
    run_at: Timestamp,
    error: &str,
) -> Result<bool> {
    let retry = query(statement)
        .bind(lease.job)
        .bind(lease.token.to_string())
        .bind(run_at.as_millis())
        .bind(error);
    Ok(retry.execute(db).await?.rows_affected() == 1)
}

pub(super) async fn bury(
    db: &mut SqliteConnection,
    lease: Lease,
    error: &str,
    now: Timestamp,
) -> Result<bool> {
    let bury = query(BURY).bind(lease.job).bind(lease.token.to_string()).bind(error);
    let bury = bury.bind(now.as_millis());
    Ok(bury.execute(db).await?.rows_affected() == 1)
}

pub(super) async fn hand_back(db: &mut SqliteConnection, lease: Lease) -> Result<bool> {
    let hand_back = query(HAND_BACK).bind(lease.job).bind(lease.token.to_string());
    Ok(hand_back.execute(db).await?.rows_affected() == 1)
}

/// Whether a session holds a lease.
pub(super) async fn holds(db: &mut SqliteConnection, session: Uuid) -> Result<bool> {
    query_scalar(HOLDS).bind(session.to_string()).fetch_one(db).await
}

/// Hands back all that a session holds.
pub(super) async fn hand_back_all(db: &mut SqliteConnection, session: Uuid) -> Result<()> {
    query(HAND_BACK_ALL).bind(session.to_string()).execute(db).await.map(drop)
}

impl FromRow<'_, SqliteRow> for JobInfo {
    fn from_row(row: &SqliteRow) -> Result<Self> {
        Ok(Self {
            id: row.try_get("request_id")?,
            url: Key::from_row(row.try_get("url")?),
            identifier: Identifier::from_row(row.try_get("identifier")?),
            data_type: DataType::from_row(row.try_get("data_type")?),
            provider: Provider::from_row(row.try_get("provider")?),
            priority: Priority::of_number(row.try_get("priority")?),
            status: JobState::of_str(row.try_get("status")?),
            attempts: clamped(row.try_get("attempts")?),
            created_at: Timestamp::from_millis(row.try_get("created_at")?),
            run_at: Timestamp::from_millis(row.try_get("run_at")?),
            last_error: row.try_get("last_error")?,
        })
    }
}

/// What is out of range is as far as the range goes.
fn clamped(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
