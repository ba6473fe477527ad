//! Work on bytes: where they are few, on the thread that asks; else not on one that serves other tasks.

use tokio::task::spawn_blocking;

use crate::error::{Error, ErrorKind, Result};

/// Work on more bytes than these takes too long for a thread that serves other tasks.
pub(crate) const LONG_BYTES: usize = 32 * 1024;

/// Does work that takes as long as there are bytes.
pub(crate) async fn on_bytes<T: Send + 'static>(
    size_bytes: usize,
    operation: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if size_bytes <= LONG_BYTES { Ok(work()) } else { elsewhere(operation, work).await }
}

/// Does work that takes long, or may panic, on a thread of its own.
pub(crate) async fn elsewhere<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    spawn_blocking(work).await.map_err(|join| {
        let reason = "the thread that works on the bytes failed";
        Error::new(ErrorKind::Internal, operation, "bytes", reason).with_source(join)
    })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn few_bytes_are_worked_on_here_and_more_elsewhere() {
        let here = thread::current().id();
        for (size_bytes, is_here) in [(0, true), (LONG_BYTES, true), (LONG_BYTES + 1, false)] {
            let there = on_bytes(size_bytes, "test", || thread::current().id()).await.unwrap();
            assert_eq!(there == here, is_here, "{size_bytes} bytes");
        }
    }

    #[tokio::test]
    async fn a_panic_elsewhere_is_an_error() {
        let failed = elsewhere::<()>("test", || panic!("as it happens")).await;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Internal);
    }
}
