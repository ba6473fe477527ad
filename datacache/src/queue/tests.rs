use std::fs;

use super::*;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::{DataType, Provider};

const NOW: Timestamp = Timestamp::from_millis(1_000);

struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("locks")).unwrap();
        Self { dir }
    }

    /// A handle as another process would have it.
    async fn open(&self) -> Queue {
        let db = Db::open(self.dir.path(), &self.dir.path().join("locks")).await;
        Queue::new(db.unwrap())
    }
}

fn job(path: &str, priority: Priority) -> NewJob {
    NewJob {
        key: Key::parse(&format!("https://a.example/{path}")).unwrap(),
        identifier: Some(Identifier::new("Daft Punk").unwrap()),
        data_type: DataType::FRONT_COVER,
        provider: Provider::new("cdn").unwrap(),
        priority,
        params: params(),
    }
}

fn params() -> Params {
    Params {
        ttl_ms: Some(u64::MAX),
        negative_ttl_ms: None,
        timeout_ms: Some(1),
        retries: 5,
        headers: vec![
            ("Accept".to_owned(), "text/html; q=\"0.5\"".to_owned()),
            ("Accept".to_owned(), "ö".to_owned()),
        ],
        metadata: serde_json::from_str(r#"{"nested": {"list": [1, null, "\u0000"]}}"#).unwrap(),
        expected_checksum: Some("ab".repeat(32)),
    }
}

async fn counts(queue: &Queue) -> (u64, u64) {
    let counts = queue.counts().await.unwrap();
    (counts.immediate, counts.batch)
}

#[tokio::test]
async fn a_key_is_queued_once_and_its_priority_only_rises() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    assert_eq!(counts(&first).await, (0, 0));
    for (queue, priority, expected) in [
        (&first, Priority::Batch, (0, 1)),
        (&second, Priority::Batch, (0, 1)),
        (&second, Priority::Immediate, (1, 0)),
        (&first, Priority::Batch, (1, 0)),
    ] {
        queue.enqueue(&job("x", priority), NOW).await.unwrap();
        assert_eq!(counts(&first).await, expected);
        assert_eq!(counts(&second).await, expected);
    }
    first.enqueue(&job("y", Priority::Batch), NOW).await.unwrap();
    assert_eq!(counts(&second).await, (1, 1));
}

#[tokio::test]
async fn a_queued_request_is_whole_when_the_queue_is_opened_again() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&job("x", Priority::Batch), NOW).await.unwrap();
    queue.db.close().await;

    let queue = folder.open().await;
    assert_eq!(counts(&queue).await, (0, 1));
    let mut connection = queue.db.read("test").await.unwrap();
    let select = "SELECT url, identifier, data_type, provider, params, status, attempts, created_at \
        FROM pending_requests";
    let row: (String, String, String, String, String, String, i64, i64) =
        sqlx::query_as(select).fetch_one(&mut *connection).await.unwrap();
    connection.close().await;
    let (url, identifier, data_type, provider, stored, status, attempts, created_at) = row;
    assert_eq!(url, "https://a.example/x");
    assert_eq!([&*identifier, &*data_type, &*provider], ["daft_punk", "front_cover", "cdn"]);
    assert_eq!(serde_json::from_str::<Params>(&stored).unwrap(), params());
    assert_eq!((&*status, attempts, created_at), ("pending", 0, NOW.as_millis()));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_queued_at_once_by_two_handles_are_all_there_and_each_once() {
    let folder = Folder::new();
    let queues = [folder.open().await, folder.open().await];
    let tasks: Vec<_> = (0..40)
        .map(|task| {
            let queue = queues[task % 2].clone();
            // Each key is queued by both handles.
            let job = job(&(task / 2).to_string(), Priority::Batch);
            tokio::spawn(async move { queue.enqueue(&job, NOW).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(counts(&queues[0]).await, (0, 20));
}
