//! How long an answer is kept, and on what terms: what a request asks for, what its provider's
//! policy says, what the answer's headers say. Pure.
//!
//! A request's TTL goes before a policy, and a policy before the headers; a contract's `max_ttl`
//! caps all. Where the headers have no say about the time, they have none about storing and stale
//! use either: who sets a TTL wants the answer for that long. What an answer depends on (`Vary`),
//! and how its origin can be asked for changes, is taken from the headers always: it says what the
//! answer is.

use std::time::Duration;

use humantime::format_duration;

use super::plan::Plan;
use crate::clock::Timestamp;
use crate::config::{Authority, Rule};
use crate::error::{Error, Result};
use crate::fetch::{Caching, Condition, StaleUse, Storing, Trust, Validators};
use crate::store::{Entry, EntryInfo, Renewal, Terms};

impl Plan {
    /// Whether an answer may be written down.
    pub(super) fn storing(&self, caching: &Caching) -> Storing {
        if self.do_headers_decide() { caching.storing } else { Storing::Allowed }
    }

    /// Until when an answer that came at `now` is fresh.
    pub(super) fn expiry(
        &self,
        operation: &'static str,
        caching: &Caching,
        now: Timestamp,
    ) -> Result<Timestamp> {
        // What it took to come has been taken from its lifetime, and not from a TTL.
        let on_the_way = now.since(caching.sent_at);
        let said = caching.lifetime.map(|lifetime| lifetime.saturating_sub(on_the_way));
        let (ttl, rule) = self.lifetimes.ttl(self.asked.ttl, said, &self.data_type);
        self.after(operation, self.allowed(ttl, rule, caching), now)
    }

    /// Until when "there is none" is believed.
    pub(super) fn absence_expiry(&self, caching: &Caching, now: Timestamp) -> Result<Timestamp> {
        let (ttl, rule) = self.lifetimes.absent_ttl(self.asked.negative_ttl);
        self.after("fetch", self.allowed(ttl, rule, caching), now)
    }

    /// An answer that may not be kept is never fresh.
    fn allowed(&self, ttl: Duration, rule: Rule, caching: &Caching) -> Duration {
        if self.storing(caching) == Storing::Forbidden {
            self.trail.note(|| "not kept, because its headers forbid it");
            return Duration::ZERO;
        }
        self.trail.note(|| format!("kept for {}, because {rule}", format_duration(ttl)));
        ttl
    }

    /// Refuses TTLs that no moment comes after, before the origin is asked.
    pub(super) fn check_ttls(&self, now: Timestamp) -> Result<()> {
        let (ttl, _) = self.lifetimes.ttl(self.asked.ttl, None, &self.data_type);
        let (absent_ttl, _) = self.lifetimes.absent_ttl(self.asked.negative_ttl);
        self.after("fetch", ttl.max(absent_ttl), now).map(drop)
    }

    fn after(&self, operation: &'static str, ttl: Duration, now: Timestamp) -> Result<Timestamp> {
        now.checked_add(ttl).ok_or_else(|| {
            Error::invalid(operation, &self.key, "the TTL reaches beyond the calendar")
        })
    }

    /// On what terms an answer to this request is kept.
    pub(super) fn terms(&self, caching: &Caching) -> Terms {
        let Validators { etag, last_modified } = caching.validators.clone();
        Terms {
            etag,
            last_modified,
            varies_on: self.target.headers().selected_by(&caching.vary),
            may_be_stale: self.lifetimes.serves_stale
                && (!self.do_headers_decide() || caching.stale == StaleUse::Allowed),
            is_untrusted: self.trust == Trust::Untrusted,
        }
    }

    /// Whether an entry is for this request, and not for one with other headers.
    pub(super) fn is_for(&self, entry: &EntryInfo) -> bool {
        self.target.headers().match_selected(&entry.terms.varies_on)
    }

    /// The condition on which the origin need not send `entry` again; `None` when it must.
    pub(super) fn condition(&self, entry: &Entry) -> Option<Condition> {
        let Terms { etag, last_modified, varies_on, .. } = entry.info.terms.clone();
        let has_validator = etag.is_some() || last_modified.is_some();
        let is_answer = !entry.info.is_absence() && self.is_for(&entry.info) && self.accepts(entry);
        let validators = Validators { etag, last_modified };
        (has_validator && is_answer).then_some(Condition { validators, varies_on })
    }

    /// What becomes of an entry that its origin has confirmed at `now`.
    pub(super) fn renewal(
        &self,
        old: EntryInfo,
        caching: &Caching,
        now: Timestamp,
    ) -> Result<Renewal> {
        Ok(Renewal {
            old,
            identifier: self.identifier.clone(),
            data_type: self.data_type.clone(),
            provider: self.provider.clone(),
            metadata: self.metadata.clone(),
            expires_at: self.expiry("fetch", caching, now)?,
            terms: self.terms(caching),
        })
    }

    fn do_headers_decide(&self) -> bool {
        self.lifetimes.authority(self.asked.ttl) == Authority::Headers
    }
}
