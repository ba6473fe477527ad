mod claiming;
mod costs;
mod damage;
mod enqueueing;
mod finishes;
mod leases;
mod managing;
mod settling;
mod share;

use std::fs;

use uuid::Uuid;

use super::*;
use crate::identifier::Identifier;
use crate::name::DataType;

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

    /// A handle as another process would have it: nothing is shared but the folder.
    async fn open(&self) -> Queue {
        let locks = self.dir.path().join("locks");
        let db = Db::open(self.dir.path(), &locks, None).await.unwrap();
        Queue::new(db, Arc::new(OwnSession::new(locks)), 10_000)
    }
}

fn job(path: &str, priority: Priority) -> NewJob {
    NewJob {
        key: Key::parse(&format!("https://a.example/{path}")).unwrap(),
        identifier: Some(Identifier::new("Daft Punk").unwrap()),
        data_type: DataType::FRONT_COVER,
        provider: provider("cdn"),
        origin: provider("cdn"),
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
        credential: true,
        untrusted: true,
        json: true,
    }
}

async fn counts(queue: &Queue) -> (u64, u64) {
    let counts = queue.counts().await.unwrap();
    (counts.immediate, counts.batch)
}

fn of_type(path: &str, data_type: DataType, priority: Priority) -> NewJob {
    NewJob { data_type, ..job(path, priority) }
}

fn of_provider(path: &str, name: &str) -> NewJob {
    let (provider, origin) = (provider(name), provider(name));
    NewJob { provider, origin, ..job(path, Priority::Batch) }
}

fn provider(name: &str) -> Provider {
    Provider::new(name).unwrap()
}

fn key(path: &str) -> Key {
    job(path, Priority::Batch).key
}

/// What follows the host.
fn path_of(key: &Key) -> String {
    key.as_str().strip_prefix("https://a.example/").unwrap().to_owned()
}

fn after(moment: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(moment.as_millis() + millis)
}

/// The end of a lease that is given at [`NOW`].
fn end() -> Timestamp {
    after(NOW, LEASE_MS)
}

/// The paths of the jobs that a worker who has just begun is given.
async fn claim(queue: &Queue, slots: usize, now: Timestamp) -> Vec<String> {
    claim_in_turn(queue, &mut Turns::default(), slots, now).await
}

async fn claim_in_turn(
    queue: &Queue,
    turns: &mut Turns,
    slots: usize,
    now: Timestamp,
) -> Vec<String> {
    let jobs = queue.claim(turns, slots, now).await.unwrap();
    jobs.iter().map(|job| path_of(&job.key)).collect()
}

async fn claim_one(queue: &Queue, now: Timestamp) -> Job {
    queue.claim(&mut Turns::default(), 1, now).await.unwrap().pop().unwrap()
}

async fn info(queue: &Queue, path: &str) -> JobInfo {
    queue.get(&key(path)).await.unwrap().unwrap()
}

async fn execute(queue: &Queue, sql: &'static str) {
    let mut tx = queue.db.write("test").await.unwrap();
    sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// Whether a claim at `now` would take the lock.
async fn is_due(queue: &Queue, now: Timestamp) -> bool {
    queue.read("test", async |db| is_due_or_ended(db, &Turns::default(), now).await).await.unwrap()
}

/// Leases the row for a path, as who makes the request at once does.
async fn hold(queue: &Queue, path: &str, now: Timestamp) -> Option<Job> {
    let begun = queue.begin(&job(path, Priority::Immediate), Heirs::Anybody, now).await.unwrap();
    begun.map(|begun| begun.job)
}
