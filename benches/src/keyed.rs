//! The work of caches: what is stored under a number is found under it again.

use std::path::PathBuf;

use crate::{Failure, Order, Orders, Samples};

/// The keys below are those that the mixed work reads.
const POOL: u64 = 200;

/// Of so many operations of the mixed work one writes.
const WRITES_ONE_IN: u64 = 10;

/// Reads of the mixed work jump so far, which has no divisor in common with the pool.
const STRIDE: u64 = 73;

/// Where a driver works, as its arguments say: `NAME FOLDER ORIGIN BLOCK`.
#[derive(Debug)]
pub struct Place {
    /// Which of the caches that it knows it is to drive.
    pub name: String,
    /// The folder that all drivers of one cache share.
    pub folder: PathBuf,
    /// The URL, ending in `/`, below which `SIZE/NUMBER` are the same bytes as [`body`](Self::body),
    /// and may be cached.
    pub origin: String,
    block: Vec<u8>,
}

impl Place {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    /// There are others, or the file BLOCK cannot be read.
    pub fn from_arguments() -> Result<Self, Failure> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [name, folder, origin, block] = &arguments[..] else {
            return Err("the arguments are NAME FOLDER ORIGIN BLOCK".into());
        };
        Ok(Self {
            name: name.clone(),
            folder: folder.into(),
            origin: origin.clone(),
            block: std::fs::read(block)?,
        })
    }

    /// The body of a number: the number, then what no compression makes smaller.
    pub fn body(&self, number: u64, size_bytes: usize) -> Vec<u8> {
        let mut body = number.to_be_bytes().to_vec();
        body.extend_from_slice(&self.block[body.len()..size_bytes]);
        body
    }

    /// The URL of a number whose body the origin has.
    pub fn url(&self, number: u64, size_bytes: usize) -> String {
        format!("{}{size_bytes}/{number}", self.origin)
    }
}

/// A cache as this comparison uses it.
pub trait Keyed: Sized + Send {
    /// Bytes as it returns them.
    type Body: AsRef<[u8]> + Send;

    /// Opens the cache in the folder of `place`, as a process would at its start.
    fn open(place: &Place) -> impl Future<Output = Result<Self, Failure>> + Send;

    /// What is stored under `url`.
    fn get(&mut self, url: &str) -> impl Future<Output = Result<Self::Body, Failure>> + Send;

    /// Whether nothing is stored under `url`.
    fn misses(&mut self, url: &str) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Stores `body` under `url`; a cache that only keeps what it has fetched fetches it.
    fn store(
        &mut self,
        url: &str,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Closes it, as a process would at its end.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Works on a cache until there are no more orders.
///
/// # Errors
/// Those of the cache, and a body that is not the one that was stored.
pub async fn serve<K: Keyed>(place: &Place) -> Result<(), Failure> {
    let mut driver = Driver { cache: K::open(place).await?, place };
    for order in Orders::begin() {
        let order = order?;
        let mut samples = Samples::default();
        match order.work.as_str() {
            "store" => driver.store(&order, &mut samples).await?,
            "hit" => driver.hit(&order, &mut samples).await?,
            "first" => driver.first(&order, &mut samples).await?,
            "open" => driver.open(&order, &mut samples).await?,
            "miss" => driver.miss(&order, &mut samples).await?,
            "mix" => driver.mix(&order, &mut samples).await?,
            _ => return Err(order.unknown()),
        }
        samples.tell()?;
    }
    driver.cache.close().await;
    Ok(())
}

struct Driver<'a, K> {
    cache: K,
    place: &'a Place,
}

impl<K: Keyed> Driver<'_, K> {
    async fn store(&mut self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        for number in order.numbers.clone() {
            let url = self.place.url(number, order.size_bytes);
            let body = self.place.body(number, order.size_bytes);
            samples.time("store", self.cache.store(&url, body)).await?;
        }
        Ok(())
    }

    /// The first key again and again.
    async fn hit(&mut self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        let again = order.numbers.clone().map(|_| order.numbers.start);
        self.read("hit", again, order.size_bytes, samples).await
    }

    /// Each key once; another process has stored them.
    async fn first(&mut self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        self.read("first", order.numbers.clone(), order.size_bytes, samples).await
    }

    async fn read(
        &mut self,
        what: &str,
        numbers: impl Iterator<Item = u64> + Send,
        size_bytes: usize,
        samples: &mut Samples,
    ) -> Result<(), Failure> {
        for number in numbers {
            let url = self.place.url(number, size_bytes);
            let body = samples.time(what, self.cache.get(&url)).await?;
            self.check(&body, number, size_bytes)?;
        }
        Ok(())
    }

    /// Opening, one hit of the first key, and closing.
    async fn open(&mut self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        let number = order.numbers.start;
        let url = self.place.url(number, order.size_bytes);
        for _ in order.numbers.clone() {
            let whole = async {
                let mut cache = K::open(self.place).await?;
                let body = cache.get(&url).await?;
                cache.close().await;
                Ok::<_, Failure>(body)
            };
            let body = samples.time("open", whole).await?;
            self.check(&body, number, order.size_bytes)?;
        }
        Ok(())
    }

    async fn miss(&mut self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        for number in order.numbers.clone() {
            let url = self.place.url(number, order.size_bytes);
            if !samples.time("miss", self.cache.misses(&url)).await? {
                return Err("a key that nobody stored is there".into());
            }
        }
        Ok(())
    }

    /// Nine reads of the pool for each write of a key of one's own. An error is counted, as it is
    /// what the mixed work is about; wrong bytes are not.
    async fn mix(&mut self, order: &Order, samples: &mut Samples) -> Result<(), Failure> {
        for number in order.numbers.clone() {
            if number % WRITES_ONE_IN == 0 {
                let url = self.place.url(number, order.size_bytes);
                let body = self.place.body(number, order.size_bytes);
                let stored = samples.time("mixed write", self.cache.store(&url, body)).await;
                stored.unwrap_or_else(|error| samples.failed(&error));
                continue;
            }
            let read = number * STRIDE % POOL;
            let url = self.place.url(read, order.size_bytes);
            match samples.time("mixed read", self.cache.get(&url)).await {
                Ok(body) => self.check(&body, read, order.size_bytes)?,
                Err(error) => samples.failed(&error),
            }
        }
        Ok(())
    }

    fn check(&self, body: &K::Body, number: u64, size_bytes: usize) -> Result<(), Failure> {
        if body.as_ref() == self.place.body(number, size_bytes) {
            return Ok(());
        }
        Err(format!("the bytes of {number} are not those that were stored").into())
    }
}
