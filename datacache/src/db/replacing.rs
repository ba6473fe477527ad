//! Replacing a database that cannot be used by a new one.
//!
//! The new one is made complete under another name; then, while the gate is shut, the old one is moved
//! aside and the new one takes its name. So nobody sees a database without its tables, and who dies on
//! the way leaves no database at all, which the next one to open makes.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{Connection, Db, aside, schema};
use crate::error::{Error, ErrorKind, Result};

/// Who holds this lock may begin, change and replace the database.
pub(super) const LOCK: &str = "migrate.lock";

/// A database that is damaged again before this has passed is left in place: a disk that damages
/// whatever is written to it would be filled with what was moved aside.
const PAUSE: Duration = Duration::from_mins(1);

const OPERATION: &str = "replace database";

/// The new database, until it takes its place.
const FRESH_NAME: &str = "datacache-new.sqlite";

/// From where a new database counts finished requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    FromOne,
    /// From the present moment: who has heard of some in a database that is gone is not to wait until
    /// the numbers have caught up.
    FromNow,
}

/// Makes a database where there is none. The caller holds [`LOCK`].
pub(super) async fn begin(db: &Db, counting: Counting) -> Result<()> {
    put_in_place(db, counting).await.map(drop)
}

/// Moves the database aside because of `complaints`, and begins a new one. The caller holds [`LOCK`].
/// The `witness` keeps who closes the old one from deleting the log of the new one: he believes himself
/// alone.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) when that was done less than a minute ago.
pub(super) async fn replace(
    db: &Db,
    complaints: &[String],
    witness: Option<Connection>,
) -> Result<()> {
    let complaint = complaints.first().map_or("it cannot be read", String::as_str);
    let (path, now) = (db.path().to_owned(), db.0.clock.now());
    if on_files(db, move || aside::is_recent(&path, now, PAUSE)).await? {
        let reason =
            format_args!("{complaint}; another one was moved aside less than a minute ago");
        return Err(Error::new(ErrorKind::Corrupt, OPERATION, db.path().display(), reason));
    }
    let moved = put_in_place(db, Counting::FromNow).await?;
    drop(witness);
    let path = db.path().to_owned();
    if let Err(error) = on_files(db, move || aside::forget_old(&path)).await {
        tracing::warn!(%error, "old databases that were moved aside could not be removed");
    }
    if let Some(moved) = moved {
        let moved_to = moved.display();
        tracing::warn!(%moved_to, complaint, "the database was damaged; a new one was begun");
        db.0.mender.note(moved);
    }
    Ok(())
}

/// Returns where the old database has been moved, if there was one.
async fn put_in_place(db: &Db, counting: Counting) -> Result<Option<PathBuf>> {
    let fresh = db.path().with_file_name(FRESH_NAME);
    let made = make(db, fresh.clone(), counting).await;
    let swapped = match made {
        Ok(()) => {
            let _shut = db.0.gate.shut(OPERATION).await?;
            let (path, fresh, now) = (db.path().to_owned(), fresh.clone(), db.0.clock.now());
            let generations = db.0.generations.clone();
            let swap = move || {
                generations.forget()?;
                aside::swap(&path, &fresh, now)
            };
            on_files(db, swap).await
        }
        Err(error) => Err(error),
    };
    if swapped.is_err() {
        // It takes room where there may be none.
        let _ = on_files(db, move || aside::remove(&fresh)).await;
    }
    swapped
}

/// Makes an empty database of the current schema, in one file.
async fn make(db: &Db, path: PathBuf, counting: Counting) -> Result<()> {
    let leftover = path.clone();
    on_files(db, move || aside::remove(&leftover)).await?;
    let fresh = Db::new(path.clone(), &db.0.locks, None, db.0.clock.clone());
    let made = async {
        schema::migrate(&fresh).await?;
        match counting {
            Counting::FromOne => Ok(()),
            Counting::FromNow => count_on(&fresh).await,
        }
    };
    let made = made.await;
    fresh.close().await;
    made?;
    if on_files(db, move || aside::is_anything_beside(&path)).await? {
        let reason = "its log could not be written back: the disk is full, or the disk fails";
        return Err(Error::new(ErrorKind::Io, OPERATION, fresh.path().display(), reason));
    }
    Ok(())
}

async fn count_on(fresh: &Db) -> Result<()> {
    const COUNT_ON: &str = "INSERT INTO sqlite_sequence VALUES ('finished_requests', ?1)";
    let now = fresh.0.clock.now().as_millis().max(0);
    let mut tx = fresh.write(OPERATION).await?;
    let counted = sqlx::query(COUNT_ON).bind(now).execute(&mut *tx).await;
    counted.map_err(|source| tx.error(source))?;
    tx.commit().await
}

async fn on_files<T: Send + 'static>(
    db: &Db,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|join| Err(io::Error::other(join)));
    done.map_err(|source| Error::io(OPERATION, db.path(), source))
}
