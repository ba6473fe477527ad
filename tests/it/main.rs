//! The integration tests, in one program.

#![expect(clippy::unwrap_used, reason = "a test ends at a failure")]

mod crash;
mod faults_input;
mod faults_settings;
mod layers;
mod main_job;
mod picture;
mod processes;
