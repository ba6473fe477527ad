//! The processes that do the work, at the same time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use datacache_benches::Samples;
use tempfile::TempDir;

use crate::driver::SERVE;

/// Processes with the cache open; dropping them ends them.
pub(crate) struct Processes {
    all: Vec<(Child, BufReader<ChildStdout>)>,
}

impl Processes {
    pub(crate) fn start(folder: &TempDir, entries: u64, count: usize) -> Self {
        let all = (0..count).map(|_| start(folder, entries)).collect();
        Self { all }
    }

    /// Has each of them do `work` so many times, all at once.
    pub(crate) fn order(&mut self, work: &str, operations: u64) -> Samples {
        for (child, _) in &mut self.all {
            let orders = child.stdin.as_mut().unwrap();
            writeln!(orders, "{work} 0 {operations} 0").unwrap();
        }
        let mut samples = Samples::default();
        for (_, answers) in &mut self.all {
            samples.join(Samples::read(&heard(answers)).unwrap());
        }
        samples
    }

    /// The process id of the first.
    pub(crate) fn id(&self) -> u32 {
        self.all[0].0.id()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for (child, _) in &mut self.all {
            // At the end of its orders it closes the cache; one that has failed is gone already.
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

fn start(folder: &TempDir, entries: u64) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(SERVE)
        .arg(folder.path())
        .arg(entries.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(heard(&mut answers), "ready\n");
    (child, answers)
}

fn heard(answers: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    line
}
