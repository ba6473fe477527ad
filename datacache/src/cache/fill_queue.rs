//! Queueing as many images of an artist as are missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::images::require_image_type;
use super::plan::Plan;
use super::request::Request;
use super::{Cache, Inner, enqueueing};
use crate::clock::Timestamp;
use crate::db::{Connection, WriteTransaction};
use crate::error::{Error, ErrorKind, Result};
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::{DataType, Provider};
use crate::queue::{Priority, Queue};
use crate::store::{Held, Store, Subject};

const OPERATION: &str = "fill queue";

/// What filling the queue came to; the three add up to the different URLs that were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QueueFill {
    /// URLs that are queued now; also of images that the cache has under another identifier or
    /// type, which a worker then notes without fetching them.
    pub queued: u64,
    /// URLs that were queued already, or that the cache has an answer for, be it stale or "there is
    /// none". Stale ones are renewed.
    pub known: u64,
    /// URLs that are not needed, as there are images enough.
    pub left_out: u64,
}

impl Cache {
    /// Queues those of `requests` whose images are missing, in their order, until `subject` has as
    /// many images, queued ones included, as its type's cap and `max` allow. See
    /// `Images::fill_queue`.
    pub(crate) async fn fill_queue(
        &self,
        subject: &Subject,
        requests: impl IntoIterator<Item = Request>,
        max: usize,
    ) -> Result<QueueFill> {
        require_image_type(OPERATION, &subject.data_type)?;
        let now = self.now();
        let plans = self.image_plans(requests, now)?;
        let keys: Vec<&Key> = plans.iter().map(|plan| &plan.key).collect();
        let most = self.0.images.cap(&subject.data_type).map_or(max, |cap| cap.min(max));
        let mut connection = self.0.db.read(OPERATION).await?;
        let state = state(&mut connection, subject, &keys, most, now).await?;
        for plan in plans.iter().filter(|plan| state.stale.contains(&plan.key)) {
            self.renew_behind(plan);
        }
        if state.choose(&keys).is_empty() {
            connection.close();
            return Ok(state.outcome(&keys));
        }
        drop(keys);
        let tx = self.0.db.write_on(connection, OPERATION).await?;
        let (cache, subject) = (Arc::clone(&self.0), subject.clone());
        let filling = async move { fill(&cache, tx, &subject, &plans, most).await };
        self.0.background.see_through(filling).await.unwrap_or_else(|| {
            let reason = "the task that fills it failed";
            Err(Error::new(ErrorKind::Internal, OPERATION, "queue", reason))
        })
    }

    /// What is to be fetched, each key once, all of it known to be possible.
    fn image_plans(
        &self,
        requests: impl IntoIterator<Item = Request>,
        now: Timestamp,
    ) -> Result<Vec<Plan>> {
        let (mut plans, mut seen) = (Vec::new(), BTreeSet::new());
        for request in requests {
            let plan = Plan::new(request, &self.0.policies)?;
            plan.check_fillable(now)?;
            if seen.insert(plan.key.clone()) {
                plans.push(plan);
            }
        }
        Ok(plans)
    }
}

/// Queues those of the requests that are missing when nobody else can queue any.
async fn fill(
    cache: &Inner,
    mut tx: WriteTransaction,
    subject: &Subject,
    plans: &[Plan],
    most: usize,
) -> Result<QueueFill> {
    let now = cache.clock.now();
    let keys: Vec<&Key> = plans.iter().map(|plan| &plan.key).collect();
    // Others may have filled it while this one waited for the lock.
    let state = state(tx.connection(), subject, &keys, most, now).await?;
    let chosen = state.choose(&keys);
    let due = plans.iter().filter(|plan| chosen.contains(&plan.key));
    let jobs = due.map(|plan| plan.job(Priority::Batch, &cache.policies));
    let jobs = jobs.collect::<Result<Vec<_>>>()?;
    enqueueing::make_room(&mut tx, &cache.store, &jobs, &jobs).await?;
    Queue::enqueue_in(&mut tx, &jobs, now).await?;
    tx.commit().await?;
    Ok(state.outcome(&keys))
}

/// A request for an image of an artist or an album.
pub(crate) fn image_request(
    url: impl Into<String>,
    identifier: &Identifier,
    data_type: &DataType,
    provider: Option<&Provider>,
) -> Request {
    let request = Request::new(url).identifier(identifier.as_str()).data_type(data_type.clone());
    match provider {
        Some(provider) => request.provider(provider.clone()),
        None => request,
    }
}

/// What is there of what was asked for.
#[derive(Debug)]
struct State {
    /// The keys that are queued or answered.
    known: BTreeSet<Key>,
    /// Those of them whose time has passed.
    stale: BTreeSet<Key>,
    /// How many images more there may be.
    room: usize,
}

async fn state(
    connection: &mut Connection,
    subject: &Subject,
    keys: &[&Key],
    most: usize,
    now: Timestamp,
) -> Result<State> {
    let Subject { identifier, data_type } = subject;
    let held = Store::held_on(connection, subject, most, now).await?;
    let coming = Queue::live_of_on(connection, identifier, data_type, most).await?;
    let all: Vec<&Key> = keys.iter().copied().chain(&coming).collect();
    let answered = Store::answered_among_on(connection, &all, subject, now).await?;
    // What is being renewed is there already.
    let is_held = |key: &Key| matches!(answered.get(key), Some(Held::Fresh | Held::Stale));
    let coming = coming.iter().filter(|key| !is_held(key)).count();
    let stale = answered.iter().filter(|(_, held)| **held == Held::Stale);
    let stale = stale.map(|(key, _)| key.clone()).collect();
    // The worker that is sent for an image which is kept as something else finds it here.
    let known = answered.into_iter().filter(|(_, held)| *held != Held::Elsewhere);
    let mut known: BTreeSet<Key> = known.map(|(key, _)| key).collect();
    known.extend(Queue::live_among_on(connection, keys).await?);
    Ok(State { known, stale, room: most.saturating_sub(held + coming) })
}

impl State {
    fn choose(&self, keys: &[&Key]) -> BTreeSet<Key> {
        let missing = keys.iter().filter(|key| !self.known.contains(**key));
        missing.take(self.room).map(|key| (*key).clone()).collect()
    }

    fn outcome(&self, keys: &[&Key]) -> QueueFill {
        let known = keys.iter().filter(|key| self.known.contains(**key)).count() as u64;
        let queued = self.choose(keys).len() as u64;
        QueueFill { queued, known, left_out: keys.len() as u64 - known - queued }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(known: &[&str], room: usize) -> State {
        let known = known.iter().map(|url| Key::parse(url).unwrap()).collect();
        State { known, stale: BTreeSet::new(), room }
    }

    #[test]
    fn the_first_that_are_missing_are_chosen_as_far_as_there_is_room() {
        let keys = ["a://1", "a://2", "a://3", "a://4"].map(|url| Key::parse(url).unwrap());
        let keys: Vec<&Key> = keys.iter().collect();
        for (known, room, expected) in [
            (&[][..], 9, &[0, 1, 2, 3][..]),
            (&[], 2, &[0, 1]),
            (&["a://1", "a://3"], 1, &[1]),
            (&["a://1", "a://3"], 9, &[1, 3]),
            (&[], 0, &[]),
        ] {
            let state = state(known, room);
            let expected: BTreeSet<Key> = expected.iter().map(|at| keys[*at].clone()).collect();
            assert_eq!(state.choose(&keys), expected, "{known:?} {room}");
            let QueueFill { queued, known: there, left_out } = state.outcome(&keys);
            assert_eq!((queued, there), (expected.len() as u64, known.len() as u64));
            assert_eq!(queued + there + left_out, 4);
        }
    }
}
