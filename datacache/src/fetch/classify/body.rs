//! Errors and absence that are told within bodies, whatever the status; and whether a body can be
//! an answer at all.

use serde_json::Value;

use super::words::{self, Words};
use super::{Class, status};
use crate::config::Dialect;
use crate::error::ErrorKind;
use crate::media;

/// Neither is told in more bytes; longer bodies are not looked into.
pub(in crate::fetch) const MAX_TOLD_BYTES: usize = 16 * 1024;

/// What a body tells of itself: that it is an error, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) struct Told {
    pub(in crate::fetch) class: Class,
    pub(super) error: Option<ToldError>,
}

/// An error that a body tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) enum ToldError {
    /// The provider's own number for it.
    Number(i64),
    /// A name that the provider has for it.
    Named,
    /// None in its words: somebody else has answered in its place.
    Foreign,
}

impl Told {
    pub(super) const ABSENCE: Self = Self { class: Class::Absent, error: None };
    pub(super) const FOREIGN: Self =
        Self { class: Class::Failed(ErrorKind::Refused), error: Some(ToldError::Foreign) };

    pub(super) fn numbered(class: Class, code: i64) -> Self {
        Self { class, error: Some(ToldError::Number(code)) }
    }

    pub(super) fn named(class: Class) -> Self {
        Self { class, error: Some(ToldError::Named) }
    }
}

/// Whether it says in JSON that there is none.
pub(super) fn tells_in_json(dialect: Dialect) -> bool {
    Words::of(dialect).tells_in_json
}

/// What `body` tells, if it is no answer; by its status it would be of this `class`.
pub(super) fn told_in(dialect: Dialect, class: Class, body: &[u8]) -> Option<Told> {
    if dialect == Dialect::Plain || body.len() > MAX_TOLD_BYTES {
        return None;
    }
    let words = Words::of(dialect);
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        // Whoever answers in its place, as a venue's log-in page does, says nothing of it.
        let is_foreign = class == Class::Absent && words.tells_in_json && media::is_html(body);
        return is_foreign.then_some(Told::FOREIGN);
    };
    let told = (words.told)(&body, class);
    let is_answer = class != Class::Found || words.is_answer(&body);
    told.or_else(|| (!is_answer).then(|| unexpected(&body)))
}

/// What follows from a body that is no answer, though its status says that it is one: what error it
/// tells in words that many APIs have. That it tells of absence is not believed.
fn unexpected(body: &Value) -> Told {
    let nested = &body["error"];
    let numbers = [&nested["status"], &nested["code"], &body["statusCode"], &body["status"]];
    if let Some(code) = numbers.into_iter().find_map(words::number) {
        let class = u16::try_from(code).map(|code| status::class(code, None, &[]));
        let kind = match class {
            Ok(Class::Failed(kind)) => kind,
            _ => ErrorKind::Refused,
        };
        return Told::numbered(Class::Failed(kind), code);
    }
    let texts =
        [nested, &nested["message"], &body["message"]].into_iter().filter_map(Value::as_str);
    if texts.map(str::to_lowercase).any(|text| is_about_haste(&text)) {
        return Told::named(Class::Failed(ErrorKind::RateLimited));
    }
    Told::FOREIGN
}

fn is_about_haste(text: &str) -> bool {
    ["rate limit", "too quickly", "too many requests"].iter().any(|words| text.contains(words))
}
