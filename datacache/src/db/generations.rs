//! Generations: by which every process can tell, without asking the database, that a row has
//! changed.
//!
//! # What it owns
//! `locks/generations`: [`SLOTS`] pairs of counters. A row has the pair of its number modulo that.
//! Who changes rows raises the first counter of their pairs before the commit, and makes the second
//! equal to it afterwards. So a pair of equals is a generation: while it stands, nobody has
//! committed a change to its rows, and nobody is about to.
//!
//! # The guarantee
//! Who reads a generation, then the row, may use what he read for as long as
//! [`of`](Generations::of) tells the same generation. A commit that came after he read was
//! announced before it came: either before he read, and then there was no generation, or since, and
//! then it is over. So nobody uses, even for a moment, what another process's commit has replaced.
//! No statement can forget to announce: SQLite tells which rows of `cached_data` a transaction
//! touches ([`WriteTransaction`](super::WriteTransaction)). Not seen are other programs that write
//! to the database.
//!
//! # Locking
//! None of its own. First counters are written by who holds the database's write lock; second ones
//! after it was given back, in no order. One that comes late leaves the pair unequal, which only
//! means that its rows are read from the database until the next change.
//!
//! # What survives a crash
//! Who dies between the two leaves the pair unequal, with the same effect. The file is never cut or
//! overwritten. Where it is removed, or the database replaced, another one takes its place, by
//! which nothing holds that was read before. Who moves the folder away under a running program and
//! puts another one in its place is noticed when the database is read next.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::platform::{self, FileId};

const FILE_NAME: &str = "generations";

/// With a hundred changes a second, a row's neighbours change its pair twice a minute.
const SLOTS: usize = 4_096;

const COUNTER_BYTES: usize = 4;
const PAIR_BYTES: usize = 2 * COUNTER_BYTES;

/// What tells two states of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    /// How many files there were before this one, in this process.
    file: u32,
    number: u32,
}

/// The generations of all rows; clones share them.
#[derive(Clone)]
pub(crate) struct Generations(Arc<Shared>);

struct Shared {
    path: PathBuf,
    opened: RwLock<Option<Opened>>,
}

#[derive(Clone)]
struct Opened {
    file: Arc<File>,
    id: FileId,
    number: u32,
}

/// The generations as they were at a moment.
pub(crate) struct Snapshot {
    file: u32,
    pairs: Box<[u8]>,
}

/// Rows that are to be changed, as far as their pairs tell them apart.
#[derive(Default)]
pub(super) struct Rows(BTreeSet<usize>);

impl Rows {
    pub(super) fn insert(&mut self, row_id: i64) {
        self.0.insert(slot_of(row_id));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A change that has been announced. Unless it is said to have come to its end, nobody trusts what
/// he knows of its rows.
#[must_use = "a change that does not end keeps its rows out of memory"]
pub(super) struct Change {
    opened: Opened,
    announced: Vec<(usize, u32)>,
}

fn slot_of(row_id: i64) -> usize {
    usize::try_from(row_id).unwrap_or(0) % SLOTS
}

impl Generations {
    pub(super) fn new(locks: &Path) -> Self {
        Self(Arc::new(Shared { path: locks.join(FILE_NAME), opened: RwLock::default() }))
    }

    /// The generation of a row; `None` while it is changed, and where nobody can tell.
    pub(crate) fn of(&self, row_id: i64) -> Option<Generation> {
        let opened = self.0.opened.read().unwrap_or_else(PoisonError::into_inner);
        let opened = opened.as_ref().filter(|opened| !platform::is_removed(&opened.file))?;
        let mut pair = [0; PAIR_BYTES];
        platform::read_at(&opened.file, &mut pair, offset_of(slot_of(row_id))).ok()?;
        generation(opened.number, pair)
    }

    /// All of them; `None` where nobody can tell.
    pub(crate) fn all(&self) -> Option<Snapshot> {
        let opened = self.opened().ok()?;
        let mut pairs = vec![0; SLOTS * PAIR_BYTES].into_boxed_slice();
        platform::read_at(&opened.file, &mut pairs, 0).ok()?;
        Some(Snapshot { file: opened.number, pairs })
    }

    /// Announces that a commit will change these rows. The caller has the database's write lock.
    pub(super) fn announce(&self, rows: &Rows) -> io::Result<Change> {
        let opened = self.opened()?;
        let announce = |&slot: &usize| {
            let mut counter = [0; COUNTER_BYTES];
            platform::read_at(&opened.file, &mut counter, offset_of(slot))?;
            let number = u32::from_le_bytes(counter).wrapping_add(1);
            platform::write_at(&opened.file, &number.to_le_bytes(), offset_of(slot))?;
            Ok((slot, number))
        };
        let announced = rows.0.iter().map(announce).collect::<io::Result<_>>()?;
        Ok(Change { opened: opened.clone(), announced })
    }

    /// Has everybody forget what he knows, as the database is replaced. Nobody can be opening it.
    pub(super) fn forget(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.0.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file that has the name.
    fn opened(&self) -> io::Result<Opened> {
        let id = platform::file_id(&self.0.path);
        let opened = self.0.opened.read().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Some(opened) if opened.id == id => Ok(opened.clone()),
            _ => {
                drop(opened);
                self.open()
            }
        }
    }

    fn open(&self) -> io::Result<Opened> {
        let mut place = self.0.opened.write().unwrap_or_else(PoisonError::into_inner);
        let path = &self.0.path;
        // Somebody may have been faster.
        let id = platform::file_id(path);
        if let Some(opened) = place.as_ref().filter(|opened| opened.id.is_some() && opened.id == id)
        {
            return Ok(opened.clone());
        }
        let file = match platform::open_shared_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(path)?;
                platform::open_shared_file(path)?
            }
            file => file?,
        };
        let number = place.as_ref().map_or(0, |before| before.number.wrapping_add(1));
        let id = platform::open_file_id(&file);
        let opened = Opened { file: Arc::new(file), id, number };
        *place = Some(opened.clone());
        Ok(opened)
    }
}

/// Makes the file, whole, unless somebody else does.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut file = tempfile::Builder::new().prefix(FILE_NAME).tempfile_in(folder)?;
    io::Write::write_all(&mut file, &vec![0; SLOTS * PAIR_BYTES])?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists => Err(refused.error),
        _ => Ok(()),
    }
}

fn offset_of(slot: usize) -> u64 {
    (slot * PAIR_BYTES) as u64
}

fn generation(file: u32, pair: [u8; PAIR_BYTES]) -> Option<Generation> {
    let [a, b, c, d, ended @ ..] = pair;
    let (announced, ended) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(ended));
    (announced == ended).then_some(Generation { file, number: announced })
}

impl Snapshot {
    /// The generation of a row at that moment; `None` if it was being changed.
    pub(crate) fn of(&self, row_id: i64) -> Option<Generation> {
        let (pairs, _) = self.pairs.as_chunks();
        generation(self.file, *pairs.get(slot_of(row_id))?)
    }
}

impl Change {
    /// The commit has been made, or has failed for certain.
    pub(super) fn end(self) {
        for (slot, number) in self.announced {
            let offset = offset_of(slot) + COUNTER_BYTES as u64;
            if let Err(error) = platform::write_at(&self.opened.file, &number.to_le_bytes(), offset)
            {
                tracing::debug!(%error, "what has changed is not kept in memory");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(ids: [i64; N]) -> Rows {
        let mut rows = Rows::default();
        for id in ids {
            rows.insert(id);
        }
        rows
    }

    #[test]
    fn a_generation_stands_until_a_change_is_announced_and_is_another_one_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = (Generations::new(dir.path()), Generations::new(dir.path()));
        let before = here.all().unwrap();
        assert_eq!(here.of(7), before.of(7));
        let change = there.announce(&rows([7, 7 + 4_096])).unwrap();
        assert_eq!((here.of(7), here.all().unwrap().of(7)), (None, None));
        assert_eq!(here.of(8), before.of(8), "another row's");
        change.end();
        let after = here.of(7);
        assert!(after.is_some() && after != before.of(7));
        assert_eq!(after, here.of(7 + 4_096));
    }

    #[test]
    fn a_change_whose_maker_dies_is_made_up_for_by_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::new(dir.path());
        let first = generations.all().unwrap().of(1);
        drop(generations.announce(&rows([1])).unwrap());
        assert_eq!(generations.of(1), None);
        generations.announce(&rows([1])).unwrap().end();
        assert!(generations.of(1).is_some_and(|now| Some(now) != first));
    }

    #[test]
    fn an_end_that_comes_late_vouches_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let generations = Generations::new(dir.path());
        let late = generations.announce(&rows([1])).unwrap();
        let next = generations.announce(&rows([1])).unwrap();
        late.end();
        assert_eq!(generations.of(1), None, "the next one is under way");
        next.end();
        assert!(generations.of(1).is_some());
    }

    #[test]
    fn in_another_file_no_generation_is_what_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = (Generations::new(dir.path()), Generations::new(dir.path()));
        let before = here.all().unwrap().of(1);
        assert_eq!(here.of(1), before);
        there.forget().unwrap();
        assert_eq!(here.of(1), None);
        let after = here.all().unwrap().of(1);
        assert!(after.is_some() && after != before);
        std::fs::remove_dir_all(dir.path()).unwrap();
        assert!(here.of(1).is_none() && here.all().is_none());
        assert!(here.announce(&rows([1])).is_err());
    }
}
