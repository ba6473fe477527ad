//! What a request has to do with the entry, the job and the other requests of its key. Pure.

use std::time::Duration;

use super::answer::Answer;
use super::plan::{Plan, Revalidation};
use crate::config::Policies;
use crate::fetch::Trust;
use crate::media::{self, Form};
use crate::name::DataType;
use crate::queue::{Job, Params};
use crate::store::{Entry, EntryInfo};

impl Plan {
    /// Takes over from the entry that is there what the request leaves open, so that refreshing an
    /// entry does not rename it, and a picture is replaced by a picture only, JSON by JSON.
    pub(super) fn inherit(&mut self, entry: &EntryInfo, policies: &Policies) {
        if self.asked.data_type.is_none() {
            self.data_type = entry.data_type.clone();
            let is_named = entry.data_type != DataType::OTHER;
            if is_named && entry.mime_type == media::JSON {
                self.asked.form = self.asked.form.or(Some(Form::Json));
            }
        }
        if self.identifier.is_none() {
            self.identifier.clone_from(&entry.identifier);
        }
        if self.metadata.is_empty() {
            self.metadata.clone_from(&entry.metadata);
        }
        let is_welcome = policies.get(&self.provider).revalidates;
        if is_welcome && !self.target.headers().are_conditional() {
            self.revalidation = Revalidation::Possible;
        }
    }

    /// Whether an entry is of use to this request, however fresh.
    pub(super) fn accepts(&self, entry: &Entry) -> bool {
        let has_checksum = |expected| expected == entry.info.content_checksum;
        let form = self.form();
        // What was stored under such a type was looked at then.
        let is_due =
            || form == Form::of(&entry.info.data_type) || media::check(form, &entry.data).is_ok();
        self.expected_checksum.is_none_or(has_checksum) && is_due()
    }

    /// Whether the answer to somebody else's request for the key is one to this.
    pub(super) fn accepts_answer(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Found(found) => self.is_for(&found.entry.info) && self.accepts(&found.entry),
            Answer::Absent(absence) => self.is_for(&absence.info),
            _ => false,
        }
    }

    /// Whether another request for the key is made and judged in the same way, so that its failure
    /// is one of this request too.
    pub(super) fn asks_like(&self, other: &Self) -> bool {
        self.target.sends_like(&other.target)
            && self.trust == other.trust
            && self.provider == other.provider
            && self.data_type == other.data_type
            && self.form() == other.form()
            && self.expected_checksum == other.expected_checksum
            && self.timeout == other.timeout
    }

    /// Takes over from the queued request for the key what this one leaves open.
    pub(super) fn inherit_queued(&mut self, job: &Job, params: &Params) {
        if self.asked.data_type.is_none() {
            self.data_type = job.data_type.clone();
        }
        if params.json {
            self.asked.form = self.asked.form.or(Some(Form::Json));
        }
        if self.identifier.is_none() {
            self.identifier.clone_from(&job.identifier);
        }
        if self.metadata.is_empty() {
            self.metadata.clone_from(&params.metadata);
        }
        let queued = |ttl_ms: Option<u64>| ttl_ms.map(Duration::from_millis);
        self.asked.ttl = self.asked.ttl.or(queued(params.ttl_ms));
        self.asked.negative_ttl = self.asked.negative_ttl.or(queued(params.negative_ttl_ms));
    }

    /// Whether what becomes of this request is what becomes of the queued one.
    pub(super) fn settles(&self, job: &Job, params: &Params) -> bool {
        let checksum = self.expected_checksum.map(|checksum| checksum.to_string());
        self.target.headers().without_secrets() == params.headers
            && (self.trust == Trust::Untrusted) == params.untrusted
            && checksum == params.expected_checksum
            && self.data_type == job.data_type
    }
}
