//! Noting that an image is of somebody else too, or is used as another type: who asks for it by its
//! URL finds it in the cache, and would not find it again by its subject.

use super::Inner;
use super::plan::Plan;
use crate::identifier::Identifier;
use crate::name::DataType;
use crate::queue::Job;
use crate::store::{EntryInfo, Subject};

impl Inner {
    /// Notes behind the caller's back that the entry which answers `plan` is about what that says.
    pub(super) fn describe_behind(&self, plan: &Plan, info: &EntryInfo) {
        let identifier = plan.identifier.as_ref().or(info.identifier.as_ref());
        let data_type = plan.asked.data_type.as_ref().unwrap_or(&info.data_type);
        self.describe(subject_beside(info, identifier, data_type), info);
    }

    /// The same for the answer to a live request that a job has been settled with.
    pub(super) fn describe_for(&self, job: &Job, info: &EntryInfo) {
        self.describe(subject_beside(info, job.identifier.as_ref(), &job.data_type), info);
    }

    fn describe(&self, subject: Option<Subject>, info: &EntryInfo) {
        let Some(subject) = subject else { return };
        let (store, info) = (self.store.clone(), info.clone());
        self.background.spawn(async move {
            if let Err(error) = store.describe(&info, &subject).await {
                tracing::warn!(key = %info.url, %error, "an image is not noted under its subject");
            }
        });
    }
}

/// What somebody takes an entry to be about, if it is an image and does not say so itself.
fn subject_beside(
    info: &EntryInfo,
    identifier: Option<&Identifier>,
    data_type: &DataType,
) -> Option<Subject> {
    let is_said = info.identifier.as_ref() == identifier && info.data_type == *data_type;
    let identifier = identifier.filter(|_| data_type.is_image() && !is_said)?;
    Some(Subject { identifier: identifier.clone(), data_type: data_type.clone() })
}
