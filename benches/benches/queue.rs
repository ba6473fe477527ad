//! The queue: enqueueing, draining, and how soon a worker notices another process's job.

#![expect(clippy::unwrap_used, reason = "a bench ends at a failure")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use datacache::testing::{Origin, Reply};
use datacache::{Cache, Config, Priority, Request, Until, Worker, WorkerConfig};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const BATCH: u64 = 100;
const DRAINED: u64 = 1_000;

/// Set in the process that enqueues for the wake-up bench: the cache folder.
const PEER: &str = "DATACACHE_BENCH_PEER";

struct Fixture {
    runtime: Runtime,
    cache: Cache,
    dir: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let cache = runtime.block_on(Cache::open(Config::new(dir.path()))).unwrap();
        Self { runtime, cache, dir }
    }

    fn enqueue(&self, requests: Vec<Request>) {
        self.runtime.block_on(self.cache.enqueue(requests)).unwrap();
    }
}

fn requests(from: &mut u64, count: u64) -> Vec<Request> {
    let numbers = *from..*from + count;
    *from += count;
    let request = |number| Request::new(format!("https://a.example/{number}"));
    numbers.map(|number| request(number).priority(Priority::Batch)).collect()
}

fn enqueue(criterion: &mut Criterion) {
    let fixture = Fixture::new();
    let mut next = 0;
    let mut group = criterion.benchmark_group("enqueue");
    for count in [1, BATCH] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(count.to_string(), |bencher| {
            let setup = || requests(&mut next, count);
            bencher.iter_batched(setup, |batch| fixture.enqueue(batch), BatchSize::PerIteration);
        });
    }
}

/// Jobs whose answers came meanwhile: claiming and completing without a fetch.
fn drain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("drain");
    group.throughput(Throughput::Elements(DRAINED)).sample_size(10);
    group.bench_function("no-op fetch", |bencher| {
        bencher.iter_batched(answered_jobs, |fixture| work(&fixture), BatchSize::PerIteration);
    });
}

fn answered_jobs() -> Fixture {
    let fixture = Fixture::new();
    fixture.enqueue(requests(&mut 0, DRAINED));
    for request in requests(&mut 0, DRAINED) {
        fixture.runtime.block_on(fixture.cache.put(request, "x")).unwrap();
    }
    fixture
}

fn work(fixture: &Fixture) {
    let mut config = WorkerConfig::default();
    config.concurrency = 64;
    config.until = Until::Drained { patience: Duration::ZERO };
    let worker = Worker::new(fixture.cache.clone(), config);
    let done = fixture.runtime.block_on(worker.run(std::future::pending())).unwrap().done;
    assert_eq!(done, DRAINED);
}

/// From telling another process to enqueue until the worker's request is at the origin.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn wake(criterion: &mut Criterion) {
    let fixture = Fixture::new();
    let (arrive, arrived) = mpsc::sync_channel(1);
    let origin = Origin::start(move |_| {
        let _ = arrive.send(Instant::now());
        Reply::ok("x")
    });
    let origin = origin.unwrap();
    let worker = Worker::new(fixture.cache.clone(), WorkerConfig::default());
    let working = fixture.runtime.spawn(worker.run(std::future::pending()));
    let mut peer = Peer::start(&fixture.dir);
    let mut next = 0;
    criterion.bench_function("wake-up across processes", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                next += 1;
                // The worker has time to fall asleep, and is met at any moment of its sleep.
                std::thread::sleep(Duration::from_millis(fastrand::u64(50..100)));
                let told = Instant::now();
                peer.enqueue(&origin.url(&format!("/{next}")));
                total += arrived.recv().unwrap() - told;
            }
            total
        });
    });
    working.abort();
}

/// From telling another process to fetch until a subscriber here is told of the key.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn subscribe(criterion: &mut Criterion) {
    let fixture = Fixture::new();
    let origin = Origin::start(|_| Reply::ok("x")).unwrap();
    let mut finishes = fixture.runtime.block_on(fixture.cache.subscribe()).unwrap();
    let mut peer = Peer::start(&fixture.dir);
    let mut next = 0;
    criterion.bench_function("subscription across processes", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                next += 1;
                std::thread::sleep(Duration::from_millis(fastrand::u64(50..100)));
                let told = Instant::now();
                peer.fetch(&origin.url(&format!("/{next}")));
                fixture.runtime.block_on(finishes.next()).unwrap();
                total += told.elapsed();
            }
            total
        });
    });
}

struct Peer {
    child: Child,
    orders: ChildStdin,
}

impl Peer {
    fn start(dir: &TempDir) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(PEER, dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        Self { child, orders }
    }

    fn enqueue(&mut self, url: &str) {
        writeln!(self.orders, "enqueue {url}").unwrap();
    }

    fn fetch(&mut self, url: &str) {
        writeln!(self.orders, "fetch {url}").unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::print_stdout, reason = "it speaks to its parent through standard output")]
fn be_the_peer(dir: &str) {
    let runtime = Runtime::new().unwrap();
    let cache = runtime.block_on(Cache::open(Config::new(dir))).unwrap();
    println!("ready");
    for order in std::io::stdin().lines().map_while(Result::ok) {
        let (verb, url) = order.split_once(' ').unwrap();
        let request = Request::new(url).priority(Priority::Batch);
        match verb {
            "fetch" => {
                let request = request.priority(Priority::Immediate);
                drop(runtime.block_on(cache.fetch(request)).unwrap());
            }
            _ => drop(runtime.block_on(cache.enqueue([request])).unwrap()),
        }
    }
}

criterion_group!(benches, enqueue, drain, wake, subscribe);

#[expect(clippy::disallowed_methods, reason = "how the bench tells its own child what to be")]
fn main() {
    if let Ok(dir) = std::env::var(PEER) {
        be_the_peer(&dir);
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
