//! What differs between operating systems: who may read the cache's files, and what tells a file from
//! another of the same name.

/// What tells a file from another one of the same name; `None` where nothing does.
pub(crate) type FileId = Option<(u64, u64)>;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{create_private_dir, create_private_file, file_id, open_lock_file};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{create_private_dir, create_private_file, file_id, open_lock_file};
