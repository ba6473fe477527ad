//! Statements on `pending_requests` that choose the jobs to run next.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Result, Row as _, query, query_as, query_scalar};
use uuid::Uuid;

use super::job_of_row;
use crate::clock::Timestamp;
use crate::name::Provider;
use crate::queue::job::{Claim, Job};
use crate::queue::order::{AGEING_MS, Candidate};

/// Jobs that may run at ?1: their time has come, neither their provider nor who is asked is paused,
/// and the latter does not rest, which none does for more than a day and the slack of clocks, nor is
/// in the JSON array ?2. Those that were never put off may run at any time, lest they wait for a
/// clock that was set back, and so may those of whom rests by such a clock: asked for, it is told
/// for how long it really rests.
macro_rules! may_run {
    () => {
        "status = 'pending' AND (run_at <= ?1 OR run_at = created_at) \
           AND provider NOT IN (SELECT provider FROM resting_providers WHERE is_paused = 1) \
           AND coalesce(origin, provider) NOT IN (\
             SELECT provider FROM resting_providers LEFT JOIN provider_budgets USING (provider) \
             WHERE is_paused = 1 OR (not_before > ?1 AND not_before <= ?1 + 86430000 \
               AND coalesce(noted_at, 0) <= ?1 + 30000) \
             UNION ALL SELECT value FROM json_each(?2))"
    };
}

macro_rules! candidate_columns {
    () => {
        "request_id, priority, data_type, provider, coalesce(origin, provider) AS origin, created_at"
    };
}

statements! {
    /// The newest of each priority, data type and provider, so that each can have its turn. The
    /// first part steps from one such group to the next through the index, so its cost is their
    /// number, not that of the jobs; it stops at 256 groups, the most urgent ones.
    NEWEST = concat!(
        "WITH RECURSIVE groups (priority, data_type, provider) AS ( \
           SELECT * FROM (SELECT priority, data_type, provider FROM pending_requests \
             WHERE status = 'pending' ORDER BY priority, data_type, provider LIMIT 1) \
           UNION ALL \
           SELECT next.priority, next.data_type, next.provider \
             FROM groups JOIN pending_requests AS next \
             ON next.request_id = (SELECT request_id FROM pending_requests \
               WHERE status = 'pending' AND (priority, data_type, provider) \
                 > (groups.priority, groups.data_type, groups.provider) \
               ORDER BY priority, data_type, provider LIMIT 1) \
           LIMIT 256) \
         SELECT ", candidate_columns!(), " FROM pending_requests WHERE request_id IN ( \
           SELECT newest.value FROM groups, json_each((SELECT json_group_array(request_id) FROM ( \
             SELECT request_id FROM pending_requests \
             WHERE priority = groups.priority AND data_type = groups.data_type \
               AND provider = groups.provider AND ",
        may_run!(),
        " ORDER BY created_at DESC, request_id LIMIT ?3))) AS newest)"
    );
    OLDEST = concat!(
        "SELECT ", candidate_columns!(), " FROM pending_requests WHERE created_at <= ?3 AND ",
        may_run!(),
        " ORDER BY created_at LIMIT ?4"
    );
    LEASE = concat!(
        "UPDATE pending_requests SET status = 'leased', attempts = attempts + 1, \
           lease_id = ?2, lease_until = ?3, session = ?4 \
         WHERE request_id = ?1 AND status = 'pending' \
         RETURNING ", job_columns!(), ", params"
    );
    IS_DUE = concat!("SELECT EXISTS (SELECT 1 FROM pending_requests WHERE ", may_run!(), ")");
    IS_DUE_OR_LEASED = concat!(
        "SELECT EXISTS (SELECT 1 FROM pending_requests WHERE ", may_run!(), ") \
           OR EXISTS (SELECT 1 FROM pending_requests WHERE status = 'leased')"
    );
}

/// The newest jobs of each priority, data type and provider, and the oldest of all, that may run now.
pub(in crate::queue) async fn candidates(
    db: &mut SqliteConnection,
    claim: Claim,
    passed_over: &str,
) -> Result<Vec<Candidate>> {
    let each = i64::try_from(claim.slots).unwrap_or(i64::MAX);
    let now = claim.now.as_millis();
    let newest = query_as(NEWEST).bind(now).bind(passed_over).bind(each);
    let mut found: Vec<Candidate> = newest.fetch_all(&mut *db).await?;
    let oldest = query_as(OLDEST).bind(now).bind(passed_over);
    let oldest = oldest.bind(now.saturating_sub(AGEING_MS)).bind(each);
    found.append(&mut oldest.fetch_all(db).await?);
    Ok(found)
}

impl FromRow<'_, SqliteRow> for Candidate {
    fn from_row(row: &SqliteRow) -> Result<Self> {
        Ok(Self {
            id: row.try_get("request_id")?,
            priority: row.try_get("priority")?,
            data_type: row.try_get("data_type")?,
            provider: row.try_get("provider")?,
            origin: Provider::from_row(row.try_get("origin")?),
            created_at: Timestamp::from_millis(row.try_get("created_at")?),
        })
    }
}

/// Leases one pending job; `None` when it is not pending.
pub(in crate::queue) async fn lease(
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
    let row = lease.fetch_optional(db).await?;
    row.map(|row| job_of_row(&row, token)).transpose()
}

/// Whether a job may run at `at`.
pub(in crate::queue) async fn is_due(
    db: &mut SqliteConnection,
    at: Timestamp,
    passed_over: &str,
) -> Result<bool> {
    query_scalar(IS_DUE).bind(at.as_millis()).bind(passed_over).fetch_one(db).await
}

/// Whether a job may run at `at`, or somebody is at one.
pub(in crate::queue) async fn is_due_or_leased(
    db: &mut SqliteConnection,
    at: Timestamp,
    passed_over: &str,
) -> Result<bool> {
    query_scalar(IS_DUE_OR_LEASED).bind(at.as_millis()).bind(passed_over).fetch_one(db).await
}
