//! What differs between operating systems: who may read the cache's files, where they lie, what
//! tells a file from another of the same name, and how much memory is in use.

/// What tells a file from another one of the same name; `None` where nothing does.
pub(crate) type FileId = Option<(u64, u64)>;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{
    create_private_dir, create_private_file, file_id, is_removed, open_file_id, open_lock_file,
    open_shared_file, read_at, resident_bytes, write_at,
};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{
    create_private_dir, create_private_file, file_id, is_removed, open_file_id, open_lock_file,
    open_shared_file, read_at, resident_bytes, write_at,
};

mod volume;
pub(crate) use volume::network_file_system;
