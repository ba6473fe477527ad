//! Statements on `pending_requests` that find the jobs which may run.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Result, Row as _, query_as, query_scalar};

use crate::clock::Timestamp;
use crate::name::Provider;
use crate::queue::job::Claim;
use crate::queue::order::{AGEING_MS, AGEING_TURN, Candidate};

/// Who is not asked at ?1: those who are paused or rest, which none does for more than a day and the
/// slack of clocks, and those in the JSON array ?2. Who rests by a clock that was set back is asked
/// for, and then told for how long it really rests.
macro_rules! resting {
    () => {
        "SELECT provider FROM resting_providers LEFT JOIN provider_budgets USING (provider) \
           WHERE is_paused = 1 OR (not_before > ?1 AND not_before <= ?1 + 86430000 \
             AND coalesce(noted_at, 0) <= ?1 + 30000) \
         UNION ALL SELECT value FROM json_each(?2)"
    };
}

/// Jobs of providers that are not paused, whoever is asked.
macro_rules! not_paused {
    () => {
        "provider NOT IN (SELECT provider FROM resting_providers WHERE is_paused = 1)"
    };
}

/// The groups of one priority, data type, host or provider that is asked, and provider, which have a job
/// that may run at ?1, the most urgent first, and 256 at most: the provider is not paused, who is asked
/// does not rest, and the job's time has come. Each step from one group to the next is a look-up in the
/// index, so the cost is the number of groups, not that of the jobs. Unless told otherwise, SQLite would
/// find all groups before it counts to 256.
macro_rules! runnable_groups {
    () => {
        concat!(
            "WITH RECURSIVE groups (priority, data_type, asked, provider) AS NOT MATERIALIZED ( \
               SELECT * FROM (SELECT priority, data_type, asked, provider FROM pending_requests \
                 WHERE status = 'pending' ORDER BY priority, data_type, asked, provider LIMIT 1) \
               UNION ALL \
               SELECT next.priority, next.data_type, next.asked, next.provider \
                 FROM groups JOIN pending_requests AS next ON next.request_id = COALESCE( \
                   (SELECT request_id FROM pending_requests WHERE status = 'pending' \
                      AND priority = groups.priority AND data_type = groups.data_type \
                      AND asked = groups.asked AND provider > groups.provider \
                    ORDER BY provider LIMIT 1), \
                   (SELECT request_id FROM pending_requests WHERE status = 'pending' \
                      AND priority = groups.priority AND data_type = groups.data_type \
                      AND asked > groups.asked ORDER BY asked, provider LIMIT 1), \
                   (SELECT request_id FROM pending_requests WHERE status = 'pending' \
                      AND priority = groups.priority AND data_type > groups.data_type \
                    ORDER BY data_type, asked, provider LIMIT 1), \
                   (SELECT request_id FROM pending_requests WHERE status = 'pending' \
                      AND priority > groups.priority \
                    ORDER BY priority, data_type, asked, provider LIMIT 1))), \
             runnable AS ( \
               SELECT * FROM groups WHERE ",
            not_paused!(),
            " AND asked NOT IN (",
            resting!(),
            ") AND (SELECT MIN(due_at) FROM pending_requests AS job WHERE ",
            of_group!("groups"),
            ") <= ?1 LIMIT 256) "
        )
    };
}

/// The condition that a job is one of a group.
macro_rules! of_group {
    ($group:literal) => {
        concat!(
            "status = 'pending' AND job.priority = ",
            $group,
            ".priority AND job.data_type = ",
            $group,
            ".data_type AND job.asked = ",
            $group,
            ".asked AND job.provider = ",
            $group,
            ".provider"
        )
    };
}

/// The ids of some jobs of a runnable group.
macro_rules! some_of_group {
    ($which:literal) => {
        concat!(
            "SELECT * FROM (SELECT request_id FROM pending_requests AS job WHERE ",
            of_group!("runnable"),
            " AND ",
            $which,
            ")"
        )
    };
}

macro_rules! candidate_columns {
    () => {
        "request_id, priority, data_type, provider, asked, created_at"
    };
}

statements! {
    /// Of each group the newest, so that each can have its turn, and ?4 of those that wait longest,
    /// for when their age counts.
    NEWEST = concat!(
        runnable_groups!(),
        "SELECT ", candidate_columns!(), " FROM pending_requests WHERE request_id IN ( \
           SELECT job.value FROM runnable, json_each((SELECT json_group_array(request_id) FROM (",
        some_of_group!("due_at <= ?1 ORDER BY due_at, created_at DESC, request_id LIMIT ?3"),
        " UNION ALL ",
        some_of_group!("due_at = 0 ORDER BY created_at LIMIT ?4"),
        " UNION ALL ",
        some_of_group!("due_at > 0 AND due_at <= ?1 ORDER BY due_at LIMIT ?4"),
        "))) AS job)"
    );
    /// The oldest of all, for those in groups beyond. Of what waits the thousand oldest are looked at,
    /// lest the jobs of a provider at rest make every claim slow.
    OLDEST = concat!(
        "SELECT ", candidate_columns!(), " FROM pending_requests WHERE request_id IN ( \
           SELECT request_id FROM ( \
             SELECT request_id, provider, asked, run_at, created_at FROM pending_requests \
             WHERE status = 'pending' AND created_at <= ?3 ORDER BY created_at LIMIT 1000) \
           WHERE (run_at <= ?1 OR run_at = created_at) AND ", not_paused!(), " \
             AND asked NOT IN (", resting!(), ") \
           LIMIT ?4)"
    );
    IS_DUE = concat!("SELECT EXISTS (", runnable_groups!(), "SELECT 1 FROM runnable)");
    IS_DUE_OR_LEASED = concat!(
        "SELECT EXISTS (", runnable_groups!(), "SELECT 1 FROM runnable) \
           OR EXISTS (SELECT 1 FROM pending_requests WHERE status = 'leased')"
    );
}

/// The jobs from which the next are chosen: some of each group, and the oldest of all.
pub(in crate::queue) async fn candidates(
    db: &mut SqliteConnection,
    claim: Claim,
    passed_over: &str,
) -> Result<Vec<Candidate>> {
    let each = i64::try_from(claim.slots).unwrap_or(i64::MAX);
    // More turns than these do not go by age.
    let by_age = each / AGEING_TURN.cast_signed() + 1;
    let now = claim.now.as_millis();
    let newest = query_as(NEWEST).bind(now).bind(passed_over).bind(each).bind(by_age);
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
            data_type: name(row, "data_type")?,
            provider: name(row, "provider")?,
            origin: Provider::from_row(name(row, "asked")?),
            created_at: Timestamp::from_millis(row.try_get("created_at")?),
        })
    }
}

/// A name, be it one that no version of this crate has written.
fn name(row: &SqliteRow, column: &str) -> Result<String> {
    let bytes: Vec<u8> = row.try_get(column)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
