//! Several processes of the running program, which do their work at the same time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::{Failure, Samples};

/// Drivers that wait for orders; dropping them ends them.
#[derive(Debug)]
pub struct Processes {
    all: Vec<(Child, BufReader<ChildStdout>)>,
}

impl Processes {
    /// Starts `count` of them with these arguments, and waits until all are ready.
    ///
    /// # Errors
    /// One cannot be started, or says something else.
    pub fn start(arguments: &[&str], count: usize) -> Result<Self, Failure> {
        let all = (0..count).map(|_| start(arguments)).collect::<Result<_, _>>()?;
        Ok(Self { all })
    }

    /// Has each of them do `work` so many times, or for so long, all at once.
    ///
    /// # Errors
    /// One has failed.
    pub fn order(&mut self, work: &str, count: u64) -> Result<Samples, Failure> {
        for (child, _) in &mut self.all {
            let orders = child.stdin.as_mut().ok_or("a driver without orders")?;
            writeln!(orders, "{work} 0 {count} 0")?;
        }
        let mut samples = Samples::default();
        for (_, answers) in &mut self.all {
            samples.join(Samples::read(&heard(answers)?)?);
        }
        Ok(samples)
    }

    /// Their process ids.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.all.iter().map(|(child, _)| child.id())
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

fn start(arguments: &[&str]) -> Result<(Child, BufReader<ChildStdout>), Failure> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut answers = BufReader::new(child.stdout.take().ok_or("a driver without answers")?);
    match heard(&mut answers)?.as_str() {
        "ready\n" => Ok((child, answers)),
        other => Err(format!("a driver said {other:?}").into()),
    }
}

fn heard(answers: &mut BufReader<ChildStdout>) -> Result<String, Failure> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    Ok(line)
}
