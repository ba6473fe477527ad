//! Changes: noticing commits, those of other processes too, soon and cheaply.
//!
//! SQLite tells no process of another's commit. But a connection that stays open can ask whether
//! the database has changed since it asked last (`PRAGMA data_version`), which reads one number in
//! shared memory. One task in a process asks on behalf of everybody who waits there: after a
//! millisecond while things happen, after twelve when nothing does, so that a worker at rest takes
//! less than a hundredth of a core. It ends with the last of those who wait.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::{Connection, Db};
use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "watch";

/// From the pause after a change to the one when nothing happens.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(12);

/// The task that asks, as long as somebody waits.
#[derive(Default)]
pub(super) struct Watcher(Mutex<Weak<watch::Sender<()>>>);

/// Somebody who waits for commits.
pub(crate) struct Changes {
    receiver: watch::Receiver<()>,
}

impl Changes {
    /// Waits for a commit after the last call, or after the beginning. Several may count as one.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) when the database was closed or can no longer be read.
    pub(crate) async fn next(&mut self) -> Result<()> {
        self.receiver.changed().await.map_err(|_| {
            Error::new(ErrorKind::Closed, OPERATION, "database", "it is no longer watched")
        })
    }
}

impl Db {
    /// Begins to wait for commits. None is missed that is made after this returns.
    pub(crate) async fn changes(&self) -> Result<Changes> {
        if let Some(receiver) = self.0.watcher.join() {
            return Ok(Changes { receiver });
        }
        let mut connection = self.read(OPERATION).await?;
        let version = version(&mut connection).await?;
        let (sender, receiver) = watch::channel(());
        let sender = Arc::new(sender);
        self.0.watcher.replace(&sender);
        tokio::spawn(watch(self.clone(), connection, version, sender));
        Ok(Changes { receiver })
    }
}

impl Watcher {
    fn join(&self) -> Option<watch::Receiver<()>> {
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        current.upgrade().map(|sender| sender.subscribe())
    }

    fn replace(&self, sender: &Arc<watch::Sender<()>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(sender);
    }

    /// Whether nobody waits any more; then nobody can join either.
    fn leave(&self, sender: &Arc<watch::Sender<()>>) -> bool {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_alone = sender.receiver_count() == 0;
        if is_alone && current.ptr_eq(&Arc::downgrade(sender)) {
            *current = Weak::new();
        }
        is_alone
    }
}

async fn watch(db: Db, mut connection: Connection, mut seen: i64, sender: Arc<watch::Sender<()>>) {
    let mut pause = SHORTEST_PAUSE;
    while !db.is_closed() && !db.0.watcher.leave(&sender) {
        match version(&mut connection).await {
            Ok(version) if version == seen => pause = (pause * 2).min(LONGEST_PAUSE),
            Ok(version) => {
                (seen, pause) = (version, SHORTEST_PAUSE);
                sender.send_replace(());
            }
            Err(error) => {
                tracing::warn!(%error, "changes by other processes are no longer noticed");
                break;
            }
        }
        #[expect(clippy::disallowed_methods, reason = "SQLite can only be asked again and again")]
        tokio::time::sleep(pause).await;
    }
    connection.close().await;
}

async fn version(connection: &mut Connection) -> Result<i64> {
    let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut **connection).await;
    version.map_err(|source| connection.error(OPERATION, source))
}
