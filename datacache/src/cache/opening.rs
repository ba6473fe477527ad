//! Opening a cache folder: as a whole, or for who does without it until it can be opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::make_dirs;
use crate::blob::Blobs;
use crate::db::{Db, Use};
use crate::error::{Error, ErrorKind, Result};
use crate::session::OwnSession;

/// What it takes to open a cache folder, once or again.
#[derive(Clone)]
pub(super) struct Opening {
    dir: PathBuf,
    locks: PathBuf,
    session: Arc<OwnSession>,
}

impl Opening {
    pub(super) fn new(dir: &Path) -> Self {
        let locks = dir.join("locks");
        let session = Arc::new(OwnSession::new(locks.clone()));
        Self { dir: dir.to_owned(), locks, session }
    }

    pub(super) fn session(&self) -> Arc<OwnSession> {
        Arc::clone(&self.session)
    }

    /// Opens the folder, making it if need be.
    pub(super) async fn open(&self) -> Result<(Db, Blobs)> {
        make_dirs(&self.dir, &self.locks).await?;
        let db = Db::open(&self.dir, &self.locks).await?;
        let blobs = Blobs::open(&self.dir, self.session()).await?;
        Ok((db, blobs))
    }

    /// Handles to a folder that could not be opened because of `error`; its database can be read at
    /// best.
    pub(super) async fn do_without(&self, error: &Error) -> Result<(Db, Blobs)> {
        let db = Db::unopened(&self.dir, &self.locks)?;
        db.restrict(Use::Reading, error);
        if error.kind() == ErrorKind::ReadOnly {
            db.admit_reading(error).await;
        }
        Ok((db, Blobs::unopened(&self.dir, self.session())))
    }

    /// Opens the folder again for those who have handles to it, who may use it thereafter.
    pub(super) async fn try_again(&self) -> Result<()> {
        let (db, _) = self.open().await?;
        let written = db.write("try cache").await.map(drop);
        db.close().await;
        written
    }
}
