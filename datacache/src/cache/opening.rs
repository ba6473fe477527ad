//! Opening a cache folder: as a whole, or for who does without it until it can be opened.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::blob::{Blobs, FOLDERS};
use crate::clock::Clock;
use crate::db::{Db, Use};
use crate::error::{Error, ErrorKind, Result};
use crate::platform;
use crate::session::OwnSession;

const OPERATION: &str = "open cache";

/// So many folders are looked at in one piece of work: those within one.
const FOLDERS_AT_ONCE: u32 = 256;

/// What it takes to open a cache folder, once or again.
#[derive(Clone)]
pub(super) struct Opening {
    dir: PathBuf,
    locks: PathBuf,
    session: Arc<OwnSession>,
    /// How long the database's log may become.
    log_bytes: Option<u64>,
    clock: Clock,
}

impl Opening {
    pub(super) fn new(dir: &Path, log_bytes: Option<u64>, clock: Clock) -> Self {
        let locks = dir.join("locks");
        let session = Arc::new(OwnSession::new(locks.clone()));
        Self { dir: dir.to_owned(), locks, session, log_bytes, clock }
    }

    pub(super) fn session(&self) -> Arc<OwnSession> {
        Arc::clone(&self.session)
    }

    /// Opens the folder, making it if need be.
    pub(super) async fn open(&self) -> Result<(Db, Blobs)> {
        self.refuse_network().await?;
        make_dirs(&self.dir, &self.locks).await?;
        let db = self.unopened()?;
        let is_lost = self.is_lost(&db).await?;
        db.prepare().await?;
        if is_lost {
            let database = db.path().display();
            tracing::warn!(%database, "a new database was begun: the entries of the former one are lost");
        }
        let blobs = Blobs::open(&self.dir, self.session()).await?;
        Ok((db, blobs))
    }

    /// Whether there is no database, or an empty file, though entries have left their files. SQLite takes
    /// that for a new one.
    async fn is_lost(&self, db: &Db) -> Result<bool> {
        if db.path().metadata().is_ok_and(|file| file.len() > 0) {
            return Ok(false);
        }
        let blobs = Blobs::unopened(&self.dir, self.session());
        for from in (0..FOLDERS).step_by(FOLDERS_AT_ONCE as usize) {
            let listed = blobs.list(from..from + FOLDERS_AT_ONCE).await?;
            if listed.found.iter().any(|found| found.checksum.is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses a folder on which those who use it have neither locks nor memory in common. It is
    /// looked at before anything is made in it.
    async fn refuse_network(&self) -> Result<()> {
        let dir = self.dir.clone();
        let looked = tokio::task::spawn_blocking(move || platform::network_file_system(&dir));
        let looked = looked.await.unwrap_or_else(|join| Err(io::Error::other(join)));
        let network = looked.map_err(|source| Error::io(OPERATION, &self.dir, source))?;
        let Some(name) = network else { return Ok(()) };
        let reason = format_args!(
            "the cache folder is on a network file system ({name}), where SQLite cannot work; set \
             cache.dir to a folder on a local disk"
        );
        Err(Error::new(ErrorKind::NetworkFileSystem, OPERATION, self.dir.display(), reason))
    }

    /// Handles to a folder that could not be opened because of `error`; its database can be read at
    /// best.
    pub(super) async fn do_without(&self, error: &Error) -> Result<(Db, Blobs)> {
        let db = self.unopened()?;
        db.restrict(Use::Reading, error);
        if error.kind() == ErrorKind::ReadOnly {
            db.admit_reading(error).await;
        }
        Ok((db, Blobs::unopened(&self.dir, self.session())))
    }

    fn unopened(&self) -> Result<Db> {
        Db::unopened(&self.dir, &self.locks, self.log_bytes, self.clock.clone())
    }

    /// Opens the folder again for those who have handles to it, who may use it thereafter.
    pub(super) async fn try_again(&self) -> Result<()> {
        let (db, _) = self.open().await?;
        let written = db.write("try cache").await.map(drop);
        db.close().await;
        written
    }
}

async fn make_dirs(dir: &Path, locks: &Path) -> Result<()> {
    let (dir, locks) = (dir.to_owned(), locks.to_owned());
    let made = tokio::task::spawn_blocking(move || {
        if dir.metadata().is_ok_and(|there| !there.is_dir()) {
            let reason = "the cache folder is a file";
            return Err(Error::new(ErrorKind::Io, OPERATION, dir.display(), reason));
        }
        for folder in [&dir, &locks] {
            let made = platform::create_private_dir(folder);
            made.map_err(|source| Error::io(OPERATION, folder, source))?;
        }
        Ok(())
    });
    made.await.unwrap_or_else(|join| {
        let reason = "the thread that does the file work failed";
        Err(Error::new(ErrorKind::Internal, OPERATION, "cache folder", reason).with_source(join))
    })
}
