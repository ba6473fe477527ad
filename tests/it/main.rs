//! The integration tests, in one program.

#![expect(clippy::unwrap_used, reason = "a test ends at a failure")]

mod crash;
mod layers;
mod main_job;
mod processes;
