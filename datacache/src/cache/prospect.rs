//! Where the answer to a request is to be found: in the cache, or at its origin.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Held};
use super::fill::{self, Known};
use super::plan::Plan;
use super::request::Reach;
use super::{Inner, bypass, enqueueing};
use crate::error::Result;
use crate::key::Key;
use crate::queue::{JobState, NewJob, Priority};

/// A renewal that was given up is not tried again for so long.
const RENEWAL_PAUSE: Duration = Duration::from_hours(1);

/// Where to look for the answer to a request.
pub(super) enum Prospect {
    AtHand(Answer),
    /// At its origin, be it through the queue; meanwhile there may be a stale entry.
    Abroad(Option<Box<Held>>),
}

/// What can be answered without asking the origin, and what the request takes over from the entry
/// that is there.
pub(super) async fn at_hand(cache: &Arc<Inner>, plan: &mut Plan) -> Result<Prospect> {
    let known = bypass::known(cache, plan).await?;
    plan.trail.note(|| known.told(cache.clock.now()));
    if let Some(info) = known.to_inherit() {
        plan.inherit(info, &cache.policies);
    }
    let stale = match known {
        Known::Answer(answer) => return Ok(Prospect::AtHand(answer)),
        Known::Stale(held) => Some(held),
        Known::Useless(_) | Known::Nothing => None,
    };
    let expired = |held, prospect| Ok(Prospect::AtHand(fill::expired(cache, held, prospect)));
    if plan.reach == Reach::Cache {
        plan.trail.note(|| "the request may not leave the machine");
        return match stale {
            Some(held) => expired(held, "the request may not leave the machine"),
            None => Ok(Prospect::AtHand(Answer::Miss)),
        };
    }
    let fillable = plan.check_fillable(cache.clock.now());
    let Some(held) = stale else {
        return fillable.map(|()| Prospect::Abroad(None));
    };
    if fillable.is_err() {
        return expired(held, "no origin has a newer answer");
    }
    match plan.job(Priority::Batch, &cache.policies) {
        Ok(job) => {
            plan.trail.note(|| "the stale entry is the answer; its renewal is queued");
            let renewal = queue_renewal(Arc::clone(cache), job);
            match plan.priority {
                Priority::Batch => renewal.await?,
                Priority::Immediate => cache.background.spawn(behind(plan.key.clone(), renewal)),
            }
            expired(held, "a newer answer is to be fetched")
        }
        Err(_) if plan.priority == Priority::Batch => {
            expired(held, "with a credential its renewal cannot be queued")
        }
        // What cannot be queued is asked for at once.
        Err(_) => {
            plan.trail.note(|| "with its credential the renewal cannot be queued");
            Ok(Prospect::Abroad(Some(held)))
        }
    }
}

/// Queues the renewal of a stale entry, unless it is queued, or was given up not long ago. Readers
/// take no lock.
pub(super) async fn queue_renewal(cache: Arc<Inner>, job: NewJob) -> Result<()> {
    let now = cache.clock.now();
    let is_due = cache.queue.get(&job.key).await?.is_none_or(|queued| {
        queued.status == JobState::Dead && now.since(queued.run_at) >= RENEWAL_PAUSE
    });
    if is_due {
        let connection = cache.db.read(enqueueing::OPERATION).await?;
        enqueueing::enqueue(&cache, connection, vec![job]).await?;
    }
    Ok(())
}

/// What goes wrong behind the caller's back, is only noted.
pub(super) async fn behind(key: Key, renewal: impl Future<Output = Result<()>>) {
    if let Err(error) = renewal.await {
        tracing::warn!(%key, %error, "a stale entry is not being renewed");
    }
}
