//! What differs between operating systems: who may read the cache's files, and where they lie.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{create_private_dir, create_private_file, open_lock_file};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{create_private_dir, create_private_file, open_lock_file};

mod volume;
pub(crate) use volume::network_file_system;
