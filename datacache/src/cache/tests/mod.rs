mod credentials;
mod explaining;
mod fetching;
mod filling;
mod floors;
mod freshness;
mod hot;
mod images;
mod joining;
mod lifecycle;
mod long_log;
mod many;
mod numbers;
mod offline;
mod random;
mod redirecting;
mod revalidating;
mod room;
mod secrets;
mod sharing;
mod storing;
mod subjects;
mod tokens;
mod torn;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::*;
use crate::checksum::Checksum;
use crate::error::ErrorKind;
use crate::identifier::Identifier;
use crate::name::{DataType, Provider};
use crate::queue::Priority;
use crate::store::Metadata;
use crate::testing::{Origin, Received, Reply};
use crate::worker::{Progress, Until, Worker, WorkerConfig};

/// How long a test waits for what is to happen.
const NET: Duration = Duration::from_secs(10);

const START: Timestamp = Timestamp::from_millis(1_000_000);
const HOUR: Duration = Duration::from_hours(1);
const TAGGED: &str = r#"ETag: "a""#;

struct Folder {
    dir: tempfile::TempDir,
    clock: Clock,
}

impl Folder {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: Clock::manual(START) }
    }

    fn config(&self) -> Config {
        Config::new(self.dir.path().join("cache"))
    }

    /// A handle as another process would have it: nothing is shared but the folder and the time.
    async fn open(&self) -> Cache {
        self.open_with(self.config()).await
    }

    async fn open_with(&self, config: Config) -> Cache {
        Cache::open_with_clock(config, self.clock.clone()).await.unwrap()
    }
}

/// An origin that gives these answers in turn, the last one for ever.
fn origin(replies: impl IntoIterator<Item = Reply>) -> Origin {
    let replies = Mutex::new(VecDeque::from_iter(replies));
    let answer = move |_: &_| {
        let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
        if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() }.unwrap()
    };
    Origin::start(answer).unwrap()
}

/// `reply` with the headers in `lines`, separated by `;`.
fn with(reply: Reply, lines: &str) -> Reply {
    lines.split(';').filter(|line| !line.is_empty()).fold(reply, |reply, line| {
        let (name, value) = line.split_once(':').unwrap();
        reply.header(name.trim(), value.trim())
    })
}

fn not_modified(lines: &str) -> Reply {
    with(Reply::status(304), lines)
}

/// The conditions of a request.
fn conditions(received: &Received) -> Vec<&str> {
    let names = ["if-none-match", "if-modified-since"].into_iter();
    names.filter_map(|name| received.headers.get(name).map(String::as_str)).collect()
}

/// A request that is tried once and stays fresh for an hour.
fn request(url: &str) -> Request {
    Request::new(url).ttl(HOUR).negative_ttl(HOUR).retries(0)
}

fn found(answer: Answer) -> Found {
    match answer {
        Answer::Found(found) => *found,
        other => panic!("{other:?}"),
    }
}

/// How a request was answered: the state and the bytes.
async fn fetch(cache: &Cache, request: Request) -> (FoundState, Bytes) {
    let found = found(cache.fetch(request).await.unwrap());
    let is_asked = matches!(found.state, FoundState::Fetched | FoundState::Revalidated);
    assert_eq!(found.source == Source::Origin, is_asked);
    (found.state, found.entry.data)
}

async fn failure(cache: &Cache, request: Request) -> ErrorKind {
    cache.fetch(request).await.unwrap_err().kind()
}

/// How many requests wait with priority 1 and 2.
async fn queued(cache: &Cache) -> (u64, u64) {
    // A caller that stopped waiting hands its job back behind its own back.
    cache.0.background.finish().await;
    let queue = cache.stats().await.unwrap().queue;
    (queue.immediate, queue.batch)
}

/// Runs what is due in the queue.
async fn drain(cache: &Cache) -> Progress {
    let until = Until::Drained { patience: Duration::ZERO };
    let config = WorkerConfig { until, ..WorkerConfig::default() };
    Worker::new(cache.clone(), config).run(std::future::pending()).await.unwrap()
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(3, 2).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}
