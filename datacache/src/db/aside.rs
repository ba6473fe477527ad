//! The files of damaged databases that were moved aside. Blocking.
//!
//! ```text
//! datacache-damaged-20260131T120000Z.sqlite (+ -wal, -shm)
//! ```
//! They keep SQLite's suffixes, so that its own tools can salvage what is in them. The newest
//! [`KEPT`] are kept.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::clock::Timestamp;

const PREFIX: &str = "datacache-damaged-";
const EXTENSION: &str = ".sqlite";

/// What SQLite keeps beside a database. A `-journal` is there only where it was not in WAL mode yet.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

const KEPT: usize = 3;

/// A database that was damaged and moved aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeptAside {
    /// Where it is now.
    pub path: PathBuf,
    /// What it takes on disk in bytes, with what SQLite had left beside it.
    pub size_bytes: u64,
}

/// After 9999-12-31 no moment can be written.
const LAST_SECOND: u64 = 253_402_300_799;

/// Gives `fresh` the name `database`. What has that name is moved aside; returns where to. A process
/// that dies on the way leaves no database, so that the next one goes on from there.
pub(super) fn swap(database: &Path, fresh: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    let aside = free_name(database, now)?;
    // First the database: from here on no program, however old, opens its log anew.
    let moved = rename(database, &aside)?;
    let owner = match interrupted(database, now)?.filter(|_| !moved) {
        Some(owner) => owner,
        None => aside.clone(),
    };
    for suffix in BESIDE {
        rename(&beside(database, suffix), &beside(&owner, suffix))?;
    }
    fs::rename(fresh, database)?;
    Ok(moved.then_some(aside))
}

/// Removes what a process that died has left under the name `database`.
pub(super) fn remove(database: &Path) -> io::Result<()> {
    let suffixes = BESIDE.iter().map(|suffix| beside(database, suffix));
    for path in suffixes.chain([database.to_owned()]) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether SQLite left something beside `database`, which must not be taken for that of another one. A
/// disk that does not say is an error.
pub(super) fn is_anything_beside(database: &Path) -> io::Result<bool> {
    for suffix in BESIDE {
        if beside(database, suffix).try_exists()? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The databases that were moved aside and are still there, the oldest first. A log whose database is gone
/// counts as one.
pub(super) fn kept(database: &Path) -> io::Result<Vec<KeptAside>> {
    let paths = names(database)?.into_iter().map(|name| database.with_file_name(name));
    let kept = paths.map(|path| {
        let beside = BESIDE.iter().map(|suffix| beside(&path, suffix));
        let files = beside.chain([path.clone()]);
        // One that cannot be looked at has just been removed.
        let size_bytes = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        KeptAside { path, size_bytes }
    });
    Ok(kept.collect())
}

/// Whether a database was moved aside less than `pause` before `now`, or after it.
pub(super) fn is_recent(database: &Path, now: Timestamp, pause: Duration) -> io::Result<bool> {
    let times = names(database)?;
    let mut times = times.iter().filter_map(|name| time_of(name));
    Ok(times.any(|at| now.since(at) < pause && at.since(now) < pause))
}

/// Removes all but the newest.
pub(super) fn forget_old(database: &Path) -> io::Result<()> {
    let names = names(database)?;
    let old = names.len().saturating_sub(KEPT);
    names.iter().take(old).try_for_each(|name| remove(&database.with_file_name(name)))
}

/// The last one, if a process died while it was moving it: its log is still in place.
fn interrupted(database: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    const LATELY: Duration = Duration::from_mins(1);
    let last = names(database)?.pop_last();
    let last = last.filter(|name| time_of(name).is_some_and(|at| now.since(at) < LATELY));
    let Some(last) = last.map(|name| database.with_file_name(name)) else { return Ok(None) };
    Ok((!is_anything_beside(&last)?).then_some(last))
}

/// The names of the databases that were moved aside, the oldest first.
fn names(database: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for file in fs::read_dir(database.parent().unwrap_or(database))? {
        let name = file?.file_name();
        // Of a log whose database is gone, the name of that.
        let stem = name.to_str().and_then(|name| name.rsplit_once(EXTENSION)).map(|(stem, _)| stem);
        if let Some(stem) = stem.filter(|stem| stem.starts_with(PREFIX)) {
            names.insert(format!("{stem}{EXTENSION}"));
        }
    }
    Ok(names)
}

/// A name that none has had: the clock may have been set back.
fn free_name(database: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let taken = names(database)?;
    let stamp = stamp(now);
    let plain = format!("{PREFIX}{stamp}{EXTENSION}");
    let numbered = (1..).map(|number| format!("{PREFIX}{stamp}-{number}{EXTENSION}"));
    let free = std::iter::once(plain).chain(numbered).find(|name| !taken.contains(name));
    Ok(database.with_file_name(free.unwrap_or_default()))
}

/// `20260131T120000Z`: without the colons that not every file system has.
fn stamp(now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_millis() / 1_000).unwrap_or(0).min(LAST_SECOND);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string().replace(['-', ':'], "")
}

/// The moment in a name that [`free_name`] has made.
fn time_of(name: &str) -> Option<Timestamp> {
    let stamp = name.strip_prefix(PREFIX)?.get(..16)?;
    let part = |from: usize, to: usize| stamp.get(from..to);
    let (date, time) = ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(9, 11)?, part(11, 13)?));
    let text = format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, time.0, time.1, part(13, 15)?);
    let time = humantime::parse_rfc3339(&text).ok()?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(i64::try_from(since.as_millis()).ok()?))
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Renames a file if it is there; says whether it was.
fn rename(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(files: &[&str]) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            for name in files {
                #[expect(clippy::disallowed_methods, reason = "a test has nothing to lose")]
                fs::write(folder.0.path().join(name), name).unwrap();
            }
            folder
        }

        fn database(&self) -> PathBuf {
            self.0.path().join("datacache.sqlite")
        }

        fn swap(&self, now: Timestamp) -> Option<String> {
            let moved = swap(&self.database(), &self.0.path().join("new"), now).unwrap();
            moved.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        }

        /// Every file with what it was called first.
        fn files(&self) -> Vec<String> {
            let read = fs::read_dir(self.0.path()).unwrap().map(|file| {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                format!("{name}: {}", fs::read_to_string(path).unwrap())
            });
            let mut files: Vec<String> = read.collect();
            files.sort();
            files
        }
    }

    #[test]
    fn all_files_of_a_database_move_and_the_new_one_takes_its_place() {
        let folder = Folder::new(&[
            "new",
            "datacache.sqlite",
            "datacache.sqlite-wal",
            "datacache.sqlite-shm",
        ]);
        let moved = folder.swap(NOW);
        assert_eq!(moved.as_deref(), Some("datacache-damaged-20260131T120000Z.sqlite"));
        assert_eq!(
            folder.files(),
            [
                "datacache-damaged-20260131T120000Z.sqlite-shm: datacache.sqlite-shm",
                "datacache-damaged-20260131T120000Z.sqlite-wal: datacache.sqlite-wal",
                "datacache-damaged-20260131T120000Z.sqlite: datacache.sqlite",
                "datacache.sqlite: new",
            ]
        );
    }

    #[test]
    fn what_was_moved_is_never_overwritten_though_the_clock_was_set_back() {
        let folder = Folder::new(&["new", "datacache.sqlite"]);
        folder.swap(NOW);
        fs::rename(folder.database(), folder.0.path().join("new")).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test has nothing to lose")]
        fs::write(folder.database(), "second").unwrap();
        let moved = folder.swap(NOW);
        assert_eq!(moved.as_deref(), Some("datacache-damaged-20260131T120000Z-1.sqlite"));
        assert_eq!(folder.files().len(), 3);
    }

    #[test]
    fn who_dies_halfway_is_succeeded_by_one_who_moves_the_rest_to_where_it_belongs() {
        let name = "datacache-damaged-20260131T115955Z.sqlite";
        let folder = Folder::new(&["new", name, "datacache.sqlite-wal"]);
        assert_eq!(folder.swap(NOW), None);
        let expected = [
            format!("{name}-wal: datacache.sqlite-wal"),
            format!("{name}: {name}"),
            "datacache.sqlite: new".to_owned(),
        ];
        assert_eq!(folder.files(), expected);
    }

    #[test]
    fn a_log_without_its_database_is_given_to_no_other() {
        let name = "datacache-damaged-20260130T120000Z.sqlite";
        let folder = Folder::new(&["new", name, "datacache.sqlite-wal"]);
        assert_eq!(folder.swap(NOW), None);
        let moved = "datacache-damaged-20260131T120000Z.sqlite-wal: datacache.sqlite-wal";
        assert!(folder.files().contains(&moved.to_owned()), "{:?}", folder.files());
    }

    #[test]
    fn only_a_few_are_kept() {
        let stamps =
            ["20260131T120000Z", "20260101T000000Z", "20250131T120000Z", "20270131T120000Z"];
        let names: Vec<String> = stamps.map(|stamp| format!("{PREFIX}{stamp}.sqlite")).into();
        let log = format!("{}-wal", names[2]);
        let files: Vec<&str> = names.iter().map(String::as_str).chain([log.as_str()]).collect();
        let folder = Folder::new(&files);
        forget_old(&folder.database()).unwrap();
        let left = folder.files();
        assert!(left.len() == 3 && !left.iter().any(|file| file.contains(stamps[2])), "{left:?}");
    }

    #[test]
    fn what_is_kept_is_told_with_all_that_belongs_to_it() {
        let stamps = ["20260131T120000Z", "20260101T000000Z"];
        let [newer, older] = stamps.map(|stamp| format!("{PREFIX}{stamp}.sqlite"));
        let (log, other) = (format!("{older}-wal"), "datacache.sqlite");
        let folder = Folder::new(&[&newer, &older, &log, other]);
        let kept = kept(&folder.database()).unwrap();
        let kept: Vec<_> = kept.iter().map(|it| (it.path.clone(), it.size_bytes)).collect();
        // Each file has its own name in it.
        let size = newer.len() as u64;
        let paths = [&older, &newer].map(|name| folder.0.path().join(name));
        assert_eq!(kept, [(paths[0].clone(), 2 * size + 4), (paths[1].clone(), size)]);
    }

    #[test]
    fn a_minute_is_told_from_the_names_unless_the_clock_was_set_far_back() {
        const MINUTE: Duration = Duration::from_mins(1);
        let folder = Folder::new(&["datacache-damaged-20260131T120000Z-2.sqlite"]);
        for (offset_ms, expected) in
            [(0, true), (59_999, true), (60_000, false), (-59_999, true), (-60_000, false)]
        {
            let now = Timestamp::from_millis(NOW.as_millis() + offset_ms);
            let is_recent = is_recent(&folder.database(), now, MINUTE).unwrap();
            assert_eq!(is_recent, expected, "{offset_ms}");
        }
        assert!(!self::is_recent(&Folder::new(&[]).database(), NOW, MINUTE).unwrap());
    }
}
