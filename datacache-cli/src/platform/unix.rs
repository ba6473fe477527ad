//! Unix: permissions of new files, and signals.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A temporary file in `folder`, to be renamed to `target`: `.NAME.XXXXXX.part`.
pub(crate) fn new_temp_file(folder: &Path, target: &Path) -> io::Result<NamedTempFile> {
    let usual = Permissions::from_mode(0o666);
    let prefix = super::prefix(target);
    let mut builder = tempfile::Builder::new();
    let builder = builder
        .prefix(&prefix)
        .suffix(super::SUFFIX)
        .rand_bytes(super::RANDOM_LENGTH)
        .permissions(usual);
    let temp = builder.tempfile_in(folder)?;
    if let Ok(existing) = fs::metadata(target) {
        temp.as_file().set_permissions(existing.permissions())?;
    }
    Ok(temp)
}

/// Hears SIGTERM and SIGINT, which end the program no longer by themselves.
pub(crate) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    pub(crate) fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { terminate, interrupt })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
