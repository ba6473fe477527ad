//! Changes: noticing commits, those of other processes too, soon and cheaply.
//!
//! SQLite tells no process of another's commit. But every commit rings a doorbell, and a connection
//! that stays open can ask whether the database has changed since it asked last
//! (`PRAGMA data_version`, which reads one number in shared memory). One task in a process asks on
//! behalf of everybody who waits there: when the bell rings, and in case it was not rung or heard,
//! every [`UNRUNG`]. It ends with the last of those who wait.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::doorbell::Listener;
use super::{Connection, Db};
use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "watch";

/// How often to ask although nobody rings: a worker at rest takes less than a hundredth of a core.
const UNRUNG: Duration = Duration::from_millis(40);

/// Commits that follow each other this closely are told of together.
const GATHERED: Duration = Duration::from_millis(1);

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
        let listener = self.0.doorbell.listen().await;
        let mut connection = self.read(OPERATION).await?;
        let version = version(&mut connection).await?;
        let (sender, receiver) = watch::channel(());
        let sender = Arc::new(sender);
        self.0.watcher.replace(&sender);
        let watched = Watched { connection, version, listener };
        tokio::spawn(watch(self.clone(), watched, sender));
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

/// What tells of commits, and what it told last.
struct Watched {
    connection: Connection,
    version: i64,
    listener: Listener,
}

impl Watched {
    async fn has_changed(&mut self) -> Result<bool> {
        let version = version(&mut self.connection).await?;
        Ok(std::mem::replace(&mut self.version, version) != version)
    }
}

async fn watch(db: Db, mut watched: Watched, sender: Arc<watch::Sender<()>>) {
    while !db.is_closed() && !db.0.watcher.leave(&sender) {
        match watched.has_changed().await {
            Ok(true) => {
                sender.send_replace(());
                #[expect(clippy::disallowed_methods, reason = "many commits count as one")]
                tokio::time::sleep(GATHERED).await;
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "changes by other processes are no longer noticed");
                break;
            }
        }
        let _ = tokio::time::timeout(UNRUNG, watched.listener.rung()).await;
    }
    watched.connection.close().await;
}

async fn version(connection: &mut Connection) -> Result<i64> {
    let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut **connection).await;
    version.map_err(|source| connection.error(OPERATION, source))
}
