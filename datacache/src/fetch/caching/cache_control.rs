//! The directives of an answer (RFC 9111, section 5.2), and what they forbid.

use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, HeaderMap, PRAGMA};

use super::super::field;
use super::{StaleUse, Storing};

/// The directives of all `Cache-Control` lines, in their order.
pub(super) struct CacheControl(Vec<Directive>);

struct Directive {
    /// In lower case.
    name: String,
    /// Without quotes; empty when it is no token and no quoted string.
    argument: Option<String>,
}

impl CacheControl {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let directives = |name| {
            let members = field::members(headers, &name).into_iter();
            members.map(|member| Directive::parse(&member)).collect()
        };
        let mut control = Self(directives(CACHE_CONTROL));
        // "The meaning of 'Pragma: no-cache' in responses was never specified" (section 5.4), but
        // who sends it, and nothing newer, means one thing by it.
        if !headers.contains_key(CACHE_CONTROL) {
            control = Self(directives(PRAGMA));
            control.0.retain(|directive| directive.name == "no-cache");
        }
        control
    }

    /// The value of `max-age`. Zero when it cannot be read, or is given twice with different
    /// values: "either the first occurrence should be used or the response should be considered
    /// stale", and "caches are encouraged to consider responses that have invalid freshness
    /// information \[…\] to be stale" (section 4.2.1).
    pub(super) fn max_age(&self) -> Option<Duration> {
        let mut ages = self.all("max-age").map(|directive| {
            directive.argument.as_deref().and_then(field::seconds).unwrap_or_default()
        });
        let first = ages.next()?;
        Some(if ages.all(|other| other == first) { first } else { Duration::ZERO })
    }

    /// "A cache MUST NOT store a response to a request unless: \[…\] the no-store cache directive
    /// is not present in the response" (section 3).
    pub(super) fn storing(&self) -> Storing {
        // "A cache that implements the must-understand directive […] SHOULD ignore the no-store
        // directive if it understands and implements the status code's caching requirements"
        // (section 5.2.2.3). What was not understood was not taken for an answer.
        if self.has("no-store") && !self.has("must-understand") {
            Storing::Forbidden
        } else {
            Storing::Allowed
        }
    }

    /// "A cache MUST NOT generate a stale response if it is prohibited by an explicit in-protocol
    /// directive (e.g., by a no-cache response directive, a must-revalidate response directive
    /// \[…\])" (section 4.2.4).
    pub(super) fn stale_use(&self) -> StaleUse {
        if self.is_never_fresh() || self.has("must-revalidate") {
            StaleUse::Forbidden
        } else {
            StaleUse::Allowed
        }
    }

    /// "The no-cache response directive, in its unqualified form (without an argument), indicates
    /// that the response MUST NOT be used to satisfy any other request without forwarding it for
    /// validation" (section 5.2.2.4). The qualified form says the same of the fields it lists, and
    /// no field is ever handed out here.
    pub(super) fn is_never_fresh(&self) -> bool {
        self.all("no-cache")
            .any(|directive| directive.argument.as_deref().is_none_or(str::is_empty))
    }

    fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Directive> {
        self.0.iter().filter(move |directive| directive.name == name)
    }
}

impl Directive {
    /// `cache-directive = token [ "=" ( token / quoted-string ) ]`, with blanks around the `=`
    /// forgiven.
    fn parse(member: &str) -> Self {
        let (name, argument) = match member.split_once('=') {
            Some((name, argument)) => (name, Some(unquoted(argument.trim()))),
            None => (member, None),
        };
        Self { name: name.trim().to_ascii_lowercase(), argument }
    }
}

/// "Recipients ought to accept both forms, even if a specific form is required for generation"
/// (section 5.2).
fn unquoted(argument: &str) -> String {
    let Some(opened) = argument.strip_prefix('"') else { return argument.to_owned() };
    let Some(inside) = opened.strip_suffix('"') else { return String::new() };
    let mut chars = inside.chars();
    std::iter::from_fn(|| chars.next().and_then(|c| if c == '\\' { chars.next() } else { Some(c) }))
        .collect()
}
