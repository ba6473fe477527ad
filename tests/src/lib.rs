//! What the integration tests share: cache folders, directed origins, runs of the real program,
//! peer processes.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test ends at a failure")]

use std::path::Path;

use datacache::Config;
use datacache::testing;

mod directed;
#[cfg(target_os = "linux")]
mod faults;
mod folder;
#[cfg(target_os = "linux")]
mod namespace;
mod peer;
mod run;
mod writes;

pub use directed::{Directed, PATIENCE};
#[cfg(target_os = "linux")]
pub use faults::{Fault, Faults, Then};
pub use folder::Folder;
#[cfg(target_os = "linux")]
pub use namespace::Namespace;
pub use peer::Peer;
pub use run::{Run, binary, program, run};
pub use writes::writes;

/// A body of `size` bytes that no other seed has, as soon as it has room to differ.
pub fn body(seed: u64, size: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut body = vec![0; size];
    rng.fill(&mut body);
    body
}

/// What the environment of this run of the tests sets, over `config`; the programs that it starts
/// heed it too.
pub fn as_run(mut config: Config) -> Config {
    if let Some(bytes) = testing::hot_bytes() {
        config.cache.hot_bytes = bytes;
    }
    config
}

/// Writes a file, whole or half: a test has nobody to protect from the latter.
#[expect(clippy::disallowed_methods, reason = "no crash is survived here")]
pub fn write(path: impl AsRef<Path>, data: impl AsRef<[u8]>) {
    std::fs::write(path, data).expect("the file can be written");
}
