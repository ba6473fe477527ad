//! For tests of this crate and of its users: an origin on loopback.
//!
//! Feature `testing`.

mod origin;

pub use origin::{Origin, Received, Reply};
