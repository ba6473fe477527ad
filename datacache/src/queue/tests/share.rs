//! What the queue may take.

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

#[tokio::test]
async fn a_request_with_long_metadata_takes_as_much_as_it_is_long() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let with_metadata = |bytes: usize| {
        let mut long = job("long", Priority::Batch);
        long.params.metadata.insert("text".to_owned(), "x".repeat(bytes).into());
        [long]
    };
    assert_eq!(kind(&queue, &with_metadata(14_000), TEN_ROWS).await, None);
    assert_eq!(kind(&queue, &with_metadata(16_000), TEN_ROWS).await, Some(ErrorKind::Full));
}
