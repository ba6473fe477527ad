//! One of the processes that do the work.

use std::io::Cursor;
use std::time::{Duration, Instant};

use datacache::{
    Cache, Config, DataType, Identifier, Lookup, Priority, Provider, Request, Until, Worker,
    WorkerConfig,
};
use datacache_benches::{Failure, Order, Orders, Samples};
use image::{DynamicImage, ImageFormat};
use tokio::task::JoinSet;

/// The argument that makes this program a driver, before FOLDER and ENTRIES.
pub(crate) const SERVE: &str = "serve";

/// The work that fills a folder.
pub(crate) const FILL: &str = "fill";

/// So many puts of a folder's filling run at once.
const TASKS: usize = 16;

/// So many images each artist has.
const IMAGES_PER_ARTIST: u64 = 10;

/// A million requests are more than an eighth of what a cache takes by default.
const MAX_BYTES: u64 = 1024 * 1024 * 1024 * 1024;

/// Jobs are queued so many at once.
const BATCH: usize = 1_000;

#[tokio::main]
pub(crate) async fn serve(folder: &str, entries: u64) -> Result<(), Failure> {
    let mut config = Config::new(folder);
    config.cache.max_bytes = MAX_BYTES;
    let cache = Cache::open(config).await?;
    let driver = Driver { cache, entries, picture: picture()? };
    for order in Orders::begin() {
        let order = order?;
        let mut samples = Samples::default();
        match order.work.as_str() {
            FILL => driver.fill().await?,
            "lookup" => driver.look_up(&order, &mut samples).await?,
            "bodies" => driver.look_up_bodies(&order).await?,
            "put" => driver.put(&order, &mut samples).await?,
            "pick" => driver.pick(&order, &mut samples).await?,
            "prepare" => driver.prepare(&order).await?,
            "settle" => driver.settle(&mut samples).await?,
            _ => return Err(order.unknown()),
        }
        samples.tell()?;
    }
    driver.cache.close().await;
    Ok(())
}

#[derive(Clone)]
struct Driver {
    cache: Cache,
    /// How many entries the folder was filled with.
    entries: u64,
    picture: Vec<u8>,
}

impl Driver {
    /// As many images as the folder is to have entries, and as many jobs of a provider that rests.
    async fn fill(&self) -> Result<(), Failure> {
        let mut tasks = JoinSet::new();
        for task in (0..).take(TASKS) {
            let driver = self.clone();
            tasks.spawn(async move {
                for number in (task..driver.entries).step_by(TASKS) {
                    driver.put_image(format!("https://a.example/{number}"), number).await?;
                }
                Ok::<_, Failure>(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        let resting = Provider::new("resting")?;
        self.cache.pause(&resting).await?;
        let jobs: Vec<Request> = (0..self.entries)
            .map(|number| job(format!("https://b.example/{number}")).provider(resting.clone()))
            .collect();
        for batch in jobs.chunks(BATCH) {
            self.cache.enqueue(batch.iter().cloned()).await?;
        }
        Ok(())
    }

    /// A logo, as no palette is made of those.
    async fn put_image(&self, url: String, number: u64) -> Result<(), Failure> {
        let request = Request::new(url)
            .identifier(format!("Artist {}", number / IMAGES_PER_ARTIST))
            .data_type(DataType::ARTIST_LOGO);
        // What follows a picture's end does not matter.
        let body = [self.picture.as_slice(), &number.to_be_bytes()].concat();
        self.cache.put(request, body).await?;
        Ok(())
    }

    /// Looks entries up in the store: how many there are does not matter to what is in memory.
    async fn look_up(&self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        let mut config = Config::new(self.cache.dir());
        config.cache.hot_bytes = 0;
        let cold = Cache::open(config).await?;
        for _ in order.numbers.clone() {
            let url = format!("https://a.example/{}", fastrand::u64(..self.entries));
            let found = samples.time("lookup", cold.lookup(&url)).await?;
            let Lookup::Fresh(_) = found else { return Err(format!("no {url}").into()) };
        }
        cold.close().await;
        Ok(())
    }

    /// Stores entries of 8 KiB through a handle of its own, and looks each up once.
    async fn look_up_bodies(&self, order: &Order) -> Result<(), Failure> {
        let url = |number| format!("body:{number}");
        let other = Cache::open(Config::new(self.cache.dir())).await?;
        for number in order.numbers.clone() {
            let body: Vec<u8> =
                std::iter::repeat_with(|| fastrand::u8(..)).take(8 * 1024).collect();
            other.put(Request::new(url(number)), body).await?;
        }
        other.close().await;
        for number in order.numbers.clone() {
            self.cache.lookup(&url(number)).await?;
        }
        Ok(())
    }

    async fn put(&self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        for _ in order.numbers.clone() {
            let number = fastrand::u64(..);
            let put = self.put_image(format!("https://new.example/{number}"), number);
            samples.time("put", put).await?;
        }
        Ok(())
    }

    async fn pick(&self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        for _ in order.numbers.clone() {
            let artist = fastrand::u64(..self.entries) / IMAGES_PER_ARTIST;
            let artist = Identifier::new(&format!("Artist {artist}"))?;
            let pick = self.cache.random_image(&artist, &DataType::ARTIST_LOGO, None);
            samples.time("pick", pick).await?.ok_or("an artist without an image")?;
        }
        Ok(())
    }

    /// Queues jobs whose answers come meanwhile, so that workers have no request to make.
    async fn prepare(&self, order: &Order) -> Result<(), Failure> {
        for _ in order.numbers.clone() {
            let url = format!("https://c.example/{}", fastrand::u64(..));
            self.cache.enqueue([job(url.clone())]).await?;
            self.cache.put(Request::new(url), "answered").await?;
        }
        Ok(())
    }

    /// Runs what is queued, together with the other processes. A worker takes several jobs at once,
    /// so what is told is the share of each.
    #[expect(clippy::disallowed_methods, reason = "a bench measures")]
    async fn settle(&self, samples: &mut Samples) -> Result<(), Failure> {
        let mut config = WorkerConfig::default();
        config.until = Until::Drained { patience: Duration::ZERO };
        let worker = Worker::new(self.cache.clone(), config);
        let began = Instant::now();
        let done = worker.run(std::future::pending()).await?.done;
        if let Some(share) = began.elapsed().as_nanos().checked_div(u128::from(done)) {
            samples.note("settle", u64::try_from(share)?);
        }
        Ok(())
    }
}

fn job(url: String) -> Request {
    Request::new(url).priority(Priority::Batch)
}

fn picture() -> Result<Vec<u8>, Failure> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(64, 48).write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
