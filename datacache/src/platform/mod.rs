//! What differs between operating systems: who may read the cache's files.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{create_private_dir, create_private_file, open_lock_file};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{create_private_dir, create_private_file, open_lock_file};
