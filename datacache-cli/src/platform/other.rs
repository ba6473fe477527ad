//! Systems where a file inherits the permissions of its folder, and Ctrl-C is the only signal.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A temporary file in `folder`, to be renamed to `target`: `.NAME.XXXXXX.part`.
pub(crate) fn new_temp_file(folder: &Path, target: &Path) -> io::Result<NamedTempFile> {
    let prefix = super::prefix(target);
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(super::SUFFIX)
        .rand_bytes(super::RANDOM_LENGTH)
        .tempfile_in(folder)
}

/// Hears Ctrl-C, which ends the program no longer by itself.
pub(crate) struct StopSignals;

impl StopSignals {
    #[expect(clippy::unnecessary_wraps, reason = "other systems can fail here")]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // It cannot be heard; the worker is ended otherwise.
            std::future::pending::<()>().await;
        }
    }
}
