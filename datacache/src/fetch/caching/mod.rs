//! What the headers of an answer say about keeping it. Pure.
//!
//! These are the rules of RFC 9111 for a cache that one user has for himself ("private"), that
//! sends nothing but GET, and that hands out bodies but no header fields. The table in `rules.rs`
//! has every rule with its section, and says where this cache differs on purpose; what an explicit
//! lifetime or a provider's policy overrides is decided by the caller.
//!
//! The crate `http-cache-semantics` knows these rules too, but it answers from the whole request
//! and response, which it would have us keep beside each entry, credentials included; five facts
//! in a row are all that is needed here.

#[cfg(test)]
mod any_bytes;
mod cache_control;
mod lifetime;
#[cfg(test)]
mod rules;
mod validators;
mod vary;

use std::time::Duration;

use reqwest::header::{ETAG, HeaderMap, LAST_MODIFIED, VARY};

use crate::clock::Timestamp;
use cache_control::CacheControl;
pub(crate) use validators::Validators;
pub(crate) use vary::Vary;

/// No text that is kept of an answer's headers is longer, each counted by itself: it stands in the
/// row of the entry, and is sent back or compared whenever that is asked for.
pub(crate) const MAX_TERM_BYTES: usize = 1024;

/// What the headers of an answer say about keeping it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caching {
    /// When the origin was asked, from which on the lifetime counts. So the time on the way counts
    /// as age, as it has to (section 4.2.3).
    pub(crate) sent_at: Timestamp,
    pub(crate) storing: Storing,
    /// How long the answer stays fresh from `sent_at` on; `None` when the headers do not say.
    pub(crate) lifetime: Option<Duration>,
    pub(crate) stale: StaleUse,
    pub(crate) validators: Validators,
    pub(crate) vary: Vary,
}

/// Whether an answer may be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storing {
    Allowed,
    Forbidden,
}

/// Whether an answer may be used once it is stale, without asking its origin first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StaleUse {
    Allowed,
    Forbidden,
}

impl Caching {
    /// What an answer without headers says, as one that a caller has brought.
    pub(crate) fn unsaid(now: Timestamp) -> Self {
        Self::of(&HeaderMap::new(), now)
    }

    /// Reads the headers of an answer to a request that was sent at `now`.
    ///
    /// The status is not asked for: all that is accepted as an answer is "heuristically cacheable"
    /// and understood, so that section 3 has nothing against any of it.
    pub(crate) fn of(headers: &HeaderMap, now: Timestamp) -> Self {
        let control = CacheControl::of(headers);
        Self {
            sent_at: now,
            storing: control.storing(),
            lifetime: lifetime::of(headers, &control, now),
            stale: control.stale_use(),
            validators: Validators::of(headers),
            vary: Vary::of(headers),
        }
    }

    /// The same for an answer that `redirect` has led to. It is kept under the URL that redirects,
    /// so that the stricter of both holds; what neither says is not said.
    ///
    /// Its validators are those of another resource, and entity tags of two resources may be equal:
    /// once the redirect leads elsewhere, they would confirm what is no longer there.
    pub(crate) fn after(self, redirect: &Self) -> Self {
        let is_either = |is: fn(&Self) -> bool| is(&self) || is(redirect);
        let forbids_storing = is_either(|one| one.storing == Storing::Forbidden);
        let forbids_stale_use = is_either(|one| one.stale == StaleUse::Forbidden);
        Self {
            sent_at: redirect.sent_at,
            storing: if forbids_storing { Storing::Forbidden } else { Storing::Allowed },
            lifetime: [self.lifetime, redirect.lifetime].into_iter().flatten().min(),
            stale: if forbids_stale_use { StaleUse::Forbidden } else { StaleUse::Allowed },
            validators: Validators::default(),
            vary: self.vary.and(&redirect.vary),
        }
    }

    /// Reads the headers of a 304, the answer to a request sent at `now` with the validators
    /// `sent`, for an entry stored with the text `selected`; `None` when it is about some other
    /// representation, and thus no answer.
    ///
    /// A 304 repeats what the headers of a full answer would have said about caching (RFC 9110,
    /// section 15.4.5). Validators and `Vary`, which origins leave out all the same, stay what they
    /// were.
    pub(crate) fn of_not_modified(
        headers: &HeaderMap,
        sent: &Validators,
        selected: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let validators = sent.updated_by(headers)?;
        // "The cache MUST add each header field in the provided response to the stored response,
        // replacing field values that are already present" (section 3.2).
        let mut updated = headers.clone();
        for (name, value) in [(ETAG, &validators.etag), (LAST_MODIFIED, &validators.last_modified)]
        {
            if let Some(Ok(value)) = value.as_deref().map(str::parse) {
                updated.insert(name, value);
            }
        }
        let mut caching = Self::of(&updated, now);
        if !headers.contains_key(VARY) {
            caching.vary = Vary::of_selected(selected);
        }
        Some(caching)
    }
}
