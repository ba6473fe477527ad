//! What a driver answers.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Failure;

/// How long operations took, in nanoseconds, by what they were; and what went wrong meanwhile.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Samples {
    nanoseconds: BTreeMap<String, Vec<u64>>,
    errors: Vec<String>,
}

impl Samples {
    /// Waits for an operation, and notes how long it took.
    #[expect(clippy::disallowed_methods, reason = "a bench measures")]
    pub async fn time<T: Send>(
        &mut self,
        what: &str,
        operation: impl Future<Output = T> + Send,
    ) -> T {
        let began = Instant::now();
        let result = operation.await;
        let took = began.elapsed();
        self.note(what, u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        result
    }

    /// Notes how long an operation took.
    pub fn note(&mut self, what: &str, nanoseconds: u64) {
        self.nanoseconds.entry(what.to_owned()).or_default().push(nanoseconds);
    }

    /// Notes an error that reached the caller of an operation.
    pub fn failed(&mut self, error: &dyn std::fmt::Display) {
        self.errors.push(error.to_string());
    }

    /// Tells them, as one line of JSON.
    ///
    /// # Errors
    /// They cannot be written as JSON, which does not happen.
    #[expect(clippy::print_stdout, reason = "a driver speaks through standard output")]
    pub fn tell(&self) -> Result<(), Failure> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }

    /// Reads what a driver has told.
    ///
    /// # Errors
    /// It is something else.
    pub fn read(line: &str) -> Result<Self, Failure> {
        Ok(serde_json::from_str(line)?)
    }

    /// How many operations there were.
    pub fn count(&self, what: &str) -> usize {
        self.nanoseconds.get(what).map_or(0, Vec::len)
    }

    /// The errors that reached callers.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// Adds those of another driver.
    pub fn join(&mut self, other: Self) {
        for (what, nanoseconds) in other.nanoseconds {
            self.nanoseconds.entry(what).or_default().extend(nanoseconds);
        }
        self.errors.extend(other.errors);
    }

    /// The duration in nanoseconds that `percent` of the operations did not exceed; `None` without
    /// operations.
    pub fn percentile(&self, what: &str, percent: usize) -> Option<u64> {
        let mut sorted = self.nanoseconds.get(what)?.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        sorted.get(last * percent / 100).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_can_be_read_and_joined() {
        let mut first = Samples::default();
        (1..=50).for_each(|nanoseconds| first.note("hit", nanoseconds));
        let mut second = Samples::default();
        (51..=100).for_each(|nanoseconds| second.note("hit", nanoseconds));
        second.failed(&"database is locked");
        first.join(Samples::read(&serde_json::to_string(&second).unwrap()).unwrap());
        assert_eq!(first.percentile("hit", 50), Some(50));
        assert_eq!(first.percentile("hit", 99), Some(99));
        assert_eq!(first.percentile("hit", 100), Some(100));
        assert_eq!(first.percentile("miss", 50), None);
        assert_eq!(first.errors, ["database is locked"]);
    }
}
