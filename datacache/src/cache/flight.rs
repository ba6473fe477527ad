//! Flights: at most one request to an origin for a key at a time, over all tasks of all processes.
//!
//! Within a process the first caller who needs a key starts a flight, a task of its own, and those
//! who come later wait for it and share its answer, if it is one to what they ask. It outlives its
//! callers: who has waited long enough leaves, and the answer is stored for the next one.
//!
//! Between processes the key's row in the queue stands for the flight. It is leased as a job is,
//! and renewed, taken back and completed by the same rules; what is there only for a flight goes
//! with it when it fails. A flight that finds the row in another's hands waits until there is an
//! answer or the row is free.
//!
//! When a flight fails in a way that may pass, exactly one of those who waited for it tries again;
//! when that one fails too, the others of this process are told so, if they have asked the same.
//! What went wrong is not told to other processes: each finds out by a request of its own, one
//! after the other. So it is with answers that may not be stored.
//!
//! # What survives a crash
//! The row. Its lease ends with the process, and whoever waits for the key, or else a worker, goes
//! on from there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tracing::Instrument as _;

use super::answer::Answer;
use super::background::Background;
use super::fill::{self, Known};
use super::plan::Plan;
use super::{Inner, bypass, jobs};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// How many flights that failed somebody has waited for, or begun, before the error is the answer.
const PATIENCE: u32 = 2;

/// The flights of this process.
#[derive(Default)]
pub(super) struct Flights {
    by_key: Mutex<HashMap<Key, Flight>>,
    tasks: Background,
}

/// A flight under way.
#[derive(Clone)]
struct Flight {
    /// What it asks.
    plan: Arc<Plan>,
    landing: Landing,
}

/// Where a flight's result appears; closed without one when the flight was called off.
type Landing = watch::Receiver<Option<Result<Answer>>>;

/// Whose flight somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Leader,
    Follower,
}

/// The answer of the origin, asked by whoever is first.
pub(super) async fn fetch(cache: &Arc<Inner>, plan: &Arc<Plan>) -> Result<Answer> {
    let mut failures = 0;
    loop {
        let (Flight { plan: flown, mut landing }, role) = cache.flights.join(cache, plan);
        if role == Role::Follower {
            plan.trail.note(|| "this process is fetching it already: waiting for that");
        }
        let landed = landing.wait_for(Option::is_some).await;
        let result = landed.ok().and_then(|result| result.clone());
        match result.unwrap_or_else(|| Err(called_off(&plan.key))) {
            Ok(answer) if role == Role::Leader || plan.accepts_answer(&answer) => {
                if let (Role::Follower, Answer::Found(found)) = (role, &answer) {
                    cache.describe_behind(plan, &found.entry.info);
                }
                return Ok(answer);
            }
            Err(error) if role == Role::Leader || error.kind() == ErrorKind::Closed => {
                return Err(error);
            }
            // What has failed is of interest only to who asks the same.
            Err(error) if plan.asks_like(&flown) => {
                failures += 1;
                if failures >= PATIENCE || !may_pass(&error) {
                    return Err(error);
                }
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// Whether somebody else should try at once. Who asked to be left alone is.
fn may_pass(error: &Error) -> bool {
    let is_resting = matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::CircuitOpen);
    error.is_transient() && !is_resting
}

fn called_off(key: &Key) -> Error {
    Error::new(ErrorKind::Closed, "fetch", key, "the cache was closed meanwhile")
}

impl Flights {
    /// Joins the flight for the plan's key, or starts it.
    fn join(&self, cache: &Arc<Inner>, plan: &Arc<Plan>) -> (Flight, Role) {
        let mut by_key = self.by_key();
        let under_way = |flight: &&Flight| flight.landing.has_changed().is_ok();
        if let Some(flight) = by_key.get(&plan.key).filter(under_way) {
            return (flight.clone(), Role::Follower);
        }
        let (land, landing) = watch::channel(None);
        let flight = Flight { plan: Arc::clone(plan), landing };
        by_key.insert(plan.key.clone(), flight.clone());
        let (cache, plan) = (Arc::clone(cache), Arc::clone(plan));
        let span = tracing::debug_span!("flight", key = %plan.key);
        let flying = async move {
            let result = Box::pin(bypass::flown(&cache, &plan, fly(&cache, &plan))).await;
            // Off the board first: who comes now finds the answer in the store.
            cache.flights.by_key().remove(&plan.key);
            land.send_replace(Some(result));
        };
        self.tasks.spawn(flying.instrument(span));
        (flight, Role::Leader)
    }

    /// Waits for the end of the flight for `key`; says whether there was one.
    pub(super) async fn land(&self, key: &Key) -> bool {
        let flight = self.by_key().get(key).cloned();
        let Some(Flight { mut landing, .. }) = flight else { return false };
        // Called off is an end as well.
        let _ = landing.wait_for(Option::is_some).await;
        true
    }

    /// Calls off the flights that are under way. Their jobs are handed back in the background.
    pub(super) async fn call_off(&self) {
        self.tasks.abort().await;
        self.by_key().clear();
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the origin once it is this process's turn, unless another's answer comes first.
async fn fly(cache: &Arc<Inner>, plan: &Plan) -> Result<Answer> {
    let began = cache.clock.now();
    let mut changes = None;
    loop {
        let beginning = jobs::begin(cache, plan.flight(&cache.policies));
        let held = bypass::begun(cache, beginning).await?;
        // Somebody may have finished between this caller's look and its turn.
        let answer = match fill::known(cache, plan).await? {
            Known::Answer(answer) => Some(answer),
            _ if changes.is_some() => fill::come_since(cache, plan, began).await?,
            _ => None,
        };
        if let Some(answer) = answer {
            plan.trail.note(|| "somebody else has just fetched it");
            if let Some(held) = held {
                held.answered(&answer).await?;
            }
            return Ok(answer);
        }
        if let Some(held) = held {
            return jobs::run_for_caller(cache, held, plan).await;
        }
        if changes.is_none() {
            plan.trail.note(|| "another process is fetching it: waiting for that");
        }
        jobs::wait_for_change(cache, &mut changes).await?;
    }
}
