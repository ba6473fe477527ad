//! What an answer means: by its status, then by its body. Pure.
//!
//! | class | consequence |
//! |---|---|
//! | found | the bytes become an entry |
//! | absent | remembered for the negative TTL |
//! | transient: [`Upstream`](ErrorKind::Upstream) of a 5xx, [`Timeout`](ErrorKind::Timeout) | tried again, after `retry_after` if there is one |
//! | throttled: [`RateLimited`](ErrorKind::RateLimited) | not tried again before `retry_after` |
//! | unauthorized, refused, other statuses | not tried again |
//!
//! All but the first two are errors: nothing of them is remembered, and an old entry outlives them.

mod body;
mod placeholder;
pub(super) mod status;
mod words;

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::{OPERATION, retry_after};
use crate::clock::Timestamp;
use crate::config::{AnswerRules, Dialect};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use body::ToldError;
pub(super) use body::{MAX_TOLD_BYTES, Told};
pub(crate) use placeholder::is_known_placeholder;
pub(super) use placeholder::{is_placeholder, leads_to_placeholder};

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Found,
    /// "There is none."
    Absent,
    Redirect,
    Failed(ErrorKind),
}

/// What is known of an answer before its body is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) key: &'a Key,
    pub(super) rules: &'a AnswerRules,
    pub(super) status: StatusCode,
    /// How long the origin asks to be left alone.
    wait: Option<Duration>,
    /// Whether it says that it takes no more requests for now.
    pub(super) is_used_up: bool,
}

impl<'a> Head<'a> {
    pub(super) fn new(
        key: &'a Key,
        rules: &'a AnswerRules,
        status: StatusCode,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Self {
        let remaining = rules.remaining_header.and_then(|name| headers.get(name));
        let is_used_up = remaining.is_some_and(|left| left.as_bytes().trim_ascii() == b"0");
        Self { key, rules, status, wait: retry_after::of(headers, now), is_used_up }
    }

    /// The class as far as status and headers tell. Who says in JSON that there is none does not
    /// say it by "No Content", which is how a network says that it is open.
    pub(super) fn class(&self) -> Class {
        let is_silent = self.status == StatusCode::NO_CONTENT;
        if is_silent && body::tells_in_json(self.rules.dialect) {
            return Class::Failed(ErrorKind::Refused);
        }
        status::class(self.status.as_u16(), self.wait, &self.rules.throttle_statuses)
    }

    /// What the body tells in its provider's words: an error, or absence.
    pub(super) fn told_in(&self, body: &[u8]) -> Option<Told> {
        body::told_in(self.rules.dialect, self.class(), body)
    }

    /// What a body tells that could not be read: no more than the status, unless that there is none
    /// is told in JSON, which is short.
    pub(super) fn unread(&self, error: Error) -> Result<Option<Told>> {
        if self.class() != Class::Absent || !body::tells_in_json(self.rules.dialect) {
            return Ok(None);
        }
        if error.kind() == ErrorKind::TooLarge { Ok(Some(Told::FOREIGN)) } else { Err(error) }
    }

    /// Whether the body may tell more than a failure's status does.
    pub(super) fn has_telling_body(&self) -> bool {
        self.rules.dialect != Dialect::Plain
    }

    /// What becomes of an answer that is neither bytes nor a redirect: absence, or an error.
    pub(super) fn conclude(&self, said: Option<Told>) -> Result<()> {
        let class = said.map_or_else(|| self.class(), |said| said.class);
        let kind = match class {
            Class::Absent => return Ok(()),
            Class::Failed(kind) => kind,
            Class::Found | Class::Redirect => ErrorKind::Internal,
        };
        Err(self.error(kind, said))
    }

    pub(super) fn error(&self, kind: ErrorKind, said: Option<Told>) -> Error {
        let code = said.and_then(|said| said.error).map(|error| match error {
            ToldError::Number(number) => format!(" with error {number} in its body"),
            ToldError::Named => " with an error in its body".to_owned(),
            ToldError::Foreign => " with a body that is none of its answers".to_owned(),
        });
        let may_pass = kind == ErrorKind::RateLimited || self.status.is_server_error();
        let wait = self.wait.filter(|_| may_pass);
        let asked = wait.map(|wait| {
            format!(", and asks to be left alone for {}", humantime::format_duration(wait))
        });
        let is_told = said.is_some() && kind == ErrorKind::RateLimited;
        let haste = if is_told { ", as it is asked too often" } else { "" };
        let (code, asked) = (code.unwrap_or_default(), asked.unwrap_or_default());
        let reason = format_args!("the origin answered {}{code}{haste}{asked}", self.status);
        let error = Error::new(kind, OPERATION, self.key, reason).with_retry_after(wait);
        match (kind, said) {
            // With a status below 500 it would count as one that does not pass.
            (ErrorKind::Upstream, Some(_)) => error,
            _ => error.with_status(self.status.as_u16()),
        }
    }
}

#[cfg(test)]
mod tests;
