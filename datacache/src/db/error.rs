//! Errors of SQLite in the words of this crate.

use std::path::Path;

use crate::error::{Error, ErrorKind};

/// Result codes, primary ones but for the last, <https://sqlite.org/rescode.html>.
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;

/// The log is shorter than the index of it says: it was removed or cut while it was in use.
const SQLITE_IOERR_SHORT_READ: i32 = 522;

/// The `-shm` file could not be made large enough, which fails for lack of room only.
const SQLITE_IOERR_SHMSIZE: i32 = 4_874;

/// Turns an error of SQLite into one of this crate; `path` is the database file.
pub(crate) fn db_error(operation: &'static str, path: &Path, source: sqlx::Error) -> Error {
    let code = result_code(&source);
    if is_of_no_format(&source) {
        let reason = format_args!("the database is damaged: {source}");
        return Error::new(ErrorKind::Corrupt, operation, path.display(), reason)
            .with_source(source);
    }
    // The low byte of an extended result code is the primary one.
    let (kind, reason) = match code.map(|code| code & 0xff) {
        Some(SQLITE_BUSY | SQLITE_LOCKED) => {
            (ErrorKind::Busy, "another process keeps the database locked")
        }
        Some(SQLITE_READONLY) => (ErrorKind::ReadOnly, "the database cannot be written"),
        // It is also what SQLite makes of a page that cannot be read (`SQLITE_IOERR_CORRUPTFS`).
        Some(SQLITE_CORRUPT) => (ErrorKind::Corrupt, "the database is damaged, or the disk fails"),
        Some(SQLITE_NOTADB) => (ErrorKind::Corrupt, "the file is not a database"),
        _ if code == Some(SQLITE_IOERR_SHORT_READ) => {
            (ErrorKind::Corrupt, "a part of the database is missing")
        }
        Some(SQLITE_FULL) => (ErrorKind::Full, "the disk is full"),
        _ if code == Some(SQLITE_IOERR_SHMSIZE) => (ErrorKind::Full, "the disk is full"),
        Some(SQLITE_CANTOPEN) => cannot_open(path),
        Some(_) => (ErrorKind::Io, "the database failed"),
        None if matches!(source, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
            (ErrorKind::Corrupt, "a row of the database is damaged")
        }
        None if matches!(source, sqlx::Error::Io(_)) => (ErrorKind::Io, "the database failed"),
        None => (ErrorKind::Internal, "the database driver failed"),
    };
    let reason = format_args!("{reason}: {source}");
    Error::new(kind, operation, path.display(), reason).with_source(source)
}

/// A row whose content no version of this crate has written.
pub(crate) fn corrupt_row(
    operation: &'static str,
    column: &'static str,
    row: impl std::fmt::Display,
) -> Error {
    let subject = format_args!("{column} of {row}");
    Error::new(ErrorKind::Corrupt, operation, subject, "the value cannot be read")
}

/// Whether SQLite has found the file itself to be damaged, rather than a value in it.
pub(super) fn tells_of_damage(error: &sqlx::Error) -> bool {
    result_code(error).is_some_and(is_damage) || is_of_no_format(error)
}

/// A number of a format that never was has no code of its own.
fn is_of_no_format(error: &sqlx::Error) -> bool {
    let message = error.as_database_error().map(sqlx::error::DatabaseError::message);
    message.is_some_and(|message| message.contains("unsupported file format"))
}

/// Whether a result code means damage, which an error of the disk does not.
pub(super) fn is_damage(code: i32) -> bool {
    matches!(code & 0xff, SQLITE_CORRUPT | SQLITE_NOTADB) || code == SQLITE_IOERR_SHORT_READ
}

/// Whether a file could not be opened.
pub(super) fn tells_of_no_file(error: &sqlx::Error) -> bool {
    result_code(error).is_some_and(|code| code & 0xff == SQLITE_CANTOPEN)
}

fn result_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// SQLite says "unable to open" alike for a missing folder, a full disk and a folder where it may
/// not make its `-wal` and `-shm`; the last is the one users meet.
fn cannot_open(path: &Path) -> (ErrorKind, &'static str) {
    let dir = path.parent().unwrap_or(path);
    match tempfile::tempfile_in(dir) {
        Ok(_) => (ErrorKind::Io, "the database cannot be opened"),
        Err(error) => match Error::io("", dir, error).kind() {
            ErrorKind::ReadOnly => (ErrorKind::ReadOnly, "the cache folder cannot be written"),
            ErrorKind::Full => (ErrorKind::Full, "the disk is full"),
            _ => (ErrorKind::Io, "the database cannot be opened"),
        },
    }
}
