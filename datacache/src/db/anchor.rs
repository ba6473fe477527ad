//! The anchor: one idle connection that keeps the write-ahead log alive.
//!
//! It holds no lock and no transaction; it is there so that an operation's connection is not the
//! last one to close. The first connection that an operation gives back becomes the anchor. A task
//! owns it and closes it when no operation came by for [`IDLE`], so that a program at rest keeps
//! no file open. When the database has been replaced, the next connection is the new anchor.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::platform::FileId;

/// The anchor closes after one to two of these without an operation.
const IDLE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Anchor {
    used: Arc<AtomicBool>,
    holder: Mutex<Holder>,
}

#[derive(Default)]
enum Holder {
    #[default]
    Nobody,
    Task(Held),
    /// The database was closed: there will be no anchor again.
    Closed,
}

struct Held {
    task: JoinHandle<()>,
    stop: Arc<Notify>,
    /// The file that it is a connection to.
    file: FileId,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}

impl Anchor {
    /// Takes the connection as the new anchor; gives it back when there is one already, or when
    /// there is to be none.
    pub(super) fn keep(
        &self,
        connection: SqliteConnection,
        file: FileId,
    ) -> Option<SqliteConnection> {
        self.used.store(true, Ordering::Release);
        let mut holder = self.holder();
        match &*holder {
            Holder::Closed => return Some(connection),
            // A task is also finished when the runtime it was spawned on is gone.
            Holder::Task(held) if held.file == file && !held.task.is_finished() => {
                return Some(connection);
            }
            Holder::Task(_) | Holder::Nobody => {}
        }
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(hold(connection, Arc::clone(&self.used), Arc::clone(&stop)));
        *holder = Holder::Task(Held { task, stop, file });
        None
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.holder(), Holder::Closed)
    }

    /// Closes the anchor for good, and waits until it is closed.
    pub(super) async fn close(&self) {
        let holder = std::mem::replace(&mut *self.holder(), Holder::Closed);
        if let Holder::Task(mut held) = holder {
            held.stop.notify_one();
            // The task cannot panic; it is cancelled only with its runtime.
            let _ = (&mut held.task).await;
        }
    }

    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hold(connection: SqliteConnection, used: Arc<AtomicBool>, stop: Arc<Notify>) {
    while timeout(IDLE, stop.notified()).await.is_err() && used.swap(false, Ordering::AcqRel) {}
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the idle database connection did not close cleanly");
    }
}
