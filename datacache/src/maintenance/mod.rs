//! Care for the cache as a whole.

mod finding;
mod verify;

pub use finding::{Finding, FindingCount, FindingKind, FindingState, Verification};
pub use verify::{Repair, Verify, VerifyProgress};
