//! Rows that no version of this crate has written.

use super::*;

#[tokio::test]
async fn a_row_that_cannot_be_read_is_buried_and_the_others_go_on() {
    for damage in [
        "UPDATE pending_requests SET attempts = 5000000000",
        "UPDATE pending_requests SET attempts = 9223372036854775807",
        "UPDATE pending_requests SET attempts = -2",
        "UPDATE pending_requests SET data_type = CAST(x'ff' AS TEXT)",
        "UPDATE pending_requests SET provider = CAST(x'ff' AS TEXT)",
        "UPDATE pending_requests SET params = CAST(x'ff' AS TEXT)",
    ] {
        let folder = Folder::new();
        let queue = folder.open().await;
        queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
        execute(&queue, damage).await;
        queue.enqueue(&[job("y", Priority::Batch)], NOW).await.unwrap();
        assert_eq!(claim(&queue, 9, NOW).await, ["y"], "{damage}");
        let dead = "SELECT last_error FROM pending_requests WHERE status = 'dead'";
        let mut connection = queue.db.read("test").await.unwrap();
        let reason: String = sqlx::query_scalar(dead).fetch_one(&mut *connection).await.unwrap();
        assert!(reason.contains("its row is damaged"), "{damage}: {reason}");
        assert_eq!(queue.finished_since(0).await.unwrap(), [(1, key("x"), Finish::Failed)]);
    }
}

#[tokio::test]
async fn numbers_out_of_range_are_listed_and_lost_when_the_request_begins_anew() {
    for (damage, listed) in [
        ("UPDATE pending_requests SET attempts = 5000000000", u32::MAX),
        ("UPDATE pending_requests SET attempts = -5", 0),
    ] {
        let folder = Folder::new();
        let queue = folder.open().await;
        queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
        execute(&queue, damage).await;
        assert_eq!(info(&queue, "x").await.attempts, listed);
        assert!(hold(&queue, "x", NOW).await.is_some());
    }
}
