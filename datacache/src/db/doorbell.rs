//! The doorbell: how a commit makes itself heard in other processes.
//!
//! A file that every commit writes to, and that listeners have the system watch. It says nothing
//! but "look again". Whoever misses a ring — the writer was killed after its commit, the system
//! offers no more watches, the file lies on a network — asks SQLite a little later by itself.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::platform::{self, FileId};

const FILE_NAME: &str = "commits.bell";

/// Rings for this process's commits.
pub(super) struct Doorbell {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

/// Hears the rings that come after it began to listen.
pub(super) struct Listener {
    rung: Arc<Notify>,
    path: PathBuf,
    /// The file that it listens to.
    file: FileId,
    /// Watches until it is dropped; without one nothing is heard.
    watcher: Option<RecommendedWatcher>,
}

impl Doorbell {
    pub(super) fn new(locks: &Path) -> Self {
        Self { path: locks.join(FILE_NAME), file: Mutex::default() }
    }

    /// Tells everybody that there was a commit. It writes a byte that the disk need not have got.
    pub(super) fn ring(&self) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.write(&mut file) {
            tracing::debug!(%error, "the doorbell does not ring; commits are noticed later");
        }
    }

    fn write(&self, file: &mut Option<File>) -> io::Result<()> {
        let file = match file {
            Some(file) if !platform::is_removed(file) => file,
            _ => file.insert(platform::open_lock_file(&self.path)?),
        };
        file.rewind()?;
        file.write_all(b"!")
    }

    pub(super) async fn listen(&self) -> Listener {
        let rung = Arc::new(Notify::new());
        let (path, bell) = (self.path.clone(), Arc::clone(&rung));
        let watcher = tokio::task::spawn_blocking(move || watch(&path, bell)).await;
        let watcher = watcher.unwrap_or_else(|join| Err(notify::Error::generic(&join.to_string())));
        let heard = watcher.inspect_err(|error| {
            tracing::debug!(%error, "the doorbell is not heard; commits are noticed later");
        });
        let file = platform::file_id(&self.path);
        Listener { rung, path: self.path.clone(), file, watcher: heard.ok() }
    }
}

fn watch(path: &Path, bell: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    platform::open_lock_file(path)?;
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| event.kind.is_modify()) {
            bell.notify_one();
        }
    })?;
    watcher.watch(path, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

impl Listener {
    /// Whether rings are heard.
    pub(super) fn hears(&self) -> bool {
        self.watcher.is_some() && !self.is_left_behind()
    }

    /// Whether somebody has removed the bell, so that another has its place or will have.
    pub(super) fn is_left_behind(&self) -> bool {
        platform::file_id(&self.path) != self.file
    }

    /// Waits for a ring since it was waited for last. Several count as one.
    ///
    /// # Cancel safety
    /// Dropping the future loses no ring.
    pub(super) async fn rung(&self) {
        match self.watcher {
            Some(_) => self.rung.notified().await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_ring_is_heard_whoever_rings() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (Doorbell::new(dir.path()), Doorbell::new(dir.path()));
        let listener = one.listen().await;
        for doorbell in [&one, &other, &other, &one] {
            doorbell.ring();
            listener.rung().await;
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_bell_that_was_removed_is_not_heard_and_rung_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let doorbell = Doorbell::new(dir.path());
        let listener = doorbell.listen().await;
        doorbell.ring();
        assert!(listener.hears());
        std::fs::remove_file(dir.path().join(FILE_NAME)).unwrap();
        assert!(!listener.hears());
        doorbell.ring();
        assert!(!listener.hears(), "another one is rung");
        let listener = doorbell.listen().await;
        doorbell.ring();
        listener.rung().await;
        assert!(listener.hears());
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let doorbell = Doorbell::new(&dir.path().join("gone"));
        doorbell.ring();
        assert!(doorbell.listen().await.watcher.is_none());
    }
}
