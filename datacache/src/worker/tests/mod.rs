mod lulls;
mod running;
mod sleeping;

use std::future::pending;

use super::*;
use crate::config::{Config, ProviderConfig};
use crate::name::{DataType, Provider};
use crate::queue::{JobInfo, JobState};
use crate::testing::{Origin, Reply};
use crate::{Answer, Lookup, Request};

const START: Timestamp = Timestamp::from_millis(1_000_000);

/// A net against hanging.
const NET: Duration = Duration::from_secs(30);

struct Folder {
    dir: tempfile::TempDir,
    clock: Clock,
}

impl Folder {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: Clock::manual(START) }
    }

    /// A handle as another process would have it: nothing is shared but the folder and the time.
    /// It knows two providers without hosts.
    async fn open(&self) -> Cache {
        let mut config = Config::new(self.dir.path().join("cache"));
        for name in ["cold", "other"] {
            let budget = Some("none".parse().unwrap());
            let settings = ProviderConfig { budget, ..ProviderConfig::default() };
            config.providers.insert(provider(name), settings);
        }
        Cache::open_with_clock(config, self.clock.clone()).await.unwrap()
    }
}

/// A request that is tried once per attempt.
fn request(url: &str) -> Request {
    Request::new(url).retries(0)
}

fn provider(name: &str) -> Provider {
    Provider::new(name).unwrap()
}

/// Does what there is to do now.
async fn drain(cache: &Cache) -> Progress {
    drain_with(cache, WorkerConfig::default()).await
}

async fn drain_with(cache: &Cache, config: WorkerConfig) -> Progress {
    let until = Until::Drained { patience: Duration::ZERO };
    let worker = Worker::new(cache.clone(), WorkerConfig { until, ..config });
    tokio::time::timeout(NET, worker.run(pending())).await.unwrap().unwrap()
}

async fn job(cache: &Cache, url: &str) -> Option<JobInfo> {
    cache.0.queue.get(&cache.key(url).unwrap()).await.unwrap()
}

async fn leased(cache: &Cache) -> u64 {
    cache.stats().await.unwrap().queue.leased
}

async fn execute(cache: &Cache, sql: &'static str) {
    let mut tx = cache.0.db.write("test").await.unwrap();
    sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}
