//! The integration tests, in one program.

#![expect(clippy::unwrap_used, reason = "a test ends at a failure")]

mod api_keys;
mod archives;
#[cfg(target_os = "linux")]
mod bypass;
mod charts;
mod classes;
mod crash;
mod deadlines;
mod delivery;
mod explain;
mod faults_body;
mod faults_folder;
mod faults_input;
mod faults_origin;
#[cfg(unix)]
mod faults_path;
mod faults_secrets;
mod faults_settings;
mod faults_tls;
mod freshness;
#[cfg(target_os = "linux")]
mod full_disk;
mod images_cli;
mod layers;
mod limits_cli;
mod main_job;
mod musicbrainz;
mod picture;
mod processes;
mod queue_cli;
mod single_flight;
#[cfg(unix)]
mod steady;
mod tokens;
mod unified;
mod untrusted;
mod versions;
mod workers;
