//! Getting again what was lost.

use std::path::PathBuf;

use super::Cache;
use super::plan::Plan;
use super::request::Request;
use crate::name::{DataType, Provider};
use crate::queue::{NewJob, Priority};
use crate::store::RowOutline;

impl Cache {
    /// Where this handle has moved a database that it found damaged when it was opened, or later:
    /// the last one, if there were several. It can be salvaged with SQLite's own tools; the newest
    /// three are kept.
    ///
    /// A new one was begun in its place. Its entries are gone, and so are the queue and what was noted
    /// about providers; their files make room for what comes, or go with the
    /// [maintenance](Self::maintain).
    pub fn moved_aside(&self) -> Option<PathBuf> {
        self.0.db.moved_to()
    }

    /// The request that brings a lost entry again, with low priority; `None` for one that nobody
    /// can be asked for, or that only said that there is none.
    pub(crate) fn job_again(&self, lost: &RowOutline) -> Option<NewJob> {
        let url = lost.url.as_deref().filter(|url| is_http(url) && !lost.is_absence)?;
        let mut request = Request::new(url).metadata(lost.metadata.clone());
        if let Some(identifier) = &lost.identifier {
            request = request.identifier(identifier);
        }
        let data_type = lost.data_type.as_deref().and_then(|name| DataType::new(name).ok());
        if let Some(data_type) = data_type.filter(|data_type| *data_type != DataType::OTHER) {
            request = request.data_type(data_type);
        }
        if let Some(provider) = lost.provider.as_deref().and_then(|name| Provider::new(name).ok()) {
            request = request.provider(provider);
        }
        let plan = Plan::new(request, &self.0.policies).ok()?;
        plan.check_fillable(self.now()).ok()?;
        plan.job(Priority::Batch, &self.0.policies).ok()
    }
}

fn is_http(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
