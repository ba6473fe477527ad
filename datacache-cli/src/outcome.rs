//! How a command ended, as the exit status tells scripts.

use std::io::Write as _;
use std::process::ExitCode;

use datacache::{Error, ErrorKind};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 0: data delivered, or work done.
    Done,
    /// 1: it failed.
    Failed,
    /// 2: it was asked in a way that cannot be done.
    Usage,
    /// 3: known to be absent, or not in the cache where only the cache was asked.
    Absent,
    /// 4: queued or pending; no data yet.
    Queued,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Absent => 3,
            Outcome::Queued => 4,
        })
    }
}

/// Input that cannot be used, such as a bad line of standard input.
#[derive(Debug)]
pub(crate) struct BadInput(pub(crate) String);

impl std::fmt::Display for BadInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}

/// Tells the user what went wrong, in one line. A reader who has gone away wants to hear nothing.
pub(crate) fn of_error(error: &anyhow::Error) -> Outcome {
    if error.is::<crate::output::ReaderGone>() {
        return Outcome::Done;
    }
    let _ = writeln!(anstream::stderr(), "{}: {}", crate::output::error_label(), one_line(error));
    let usage = error.downcast_ref::<Error>().is_some_and(|error| {
        matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported)
    });
    if usage || error.is::<BadInput>() { Outcome::Usage } else { Outcome::Failed }
}

/// The chain of causes, in which a path or a name may have line breaks. An error of the library
/// says all that matters about its own causes.
fn one_line(error: &anyhow::Error) -> String {
    let mut causes = Vec::new();
    for cause in error.chain() {
        causes.push(cause.to_string());
        if cause.is::<Error>() {
            break;
        }
    }
    causes.join(": ").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_went_away_makes_a_broken_pipe_no_failure() {
        assert_eq!(of_error(&crate::output::ReaderGone.into()), Outcome::Done);
        let elsewhere = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(of_error(&elsewhere.into()), Outcome::Failed);
    }
}
