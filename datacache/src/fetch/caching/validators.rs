//! How an origin is asked whether an answer is still the same (RFC 9111, section 4.3).

use reqwest::header::{ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

use super::super::field;
use super::MAX_TERM_BYTES;

/// What names the representation that an answer carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    /// The entity tag as it was received, with its quotes and, if it is a weak one, its `W/`.
    pub(crate) etag: Option<String>,
    /// The date as it was received, which is "most interoperable for cases where clocks are poorly
    /// synchronized or when the server has chosen to only honor exact timestamp matches" (RFC 9110,
    /// section 13.1.3).
    pub(crate) last_modified: Option<String>,
}

impl Validators {
    /// What is no entity tag or no date is left out: sent back, it would be no condition.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let etag = field::first(headers, &ETAG).map(str::trim);
        let last_modified = field::first(headers, &LAST_MODIFIED).map(str::trim);
        let validators = Self {
            etag: etag.filter(|tag| is_entity_tag(tag)).map(str::to_owned),
            last_modified: last_modified.filter(|d| field::date(d).is_some()).map(str::to_owned),
        };
        validators.bounded()
    }

    /// The same without what is longer than [`MAX_TERM_BYTES`].
    pub(crate) fn bounded(self) -> Self {
        let is_short = |text: &String| text.len() <= MAX_TERM_BYTES;
        let Self { etag, last_modified } = self;
        Self { etag: etag.filter(is_short), last_modified: last_modified.filter(is_short) }
    }

    /// The headers that make a request conditional; none when nothing is known to ask by.
    ///
    /// "In most cases, both validators are generated in cache validation requests" (section 4.3.1),
    /// for the sake of old intermediaries; every other recipient "MUST ignore If-Modified-Since if
    /// the request contains an If-None-Match header field" (RFC 9110, section 13.1.3).
    pub(crate) fn to_headers(&self) -> HeaderMap {
        let conditions =
            [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)].into_iter();
        conditions.filter_map(|(name, value)| Some((name, value.as_ref()?.parse().ok()?))).collect()
    }

    /// What these validators are after a 304 that answered them; `None` when the 304 speaks of
    /// another representation, and "the cache MUST NOT use the new response to update any stored
    /// responses" (section 4.3.4).
    pub(crate) fn updated_by(&self, not_modified: &HeaderMap) -> Option<Self> {
        let new = Self::of(not_modified);
        let was_asked = *self != Self::default();
        let is_ours = match (&new.etag, &new.last_modified) {
            (Some(new), _) => self.etag.as_ref().is_some_and(|own| opaque(own) == opaque(new)),
            (None, Some(new)) => self.last_modified.as_ref().is_none_or(|own| own == new),
            (None, None) => true,
        };
        (was_asked && is_ours).then(|| Self {
            etag: new.etag.or_else(|| self.etag.clone()),
            last_modified: new.last_modified.or_else(|| self.last_modified.clone()),
        })
    }
}

/// `entity-tag = [ weak ] opaque-tag`, the latter visible characters without quotes between quotes
/// (RFC 9110, section 8.8.3).
fn is_entity_tag(text: &str) -> bool {
    let inside = opaque(text).strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.is_some_and(|tag| tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

/// The tag without its `W/`. Two tags with the same are equal by the weak comparison, by which the
/// origin has compared them too ("A recipient MUST use the weak comparison function when comparing
/// entity tags for If-None-Match", RFC 9110, section 13.1.2): servers weaken the tag of a body that
/// they compress, but not that of the 304, which has none.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
