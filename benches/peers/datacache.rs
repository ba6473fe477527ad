//! Our own side of the comparison with peers: `datacache` as a store of bytes, as a cache of what an
//! origin says, and as a queue.

use std::ops::Range;
use std::time::Duration;

use datacache::{
    Answer, Cache, Config, Lookup, Priority, Provider, ProviderConfig, Request, Until, Worker,
    WorkerConfig,
};
use datacache_benches::{Failure, Keyed, Order, Orders, Place, Samples, serve};

/// How many jobs are enqueued at once.
const BATCH: u64 = 100;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let place = Place::from_arguments()?;
    match place.name.as_str() {
        "datacache" => serve::<Store>(&place).await,
        "datacache-fetch" => serve::<Fetching>(&place).await,
        "datacache-queue" => serve_queue(&place).await,
        name => Err(format!("no such driver: {name}").into()),
    }
}

/// A store of bytes: `lookup` and `put`.
struct Store(Cache);

impl Keyed for Store {
    type Body = bytes::Bytes;

    async fn open(place: &Place) -> Result<Self, Failure> {
        Ok(Self(Cache::open(Config::new(&place.folder)).await?))
    }

    async fn get(&mut self, url: &str) -> Result<Self::Body, Failure> {
        match self.0.lookup(url).await? {
            Lookup::Fresh(entry) => Ok(entry.data),
            other => Err(format!("{url} is not fresh: {other:?}").into()),
        }
    }

    async fn misses(&mut self, url: &str) -> Result<bool, Failure> {
        Ok(matches!(self.0.lookup(url).await?, Lookup::Miss))
    }

    async fn store(&mut self, url: &str, body: Vec<u8>) -> Result<(), Failure> {
        self.0.put(Request::new(url), body).await?;
        Ok(())
    }

    async fn close(self) {
        self.0.close().await;
    }
}

/// A cache of what an origin says: `fetch`.
struct Fetching(Cache);

impl Keyed for Fetching {
    type Body = bytes::Bytes;

    async fn open(place: &Place) -> Result<Self, Failure> {
        let mut config = Config::new(&place.folder);
        let mut origin = ProviderConfig::default();
        origin.hosts = Some(vec!["127.0.0.1".to_owned()]);
        origin.budget = Some("none".parse()?);
        config.providers.insert(Provider::new("origin")?, origin);
        Ok(Self(Cache::open(config).await?))
    }

    async fn get(&mut self, url: &str) -> Result<Self::Body, Failure> {
        match self.0.fetch(Request::new(url)).await? {
            Answer::Found(found) => Ok(found.entry.data),
            other => Err(format!("{url} is not found: {other:?}").into()),
        }
    }

    async fn misses(&mut self, url: &str) -> Result<bool, Failure> {
        Ok(matches!(self.0.fetch(Request::new(url).offline()).await?, Answer::Miss))
    }

    async fn store(&mut self, url: &str, body: Vec<u8>) -> Result<(), Failure> {
        if self.get(url).await? == body {
            Ok(())
        } else {
            Err("the origin says something else".into())
        }
    }

    async fn close(self) {
        self.0.close().await;
    }
}

/// Works on a queue until there are no more orders.
async fn serve_queue(place: &Place) -> Result<(), Failure> {
    let waiting = Cache::open(Config::new(place.folder.join("waiting"))).await?;
    let settled = Cache::open(Config::new(place.folder.join("settled"))).await?;
    for order in Orders::begin() {
        let order = order?;
        let mut samples = Samples::default();
        match order.work.as_str() {
            "enqueue" => enqueue(&waiting, &order, 1, &mut samples).await?,
            "batch" => enqueue(&waiting, &order, BATCH, &mut samples).await?,
            "settle" => settle(&settled, &order, &mut samples).await?,
            _ => return Err(order.unknown()),
        }
        samples.tell()?;
    }
    waiting.close().await;
    settled.close().await;
    Ok(())
}

/// For each number as many jobs at once as `jobs` says.
async fn enqueue(
    cache: &Cache,
    order: &Order,
    jobs: u64,
    samples: &mut Samples,
) -> Result<(), Failure> {
    for number in order.numbers.clone() {
        let batch = requests(number * jobs..(number + 1) * jobs);
        let queued = samples.time(&order.work, cache.enqueue(batch)).await?;
        if queued.new != jobs {
            return Err(format!("{} of {jobs} jobs were queued", queued.new).into());
        }
    }
    Ok(())
}

/// Jobs whose answers came meanwhile, so that a worker claims and completes them without a fetch.
/// It takes several at once, so what is told of each is its share.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
async fn settle(cache: &Cache, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
    cache.enqueue(requests(order.numbers.clone())).await?;
    for request in requests(order.numbers.clone()) {
        cache.put(request, "answered").await?;
    }
    let mut config = WorkerConfig::default();
    config.until = Until::Drained { patience: Duration::ZERO };
    let worker = Worker::new(cache.clone(), config);
    let began = std::time::Instant::now();
    let done = worker.run(std::future::pending()).await?.done;
    let share = began.elapsed().as_nanos() / u128::from(done.max(1));
    samples.note("settle", u64::try_from(share)?);
    let due = order.numbers.end - order.numbers.start;
    if done == due { Ok(()) } else { Err(format!("{done} of {due} jobs were done").into()) }
}

fn requests(numbers: Range<u64>) -> impl Iterator<Item = Request> {
    let request = |number| Request::new(format!("https://a.example/{number}"));
    numbers.map(move |number| request(number).priority(Priority::Batch))
}
