//! A sequence of writes that two processes agree on.

use crate::body;

/// Below, at and above the size from which a body has a file of its own.
const SIZES: [usize; 6] = [0, 1, 100, 64 * 1024, 64 * 1024 + 1, 100_000];

/// Endless writes, the same for the same seed: few URLs and few bodies, so that entries are
/// replaced and files shared all the time.
pub fn writes(seed: u64) -> impl Iterator<Item = (String, Vec<u8>)> {
    let mut rng = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(move || {
        let url = format!("https://a.example/{}", rng.u32(..20));
        (url, body(rng.u64(..10), SIZES[rng.usize(..SIZES.len())]))
    })
}
