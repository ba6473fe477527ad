//! What the queue may take.

use super::super::share::Lengths;
use super::*;

/// What so many rows take.
const TEN_ROWS: Option<u64> = Some(15_360);

async fn kind(queue: &Queue, jobs: &[NewJob], most_bytes: Option<u64>) -> Option<ErrorKind> {
    let mut tx = queue.db.write("test").await.unwrap();
    let checked = Queue::check_share(&mut tx, jobs, most_bytes).await;
    tx.roll_back().await;
    checked.err().map(|error| error.kind())
}

fn jobs(numbers: std::ops::Range<usize>) -> Vec<NewJob> {
    numbers.map(|number| job(&number.to_string(), Priority::Batch)).collect()
}

#[tokio::test]
async fn as_many_requests_as_there_is_a_share_for_are_queued_and_no_more() {
    let folder = Folder::new();
    let queue = folder.open().await;
    assert_eq!(kind(&queue, &jobs(0..10), TEN_ROWS).await, None);
    assert_eq!(kind(&queue, &jobs(0..11), TEN_ROWS).await, Some(ErrorKind::Full));
    queue.enqueue(&jobs(0..10), NOW).await.unwrap();
    assert_eq!(kind(&queue, &jobs(10..11), TEN_ROWS).await, Some(ErrorKind::Full));
    assert_eq!(kind(&queue, &jobs(10..11), None).await, None);
    // They are there already, which may make them more urgent.
    assert_eq!(kind(&queue, &jobs(0..10), TEN_ROWS).await, None);
    assert_eq!(kind(&queue, &jobs(5..11), TEN_ROWS).await, Some(ErrorKind::Full));
}

/// Numbers are given in the order of coming, and those between two ends may all be done.
#[tokio::test]
async fn it_is_the_requests_that_count_and_not_their_numbers() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&jobs(0..100), NOW).await.unwrap();
    let done = "DELETE FROM pending_requests WHERE request_id BETWEEN 5 AND 99";
    execute(&queue, done).await;
    assert_eq!(kind(&queue, &jobs(200..205), TEN_ROWS).await, None);
    assert_eq!(kind(&queue, &jobs(200..206), TEN_ROWS).await, Some(ErrorKind::Full));
}

/// One with a path and metadata of so many bytes.
fn long(number: usize, path: usize, metadata: usize) -> NewJob {
    let mut long = job(&format!("{number:05}/{}", "x".repeat(path)), Priority::Batch);
    if metadata > 0 {
        long.params.metadata.insert("text".to_owned(), "ö".repeat(metadata / 2).into());
    }
    long
}

#[tokio::test]
async fn a_long_request_takes_as_much_as_it_is_long_before_it_is_queued_and_after() {
    let folder = Folder::new();
    let queue = folder.open().await;
    assert_eq!(kind(&queue, &[long(0, 0, 7_500)], TEN_ROWS).await, None);
    assert_eq!(kind(&queue, &[long(0, 0, 15_000)], TEN_ROWS).await, Some(ErrorKind::Full));
    queue.enqueue(&[long(0, 0, 7_500)], NOW).await.unwrap();
    assert_eq!(kind(&queue, &jobs(0..3), TEN_ROWS).await, None);
    assert_eq!(kind(&queue, &jobs(0..4), TEN_ROWS).await, Some(ErrorKind::Full));
}

/// Lengths at which SQLite begins to do otherwise, and some between.
const PATHS: [usize; 9] = [0, 150, 400, 900, 960, 1_430, 2_100, 4_100, 8_000];
const METADATA: [usize; 8] = [0, 300, 1_100, 2_000, 3_300, 4_000, 8_000, 50_000];

#[tokio::test]
async fn what_requests_take_is_no_less_than_the_database_grows_by_and_not_much_more_than_twice_as_much()
 {
    const EACH: usize = 60;
    for (path, metadata) in PATHS.iter().flat_map(|path| METADATA.map(|length| (*path, length))) {
        let folder = Folder::new();
        let queue = folder.open().await;
        let pages = async || queue.read("test", pages).await.unwrap();
        let before = pages().await;
        let jobs: Vec<NewJob> = (0..EACH).map(|number| long(number, path, metadata)).collect();
        queue.enqueue(&jobs, NOW).await.unwrap();
        let held = queue.claim(&mut Turns::default(), EACH, NOW).await.unwrap();
        assert_eq!(held.len(), EACH);
        let grown = (pages().await - before) * 4_096;
        let counted: u64 = jobs.iter().map(NewJob::row_bytes).sum();
        assert!(grown <= counted, "{path}, {metadata}: {grown} of {counted}");
        if path + metadata >= 1_000 {
            assert!(counted <= grown * 9 / 4, "{path}, {metadata}: {grown} of {counted}");
        }
    }
}

async fn pages(db: &mut SqliteConnection) -> sqlx::Result<u64> {
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(db).await?;
    Ok(pages.unsigned_abs())
}

#[tokio::test]
async fn the_statement_computes_what_the_function_does_of_the_very_rows_without_reading_them() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let mut expected = 0;
    let lengths = PATHS.iter().flat_map(|path| METADATA.map(|length| (*path, length)));
    for (number, (path, metadata)) in lengths.enumerate() {
        let job = long(number, path, metadata);
        queue.enqueue(&[long(number, path, metadata)], NOW).await.unwrap();
        let lengths = Lengths {
            url: job.key.as_str().len() as u64,
            params: serde_json::to_string(&job.params).unwrap().len() as u64,
            last_error: 0,
        };
        expected += lengths.bytes_beyond_usual();
        assert_eq!(beyond(&queue).await, expected, "{path}, {metadata}");
    }
    let plan = queue.read("test", plans).await.unwrap();
    let scans = plan.iter().filter(|step| step.starts_with("SCAN pending_requests"));
    let index = "SCAN pending_requests USING COVERING INDEX pending_by_length";
    assert_eq!(scans.collect::<Vec<_>>(), [index; 2]);
}

/// The reason may name the URL, and more of them.
#[tokio::test]
async fn what_is_said_of_a_failure_counts_where_it_may_be_long() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[long(0, 1_000, 0)], NOW).await.unwrap();
    let before = beyond(&queue).await;
    let held = claim_one(&queue, NOW).await;
    let reason = "x".repeat(20_000);
    queue.set_back(&held, &Setback::RetryAt(end(), reason), NOW).await.unwrap();
    assert!((20_000..25_000).contains(&(beyond(&queue).await - before)));
}

async fn beyond(queue: &Queue) -> u64 {
    let (_, beyond) =
        queue.read("test", async |db| sql::enqueueing::filled(db).await).await.unwrap();
    beyond
}

async fn plans(db: &mut SqliteConnection) -> sqlx::Result<Vec<String>> {
    let mut plans = Vec::new();
    let looks = ["FILLED", "BEYOND"];
    for (_, sql) in sql::enqueueing::STATEMENTS.iter().filter(|(name, _)| looks.contains(name)) {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&mut *db).await?;
        plans.extend(steps.into_iter().map(|(.., step)| step));
    }
    Ok(plans)
}
