//! What a verification has found. Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::verify::Repair;
use crate::db::{KeptAside, Misfit, SchemaFlaw};
use crate::store::{Flaw, Lost, NoteFlaw, StrayKind, WrongNote};

/// So many findings are told one by one; the others are only counted.
const MOST_FINDINGS: usize = 1_000;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// SQLite finds the database damaged.
    Database,
    /// A table or an index is missing, or not as this version makes it.
    Schema,
    /// A row has a value that cannot be read.
    UnreadableEntry,
    /// The bytes in a row do not have their checksum.
    DamagedBytes,
    /// The file of an entry is gone.
    MissingFile,
    /// A folder, a link or something else is in place of an entry's file, or of a folder of such.
    NotAFile,
    /// The file of an entry has more or fewer bytes than it is to have.
    WrongSize,
    /// The bytes of a file do not have their checksum.
    DamagedFile,
    /// Something was made from an entry that is gone or has other bytes.
    OrphanedDerived,
    /// No entry names a file.
    OrphanedFile,
    /// Something lies in the cache folder that is not the cache's. It is left there, and nothing is
    /// wrong with the cache.
    StrayFile,
    /// A process has died while it was writing a file.
    TemporaryFile,
    /// A number that is kept of the entries is not what they say.
    WrongCounter,
    /// An entry is not noted under what it is about, or something is noted of one that is gone.
    WrongSubject,
    /// An entry may be removed though it is pinned, or the reverse.
    WrongPin,
}

impl FindingKind {
    /// As it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Schema => "schema",
            Self::UnreadableEntry => "unreadable_entry",
            Self::DamagedBytes => "damaged_bytes",
            Self::MissingFile => "missing_file",
            Self::NotAFile => "not_a_file",
            Self::WrongSize => "wrong_size",
            Self::DamagedFile => "damaged_file",
            Self::OrphanedDerived => "orphaned_derived",
            Self::OrphanedFile => "orphaned_file",
            Self::StrayFile => "stray_file",
            Self::TemporaryFile => "temporary_file",
            Self::WrongCounter => "wrong_counter",
            Self::WrongSubject => "wrong_subject",
            Self::WrongPin => "wrong_pin",
        }
    }
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FindingState {
    /// It was left as it is.
    Found,
    /// It is gone.
    Repaired,
    /// It is gone, and its entry was queued to be fetched again.
    Requeued,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// The key of the entry, the path of the file, the name of the number.
    pub subject: String,
    /// More about it; empty where the kind says it all.
    pub detail: String,
    /// What became of it.
    pub state: FindingState,
}

/// How many findings of a kind there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FindingCount {
    /// All of them.
    pub found: u64,
    /// Those that are gone now.
    pub repaired: u64,
}

/// What a verification came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// How many entries were looked at.
    pub entries: u64,
    /// How many files of entries were looked at.
    pub files: u64,
    /// How many bytes of files were read.
    pub bytes: u64,
    /// How many findings there were of each kind that occurred.
    pub counts: BTreeMap<FindingKind, FindingCount>,
    /// How many entries were queued to be fetched again.
    pub requeued: u64,
    /// The first thousand findings.
    pub findings: Vec<Finding>,
    /// How many more there were.
    pub findings_left_out: u64,
    /// Where the database was moved, if it could not be repaired.
    pub moved_aside: Option<PathBuf>,
    /// Databases that were damaged and moved aside, now or before: they take room until you remove them.
    pub kept_aside: Vec<KeptAside>,
}

impl Verification {
    /// Whether nothing was wrong. What is not the cache's is no fault of it.
    pub fn is_sound(&self) -> bool {
        self.faults().next().is_none()
    }

    /// Whether nothing is wrong any more.
    pub fn is_repaired(&self) -> bool {
        self.faults().all(|count| count.repaired == count.found)
    }

    fn faults(&self) -> impl Iterator<Item = &FindingCount> {
        let faults = self.counts.iter().filter(|(kind, _)| **kind != FindingKind::StrayFile);
        faults.map(|(_, count)| count)
    }

    pub(super) fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.kind).or_default();
        count.found += 1;
        if finding.state != FindingState::Found {
            count.repaired += 1;
        }
        if finding.state == FindingState::Requeued {
            self.requeued += 1;
        }
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.findings_left_out += 1;
        }
    }
}

impl Finding {
    pub(super) fn new(kind: FindingKind, subject: impl Into<String>, state: FindingState) -> Self {
        Self { kind, subject: subject.into(), detail: String::new(), state }
    }

    pub(super) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// What cannot be mended, or could not be by a repair, is for the user to do something about.
    pub(super) fn of_misfit(misfit: &Misfit, state: FindingState, repair: Repair) -> Self {
        let flaw = match misfit.flaw {
            SchemaFlaw::Missing => "it is missing",
            SchemaFlaw::Changed => "it is not as this version makes it",
        };
        let is_tried = repair == Repair::Everything || !misfit.is_mendable();
        let detail = if state == FindingState::Found && is_tried {
            format!("{flaw}: export the entries, and import them in a new folder")
        } else {
            flaw.to_owned()
        };
        Self::new(FindingKind::Schema, misfit.to_string(), state).with_detail(detail)
    }

    pub(super) fn of_note(note: WrongNote, state: FindingState) -> Self {
        let (kind, detail) = match note.flaw {
            NoteFlaw::SubjectMissing => (FindingKind::WrongSubject, "it is not found by it"),
            NoteFlaw::SubjectOfNone => (FindingKind::WrongSubject, "its entry is gone"),
            NoteFlaw::NotPinned => (FindingKind::WrongPin, "it is not noted to be pinned"),
            NoteFlaw::PinnedForNobody => (FindingKind::WrongPin, "nothing pins it"),
        };
        Self::new(kind, note.subject, state).with_detail(detail)
    }

    pub(super) fn of_lost(lost: &Lost, state: FindingState) -> Self {
        let subject = lost.outline.url.clone().unwrap_or_else(|| format!("entry {}", lost.id));
        let (kind, detail) = match &lost.flaw {
            Flaw::Unreadable(reason) => (FindingKind::UnreadableEntry, reason.clone()),
            Flaw::DamagedBytes => (FindingKind::DamagedBytes, String::new()),
            Flaw::MissingFile => (FindingKind::MissingFile, String::new()),
            Flaw::NotAFile => (FindingKind::NotAFile, String::new()),
            Flaw::WrongSize { found_bytes, expected_bytes } => {
                let detail = format!("{found_bytes} bytes instead of {expected_bytes}");
                (FindingKind::WrongSize, detail)
            }
            Flaw::DamagedFile => (FindingKind::DamagedFile, String::new()),
            Flaw::Sourceless => (FindingKind::OrphanedDerived, String::new()),
        };
        Self::new(kind, subject, state).with_detail(detail)
    }
}

impl From<StrayKind> for FindingKind {
    fn from(kind: StrayKind) -> Self {
        match kind {
            StrayKind::Orphan => Self::OrphanedFile,
            StrayKind::Other => Self::NotAFile,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_thousand_told() {
        let mut verification = Verification::default();
        assert!(verification.is_sound() && verification.is_repaired());
        for number in 0..1_003 {
            let state = if number == 7 { FindingState::Found } else { FindingState::Repaired };
            verification.add(Finding::new(FindingKind::OrphanedFile, number.to_string(), state));
        }
        let count = FindingCount { found: 1_003, repaired: 1_002 };
        assert_eq!(verification.counts, [(FindingKind::OrphanedFile, count)].into());
        assert_eq!((verification.findings.len(), verification.findings_left_out), (1_000, 3));
        assert!(!verification.is_sound() && !verification.is_repaired());
    }

    #[test]
    fn what_is_not_the_caches_is_no_fault() {
        let mut verification = Verification::default();
        verification.add(Finding::new(FindingKind::StrayFile, "notes.txt", FindingState::Found));
        assert!(verification.is_sound() && verification.is_repaired());
    }

    #[test]
    fn kinds_are_called_alike_everywhere() {
        for kind in [FindingKind::Database, FindingKind::NotAFile, FindingKind::OrphanedDerived] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
