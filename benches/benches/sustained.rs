//! What shows over time: eight processes that read and write without pause, how long the write-ahead log
//! becomes, and what a worker takes that has nothing to do.
//!
//! `cargo bench -p datacache-benches --bench sustained -- 600` goes on for so many seconds instead of ten.

#![expect(clippy::unwrap_used, reason = "a bench ends at a failure")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use datacache::{Cache, Config, Lookup, Request, Worker, WorkerConfig};
use datacache_benches::{Failure, Order, Orders, Processes, Samples};
use tokio::time::sleep;

/// The argument that makes this program a driver, before FOLDER.
const SERVE: &str = "serve";

const PROCESSES: usize = 8;
const ENTRIES: u64 = 1_000;
const BODY_BYTES: usize = 8 * 1024;

/// One operation in so many writes.
const WRITES_ONE_IN: u64 = 10;

const DEFAULT_SECONDS: u64 = 10;

/// The system counts a process's time in hundredths of a second.
const IDLE_SECONDS: u64 = 30;
const TICKS_PER_SECOND: u64 = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, folder] = &arguments[..]
        && serve == SERVE
    {
        drive(folder).unwrap();
        return;
    }
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok());
    tell(seconds.unwrap_or(DEFAULT_SECONDS)).unwrap();
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn tell(seconds: u64) -> Result<(), Failure> {
    let dir = tempfile::tempdir()?;
    let folder = dir.path().to_str().ok_or("a folder without a name")?;
    Processes::start(&[SERVE, folder], 1)?.order("fill", ENTRIES)?;
    let samples = Processes::start(&[SERVE, folder], PROCESSES)?.order("mixed", seconds)?;
    println!(
        "{PROCESSES} processes for {seconds} s, one operation in {WRITES_ONE_IN} a put of {BODY_BYTES} \
         bytes, nothing kept in memory:"
    );
    for what in ["look-up", "put"] {
        let millis = |percent| {
            let nanoseconds = samples.percentile(what, percent).unwrap_or(0);
            Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3
        };
        let [median, most, worst] = [50, 99, 100].map(millis);
        let count = samples.count(what);
        println!("{what}: {count}, median {median:.2} ms, 99 % {most:.2} ms, worst {worst:.2} ms");
    }
    println!("errors: {:?}", samples.errors());
    println!("log: {} bytes at most", samples.percentile("log", 100).unwrap_or(0));

    let mut worker = Processes::start(&[SERVE, folder], 1)?;
    let id = worker.ids().next().ok_or("no worker")?;
    let before = ticks(id);
    worker.order("rest", IDLE_SECONDS)?;
    let (Some(before), Some(after)) = (before, ticks(id)) else {
        println!("This system does not tell how much time a process takes.");
        return Ok(());
    };
    let percent = (after - before) * 100 / TICKS_PER_SECOND;
    println!("idle worker: {percent} / {IDLE_SECONDS} % of a core");
    Ok(())
}

/// What a process has had of the processors, in hundredths of a second: Linux tells it behind the name, which is
/// in brackets, in the 12th and 13th field (`man 5 proc`).
fn ticks(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = status.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [user, system] = [fields.get(11)?, fields.get(12)?].map(|ticks| ticks.parse::<u64>());
    Some(user.ok()? + system.ok()?)
}

#[tokio::main]
async fn drive(folder: &str) -> Result<(), Failure> {
    let mut config = Config::new(folder);
    config.cache.hot_bytes = 0;
    let driver = Driver { cache: Cache::open(config).await?, folder: folder.into() };
    for order in Orders::begin() {
        let order = order?;
        let mut samples = Samples::default();
        match order.work.as_str() {
            "fill" => driver.fill(&order).await?,
            "mixed" => driver.mix(seconds_of(&order), &mut samples).await,
            "rest" => driver.rest(seconds_of(&order)).await?,
            _ => return Err(order.unknown()),
        }
        samples.tell()?;
    }
    driver.cache.close().await;
    Ok(())
}

fn seconds_of(order: &Order) -> Duration {
    Duration::from_secs(order.numbers.end)
}

struct Driver {
    cache: Cache,
    folder: PathBuf,
}

impl Driver {
    async fn fill(&self, order: &Order) -> Result<(), Failure> {
        for number in order.numbers.clone() {
            self.cache.put(Request::new(url(number)), body()).await?;
        }
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "a bench measures")]
    async fn mix(&self, lasts: Duration, samples: &mut Samples) {
        let began = Instant::now();
        while began.elapsed() < lasts {
            let url = url(fastrand::u64(..ENTRIES));
            if fastrand::u64(..WRITES_ONE_IN) == 0 {
                let put = self.cache.put(Request::new(&url), body());
                if let Err(error) = samples.time("put", put).await {
                    samples.failed(&error);
                }
                let log = self.folder.join("datacache.sqlite-wal").metadata();
                samples.note("log", log.map_or(0, |log| log.len()));
            } else {
                match samples.time("look-up", self.cache.lookup(&url)).await {
                    Ok(Lookup::Fresh(_)) => {}
                    other => samples.failed(&format_args!("{other:?}")),
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "there is nothing to wait for")]
    async fn rest(&self, lasts: Duration) -> Result<(), Failure> {
        Worker::new(self.cache.clone(), WorkerConfig::default()).run(sleep(lasts)).await?;
        Ok(())
    }
}

fn url(number: u64) -> String {
    format!("https://a.example/{number}")
}

fn body() -> Vec<u8> {
    let mut body = vec![0; BODY_BYTES];
    fastrand::fill(&mut body);
    body
}
