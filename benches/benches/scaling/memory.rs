//! What a process holds in memory: idle with the cache open, and for each entry it has looked up.

use std::fs;

use tempfile::TempDir;

use crate::processes;

const WARMING: u64 = 1_000;
const MEASURED: u64 = 2_000;

/// A line that says it, where the system tells.
pub(crate) fn of(folder: &TempDir, entries: u64) -> String {
    let mut process = processes(folder, entries, 1);
    let id = process.ids().next().unwrap();
    let Some(idle) = resident_bytes(id) else {
        return "This system does not tell how much memory a process takes.".to_owned();
    };
    // The first lookups also load code and fill SQLite's own caches.
    process.order("lookup", WARMING).unwrap();
    let warm = resident_bytes(id).unwrap();
    process.order("bodies", MEASURED).unwrap();
    let grown = resident_bytes(id).unwrap().saturating_sub(warm);
    let (idle, warm, each) = (idle / 1024, warm / 1024, grown / MEASURED);
    format!(
        "{entries} entries: {idle} KiB resident idle, {warm} KiB after {WARMING} lookups, {each} bytes \
         more for each of {MEASURED} entries of 8 KiB that are looked up then."
    )
}

/// Linux has a line `VmRSS: 1234 kB` for it.
fn resident_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}
