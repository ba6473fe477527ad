//! What differs between operating systems: permissions of files, and how a program is told to stop.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{StopSignals, new_temp_file};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{StopSignals, new_temp_file};
