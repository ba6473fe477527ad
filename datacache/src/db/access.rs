//! What may be done with the database at present.
//!
//! All of it, unless whoever opens it says otherwise: what cannot be done, or only after long
//! waiting, is refused at once, with the error that was met.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::SqliteConnectOptions;

use super::log::log_of;
use super::{Db, schema};
use crate::error::{Error, Result};

/// What an operation does with the database. Who cannot read cannot write either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Reading,
    Writing,
}

#[derive(Default)]
pub(super) struct Access(Mutex<State>);

#[derive(Default)]
struct State {
    /// What is refused, with all that comes after it, and why.
    refused: Option<(Use, Error)>,
    /// How to read where that takes more than leaving off writing.
    reading: Option<SqliteConnectOptions>,
}

impl Access {
    pub(super) fn refusal(&self, intended: Use) -> Option<Error> {
        let state = self.state();
        let refused = state.refused.as_ref().filter(|(from, _)| *from <= intended);
        refused.map(|(_, error)| error.clone())
    }

    /// How to read, if not as always; an error when that is refused.
    pub(super) fn reading(&self) -> Result<Option<SqliteConnectOptions>> {
        match self.refusal(Use::Reading) {
            Some(error) => Err(error),
            None => Ok(self.state().reading.clone()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Db {
    /// Why the database refuses the `intended` use at present, if it does.
    pub(crate) fn refusal(&self, intended: Use) -> Option<Error> {
        self.0.access.refusal(intended)
    }

    /// Refuses what has `failed` from now on, and what takes more.
    pub(crate) fn restrict(&self, failed: Use, error: &Error) {
        let mut state = self.0.access.state();
        if state.refused.as_ref().is_none_or(|(from, _)| failed < *from) {
            state.refused = Some((failed, error.clone()));
        }
    }

    /// Refuses nothing any more.
    pub(crate) fn admit(&self) {
        *self.0.access.state() = State::default();
    }

    /// Refuses only to write, because of `error`, if the database can be read without writing a
    /// byte.
    pub(crate) async fn admit_reading(&self, error: &Error) {
        let Some(options) = self.readable_with().await else { return };
        let mut state = self.0.access.state();
        *state = State { refused: Some((Use::Writing, error.clone())), reading: Some(options) };
    }

    /// How the database can be read by who may not write it. Without a log, and in a folder in
    /// which nobody can make one, no file of it changes.
    async fn readable_with(&self) -> Option<SqliteConnectOptions> {
        let options = self.0.options.clone().read_only(true);
        let path = self.path().to_owned();
        let has_log = tokio::task::spawn_blocking(move || holds_anything(&log_of(&path)));
        let attempts = match has_log.await {
            Ok(false) => vec![options.clone(), options.immutable(true)],
            _ => vec![options],
        };
        for options in attempts {
            if schema::is_current(self, &options).await {
                return Some(options);
            }
        }
        None
    }
}

/// What cannot be looked at may hold anything.
fn holds_anything(file: &Path) -> bool {
    match file.metadata() {
        Ok(file) => file.len() > 0,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::error::ErrorKind;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "test", "database", "as it happens")
    }

    async fn kinds(db: &Db) -> [Option<ErrorKind>; 2] {
        let read = match db.read("test").await {
            Ok(connection) => {
                connection.close();
                None
            }
            Err(error) => Some(error.kind()),
        };
        [read, db.write("test").await.map(drop).err().map(|error| error.kind())]
    }

    #[tokio::test]
    async fn what_has_failed_is_refused_with_all_that_takes_more() {
        use ErrorKind::{Corrupt, Full, ReadOnly};
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("locks")).unwrap();
        let db = Db::open(dir.path(), &dir.path().join("locks"), None).await.unwrap();
        assert_eq!(kinds(&db).await, [None, None]);
        db.restrict(Use::Writing, &error(Full));
        assert_eq!(kinds(&db).await, [None, Some(Full)]);
        db.restrict(Use::Reading, &error(Corrupt));
        db.restrict(Use::Writing, &error(Full));
        assert_eq!(kinds(&db).await, [Some(Corrupt); 2]);
        db.admit_reading(&error(ReadOnly)).await;
        assert_eq!(kinds(&db).await, [None, Some(ReadOnly)]);
        db.admit();
        assert_eq!(kinds(&db).await, [None, None]);
        db.close().await;
    }

    #[tokio::test]
    async fn what_is_no_cache_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let db =
            Db::unopened(dir.path(), &dir.path().join("locks"), None, Clock::system()).unwrap();
        db.restrict(Use::Reading, &error(ErrorKind::ReadOnly));
        db.admit_reading(&error(ErrorKind::ReadOnly)).await;
        assert_eq!(kinds(&db).await, [Some(ErrorKind::ReadOnly); 2]);
    }
}
