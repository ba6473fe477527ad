//! Verifying: whether everything in the cache is what it is to be, and mending what is not.
//!
//! The database comes first, as SQLite sees it, then its schema: where those are damaged and not to
//! be repaired, nothing else is looked at, since nothing in it can be believed. Then rows, then
//! files, which are read piece by piece, then what processes that died have left, then what is
//! noted of it all: numbers, subjects, pins. Others may use the cache meanwhile; what seems wrong
//! is looked at again under the write lock before it is told or removed (`store/checking`), or is
//! found by a statement that sees one moment. What is not the cache's is told, and left alone.
//!
//! A lost entry is removed and queued in one transaction. Stopped at any point, a verification
//! leaves a cache with fewer faults than before.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::finding::{Finding, FindingKind, FindingState, Verification};
use super::foreign;
use crate::blob::FOLDERS;
use crate::cache::Cache;
use crate::db::Misfit;
use crate::error::Result;
use crate::queue::{NewJob, Queue};
use crate::store::{Depth, Lost, Removal, Stray};

const OPERATION: &str = "verify";

/// How many rows are looked at in one step.
const ROWS_AT_ONCE: i64 = 256;

/// How many folders are looked at in one step.
const FOLDERS_AT_ONCE: u32 = 64;

/// How many suspects are looked at again under one write lock; their files are read there.
const SUSPECTS_AT_ONCE: usize = 4;

/// So many files that nobody seems to need are looked at again together.
const STRAYS_AT_ONCE: usize = 10_000;

/// Who replaces or removes an entry removes its file right after the commit; until then it looks as
/// if nobody needed it. So long he is given.
const REMOVAL_TIME: Duration = Duration::from_secs(1);

/// What to do about what is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repair {
    /// Nothing: it is only told.
    #[default]
    Nothing,
    /// Lost entries are removed and, if they have an origin, queued to be fetched again; files of
    /// the cache that nobody needs are removed; what is noted of entries is noted anew, and what is
    /// missing of the schema made. A damaged database is moved aside if its indexes alone are not
    /// the trouble.
    Everything,
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerifyProgress {
    /// How many entries were looked at.
    pub entries: u64,
    /// How many there are.
    pub entries_total: u64,
    /// How many of the 65 536 folders of files were looked at; they come after the entries.
    pub folders: u32,
    /// How many bytes of files were read.
    pub bytes: u64,
    /// How many findings there are.
    pub findings: u64,
}

/// Verifies one cache.
#[derive(Debug)]
pub struct Verify {
    cache: Cache,
    repair: Repair,
    progress: watch::Sender<VerifyProgress>,
}

impl Cache {
    /// Checks the database, every entry and every file. Others may use the cache meanwhile.
    ///
    /// # Errors
    /// Those of the cache itself; damage is none. A cache whose database could not even be opened
    /// has a new one already: see [`moved_aside`](Self::moved_aside).
    ///
    /// # Cancel safety
    /// Dropping the future leaves the rest as it is.
    pub async fn verify(&self, repair: Repair) -> Result<Verification> {
        Verify::new(self.clone(), repair).run().await
    }
}

impl Verify {
    /// A verification that has not begun; for who wants to see it go on.
    pub fn new(cache: Cache, repair: Repair) -> Self {
        Self { cache, repair, progress: watch::Sender::default() }
    }

    /// How far it has come.
    pub fn progress(&self) -> watch::Receiver<VerifyProgress> {
        self.progress.subscribe()
    }

    /// Verifies, as [`Cache::verify`] does.
    pub async fn run(self) -> Result<Verification> {
        let mut found = Verification::default();
        if self.database(&mut found).await? && self.schema(&mut found).await? {
            self.entries(&mut found).await?;
            self.files(&mut found).await?;
            self.leftovers(&mut found).await?;
            self.counters(&mut found).await?;
            self.notes(&mut found).await?;
        }
        found.kept_aside = self.cache.0.db.kept_aside().await;
        Ok(found)
    }

    /// Whether the rest of the cache can be looked at.
    async fn database(&self, found: &mut Verification) -> Result<bool> {
        let db = &self.cache.0.db;
        let complaints = db.complaints().await?;
        if !complaints.is_empty() && self.repair == Repair::Everything {
            let before = db.moved_to();
            db.repair().await?;
            found.moved_aside = db.moved_to().filter(|moved| Some(moved) != before.as_ref());
        }
        let is_readable = complaints.is_empty() || self.repair == Repair::Everything;
        let subject = self.relative(db.path());
        for complaint in complaints {
            let finding = Finding::new(FindingKind::Database, &*subject, self.state());
            found.add(finding.with_detail(complaint));
        }
        Ok(is_readable)
    }

    /// Whether all tables are there, so that the rest can be looked at.
    async fn schema(&self, found: &mut Verification) -> Result<bool> {
        let db = &self.cache.0.db;
        let misfits = db.misfits().await?;
        let left = match self.repair {
            Repair::Everything if !misfits.is_empty() => db.refit().await?,
            _ => misfits.clone(),
        };
        for misfit in &misfits {
            let is_left = left.contains(misfit);
            let state = if is_left { FindingState::Found } else { FindingState::Repaired };
            found.add(Finding::of_misfit(misfit, state, self.repair));
        }
        Ok(!left.iter().any(Misfit::is_table))
    }

    async fn entries(&self, found: &mut Verification) -> Result<()> {
        let store = &self.cache.0.store;
        let entries_total = store.count().await?;
        self.progress.send_modify(|progress| progress.entries_total = entries_total);
        let mut next = Some(0);
        while let Some(after) = next {
            let look = store.look_at_rows(after, ROWS_AT_ONCE, Depth::Bytes).await?;
            found.entries += look.looked_at;
            self.settle_rows(&look.suspects, found).await?;
            self.tell(found, 0);
            next = look.next;
        }
        Ok(())
    }

    async fn files(&self, found: &mut Verification) -> Result<()> {
        let store = &self.cache.0.store;
        let (mut next, mut strays) = (Some(0), Vec::new());
        let mut strangers = foreign::files(self.cache.dir()).await?;
        while let Some(from) = next {
            let look = store.look_at_folders(from, FOLDERS_AT_ONCE, Depth::Bytes).await?;
            found.files += look.files;
            found.bytes += look.bytes;
            self.settle_rows(&look.suspects, found).await?;
            strays.extend(look.strays);
            strangers.extend(look.foreign);
            if strays.len() > STRAYS_AT_ONCE || look.next.is_none() {
                self.settle_strays(std::mem::take(&mut strays), found).await?;
            }
            self.tell(found, look.next.unwrap_or(FOLDERS));
            next = look.next;
        }
        for path in strangers {
            let subject = self.relative(&path);
            let finding = Finding::new(FindingKind::StrayFile, subject, FindingState::Found);
            found.add(finding.with_detail("it is not the cache's and is left alone"));
        }
        Ok(())
    }

    /// Looks again at rows that seem to be lost, and removes and queues those that are.
    async fn settle_rows(&self, suspects: &[i64], found: &mut Verification) -> Result<()> {
        let cache = &self.cache.0;
        for ids in suspects.chunks(SUSPECTS_AT_ONCE) {
            let mut tx = cache.db.write(OPERATION).await?;
            let lost = cache.store.confirm_lost(&mut tx, ids).await?;
            if self.repair == Repair::Nothing || lost.is_empty() {
                tx.roll_back().await;
                for lost in &lost {
                    found.add(Finding::of_lost(lost, FindingState::Found));
                }
                continue;
            }
            let (findings, jobs) = self.findings_and_jobs(&lost);
            Queue::enqueue_in(&mut tx, &jobs, cache.clock.now()).await?;
            cache.store.drop_lost(tx, lost).await?;
            for finding in findings {
                found.add(finding);
            }
        }
        Ok(())
    }

    fn findings_and_jobs(&self, lost: &[Lost]) -> (Vec<Finding>, Vec<NewJob>) {
        let mut jobs = Vec::new();
        let findings = lost.iter().map(|lost| {
            let job = self.cache.job_again(&lost.outline);
            let is_requeued = job.is_some();
            jobs.extend(job);
            let state = if is_requeued { FindingState::Requeued } else { FindingState::Repaired };
            Finding::of_lost(lost, state)
        });
        (findings.collect(), jobs)
    }

    async fn settle_strays(&self, strays: Vec<Stray>, found: &mut Verification) -> Result<()> {
        let store = &self.cache.0.store;
        let mut strays = store.settle_strays(strays, Removal::None).await?;
        if !strays.is_empty() {
            #[expect(clippy::disallowed_methods, reason = "nothing tells that a removal is done")]
            tokio::time::sleep(REMOVAL_TIME).await;
            strays = store.settle_strays(strays, self.removal()).await?;
        }
        for stray in strays {
            let subject = self.relative(&stray.path);
            found.add(Finding::new(stray.kind.into(), subject, self.state()));
        }
        Ok(())
    }

    async fn leftovers(&self, found: &mut Verification) -> Result<()> {
        for path in self.cache.0.store.settle_leftovers(self.removal()).await? {
            let subject = self.relative(&path);
            found.add(Finding::new(FindingKind::TemporaryFile, subject, self.state()));
        }
        Ok(())
    }

    async fn counters(&self, found: &mut Verification) -> Result<()> {
        let store = &self.cache.0.store;
        let wrong = store.wrong_counters().await?;
        if self.repair == Repair::Everything {
            if !wrong.is_empty() {
                store.note_counters().await?;
            }
            store.count_strays().await?;
        }
        for counter in wrong {
            let finding = Finding::new(FindingKind::WrongCounter, counter.name, self.state());
            let detail = format!("{} instead of {}", counter.noted, counter.actual);
            found.add(finding.with_detail(detail));
        }
        Ok(())
    }

    async fn notes(&self, found: &mut Verification) -> Result<()> {
        let store = &self.cache.0.store;
        let wrong = store.wrong_notes().await?;
        if !wrong.is_empty() && self.repair == Repair::Everything {
            store.mend_notes().await?;
        }
        for note in wrong {
            found.add(Finding::of_note(note, self.state()));
        }
        Ok(())
    }

    /// What becomes of findings that can be mended without more ado.
    fn state(&self) -> FindingState {
        match self.repair {
            Repair::Nothing => FindingState::Found,
            Repair::Everything => FindingState::Repaired,
        }
    }

    fn removal(&self) -> Removal {
        match self.repair {
            Repair::Nothing => Removal::None,
            Repair::Everything => Removal::AtOnce,
        }
    }

    fn tell(&self, found: &Verification, folders: u32) {
        let findings = found.counts.values().map(|count| count.found).sum();
        self.progress.send_modify(|progress| {
            let entries_total = progress.entries_total.max(found.entries);
            let (entries, bytes) = (found.entries, found.bytes);
            *progress = VerifyProgress { entries, entries_total, folders, bytes, findings };
        });
    }

    /// A path as it is told: below the cache folder.
    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(self.cache.dir()).unwrap_or(path).display().to_string()
    }
}
