//! What differs between operating systems: the permissions of files that the user asks for.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::new_temp_file;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::new_temp_file;
