mod booking;
mod circuits;
mod departing;
mod giving_back;
mod origins;
mod resting;

use std::fs;
use std::time::Duration;

use super::gcra::later;
use super::*;
use crate::config::Payer;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

const MINUTE: u64 = 60_000;

struct Folder {
    dir: tempfile::TempDir,
    clock: Clock,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("locks")).unwrap();
        Self { dir, clock: Clock::manual(NOW) }
    }

    /// A handle as another process would have it: nothing is shared but the folder and the time.
    async fn open(&self) -> Limits {
        let locks = self.dir.path().join("locks");
        Limits::new(Db::open(self.dir.path(), &locks, None).await.unwrap(), self.clock.clone())
    }
}

fn provider(name: &str) -> Provider {
    Provider::new(name).unwrap()
}

/// The provider `slow` with this budget.
pub(super) fn budget(text: &str) -> Payer {
    Payer { provider: provider("slow"), budget: text.parse().unwrap(), origin: provider("slow") }
}

/// A live request to `slow` that can wait so long, and takes up to 15 s.
pub(super) fn ask(payer: &Payer, max_wait_ms: u64) -> Ask<'_> {
    Ask {
        payer,
        urgency: Urgency::Live,
        max_wait: Duration::from_millis(max_wait_ms),
        timeout: Duration::from_secs(15),
    }
}

fn batch(budget: &Payer) -> Ask<'_> {
    Ask { urgency: Urgency::Batch, ..ask(budget, MINUTE) }
}

/// How long after [`NOW`].
fn since(at: Timestamp) -> i64 {
    at.as_millis() - NOW.as_millis()
}

fn at(millis: i64) -> Timestamp {
    later(NOW, millis)
}

async fn slot(limits: &Limits, ask: Ask<'_>, now: Timestamp) -> Slot {
    match limits.at(now).book(&ask).await.unwrap() {
        Booking::Slot(slot) => slot,
        Booking::Later(later) => panic!("{later:?}"),
    }
}

/// The moment of the slot, or from when to ask again and why.
async fn book(limits: &Limits, ask: Ask<'_>, now: Timestamp) -> Result<i64, (i64, Why)> {
    match limits.at(now).book(&ask).await.unwrap() {
        Booking::Slot(slot) => Ok(since(slot.at)),
        Booking::Later(later) => Err((since(later.at), later.why)),
    }
}

async fn depart(limits: &Limits, slot: &Slot, now: Timestamp) -> Result<i64, (i64, Why)> {
    match limits.at(now).depart(&mut slot.clone()).await.unwrap() {
        Departure::At(at) => Ok(since(at)),
        Departure::Later(later) => Err((since(later.at), later.why)),
    }
}

fn failed() -> Outcome {
    Outcome::Failed { reason: "status 503".to_owned() }
}

/// Five failures in a row at `now`.
async fn trip(limits: &Limits, budget: &Payer, now: Timestamp) {
    let slot = slot(limits, ask(budget, MINUTE), now).await;
    for _ in 0..5 {
        limits.at(now).report(&slot, failed()).await.unwrap();
    }
}

/// What is known about `slow`.
async fn listed(limits: &Limits, budget: &Payer, now: Timestamp) -> Option<ProviderLimits> {
    let list = limits.at(now).list(std::iter::empty(), |_| &budget.budget).await.unwrap();
    list.into_iter().find(|limits| limits.provider.as_str() == "slow")
}

impl Limits {
    /// The same at another time, for all handles of the folder.
    fn at(&self, now: Timestamp) -> &Self {
        self.clock.set(now);
        self
    }

    /// Keeps the provider from being asked before `until`: for 1 s at least and 24 h at most, and
    /// no shorter than it rests already.
    async fn cool_down(
        &self,
        provider: &Provider,
        until: Timestamp,
        reason: &str,
        now: Timestamp,
    ) -> Result<()> {
        let cool_down = |state: &mut State, now| state.cool_down(until, reason, now);
        self.at(now).change("cool down", provider.into(), cool_down).await
    }
}
