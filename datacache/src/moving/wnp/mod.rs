//! The cache of whats-now-playing: its tables, its files, and what they mean here.
//!
//! # The source
//! ```text
//! datacache.sqlite (+ -wal, -shm)    tables cached_data and pending_requests
//! blobs/ab/cd/<rest>.bin             bodies over 16 KiB, named by the SHA-256 of their URL
//! ```
//! Its times are seconds since 1970, with fractions. Its URLs have API keys in them, which our keys
//! have not; its palettes are left, as they are made again. Where a file lies is computed, and not
//! read from the row, which could lead anywhere.
//!
//! # Nothing is written there
//! SQLite would make and lock a `-shm` file even to read. So it gets a copy of the database and its
//! log ([`copy`]), in a folder of ours that goes away with the import.

mod copy;
mod requests;
mod row;
mod sql;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::archive::Body;
use super::entry_line::Gate;
use super::import::Arrival;
use super::{Author, Imported};
use crate::cache::Cache;
use crate::checksum::Checksum;
use crate::db::Foreign;
use crate::error::{Error, ErrorKind, Result};
use row::Row;

const OPERATION: &str = "import";

/// How many rows are read at once, without their bodies.
const PAGE_ROWS: i64 = 500;

/// What is read.
struct Source {
    /// The folder of the original.
    folder: PathBuf,
    /// The original database.
    file: PathBuf,
    copy: Foreign,
    gate: Gate,
}

pub(super) async fn run(
    cache: &Cache,
    path: &Path,
    mut progress: impl FnMut(Imported) + Send,
) -> Result<Imported> {
    let scratch = cache.0.store.scratch(copy::size_bytes(path).await?).await?;
    let file = copy::database(path, cache.0.db.path(), scratch.path()).await?;
    let copied = copy::in_folder(scratch.path());
    let gate = Gate::new(cache, Author::Myself).await?;
    let copy = Foreign::open(OPERATION, &copied, &file).await?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let mut source = Source { folder, file, copy, gate };
    source.check_tables().await?;
    let mut imported = Imported::default();
    source.import_entries(&mut imported, &mut progress).await?;
    source.import_requests(&mut imported, &mut progress).await?;
    source.copy.close().await;
    Ok(imported)
}

impl Source {
    async fn check_tables(&mut self) -> Result<()> {
        let found = sql::has_tables(&mut self.copy).await;
        if found.map_err(|source| self.failed(source))? {
            return Ok(());
        }
        let reason = "it is no cache of whats-now-playing";
        Err(Error::new(ErrorKind::Corrupt, OPERATION, self.file.display(), reason))
    }

    async fn import_entries(
        &mut self,
        imported: &mut Imported,
        progress: &mut (impl FnMut(Imported) + Send),
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let rows = sql::entries(&mut self.copy, after, PAGE_ROWS).await;
            let rows = self.page(rows, imported)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = *last;
            for (id, row) in rows {
                let arrival = match row {
                    Ok(row) => self.arrival(id, row).await?,
                    Err(source) => Arrival::Damaged(self.failed(source)),
                };
                imported.receive(&self.gate.cache, arrival).await?;
                progress(*imported);
            }
        }
    }

    async fn arrival(&mut self, id: i64, row: Row) -> Result<Arrival> {
        let max_bytes = self.gate.max_body_bytes();
        let inline = if row.is_in_file || row.is_absence() {
            Ok(None)
        } else {
            sql::body(&mut self.copy, id, max_bytes).await
        };
        let inline = match inline {
            Ok(inline) => inline,
            Err(source) => return Ok(Arrival::Damaged(self.failed(source))),
        };
        let (folder, gate) = (self.folder.clone(), self.gate.clone());
        // The file is read, and the bytes looked at, where that keeps nobody waiting.
        let judged = tokio::task::spawn_blocking(move || judge(&folder, &gate, row, inline));
        judged.await.map_err(|join| {
            let reason = "the thread that does the file work failed";
            Error::new(ErrorKind::Internal, OPERATION, self.file.display(), reason)
                .with_source(join)
        })
    }

    /// Some rows with their numbers; none after the end of a table. Where the database
    /// itself is damaged, the rest of the table is given up, and counts as one row.
    fn page<T>(
        &self,
        rows: sqlx::Result<Vec<(i64, T)>>,
        imported: &mut Imported,
    ) -> Result<Vec<(i64, T)>> {
        match rows.map_err(|source| self.failed(source)) {
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::warn!(%error, "the rest of a table cannot be read");
                imported.damaged += 1;
                Ok(Vec::new())
            }
            rows => rows,
        }
    }

    fn failed(&self, source: sqlx::Error) -> Error {
        crate::db::db_error(OPERATION, &self.file, source)
    }
}

/// What is to be done with a row. Blocking.
fn judge(folder: &Path, gate: &Gate, row: Row, inline: Option<Bytes>) -> Arrival {
    let data = match inline {
        _ if row.is_absence() => Body::Intact(Bytes::new()),
        None if row.is_in_file => file_of(folder, &row.url, gate.max_body_bytes()),
        None if row.data_size > gate.max_body_bytes() => Body::TooLarge,
        None => Body::Damaged,
        Some(data) => Body::Intact(data),
    };
    let data = match data {
        Body::Intact(data) if !row.is_of(&data) => Body::Damaged,
        data => data,
    };
    let checksum = match &data {
        Body::Intact(data) => Checksum::of(data),
        _ => Checksum::of(b""),
    };
    let url = row.url.clone();
    let Some(line) = row.into_line(checksum) else {
        let reason = "its metadata cannot be read";
        return Arrival::Damaged(gate.error(&url, ErrorKind::Corrupt, &reason));
    };
    Arrival::of(gate, line, data)
}

/// The body in the file of a URL.
fn file_of(folder: &Path, url: &str, max_bytes: u64) -> Body {
    let name = Checksum::of(url.as_bytes()).to_string();
    let path = folder.join("blobs").join(&name[..2]).join(&name[2..4]);
    let path = path.join(format!("{}.bin", &name[4..]));
    // A link could lead elsewhere.
    let is_file = fs::symlink_metadata(&path).is_ok_and(|file| file.is_file());
    let mut data = Vec::new();
    let file = fs::File::open(&path).ok().filter(|_| is_file);
    let read = file.map(|file| file.take(max_bytes + 1).read_to_end(&mut data));
    match read {
        Some(Ok(read)) if read as u64 > max_bytes => Body::TooLarge,
        Some(Ok(_)) => Body::Intact(data.into()),
        _ => Body::Damaged,
    }
}
