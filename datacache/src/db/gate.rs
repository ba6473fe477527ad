//! The gate: nobody opens the database while it is replaced.
//!
//! SQLite opens the database, its `-wal` and its `-shm` by their names, one after the other. Who
//! has the first of an old database and the others of a new one mixes the two. So everybody passes
//! the gate with a connection that is being opened, all together; and it is shut, which lasts as
//! long as a few renames, by who replaces the files.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::lock::{self, FileLock, Sharing};

const FILE_NAME: &str = "opening.lock";

pub(super) struct Gate(PathBuf);

impl Gate {
    pub(super) fn new(locks: &Path) -> Self {
        Self(locks.join(FILE_NAME))
    }

    /// Keeps the files where they are until it is dropped. It waits only while they are replaced.
    pub(super) async fn pass(&self, operation: &'static str) -> Result<Option<FileLock>> {
        match lock::try_acquire_as(Sharing::Shared, &self.0) {
            Ok(Some(passing)) => Ok(Some(passing)),
            Ok(None) => {
                let passing = lock::acquire_as(Sharing::Shared, self.0.clone(), operation);
                passing.await.map(Some)
            }
            // Where no lock can be had, as in a folder that may not be written, nobody renames
            // either.
            Err(_) => Ok(None),
        }
    }

    /// Waits until nobody is opening the database, and lets nobody begin to.
    pub(super) async fn shut(&self, operation: &'static str) -> Result<FileLock> {
        lock::acquire(self.0.clone(), operation).await
    }
}
