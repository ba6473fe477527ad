//! Systems where a file inherits the permissions of its folder, and Ctrl-C is the only signal.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A temporary file in `folder`, to be renamed to `target`.
pub(crate) fn new_temp_file(folder: &Path, _target: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Ready when Ctrl-C was pressed.
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail here")]
pub(crate) fn told_to_stop() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // It cannot be heard; the worker is ended otherwise.
            std::future::pending::<()>().await;
        }
    })
}
