//! How long answers are fresh: who decides, and what caps it. Pure.

use std::fmt;
use std::time::Duration;

use super::built_in::BuiltIn;
use super::provider::ProviderConfig;
use crate::clock::Timestamp;
use crate::name::DataType;

/// How long the answers of one provider are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    /// What holds where neither a request nor, if they are asked, the headers say anything.
    ttl: Duration,
    absent_ttl: Duration,
    max_ttl: Option<Duration>,
    /// Whether an answer past its time may be shown.
    pub(crate) serves_stale: bool,
    authority: Authority,
}

/// Whose word it is how an answer is kept, when the request has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// The provider's policy, built in or configured; the headers of its answers have no say.
    Policy,
    /// The headers of the answer: there is no policy for its provider.
    Headers,
}

/// By which rule an answer is kept as long as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Request,
    Policy,
    Headers,
    /// Nobody has said anything.
    Default,
    /// Whoever wanted longer, the provider's contract forbids it.
    Cap,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "the request says so",
            Self::Policy => "its provider's policy says so",
            Self::Headers => "its headers say so",
            Self::Default => "nobody says otherwise",
            Self::Cap => "its provider allows no longer (max_ttl)",
        })
    }
}

impl From<&BuiltIn> for Lifetimes {
    fn from(row: &BuiltIn) -> Self {
        Self {
            ttl: row.ttl,
            absent_ttl: row.absent_ttl,
            max_ttl: row.max_ttl,
            serves_stale: row.serves_stale,
            authority: row.authority,
        }
    }
}

impl Lifetimes {
    /// Under what a `[providers.NAME]` section says. A TTL makes it a policy.
    pub(super) fn overlaid(self, config: &ProviderConfig) -> Self {
        Self {
            ttl: config.ttl.unwrap_or(self.ttl),
            absent_ttl: config.absent_ttl.unwrap_or(self.absent_ttl),
            max_ttl: config.max_ttl.or(self.max_ttl),
            serves_stale: config.serve_stale.unwrap_or(self.serves_stale),
            authority: config.ttl.map_or(self.authority, |_| Authority::Policy),
        }
    }

    /// Whose word counts for a request that asked for the TTL `requested`. A TTL is as good as a
    /// policy.
    pub(crate) fn authority(&self, requested: Option<Duration>) -> Authority {
        requested.map_or(self.authority, |_| Authority::Policy)
    }

    /// How long an answer of `data_type` is fresh and by which rule, when the request asked for
    /// `requested` and the headers of the answer have `said` something.
    pub(crate) fn ttl(
        &self,
        requested: Option<Duration>,
        said: Option<Duration>,
        data_type: &DataType,
    ) -> (Duration, Rule) {
        let own = if data_type.is_image() { self.ttl.saturating_mul(2) } else { self.ttl };
        let (ttl, rule) = match (requested, self.authority, said) {
            (Some(requested), _, _) => (requested, Rule::Request),
            (None, Authority::Policy, _) => (own, Rule::Policy),
            (None, Authority::Headers, Some(said)) => (said, Rule::Headers),
            (None, Authority::Headers, None) => (own, Rule::Default),
        };
        match self.max_ttl {
            Some(max_ttl) if max_ttl < ttl => (max_ttl, Rule::Cap),
            _ => (ttl, rule),
        }
    }

    /// `expires_at` of an answer from `created_at`, unless the provider allows no longer.
    pub(crate) fn capped(&self, created_at: Timestamp, expires_at: Timestamp) -> Timestamp {
        let latest = self.max_ttl.and_then(|max_ttl| created_at.checked_add(max_ttl));
        latest.map_or(expires_at, |latest| expires_at.min(latest))
    }

    /// How long "there is none" is believed, when the request asked for `requested`. Headers have
    /// no say in it: an origin that has no answer seldom means something by them.
    pub(crate) fn absent_ttl(&self, requested: Option<Duration>) -> (Duration, Rule) {
        requested.map_or((self.absent_ttl, Rule::Policy), |ttl| (ttl, Rule::Request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::built_in;

    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    fn lifetimes(provider: &str) -> Lifetimes {
        let row = built_in::TABLE.iter().find(|row| row.name == provider);
        row.unwrap_or(&built_in::OTHER).into()
    }

    fn ttl(provider: &str, requested: Option<Duration>, data_type: &DataType) -> Duration {
        lifetimes(provider).ttl(requested, None, data_type).0
    }

    #[test]
    fn images_are_kept_twice_as_long_unless_a_contract_forbids_it() {
        let image = &DataType::ARTIST_LOGO;
        let json = &DataType::API_RESPONSE;
        assert_eq!(ttl("theaudiodb", None, json), 7 * DAY);
        assert_eq!(ttl("theaudiodb", None, image), 14 * DAY);
        assert_eq!(ttl("theaudiodb", Some(HOUR), image), HOUR);
        assert_eq!(ttl("discogs", None, image), 6 * HOUR);
        assert_eq!(ttl("discogs", Some(30 * DAY), json), 6 * HOUR);
        assert_eq!(ttl("nobody.example", None, json), 7 * DAY);
    }

    #[test]
    fn a_contract_caps_what_was_kept_elsewhere_too() {
        let [created, late] = [1_000, i64::MAX].map(Timestamp::from_millis);
        let six_hours = created.checked_add(6 * HOUR).unwrap();
        assert_eq!(lifetimes("discogs").capped(created, late), six_hours);
        assert_eq!(lifetimes("discogs").capped(created, created), created);
        assert_eq!(lifetimes("cdn").capped(created, late), late);
    }

    #[test]
    fn a_request_goes_before_a_policy_a_policy_before_headers_and_a_contract_before_all() {
        let nobody = lifetimes("nobody.example");
        let policy = ProviderConfig { ttl: Some(DAY), ..ProviderConfig::default() };
        let contract = ProviderConfig { max_ttl: Some(HOUR / 2), ..ProviderConfig::default() };
        for (lifetimes, requested, said, expected, rule) in [
            (nobody, None, None, 7 * DAY, Rule::Default),
            (nobody, None, Some(HOUR), HOUR, Rule::Headers),
            (nobody, None, Some(Duration::ZERO), Duration::ZERO, Rule::Headers),
            (nobody, Some(2 * HOUR), Some(HOUR), 2 * HOUR, Rule::Request),
            (nobody.overlaid(&policy), None, Some(HOUR), DAY, Rule::Policy),
            (nobody.overlaid(&policy), Some(2 * HOUR), Some(HOUR), 2 * HOUR, Rule::Request),
            (nobody.overlaid(&contract), None, Some(HOUR), HOUR / 2, Rule::Cap),
            (nobody.overlaid(&contract), None, Some(HOUR / 4), HOUR / 4, Rule::Headers),
            (nobody.overlaid(&contract), Some(HOUR), None, HOUR / 2, Rule::Cap),
            (lifetimes("musicbrainz"), None, Some(Duration::ZERO), 30 * DAY, Rule::Policy),
        ] {
            let ttl = lifetimes.ttl(requested, said, &DataType::OTHER);
            assert_eq!(ttl, (expected, rule), "{lifetimes:?} {requested:?} {said:?}");
        }
    }

    #[test]
    fn headers_are_asked_where_neither_a_request_nor_a_policy_has_a_word() {
        let nobody = lifetimes("nobody.example");
        let policy = ProviderConfig { ttl: Some(DAY), ..ProviderConfig::default() };
        let other = ProviderConfig { absent_ttl: Some(DAY), ..ProviderConfig::default() };
        assert_eq!(nobody.authority(None), Authority::Headers);
        assert_eq!(nobody.overlaid(&other).authority(None), Authority::Headers);
        assert_eq!(nobody.authority(Some(HOUR)), Authority::Policy);
        assert_eq!(nobody.overlaid(&policy).authority(None), Authority::Policy);
        for row in built_in::TABLE {
            assert_eq!(lifetimes(row.name).authority(None), Authority::Policy, "{}", row.name);
        }
    }
}
