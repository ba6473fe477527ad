//! Renewing what is used past its time without a request for its URL: images that were picked,
//! listed or found by their handles. A worker does, as for a request that a stale entry was the
//! answer to.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::answer::Lookup;
use super::plan::Plan;
use super::request::Request;
use super::{Cache, Inner, prospect};
use crate::error::Result;
use crate::key::Key;
use crate::queue::Priority;
use crate::store::{EntryInfo, Freshness};

/// So long a renewal waits for other writers, and closing the cache for it.
const PATIENCE: Duration = Duration::from_secs(1);

impl Cache {
    /// Has an entry renewed behind the caller's back if its time has passed.
    pub(super) fn renew_if_stale(&self, info: &EntryInfo) {
        if info.freshness(self.now()) == Freshness::Stale {
            self.try_behind(&info.url, renew(Arc::clone(&self.0), info.clone()));
        }
    }

    /// The same for an entry that was found.
    pub(super) fn renew_if_used(&self, lookup: &Result<Lookup>) {
        if let Ok(Lookup::Stale(entry)) = lookup {
            self.renew_if_stale(&entry.info);
        }
    }

    /// Has the entry that `plan` asks for renewed behind the caller's back.
    pub(super) fn renew_behind(&self, plan: &Plan) {
        // What cannot be queued is renewed for whoever asks for it.
        if let Ok(job) = plan.job(Priority::Batch, &self.0.policies) {
            self.try_behind(&plan.key, prospect::queue_renewal(Arc::clone(&self.0), job));
        }
    }

    /// Gives up when others keep the database locked: the next use is an occasion as good.
    fn try_behind(&self, key: &Key, renewal: impl Future<Output = Result<()>> + Send + 'static) {
        let renewal = async { timeout(PATIENCE, renewal).await.unwrap_or(Ok(())) };
        self.0.background.spawn(prospect::behind(key.clone(), renewal));
    }
}

async fn renew(cache: Arc<Inner>, used: EntryInfo) -> Result<()> {
    // What was made from an entry becomes current with it.
    let info = match used.url.source() {
        None => used,
        Some(source) => match cache.store.get(&source).await? {
            Some(entry) => entry.info,
            None => return Ok(()),
        },
    };
    // With which headers it was asked for, nobody knows any more.
    if !info.terms.varies_on.is_empty() {
        return Ok(());
    }
    let request = Request::new(info.url.as_str()).provider(info.provider.clone());
    let request = if info.terms.is_untrusted { request.untrusted() } else { request };
    let mut plan = Plan::new(request, &cache.policies)?;
    plan.inherit(&info, &cache.policies);
    // Some have no origin, such as covers embedded in files.
    let is_fillable = plan.check_fillable(cache.clock.now()).is_ok();
    match plan.job(Priority::Batch, &cache.policies) {
        Ok(job) if is_fillable => prospect::queue_renewal(cache, job).await,
        _ => Ok(()),
    }
}
