//! What is not written while a reader keeps the log from being cut back, since every write, however
//! small, makes it longer.
//!
//! What a user asks for is refused as a put is, once nothing is left of what the cache may take. What can
//! wait, as numbers and accesses, waits in memory once the log has used up its own part
//! ([`Db::is_log_full`](crate::db::Db::is_log_full)). Only what has begun goes on: leases are renewed and
//! jobs settled.

use std::fmt;

use super::Store;
use crate::error::{Error, ErrorKind, Result};

/// Why nothing is written.
pub(super) const LOG_IN_THE_WAY: &str = "somebody has been reading the database for so long that its \
    log takes what is left of cache.max_bytes";

impl Store {
    /// Sees to it that something may be written that a user asks for.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) when the log is in the way.
    pub(crate) async fn check_log(
        &self,
        operation: &'static str,
        subject: impl fmt::Display + Send,
    ) -> Result<()> {
        if self.is_log_in_the_way(0).await? {
            return Err(Error::new(ErrorKind::Full, operation, subject, LOG_IN_THE_WAY));
        }
        Ok(())
    }
}
