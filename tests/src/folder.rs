//! A cache folder of one test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use datacache::{Cache, Config};
use tempfile::TempDir;

use crate::as_run;
use crate::run::{Run, program, run};

/// A cache folder that is removed with the test.
#[derive(Debug)]
pub struct Folder {
    root: TempDir,
}

impl Folder {
    /// A folder that does not exist yet, in a new one.
    #[expect(clippy::new_without_default, reason = "making a folder is no default")]
    pub fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A copy of the cache folder, which nobody is using, in a folder of its own.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        for file in self.files() {
            let to = copy.dir().join(&file);
            std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder can be made");
            std::fs::copy(self.dir().join(file), to).expect("a file can be copied");
        }
        copy
    }

    /// The cache folder.
    pub fn dir(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    /// A path beside the cache folder.
    pub fn beside(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(name)
    }

    /// The program with this cache folder.
    pub fn program<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = program();
        command.env("HOME", self.root.path());
        command.arg("--cache-dir").arg(self.dir()).args(args);
        command
    }

    /// A run of the program with this cache folder.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        run(&mut self.program(args))
    }

    /// The settings of a cache in this folder.
    pub fn config(&self) -> Config {
        as_run(Config::new(self.dir()))
    }

    /// The cache, opened in this process.
    pub async fn open(&self) -> Cache {
        Cache::open(self.config()).await.expect("the cache opens")
    }

    /// Asserts that the cache has no entry and no blob file, not even a temporary one.
    pub fn assert_empty(&self) {
        let listed = self.run(["ls", "--json"]);
        assert_eq!((listed.status, listed.text().as_str()), (0, ""), "{listed:?}");
        assert_eq!(self.blobs(), Vec::<PathBuf>::new());
    }

    /// Every file below the cache folder, relative to it, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.expect("a folder can be read").path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        let relative = |path: &PathBuf| path.strip_prefix(self.dir()).map(Path::to_owned);
        let mut files: Vec<PathBuf> = files.iter().flat_map(relative).collect();
        files.sort();
        files
    }

    /// The blob files, temporary ones among them.
    pub fn blobs(&self) -> Vec<PathBuf> {
        self.files().into_iter().filter(|path| path.starts_with("blobs")).collect()
    }
}
