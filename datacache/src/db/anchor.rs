//! The anchor: one idle connection that keeps the write-ahead log alive.
//!
//! It holds no lock and no transaction; it is there so that an operation's connection is not the
//! last one to close. The first connection that an operation gives back becomes the anchor. A task
//! closes it when no operation came by for [`IDLE`], so that a program at rest keeps no file open.
//! When the database has been replaced, the next connection is the new anchor. Who closes the cache
//! takes it from its place and closes it himself: nobody may drive the task's runtime any more. It is
//! closed with that runtime, too.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval_at, timeout};

use super::CLOSING_PATIENCE;
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
    Held(Held),
    /// The database was closed: there will be no anchor again.
    Closed,
}

/// The connection, until somebody closes it.
type Place = Arc<Mutex<Option<SqliteConnection>>>;

struct Held {
    place: Place,
    task: JoinHandle<()>,
    /// The file that it is a connection to.
    file: FileId,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.task.abort();
        drop(take(&self.place));
    }
}

/// What the task has of the connection, which closes when it is dropped.
struct Holding(Place);

impl Drop for Holding {
    fn drop(&mut self) {
        drop(take(&self.0));
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
            Holder::Held(held) if held.file == file && !held.task.is_finished() => {
                return Some(connection);
            }
            Holder::Held(_) | Holder::Nobody => {}
        }
        let place = Arc::new(Mutex::new(Some(connection)));
        let task = tokio::spawn(hold(Holding(Arc::clone(&place)), Arc::clone(&self.used)));
        *holder = Holder::Held(Held { place, task, file });
        None
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.holder(), Holder::Closed)
    }

    /// Closes the anchor for good, and waits until it is closed.
    pub(super) async fn close(&self) {
        let holder = std::mem::replace(&mut *self.holder(), Holder::Closed);
        let Holder::Held(mut held) = holder else { return };
        match take(&held.place) {
            Some(connection) => close(connection).await,
            // The task is about it, or has done it.
            None => drop(timeout(CLOSING_PATIENCE, &mut held.task).await),
        }
    }

    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hold(holding: Holding, used: Arc<AtomicBool>) {
    let mut looks = interval_at(Instant::now() + IDLE, IDLE);
    looks.tick().await;
    while used.swap(false, Ordering::AcqRel) {
        looks.tick().await;
    }
    if let Some(connection) = take(&holding.0) {
        close(connection).await;
    }
}

fn take(place: &Place) -> Option<SqliteConnection> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the idle database connection did not close cleanly");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_closed_with_its_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let anchor = Anchor::default();
        runtime.block_on(async {
            let connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
            assert!(anchor.keep(connection, None).is_none());
        });
        let place = match &*anchor.holder() {
            Holder::Held(held) => Arc::clone(&held.place),
            _ => unreachable!("it was kept"),
        };
        drop(runtime);
        assert!(take(&place).is_none());
    }
}
