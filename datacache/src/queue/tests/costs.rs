//! What a claim costs, counted in instructions of SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// The moment at which the tests look.
const LATER: Timestamp = Timestamp::from_millis(1_000_000);

/// Queues jobs of a provider, or of one each (`'p' || n`), that may run from `run_at` on.
async fn insert(queue: &Queue, provider: &str, jobs: usize, run_at: &str) {
    let insert = format!(
        "WITH RECURSIVE numbers (n) AS \
          (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {jobs}) \
        INSERT INTO pending_requests \
          (url, identifier, data_type, provider, params, priority, created_at, run_at) \
        SELECT 'https://a.example/' || {provider} || n, '', 'other', {provider}, '{{}}', 2, \
          n, {run_at} FROM numbers"
    );
    let mut tx = queue.db.write("test").await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn pause_slow(queue: &Queue) {
    let pause = "INSERT INTO resting_providers (provider, is_paused) VALUES ('slow', 1)";
    execute(queue, pause).await;
}

/// How many instructions it takes to see whether something is due, and to find candidates.
async fn instructions(queue: &Queue) -> usize {
    let mut connection = queue.db.read("test").await.unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    connection.lock_handle().await.unwrap().set_progress_handler(1, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        true
    });
    is_due_or_ended(&mut connection, &Turns::default(), LATER).await.unwrap();
    let claim = Claim { session: Uuid::nil(), slots: 8, now: LATER };
    sql::due::candidates(&mut connection, claim, "[]").await.unwrap();
    connection.close();
    count.load(Ordering::Relaxed)
}

/// The same, when a provider has so many jobs that cannot run, beside another's that can.
async fn instructions_beside(jobs: usize, run_at: &str) -> usize {
    let folder = Folder::new();
    let queue = folder.open().await;
    pause_slow(&queue).await;
    insert(&queue, "'slow'", jobs, run_at).await;
    insert(&queue, "'fast'", 10, "n").await;
    let cost = instructions(&queue).await;
    assert_eq!(claim(&queue, 2, LATER).await, ["fast10", "fast9"]);
    cost
}

#[tokio::test]
async fn the_jobs_of_a_resting_provider_cost_the_others_nothing() {
    // Never put off, put off until some time ago, and for long.
    for run_at in ["n", "n + 1", "2000000"] {
        let (few, many) =
            (instructions_beside(2_000, run_at).await, instructions_beside(100_000, run_at).await);
        assert!(few > 100, "nothing was counted: {few}");
        assert_eq!(few, many, "{run_at}");
    }
}

/// A provider may be paused whose jobs ask somebody whom nobody has paused.
#[tokio::test]
async fn the_jobs_of_a_paused_provider_cost_nothing_whoever_they_ask() {
    let mut costs = Vec::new();
    for jobs in [2_000, 100_000] {
        let folder = Folder::new();
        let queue = folder.open().await;
        pause_slow(&queue).await;
        insert(&queue, "'slow'", jobs, "n").await;
        execute(&queue, "UPDATE pending_requests SET origin = 'cdn'").await;
        insert(&queue, "'fast'", 10, "n").await;
        costs.push(instructions(&queue).await);
        assert_eq!(claim(&queue, 2, LATER).await, ["fast10", "fast9"]);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn jobs_that_were_put_off_cost_the_others_of_their_provider_nothing() {
    let mut costs = Vec::new();
    for jobs in [2_000, 100_000] {
        let folder = Folder::new();
        let queue = folder.open().await;
        insert(&queue, "'fast'", jobs, "2000000").await;
        let due = "UPDATE pending_requests SET run_at = created_at WHERE url LIKE '%fast7'";
        execute(&queue, due).await;
        costs.push(instructions(&queue).await);
        assert_eq!(claim(&queue, 2, LATER).await, ["fast7"]);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn groups_that_cannot_run_hide_none_that_can_and_cost_little_each() {
    let mut costs = Vec::new();
    for groups in [300, 600] {
        let folder = Folder::new();
        let queue = folder.open().await;
        insert(&queue, "'p' || n", groups, "2000000").await;
        costs.push(instructions(&queue).await);
        queue.enqueue(&[of_provider("last", "zzz")], LATER).await.unwrap();
        assert!(is_due(&queue, LATER).await);
        assert_eq!(claim(&queue, 2, LATER).await, ["last"]);
    }
    let each = (costs[1] - costs[0]) / 300;
    assert!(each < 300, "{each} instructions for each group");
}

#[tokio::test]
async fn more_groups_than_are_looked_at_cost_nothing() {
    let mut costs = Vec::new();
    for groups in [2_000, 10_000] {
        let folder = Folder::new();
        let queue = folder.open().await;
        insert(&queue, "'p' || n", groups, "n").await;
        costs.push(instructions(&queue).await);
    }
    assert_eq!(costs[0], costs[1]);
}
