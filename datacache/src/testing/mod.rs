//! For tests of this crate and of its users: an origin on loopback, and what a run of them sets.
//!
//! Feature `testing`.

mod origin;

pub use origin::{Origin, Received, Reply};

const HOT_BYTES: &str = "DATACACHE_HOT_BYTES";

/// The [`hot_bytes`](crate::CacheConfig::hot_bytes) of all caches that do not say otherwise, if the
/// environment of the tests sets `DATACACHE_HOT_BYTES`, which the program heeds too: so a whole suite
/// can be run a second time without entries in memory.
///
/// # Panics
/// When the variable is no number, as the run would not be the one that is wanted.
#[expect(clippy::disallowed_methods, reason = "a test run is told by its environment")]
pub fn hot_bytes() -> Option<u64> {
    let bytes = std::env::var_os(HOT_BYTES)?;
    let number = bytes.to_str().and_then(|bytes| bytes.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{HOT_BYTES} is {}", bytes.display())))
}
