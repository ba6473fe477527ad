//! How exactly a deadline is kept: what a caller waits longer than it said, whatever hangs.
//!
//! Medians hide what this is about, so it prints the worst as well.

#![expect(clippy::unwrap_used, reason = "a bench ends at a failure")]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use datacache::testing::{Origin, Reply};
use datacache::{Answer, Cache, Config, Request};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const CALLS: usize = 300;
const WRITERS: usize = 8;
const DEADLINE: Duration = Duration::from_millis(50);

/// Set in the processes that write without end: the cache folder.
const WRITER: &str = "DATACACHE_BENCH_WRITER";

#[expect(clippy::disallowed_methods, reason = "how the bench tells its own child what to be")]
fn main() {
    if let Ok(dir) = std::env::var(WRITER) {
        write(&dir);
    }
    report("silent origin", 0);
    report("silent origin, 8 other processes writing", WRITERS);
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn report(name: &str, writers: usize) {
    let dir = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let cache = runtime.block_on(Cache::open(Config::new(dir.path()))).unwrap();
    let _writers: Vec<Writer> = (0..writers).map(|_| Writer::start(&dir)).collect();
    let origin = Origin::start(|_| Reply::silence()).unwrap();
    let mut late: Vec<Duration> =
        (0..CALLS).map(|at| overrun(&runtime, &cache, &origin.url(&format!("/{at}")))).collect();
    late.sort_unstable();
    let [median, worst_of_100, worst] =
        [CALLS / 2, CALLS * 99 / 100, CALLS - 1].map(|at| late[at].as_secs_f64() * 1e3);
    println!("{name}: median {median:.2} ms, 99 % {worst_of_100:.2} ms, worst {worst:.2} ms late");
}

/// By how much a call is later than its deadline.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn overrun(runtime: &Runtime, cache: &Cache, url: &str) -> Duration {
    let began = Instant::now();
    let answer = runtime.block_on(cache.fetch(Request::new(url).deadline(DEADLINE)));
    let took = began.elapsed();
    assert!(matches!(answer.unwrap(), Answer::Pending));
    took.saturating_sub(DEADLINE)
}

struct Writer(Child);

impl Writer {
    fn start(dir: &TempDir) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(WRITER, dir.path()).stdin(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes entries, each of which has to wait for those of the others, until it is killed.
fn write(dir: &str) -> ! {
    let runtime = Runtime::new().unwrap();
    let cache = runtime.block_on(Cache::open(Config::new(dir))).unwrap();
    let id = std::process::id();
    loop {
        let request = Request::new(format!("note:{id}/{}", fastrand::u8(..)));
        runtime.block_on(cache.put(request, vec![b'x'; 8 * 1024])).unwrap();
    }
}
