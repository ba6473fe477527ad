//! What the integration tests share: cache folders, runs of the real program, peer processes.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test ends at a failure")]

mod folder;
mod peer;
mod run;
mod writes;

pub use folder::Folder;
pub use peer::Peer;
pub use run::{Run, program, run};
pub use writes::writes;

/// A body of `size` bytes that no other seed has, as soon as it has room to differ.
pub fn body(seed: u64, size: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut body = vec![0; size];
    rng.fill(&mut body);
    body
}
