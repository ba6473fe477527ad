//! Changes: noticing commits, those of other processes too, soon and cheaply.
//!
//! SQLite tells no process of another's commit. But every commit rings a doorbell, and a connection
//! that stays open can ask whether the database has changed since it asked last
//! (`PRAGMA data_version`, which reads one number in shared memory). One task in a process asks on
//! behalf of everybody who waits there: when the bell rings, and in case it was not rung every
//! [`UNRUNG`], or every [`UNHEARD`] where it cannot be heard. What goes wrong there is tried again, with a new connection, every [`AGAIN`];
//! nobody who waits hears of it. So is a database that was replaced, whose connection would never
//! again tell of a change. The task ends with the last of those who wait.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::doorbell::Listener;
use super::{Connection, Db};
use crate::error::{Error, ErrorKind, Result};

const OPERATION: &str = "watch";

/// How often to ask although nobody rings: whoever commits does, unless he dies before.
const UNRUNG: Duration = Duration::from_millis(200);

/// How often to ask where no ring can be heard: a worker at rest takes about a hundredth of a core.
const UNHEARD: Duration = Duration::from_millis(40);

/// How often to try to watch again after an error.
const AGAIN: Duration = Duration::from_secs(1);

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
    /// [`Closed`](ErrorKind::Closed) when the database was closed.
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
        let watched = Watched::begin(self).await?;
        let (sender, receiver) = watch::channel(());
        let sender = Arc::new(sender);
        self.0.watcher.replace(&sender);
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
    async fn begin(db: &Db) -> Result<Self> {
        let listener = db.0.doorbell.listen().await;
        let mut connection = db.read(OPERATION).await?;
        let version = version(&mut connection).await?;
        Ok(Self { connection, version, listener })
    }

    async fn has_changed(&mut self) -> Result<bool> {
        if self.connection.is_left_behind() {
            let reason = "the database has been replaced";
            return Err(Error::new(ErrorKind::Io, OPERATION, "database", reason));
        }
        let version = version(&mut self.connection).await?;
        Ok(std::mem::replace(&mut self.version, version) != version)
    }
}

async fn watch(db: Db, mut watched: Watched, sender: Arc<watch::Sender<()>>) {
    while !is_over(&db, &sender) {
        match watched.has_changed().await {
            Ok(true) => {
                sender.send_replace(());
                #[expect(clippy::disallowed_methods, reason = "many commits count as one")]
                tokio::time::sleep(GATHERED).await;
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "changes by other processes are noticed later");
                let Some(anew) = begin_again(&db, &sender).await else { return };
                watched = anew;
                // For what happened in between.
                sender.send_replace(());
            }
        }
        if watched.listener.is_left_behind() {
            watched.listener = db.0.doorbell.listen().await;
        }
        let patience = if watched.listener.hears() { UNRUNG } else { UNHEARD };
        let _ = tokio::time::timeout(patience, watched.listener.rung()).await;
    }
    watched.connection.close();
}

fn is_over(db: &Db, sender: &Arc<watch::Sender<()>>) -> bool {
    db.is_closed() || db.0.watcher.leave(sender)
}

/// Begins to watch as soon as that can be done; `None` when nobody waits any more.
async fn begin_again(db: &Db, sender: &Arc<watch::Sender<()>>) -> Option<Watched> {
    while !is_over(db, sender) {
        match Watched::begin(db).await {
            Ok(watched) => return Some(watched),
            Err(error) => tracing::debug!(%error, "changes are still not noticed"),
        }
        #[expect(clippy::disallowed_methods, reason = "nothing tells when an error has passed")]
        tokio::time::sleep(AGAIN).await;
    }
    None
}

async fn version(connection: &mut Connection) -> Result<i64> {
    let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut **connection).await;
    version.map_err(|source| connection.error(OPERATION, source))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn who_waits_hears_of_commits_also_after_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path(), dir.path(), None).await.unwrap();
        let mut watched = Watched::begin(&db).await.unwrap();
        let has_failed = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&has_failed);
        // It interrupts the first statement and all that follow.
        watched.connection.lock_handle().await.unwrap().set_progress_handler(1, move || {
            fails.store(true, Ordering::Release);
            false
        });
        let (sender, receiver) = watch::channel(());
        let sender = Arc::new(sender);
        db.0.watcher.replace(&sender);
        let mut changes = Changes { receiver };
        let watching = tokio::spawn(watch(db.clone(), watched, sender));
        // Of the error itself, for what may have been missed; and of the next commit.
        for name in ["a", "b"] {
            changes.next().await.unwrap();
            assert!(has_failed.load(Ordering::Acquire));
            let mut tx = db.write("test").await.unwrap();
            let insert = sqlx::query("INSERT INTO last_picks VALUES (?1, '', '')").bind(name);
            insert.execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        changes.next().await.unwrap();
        db.close().await;
        watching.await.unwrap();
        assert_eq!(changes.next().await.unwrap_err().kind(), ErrorKind::Closed);
    }
}
