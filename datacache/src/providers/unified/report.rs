//! How a source has answered. Pure.

use serde::{Serialize, Serializer};

use crate::cache::{Answer, FoundState};
use crate::error::{Error, ErrorKind, Result};
use crate::name::Provider;
use crate::providers::query::Typed;

/// How a source has answered a question.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SourceReport {
    /// Who was asked.
    pub from: Provider,
    /// What for: `artist`, `search artists`, …
    pub question: &'static str,
    /// How it was answered.
    pub state: SourceState,
    /// What went wrong; of a stale answer, why there is no newer one.
    #[serde(serialize_with = "as_text")]
    pub error: Option<Error>,
    /// What has to be shown with what it says, where it insists.
    pub attribution: Option<&'static str>,
}

/// How a source has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceState {
    /// The cache had its answer.
    Fresh,
    /// It was asked and has answered.
    Fetched,
    /// It was asked, and has confirmed the answer that the cache had.
    Revalidated,
    /// The cache had an answer that is past its time.
    Stale,
    /// It says that it knows nothing of it.
    Absent,
    /// It has not answered within the deadline; its answer is left to a worker.
    Pending,
    /// The cache does not have its answer, and only the cache was asked.
    NotCached,
    /// It cannot be asked without a key or a contact, and none is configured.
    NotConfigured,
    /// It could not be asked, or has answered nothing that can be used.
    Failed,
    /// It has answered about another artist, album or track, or one cannot tell which it means; so
    /// nothing that it says is used.
    LeftOut,
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn as_text<S: Serializer>(error: &Option<Error>, serializer: S) -> Result<S::Ok, S::Error> {
    error.as_ref().map(ToString::to_string).serialize(serializer)
}

impl SourceReport {
    /// The value in an answer, and what is to be told of it.
    pub(super) fn of<T>(
        from: &str,
        question: &'static str,
        result: Result<Typed<T>>,
    ) -> (Option<T>, Self) {
        let from = Provider::from_row(from.to_owned());
        match result {
            Ok(Typed { value, answer, attribution }) => {
                let (state, error) = state_of(&answer);
                let attribution = attribution.filter(|_| value.is_some());
                (value, Self { from, question, state, error, attribution })
            }
            Err(error) => {
                let state = match error.kind() {
                    ErrorKind::Config => SourceState::NotConfigured,
                    _ => SourceState::Failed,
                };
                (None, Self { from, question, state, error: Some(error), attribution: None })
            }
        }
    }

    /// Whether it is this question to this source.
    pub(super) fn is(&self, from: &str, question: &str) -> bool {
        self.from.as_str() == from && self.question == question
    }

    /// Whether it has said something, be it that there is none.
    pub(super) fn is_answered(&self) -> bool {
        use SourceState::{Absent, Fetched, Fresh, Revalidated, Stale};
        matches!(self.state, Absent | Fetched | Fresh | Revalidated | Stale)
    }

    /// Notes that nothing of the answer is used.
    pub(super) fn leave_out(&mut self, reason: &str) {
        let error = Error::new(ErrorKind::Refused, "merge answers", &self.from, reason);
        (self.state, self.error, self.attribution) = (SourceState::LeftOut, Some(error), None);
    }
}

fn state_of(answer: &Answer) -> (SourceState, Option<Error>) {
    let state = match answer {
        Answer::Found(found) => {
            let state = match found.state {
                FoundState::Fresh => SourceState::Fresh,
                FoundState::Fetched => SourceState::Fetched,
                FoundState::Revalidated => SourceState::Revalidated,
                FoundState::Stale => SourceState::Stale,
            };
            return (state, found.warning.clone());
        }
        Answer::Absent(_) => SourceState::Absent,
        Answer::Queued | Answer::Pending => SourceState::Pending,
        Answer::Miss => SourceState::NotCached,
    };
    (state, None)
}
