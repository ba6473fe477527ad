//! A request, checked and completed with its provider's policy. Pure.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::request::{Reach, Request, Staleness};
use super::target::Target;
use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::config::{AnswerRules, Lifetimes, Payer, Policies};
use crate::error::{Error, Result};
use crate::fetch::{self, Caching, Call, Condition, Trust, Urgency};
use crate::identifier::Identifier;
use crate::key::Key;
use crate::media::Form;
use crate::name::{DataType, Provider};
use crate::queue::{Heirs, Job, NewJob, Params, Priority};
use crate::store::{MAX_METADATA_BYTES, Metadata, NewEntry};
use crate::trail::Trail;

const FOUND: u16 = 200;
const NOT_FOUND: u16 = 404;

/// Everything that answering a request depends on, but the time.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) key: Key,
    pub(super) priority: Priority,
    pub(super) deadline: Option<Duration>,
    pub(super) staleness: Staleness,
    pub(super) reach: Reach,
    pub(super) expected_checksum: Option<Checksum>,
    pub(super) target: Target,
    pub(super) trust: Trust,
    pub(super) identifier: Option<Identifier>,
    pub(super) data_type: DataType,
    pub(super) provider: Provider,
    rules: Arc<AnswerRules>,
    pub(super) lifetimes: Lifetimes,
    pub(super) metadata: Metadata,
    /// Whether the origin may be asked for nothing but what has changed.
    pub(super) revalidation: Revalidation,
    /// What the request itself asked for, to be queued as it came.
    pub(super) asked: Asked,
    pub(super) timeout: Duration,
    pub(super) retries: u32,
    payer: Payer,
    pub(super) urgency: Urgency,
    pub(super) trail: Trail,
}

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) data_type: Option<DataType>,
    pub(super) form: Option<Form>,
    pub(super) ttl: Option<Duration>,
    pub(super) negative_ttl: Option<Duration>,
    pub(super) timeout: Option<Duration>,
}

/// Whether an entry may be renewed by the word of its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revalidation {
    /// There is an entry for which the origin may be asked on condition.
    Possible,
    /// Nothing is there, or it is to be sent again in any case.
    Pointless,
}

/// Metadata without secrets that can be read back, also from within a queued request. JSON can be
/// nested deeper than its reader goes.
fn checked(metadata: &Metadata, key: &Key, policies: &Policies) -> Result<Metadata> {
    let text = serde_json::json!([metadata]).to_string();
    if text.len() - "[]".len() > MAX_METADATA_BYTES {
        let reason = format_args!("it is larger than {MAX_METADATA_BYTES} bytes");
        return Err(Error::invalid("read metadata", key, reason));
    }
    let read = serde_json::from_str::<[Metadata; 1]>(&text);
    read.map(|[metadata]| policies.without_secrets(metadata)).map_err(|source| {
        Error::invalid("read metadata", key, format_args!("it cannot be stored: {source}"))
    })
}

impl Plan {
    pub(super) fn new(request: Request, policies: &Policies) -> Result<Self> {
        let (key, target) = Target::new(&request.url, &request.headers, request.trust, policies)?;
        let provider = request.provider.unwrap_or_else(|| policies.provider_of(target.url()));
        let policy = policies.get(&provider);
        let asked = Asked {
            data_type: request.data_type.clone(),
            form: request.form,
            ttl: request.ttl,
            negative_ttl: request.negative_ttl,
            timeout: request.timeout,
        };
        if request.timeout == Some(Duration::ZERO) {
            let reason = "no origin answers within a timeout of 0";
            return Err(Error::invalid("read request", &key, reason));
        }
        let data_type = request.data_type.unwrap_or(DataType::OTHER);
        let plan = Self {
            metadata: checked(&request.metadata, &key, policies)?,
            key,
            priority: request.priority,
            deadline: request.deadline,
            staleness: request.staleness,
            reach: request.reach,
            expected_checksum: request.expected_checksum,
            identifier: request.identifier.as_deref().map(Identifier::new).transpose()?,
            rules: Arc::clone(&policy.answers),
            lifetimes: policy.lifetimes,
            revalidation: Revalidation::Pointless,
            timeout: request.timeout.unwrap_or(policy.timeout),
            data_type,
            payer: policies.payer_of(target.url(), &provider),
            provider,
            retries: request.retries,
            trust: request.trust,
            target,
            urgency: Urgency::Live,
            trail: Trail::default(),
            asked,
        };
        fetch::check_untrusted(plan.call(None))?;
        Ok(plan)
    }

    /// The same plan, leaving a trail.
    pub(super) fn with_trail(mut self, trail: Trail) -> Self {
        self.trail = trail;
        self
    }

    /// What is asked for, on `condition`.
    pub(super) fn call<'a>(&'a self, condition: Option<&'a Condition>) -> Call<'a> {
        Call {
            url: self.target.url(),
            key: &self.key,
            trust: self.trust,
            headers: self.target.headers(),
            token_client: self.target.token_client(),
            provider: &self.provider,
            rules: &self.rules,
            condition,
            timeout: self.timeout,
            retries: self.retries,
            payer: &self.payer,
            urgency: self.urgency,
            trail: &self.trail,
            was_sent: None,
        }
    }

    /// The entry that remembers "there is none".
    pub(super) fn absent(&self, caching: &Caching, now: Timestamp) -> Result<NewEntry> {
        let entry = self.entry(caching, now, self.absence_expiry(caching, now)?);
        Ok(NewEntry { status_code: NOT_FOUND, ..entry })
    }

    /// An entry without bytes.
    pub(super) fn entry(
        &self,
        caching: &Caching,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> NewEntry {
        NewEntry {
            key: self.key.clone(),
            identifier: self.identifier.clone(),
            data_type: self.data_type.clone(),
            provider: self.provider.clone(),
            metadata: self.metadata.clone(),
            status_code: FOUND,
            mime_type: String::new(),
            checksum: Checksum::of(b""),
            data: Bytes::new(),
            created_at: now,
            expires_at,
            terms: self.terms(caching),
            derived_from: None,
        }
    }

    /// Refuses what no origin's answer could fulfil, before it is asked or the request queued.
    pub(super) fn check_fillable(&self, now: Timestamp) -> Result<()> {
        fetch::check_scheme(self.call(None))?;
        self.check_ttls(now)
    }

    /// Refuses to ask without a key what is to be asked with one, be it for a job or not.
    pub(super) fn check_credential(&self, job: Option<&Job>, policies: &Policies) -> Result<()> {
        self.target.check_credential(&self.key, job, policies)
    }

    /// The request as it is queued, without its secrets.
    pub(super) fn job(&self, priority: Priority, policies: &Policies) -> Result<NewJob> {
        let credential = self.target.check_queueable(&self.key, policies)?;
        Ok(self.row(priority, credential))
    }

    /// The request as it stands in the queue while it is made, and who may take it up from there.
    pub(super) fn flight(&self, policies: &Policies) -> (NewJob, Heirs) {
        match self.target.check_queueable(&self.key, policies) {
            Ok(credential) => (self.row(Priority::Immediate, credential), Heirs::Anybody),
            Err(_) => (self.row(Priority::Immediate, false), Heirs::Nobody),
        }
    }

    fn row(&self, priority: Priority, credential: bool) -> NewJob {
        let millis = |duration: Option<Duration>| {
            duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
        };
        NewJob {
            key: self.key.clone(),
            identifier: self.identifier.clone(),
            data_type: self.data_type.clone(),
            provider: self.provider.clone(),
            origin: self.payer.origin.clone(),
            priority,
            params: Params {
                ttl_ms: millis(self.asked.ttl),
                negative_ttl_ms: millis(self.asked.negative_ttl),
                timeout_ms: millis(self.asked.timeout),
                retries: self.retries,
                headers: self.target.headers().without_secrets(),
                metadata: self.metadata.clone(),
                expected_checksum: self.expected_checksum.map(|checksum| checksum.to_string()),
                credential,
                untrusted: self.trust == Trust::Untrusted,
                json: self.asked.form == Some(Form::Json),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::error::ErrorKind;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn plan(request: Request) -> Result<Plan> {
        Plan::new(request, &Policies::new(&BTreeMap::new()).unwrap())
    }

    #[test]
    fn metadata_that_could_not_be_read_back_is_refused() {
        let mut deep = serde_json::Value::Null;
        for depth in 1..200 {
            deep = serde_json::Value::Array(vec![deep]);
            let metadata = Metadata::from_iter([("deep".to_owned(), deep.clone())]);
            match plan(Request::new("https://a.example/").metadata(metadata)) {
                Ok(plan) => {
                    let queued = serde_json::to_string(&plan.row(Priority::Batch, false).params);
                    assert!(serde_json::from_str::<Params>(&queued.unwrap()).is_ok(), "{depth}");
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::InvalidInput);
                    assert!(depth > 100);
                }
            }
        }
    }

    #[test]
    fn metadata_loses_the_secrets_of_its_urls_and_has_a_bound() {
        let with = |text: String| {
            let metadata =
                Metadata::from_iter([(text.clone(), serde_json::json!({ "b": [text] }))]);
            plan(Request::new("https://a.example/").metadata(metadata))
        };
        let plan = with("at https://a.example/?token=s3cret".to_owned()).unwrap();
        let expected = r#"{"at https://a.example/":{"b":["at https://a.example/"]}}"#;
        assert_eq!(serde_json::to_string(&plan.metadata).unwrap(), expected);
        let most = (MAX_METADATA_BYTES - r#"{"":{"b":[""]}}"#.len()) / 2;
        assert!(with("x".repeat(most)).is_ok());
        let error = with("x".repeat(most + 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn what_no_answer_could_fulfil_is_known_beforehand() {
        let request = Request::new("https://a.example/");
        assert!(plan(request.clone()).unwrap().check_fillable(NOW).is_ok());
        for request in [
            Request::new("ftp://a.example/"),
            request.clone().ttl(Duration::MAX),
            request.negative_ttl(Duration::MAX),
        ] {
            let error = plan(request).unwrap().check_fillable(NOW).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn a_timeout_of_nothing_is_refused() {
        let hasty = Request::new("https://a.example/").timeout(Duration::ZERO);
        assert_eq!(plan(hasty).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
