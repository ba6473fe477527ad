//! One call: its questions share a deadline, and all their answers are told.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::report::SourceReport;
use super::{Candidate, Merged};
use crate::cache::Request;
use crate::clock::{Clock, Timestamp};
use crate::providers::query::Query;

/// How far questions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Sources,
    /// To the sources, for whatever is not fresh.
    Fresh,
    Cache,
}

/// A call under way.
pub(super) struct Round {
    clock: Clock,
    begun: Timestamp,
    deadline: Option<Duration>,
    reach: Reach,
    reports: Mutex<Vec<SourceReport>>,
}

/// What a source has said that is not used.
pub(super) struct LeftOut {
    pub(super) from: &'static str,
    pub(super) question: &'static str,
    pub(super) reason: String,
}

impl Round {
    pub(super) fn begin(clock: Clock, deadline: Option<Duration>, reach: Reach) -> Self {
        Self { begun: clock.now(), clock, deadline, reach, reports: Mutex::default() }
    }

    /// Asks, within what is left of the deadline, and notes how it was answered.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        from: &'static str,
        question: &'static str,
        query: Query<T>,
    ) -> Option<T> {
        let result = query.with(|request| self.paced(request)).await;
        let (value, report) = SourceReport::of(from, question, result);
        self.reports().push(report);
        value
    }

    /// Whether a question was answered, be it by "there is none".
    pub(super) fn was_answered(&self, from: &str, question: &str) -> bool {
        self.reports().iter().any(|report| report.is(from, question) && report.is_answered())
    }

    fn paced(&self, request: Request) -> Request {
        let request = match self.reach {
            Reach::Sources => request,
            Reach::Fresh => request.must_be_fresh(),
            Reach::Cache => request.offline(),
        };
        match self.left() {
            Some(left) => request.deadline(left),
            None => request,
        }
    }

    /// What is left of the deadline.
    fn left(&self) -> Option<Duration> {
        let passed = self.clock.now().since(self.begun);
        self.deadline.map(|deadline| deadline.saturating_sub(passed))
    }

    /// Ends the call.
    pub(super) fn end<T>(
        self,
        value: Option<T>,
        candidates: Vec<Candidate>,
        left_out: &[LeftOut],
    ) -> Merged<T> {
        let mut sources = self.reports.into_inner().unwrap_or_else(PoisonError::into_inner);
        for LeftOut { from, question, reason } in left_out {
            let of_it = sources.iter_mut().filter(|report| report.is(from, question));
            of_it.for_each(|report| report.leave_out(reason));
        }
        // Answers come in any order.
        sources.sort_by(|one, other| (&one.from, one.question).cmp(&(&other.from, other.question)));
        Merged { value, candidates, sources }
    }

    fn reports(&self) -> MutexGuard<'_, Vec<SourceReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_that_come_later_have_less_time() {
        let clock = Clock::manual(Timestamp::from_millis(1_000));
        let deadline = Some(Duration::from_secs(3));
        let round = Round::begin(clock.clone(), deadline, Reach::Sources);
        assert_eq!(round.left(), deadline);
        clock.advance(Duration::from_secs(2));
        assert_eq!(round.left(), Some(Duration::from_secs(1)));
        clock.advance(Duration::from_secs(2));
        assert_eq!(round.left(), Some(Duration::ZERO));
        assert_eq!(Round::begin(clock, None, Reach::Cache).left(), None);
    }
}
