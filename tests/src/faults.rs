//! Faults of the disk, as a program under test meets them.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::run::{Run, run};

/// What the disk says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is full.
    Full,
    /// It fails, also when something is read from it.
    Failing,
}

/// What it says afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It was one operation that failed.
    Recovers,
    /// All that follow fail, too.
    Remains,
}

/// The library that makes operations fail: see `faults/faults.c`.
#[derive(Debug)]
pub struct Faults {
    folder: TempDir,
}

impl Faults {
    /// Compiles it.
    #[expect(clippy::new_without_default, reason = "compiling is no default")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/faults.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]);
        let compiled = run(cc.arg(folder.path().join("faults.so")).arg(source));
        assert_eq!(compiled.status, 0, "{compiled:?}");
        Self { folder }
    }

    /// Runs a command whose `at`-th operation below a folder fails, counted from 1; tells which
    /// that was, if there were so many.
    pub fn run(
        &self,
        command: &mut Command,
        below: &Path,
        (fault, then): (Fault, Then),
        at: usize,
    ) -> (Run, Option<String>) {
        let error = match fault {
            Fault::Full => "ENOSPC",
            Fault::Failing => "EIO",
        };
        let then = match then {
            Then::Recovers => "recover",
            Then::Remains => "remain",
        };
        command.env("FAULTS_BELOW", below).env("FAULTS_AT", at.to_string());
        self.run_with(command.env("FAULTS_ERROR", error).env("FAULTS_THEN", then))
    }

    /// Runs a command that cannot read from one place of a file; tells whether it tried to.
    pub fn run_with_bad_sector(
        &self,
        command: &mut Command,
        file: &Path,
        offset_bytes: u64,
    ) -> (Run, Option<String>) {
        command.env("FAULTS_OFFSET", offset_bytes.to_string());
        self.run(command, file, (Fault::Failing, Then::Remains), 1)
    }

    fn run_with(&self, command: &mut Command) -> (Run, Option<String>) {
        let mark = tempfile::NamedTempFile::new().expect("a temporary file");
        command.env("LD_PRELOAD", self.folder.path().join("faults.so"));
        command.env("FAULTS_MARK", mark.path());
        let run = run(command);
        let failed = std::fs::read_to_string(mark.path()).expect("the mark is text");
        (run, failed.lines().next().map(str::to_owned))
    }
}
