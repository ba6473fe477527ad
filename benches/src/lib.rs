//! What programs that are measured from outside have in common: a driver takes [`Order`]s from its
//! standard input and answers each with the [`Samples`] of its operations.
//!
//! Drivers are those of the comparison with peers (`peers/`), ours and the others written in Rust, and
//! the processes of the benches that start some. The benches stand in `benches/`.

mod keyed;
mod order;
mod processes;
mod samples;

pub use keyed::{Keyed, Place, serve};
pub use order::{Order, Orders};
pub use processes::Processes;
pub use samples::Samples;

/// Why a driver gave up; whoever started it sees it on standard error.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
