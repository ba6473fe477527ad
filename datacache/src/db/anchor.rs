//! The anchor: one idle connection that keeps the write-ahead log alive.
//!
//! It holds no lock and no transaction; it is there so that an operation's connection is not the
//! last one to close. The first connection that an operation gives back becomes the anchor. A task
//! owns it and closes it when no operation came by for [`IDLE`], so that a program at rest keeps
//! no file open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The anchor closes after one to two of these without an operation.
const IDLE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Anchor {
    used: Arc<AtomicBool>,
    stop: Arc<Notify>,
    holder: Mutex<Option<JoinHandle<()>>>,
}

impl Anchor {
    /// Takes the connection as the new anchor; gives it back when there is one already.
    pub(super) fn keep(&self, connection: SqliteConnection) -> Option<SqliteConnection> {
        self.used.store(true, Ordering::Release);
        let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        // A holder is also finished when the runtime it was spawned on is gone.
        if holder.as_ref().is_some_and(|task| !task.is_finished()) {
            return Some(connection);
        }
        let (used, stop) = (Arc::clone(&self.used), Arc::clone(&self.stop));
        *holder = Some(tokio::spawn(hold(connection, used, stop)));
        None
    }

    /// Closes the anchor, if there is one, and waits until it is closed.
    pub(super) async fn close(&self) {
        let holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = holder {
            self.stop.notify_one();
            // The task cannot panic; it is cancelled only with its runtime.
            let _ = task.await;
        }
    }
}

impl Drop for Anchor {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}

async fn hold(connection: SqliteConnection, used: Arc<AtomicBool>, stop: Arc<Notify>) {
    while timeout(IDLE, stop.notified()).await.is_err() && used.swap(false, Ordering::AcqRel) {}
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the idle database connection did not close cleanly");
    }
}
