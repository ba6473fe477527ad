//! What differs between operating systems: who may read the cache's files, and
//! how much memory is in use.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{create_private_dir, create_private_file, open_lock_file, resident_bytes};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{create_private_dir, create_private_file, open_lock_file, resident_bytes};
