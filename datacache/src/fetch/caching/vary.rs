//! Which requests an answer is for (RFC 9111, section 4.1).
//!
//! Only the caller's headers are looked at. What the client adds to every request is the same each
//! time; bodies are kept decoded, so that `Vary: Accept-Encoding` costs nothing.

use std::collections::BTreeSet;

use reqwest::header::{HeaderMap, HeaderName, VARY};

use super::super::field;
use super::MAX_TERM_BYTES;
use crate::checksum::Checksum;

/// What [`Vary::selected`] writes where no request matches.
const NO_REQUEST: &str = "*";

/// So many hexadecimal digits of a value's checksum tell it from another.
const FINGERPRINT_DIGITS: usize = 16;

/// The headers of the request on which the answer depends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Vary {
    /// The answer is for every request to its URL.
    Nothing,
    /// "A stored response with a Vary header field value containing a member '*' always fails to
    /// match."
    Anything,
    /// The answer is for requests in which these headers, in lower case and in order, are the same.
    On(Vec<String>),
}

impl Vary {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let members = field::members(headers, &VARY);
        if members.iter().any(|member| member == "*") {
            return Self::Anything;
        }
        // What is no name of a header is in no request, and so the same in all.
        let names = members.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        Self::on(names.map(|name| name.as_str().to_owned()))
    }

    /// What depends on both.
    pub(super) fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) => other.clone(),
            (own, Self::Nothing) => own,
            (Self::On(own), Self::On(other)) => Self::on(own.iter().chain(other).cloned()),
            (Self::Anything, _) | (_, Self::Anything) => Self::Anything,
        }
    }

    fn on(names: impl Iterator<Item = String>) -> Self {
        let names: Vec<String> = names.collect::<BTreeSet<_>>().into_iter().collect();
        if names.is_empty() { Self::Nothing } else { Self::On(names) }
    }

    /// Reads the names in a text of [`selected`](Self::selected).
    pub(super) fn of_selected(selected: &str) -> Self {
        let names =
            selected.lines().map(|line| line.split_once(':').map_or(line, |(name, _)| name));
        match selected {
            "" => Self::Nothing,
            NO_REQUEST => Self::Anything,
            _ => Self::On(names.map(str::to_owned).collect()),
        }
    }

    /// What the headers of a request hold of those that matter, as a text for
    /// [`matches`](Self::matches): one line for each, `name: fingerprint`, or the name alone when
    /// the request does not have it.
    ///
    /// A value enters as the first 64 bits of its SHA-256, because it may be a credential. That
    /// suffices to tell two from each other, and nobody can go back from it to an API key or a
    /// token, which are random. A password
    /// that can be guessed can be confirmed by it, but only by those who may read the cache's
    /// folder: the user.
    pub(crate) fn selected(&self, request_headers: &[(String, String)]) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Anything => NO_REQUEST.to_owned(),
            Self::On(names) => {
                let lines: Vec<_> = names.iter().map(|name| line(name, request_headers)).collect();
                Self::bounded(lines.join("\n"))
            }
        }
    }

    /// A text of [`selected`](Self::selected); what is longer than [`MAX_TERM_BYTES`] is taken for
    /// one that no request matches, as less of it would match too many.
    pub(crate) fn bounded(selected: String) -> String {
        if selected.len() > MAX_TERM_BYTES { NO_REQUEST.to_owned() } else { selected }
    }

    /// Whether an answer that was stored with the text `selected` is for a request with these
    /// headers.
    ///
    /// "The cache MUST NOT use that stored response without revalidation unless all the presented
    /// request header fields nominated by that Vary field value match those fields in the original
    /// request."
    pub(crate) fn matches(selected: &str, request_headers: &[(String, String)]) -> bool {
        let vary = Self::of_selected(selected);
        vary != Self::Anything && vary.selected(request_headers) == selected
    }
}

/// Values are combined and stripped of the blanks around them, as section 4.1 has it. No further
/// normalisation is tried: two values that mean the same cost one request more.
fn line(name: &str, request_headers: &[(String, String)]) -> String {
    let values = request_headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let values: Vec<&str> = values.map(|(_, value)| value.trim()).collect();
    let value = values.join(", ");
    // "If (after any normalization that might take place) a header field is absent from a request,
    // it can only match another request if it is also absent there."
    if values.is_empty() {
        name.to_owned()
    } else {
        let fingerprint = Checksum::of(value.as_bytes()).to_string();
        format!("{name}: {}", &fingerprint[..FINGERPRINT_DIGITS])
    }
}
