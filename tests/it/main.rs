//! The integration tests, in one program.

#![expect(clippy::unwrap_used, reason = "a test ends at a failure")]

mod api_keys;
mod archives;
mod bounds;
#[cfg(target_os = "linux")]
mod bypass;
mod charts;
mod classes;
mod crash;
mod damaged_database;
mod deadlines;
mod delivery;
mod explain;
#[cfg(target_os = "linux")]
mod failing;
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
mod hot;
mod images_cli;
mod layers;
mod limits_cli;
mod main_job;
mod moving;
mod musicbrainz;
mod numbers;
mod picture;
mod processes;
mod prometheus;
mod queue_cli;
#[cfg(target_os = "linux")]
mod read_only;
mod single_flight;
#[cfg(unix)]
mod steady;
#[cfg(target_os = "linux")]
mod steady_state;
mod tokens;
mod unified;
mod untrusted;
mod verify;
mod versions;
mod wnp;
mod workers;
