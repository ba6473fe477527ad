//! Unix: permissions of new files, and signals.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;
use tokio::signal::unix::{SignalKind, signal};

/// A temporary file in `folder`, to be renamed to `target`.
pub(crate) fn new_temp_file(folder: &Path, target: &Path) -> io::Result<NamedTempFile> {
    let usual = Permissions::from_mode(0o666);
    let temp = tempfile::Builder::new().permissions(usual).tempfile_in(folder)?;
    if let Ok(existing) = fs::metadata(target) {
        temp.as_file().set_permissions(existing.permissions())?;
    }
    Ok(temp)
}

/// Ready when SIGTERM or SIGINT has come.
pub(crate) fn told_to_stop() -> io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
