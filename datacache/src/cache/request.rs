//! What is asked of a cache.

use std::fmt;
use std::time::Duration;

use crate::checksum::Checksum;
use crate::fetch::Trust;
use crate::media::Form;
use crate::name::{DataType, Provider};
use crate::queue::Priority;
use crate::redact::{self, SafeHeaders};
use crate::store::Metadata;

/// A request for the bytes at a URL. Only the URL is needed; it is checked, like everything else,
/// when the request is made.
///
/// `Debug` shows no secret.
#[derive(Clone)]
pub struct Request {
    pub(super) url: String,
    pub(super) identifier: Option<String>,
    pub(super) data_type: Option<DataType>,
    pub(super) form: Option<Form>,
    pub(super) provider: Option<Provider>,
    pub(super) ttl: Option<Duration>,
    pub(super) negative_ttl: Option<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) retries: u32,
    pub(super) headers: Vec<(String, String)>,
    pub(super) metadata: Metadata,
    pub(super) expected_checksum: Option<Checksum>,
    pub(super) priority: Priority,
    pub(super) deadline: Option<Duration>,
    pub(super) staleness: Staleness,
    pub(super) reach: Reach,
    pub(super) trust: Trust,
}

/// Whether a stale entry is an acceptable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Staleness {
    Accepted,
    Refused,
}

/// How far a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Origin,
    Cache,
}

/// How often a request is tried again after a failure that may pass.
const DEFAULT_RETRIES: u32 = 2;

impl Request {
    /// A request for `url`, immediate, with the policy of its provider.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            identifier: None,
            data_type: None,
            form: None,
            provider: None,
            ttl: None,
            negative_ttl: None,
            timeout: None,
            retries: DEFAULT_RETRIES,
            headers: Vec::new(),
            metadata: Metadata::new(),
            expected_checksum: None,
            priority: Priority::Immediate,
            deadline: None,
            staleness: Staleness::Accepted,
            reach: Reach::Origin,
            trust: Trust::Trusted,
        }
    }

    /// What the entry is about, as people write it; it is normalised as
    /// [`Identifier::new`](crate::Identifier::new) says. Unless set, a fetch keeps that of the
    /// entry that is there already.
    #[must_use]
    pub fn identifier(mut self, name: impl Into<String>) -> Self {
        self.identifier = Some(name.into());
        self
    }

    /// What kind of data it is. Image types accept pictures only. Unless set, the type of the entry
    /// that is there already, else [`DataType::OTHER`].
    #[must_use]
    pub fn data_type(mut self, data_type: DataType) -> Self {
        self.data_type = Some(data_type);
        self
    }

    /// Under whose policy the origin is asked. Unless set, the one its host belongs to, else the
    /// host itself.
    #[must_use]
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }

    /// How long the entry is fresh, whatever its provider's policy and the headers of its answer
    /// say, `no-store` included; the provider's `max_ttl` still caps it.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// How long "there is none" is believed.
    #[must_use]
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = Some(ttl);
        self
    }

    /// How long one attempt may take, from the name lookup to the last byte, redirects included;
    /// waiting for the budget of whom it asks does not count. More than 0. That of the provider's
    /// policy unless set; running out of a shorter one is no failure of the provider.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often to try again after a failure that may pass; 2 unless set.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sends a header with the request. It is not part of the key, and does not follow a redirect
    /// to another origin. A request with a credential in a header can be queued only if it is the
    /// [`api_key`](crate::ProviderConfig::api_key) of its host's provider, which is sent anyway.
    ///
    /// With an `If-None-Match` or `If-Modified-Since` of the caller's, no other condition is sent;
    /// a 304 in answer to it is an [`Upstream`](crate::ErrorKind::Upstream) error.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A JSON object to keep beside the entry, of at most 64 KiB; URLs in it lose their secrets.
    /// Unless set, a fetch keeps that of the entry that is there already.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Refuses bytes with another checksum; a cached entry that has another one is fetched again.
    #[must_use]
    pub fn expected_checksum(mut self, checksum: Checksum) -> Self {
        self.expected_checksum = Some(checksum);
        self
    }

    /// How urgent it is; [`Priority::Immediate`] unless set. A batch request that the cache cannot
    /// answer is queued.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Only JSON will do, of whatever data type.
    pub(crate) fn json(mut self) -> Self {
        self.form = Some(Form::Json);
        self
    }

    /// The URL that is asked for.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether its answer may come from elsewhere than the cache.
    pub(crate) fn may_leave(&self) -> bool {
        self.reach == Reach::Origin
    }

    /// The longest the caller waits for an origin; then the request is queued and the stale entry,
    /// or [`Pending`](crate::Answer::Pending), returned. A batch request waits for no origin: its
    /// answer says that it is in the queue, and it is.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// A stale entry is no answer: rather an error.
    #[must_use]
    pub fn must_be_fresh(mut self) -> Self {
        self.staleness = Staleness::Refused;
        self
    }

    /// The answer comes from the cache or not at all.
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.reach = Reach::Cache;
        self
    }

    /// The URL comes from a stranger. It is asked for only at public addresses, of whatever port:
    /// neither it nor a redirect may lead to a private, loopback, link-local or otherwise special
    /// one, which is [`Refused`](crate::ErrorKind::Refused). The addresses that a name has are
    /// checked as they are connected to. No proxy is used and no configured API key sent; the same
    /// holds for the worker, if the request is queued.
    ///
    /// A URL that has such an address itself is refused before the cache is asked. Otherwise the
    /// cache answers as it does everybody, also with what a trusted request has stored.
    #[must_use]
    pub fn untrusted(mut self) -> Self {
        self.trust = Trust::Untrusted;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &redact::outline(&self.url))
            .field("identifier", &self.identifier)
            .field("data_type", &self.data_type)
            .field("provider", &self.provider)
            .field("headers", &SafeHeaders(&self.headers))
            .field("priority", &self.priority)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}
