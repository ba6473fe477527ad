//! A copy of a database that another program may be using.
//!
//! While nobody copies its log back into it, the database stays as it is, and the log only grows: a
//! copy of both is a state that the database once had, with a piece of a later one at its end that
//! SQLite passes over. So the copy is good if neither the database nor the beginning of its log has
//! changed meanwhile; else it is made again.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result};
use crate::platform;

const OPERATION: &str = "import";

/// What both programs call their database.
const FILE_NAME: &str = crate::db::FILE_NAME;

/// What lies beside a database: its log, or what takes back an unfinished change.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// So often the copy is made before it is given up.
const ATTEMPTS: u32 = 10;

/// The beginning of a log, which tells one from the next.
const LOG_HEADER_BYTES: u64 = 32;

/// Where the copy in `scratch` is.
pub(super) fn in_folder(scratch: &Path) -> PathBuf {
    scratch.join(FILE_NAME)
}

/// Copies the database in the folder `path`, or that is `path`, to `scratch`; returns where it is.
/// It must not be `own`: by closing it, this process would lose the locks that it has on it.
pub(super) async fn database(path: &Path, own: &Path, scratch: &Path) -> Result<PathBuf> {
    let (path, own, scratch) = (path.to_owned(), own.to_owned(), scratch.to_owned());
    let copied = tokio::task::spawn_blocking(move || copy(&path, &own, &scratch));
    copied.await.unwrap_or_else(|join| {
        let reason = "the thread that does the file work failed";
        Err(Error::new(ErrorKind::Internal, OPERATION, "database", reason).with_source(join))
    })
}

/// How much there is to be copied.
pub(super) async fn size_bytes(path: &Path) -> Result<u64> {
    let file = file_of(path);
    let size = |file: &Path| fs::metadata(file).map_or(0, |about| about.len());
    let sized = tokio::task::spawn_blocking(move || {
        size(&file) + BESIDE.iter().map(|suffix| size(&beside(&file, suffix))).sum::<u64>()
    });
    sized.await.map_err(|join| {
        let reason = "the thread that does the file work failed";
        Error::new(ErrorKind::Internal, OPERATION, "database", reason).with_source(join)
    })
}

fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() }
}

fn copy(path: &Path, own: &Path, scratch: &Path) -> Result<PathBuf> {
    let file = file_of(path);
    let file = fs::canonicalize(&file).map_err(|source| Error::io(OPERATION, &file, source))?;
    if fs::canonicalize(own).is_ok_and(|own| own == file) {
        let reason = "it is the cache that would be imported to";
        return Err(Error::invalid(OPERATION, file.display(), reason));
    }
    for _ in 0..ATTEMPTS {
        let copied = copy_once(&file, &in_folder(scratch));
        if copied.map_err(|source| Error::io(OPERATION, &file, source))? {
            return Ok(file);
        }
    }
    let reason = "another program keeps writing it; stop that first";
    Err(Error::new(ErrorKind::Busy, OPERATION, file.display(), reason))
}

/// Makes the copy; says whether it is good.
fn copy_once(file: &Path, to: &Path) -> io::Result<bool> {
    let before = Stamp::of(file)?;
    copy_file(file, to)?;
    for suffix in BESIDE {
        match copy_file(&beside(file, suffix), &beside(to, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => copied?,
        }
    }
    Ok(Stamp::of(file)? == before)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let _ = fs::remove_file(to);
    io::copy(&mut from, &mut platform::create_private_file(to)?).map(drop)
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What changes when a database, or the log that goes with it, becomes another one.
#[derive(Debug, PartialEq)]
struct Stamp {
    size: u64,
    changed: SystemTime,
    log: Vec<u8>,
    has_journal: bool,
}

impl Stamp {
    fn of(file: &Path) -> io::Result<Self> {
        let about = fs::metadata(file)?;
        let mut log = Vec::new();
        match File::open(beside(file, "-wal")) {
            Ok(wal) => drop(wal.take(LOG_HEADER_BYTES).read_to_end(&mut log)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let has_journal = beside(file, "-journal").try_exists()?;
        Ok(Self { size: about.len(), changed: about.modified()?, log, has_journal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, bytes: &[u8]) {
        io::Write::write_all(&mut File::create(path).unwrap(), bytes).unwrap();
    }

    #[test]
    fn a_log_that_grows_is_the_same_and_one_that_begins_anew_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let file = in_folder(dir.path());
        let log = beside(&file, "-wal");
        put(&file, b"database");
        put(&log, &[1; 100]);
        let before = Stamp::of(&file).unwrap();
        put(&log, &[1; 200]);
        assert_eq!(Stamp::of(&file).unwrap(), before);
        put(&log, &[2; 200]);
        assert_ne!(Stamp::of(&file).unwrap(), before);
        fs::remove_file(&log).unwrap();
        assert_ne!(Stamp::of(&file).unwrap(), before);
        put(&log, &[1; 100]);
        put(&file, b"database, longer");
        assert_ne!(Stamp::of(&file).unwrap(), before);
    }

    #[test]
    fn a_copy_has_what_lies_beside_it_and_replaces_one_that_was_no_good() {
        let dir = tempfile::tempdir().unwrap();
        let (source, scratch) = (dir.path().join("source"), dir.path().join("scratch"));
        fs::create_dir(&source).unwrap();
        fs::create_dir(&scratch).unwrap();
        put(&in_folder(&source), b"database");
        put(&beside(&in_folder(&source), "-wal"), b"log");
        for _ in 0..2 {
            let copied = copy(&source, Path::new("/nowhere"), &scratch).unwrap();
            assert_eq!(copied, fs::canonicalize(in_folder(&source)).unwrap());
        }
        let copied = in_folder(&scratch);
        assert_eq!(fs::read(&copied).unwrap(), b"database");
        assert_eq!(fs::read(beside(&copied, "-wal")).unwrap(), b"log");
        assert!(!beside(&copied, "-journal").exists());
    }
}
