//! What operations cost in folders of more and more entries, with more and more processes at once;
//! and what memory a process takes.
//!
//! `cargo bench -p datacache-benches --bench scaling -- 100 1000000` takes other sizes than the
//! default. A folder is filled by puts, so the last takes minutes.

#![expect(clippy::unwrap_used, reason = "a bench ends at a failure")]

mod driver;
mod memory;

use std::time::Duration;

use datacache_benches::{Processes, Samples};
use tempfile::TempDir;

const DEFAULT_SIZES: [u64; 3] = [100, 10_000, 100_000];
const PROCESSES: [usize; 4] = [1, 2, 4, 8];

/// What is measured, and how often by each process.
const WORKS: [(&str, u64); 4] = [("lookup", 300), ("put", 100), ("pick", 300), ("settle", 100)];

/// What a worker's run tells is one figure, so it runs again.
const SETTLES: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, folder, entries] = &arguments[..]
        && serve == driver::SERVE
    {
        driver::serve(folder, entries.parse().unwrap()).unwrap();
        return;
    }
    let mut sizes: Vec<u64> = arguments.iter().filter_map(|size| size.parse().ok()).collect();
    if sizes.is_empty() {
        sizes.extend(DEFAULT_SIZES);
    }
    compare(&sizes);
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn compare(sizes: &[u64]) {
    println!("| entries | processes | lookup | put | random pick | claim and settle |");
    println!("|---|---|---|---|---|---|");
    let mut first: Option<Medians> = None;
    let mut memory = Vec::new();
    for &entries in sizes {
        let folder = filled(entries);
        let medians = PROCESSES.map(|count| row(&folder, entries, count));
        match &first {
            None => first = Some(medians),
            Some(first) => tell_growth(sizes[0], entries, first, &medians),
        }
        memory.push(memory::of(&folder, entries));
    }
    println!(
        "\nEach cell: median, 99 %. The last is the share of each job in a worker's run of 100 jobs."
    );
    println!("\n{}", memory.join("\n"));
}

/// Medians in nanoseconds by the number of processes, in the order of [`WORKS`].
type Medians = [[u64; WORKS.len()]; PROCESSES.len()];

#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn tell_growth(least: u64, entries: u64, first: &Medians, medians: &Medians) {
    for (count, (now, then)) in PROCESSES.iter().zip(medians.iter().zip(first)) {
        let grown: Vec<String> = now
            .iter()
            .zip(then)
            .map(|(now, then)| format!("×{:.2}", millis(*now) / millis(*then)))
            .collect();
        println!("| {entries} to {least} | {count} | {} |", grown.join(" | "));
    }
}

fn filled(entries: u64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    processes(&folder, entries, 1).order(driver::FILL, entries).unwrap();
    folder
}

/// Processes with the cache in `folder` open, which holds so many entries.
fn processes(folder: &TempDir, entries: u64, count: usize) -> Processes {
    let (folder, entries) = (folder.path().to_str().unwrap(), entries.to_string());
    Processes::start(&[driver::SERVE, folder, &entries], count).unwrap()
}

/// Measures and prints one row; returns its medians in nanoseconds.
#[expect(clippy::print_stdout, reason = "a bench tells its figures")]
fn row(folder: &TempDir, entries: u64, count: usize) -> [u64; WORKS.len()] {
    let mut processes = processes(folder, entries, count);
    let mut samples = Samples::default();
    for (work, operations) in WORKS {
        if work != "settle" {
            samples.join(processes.order(work, operations).unwrap());
            continue;
        }
        for _ in 0..SETTLES {
            processes.order("prepare", operations).unwrap();
            samples.join(processes.order(work, operations).unwrap());
        }
    }
    let shown = WORKS.map(|(work, _)| {
        let [median, most] =
            [50, 99].map(|percent| millis(samples.percentile(work, percent).unwrap()));
        format!("{median:.3} ms, {most:.3} ms")
    });
    println!("| {entries} | {count} | {} |", shown.join(" | "));
    WORKS.map(|(work, _)| samples.percentile(work, 50).unwrap())
}

fn millis(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3
}
