//! Lookups that memory answers, and lookups and puts that have a connection of their own each.

#![expect(clippy::unwrap_used, reason = "a bench ends at a failure")]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use datacache::{Cache, Config, Request};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const SIZES: [(&str, usize); 3] =
    [("8 KiB", 8 * 1024), ("64 KiB", 64 * 1024), ("100 KiB", 100 * 1024)];

struct Fixture {
    runtime: Runtime,
    cache: Cache,
    _dir: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self::with(Config::default().cache.hot_bytes)
    }

    fn with(hot_bytes: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path());
        config.cache.hot_bytes = hot_bytes;
        let cache = runtime.block_on(Cache::open(config)).unwrap();
        Self { runtime, cache, _dir: dir }
    }

    fn put(&self, number: u64, data: Vec<u8>) {
        let request = Request::new(format!("https://a.example/{number}"));
        self.runtime.block_on(self.cache.put(request, data)).unwrap();
    }

    fn put_all(&self, bodies: Vec<(u64, Vec<u8>)>) {
        self.runtime.block_on(async {
            let mut puts = JoinSet::new();
            for (number, data) in bodies {
                let cache = self.cache.clone();
                let request = Request::new(format!("https://a.example/{number}"));
                puts.spawn(async move { cache.put(request, data).await.unwrap() });
            }
            puts.join_all().await;
        });
    }
}

fn body(seed: u64, size: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut body = vec![0; size];
    rng.fill(&mut body);
    body
}

fn lookup(criterion: &mut Criterion) {
    let fixture = Fixture::new();
    let mut group = criterion.benchmark_group("lookup");
    for (place, fixture) in [("memory", &fixture), ("the store", &Fixture::with(0))] {
        for (name, size) in SIZES {
            fixture.put(size as u64, body(1, size));
            let url = format!("https://a.example/{size}");
            group.bench_function(format!("hit {name} in {place}"), |bencher| {
                bencher.iter(|| {
                    black_box(fixture.runtime.block_on(fixture.cache.lookup(&url)).unwrap());
                });
            });
        }
    }
    many(&mut group);
    group.bench_function("miss", |bencher| {
        bencher.iter(|| {
            let missed = fixture.cache.lookup("https://a.example/none");
            black_box(fixture.runtime.block_on(missed).unwrap());
        });
    });
}

/// A hundred at once, on one connection.
fn many(group: &mut BenchmarkGroup<'_, WallTime>) {
    let fixture = Fixture::with(0);
    let urls: Vec<String> = (0..100).map(|number| format!("https://a.example/{number}")).collect();
    for number in 0..100 {
        fixture.put(number, body(number, 8 * 1024));
    }
    group.bench_function("100 in the store", |bencher| {
        bencher.iter(|| {
            black_box(fixture.runtime.block_on(fixture.cache.lookup_many(&urls)).unwrap());
        });
    });
}

fn put(criterion: &mut Criterion) {
    let fixture = Fixture::new();
    let mut group = criterion.benchmark_group("put");
    for (name, size) in SIZES {
        let mut number = 0;
        group.bench_function(name, |bencher| {
            let next = || {
                number += 1;
                (number, body(number, size))
            };
            let put = |(number, data)| fixture.put(number, data);
            bencher.iter_batched(next, put, BatchSize::PerIteration);
        });
    }
    at_once(&mut group);
}

/// As many tasks of one process as there are in a batch of downloads.
fn at_once(group: &mut BenchmarkGroup<'_, WallTime>) {
    const TASKS: u64 = 32;
    let fixture = Fixture::new();
    let mut number = 0;
    group.throughput(Throughput::Elements(TASKS));
    group.bench_function("8 KiB, 32 at once", |bencher| {
        let next = || {
            number += TASKS;
            let bodies = (number..number + TASKS).map(|number| (number, body(number, 8 * 1024)));
            bodies.collect::<Vec<_>>()
        };
        bencher.iter_batched(next, |bodies| fixture.put_all(bodies), BatchSize::PerIteration);
    });
}

criterion_group!(benches, lookup, put);
criterion_main!(benches);
