//! Entries that tasks of one process store at the same time share a transaction, if they have no files.
//!
//! Who stores one alone waits for nobody: the first has a task begin a transaction, which stores what
//! there is by then, and goes on while more comes. If one of several cannot be stored, none of them is
//! stored together: each is given a transaction of its own.
//!
//! Each runtime has a line of its own: what waits for a task of one that is no longer driven is at a
//! standstill itself.
//!
//! Who goes away before his turn has nothing stored.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::loose::checksums;
use super::making_room::Claim;
use super::room::Disk;
use super::write::{Placed, StagedEntry};
use super::{EntryInfo, STORE, Store};
use crate::db::WriteTransaction;
use crate::error::{Error, ErrorKind, Result};

/// So many one transaction stores at most, so that it holds the write lock only briefly.
const MOST_AT_ONCE: usize = 32;

/// What one transaction stores, if it is several, takes so much at most of what the log may have before it
/// is cut back: those who look how long it is do not see what their own transaction adds.
const LOG_PART: u64 = 4;

type Line = VecDeque<Put>;

/// Who has something to store, by runtime; a task sees to each line that there is. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<HashMap<Id, Line>>>);

pub(super) struct Put {
    pub(super) staged: StagedEntry,
    pub(super) tell: oneshot::Sender<Result<EntryInfo>>,
}

/// The task that sees to a line. Should it come to a sudden end, those who wait are told so.
pub(super) struct Service {
    waiting: Waiting,
    runtime: Id,
    is_over: bool,
}

impl Drop for Service {
    fn drop(&mut self) {
        if !self.is_over {
            self.waiting.lines().remove(&self.runtime);
        }
    }
}

impl Waiting {
    /// Lets one more wait; the service, if there is none yet.
    pub(super) fn join(&self, runtime: Id, put: Put) -> Option<Service> {
        match self.lines().entry(runtime) {
            Entry::Occupied(mut line) => {
                line.get_mut().push_back(put);
                None
            }
            Entry::Vacant(place) => {
                place.insert(Line::from([put]));
                Some(Service { waiting: self.clone(), runtime, is_over: false })
            }
        }
    }

    pub(super) fn len(&self, runtime: Id) -> usize {
        self.lines().get(&runtime).map_or(0, Line::len)
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Id, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    fn len(&self) -> usize {
        self.waiting.len(self.runtime)
    }

    /// Those who come next, `most` of them, but who have gone away. If it is several, what they store has no
    /// more than `most_bytes`.
    pub(super) fn next(&self, most: usize, most_bytes: u64) -> Vec<Put> {
        let mut lines = self.waiting.lines();
        let Some(line) = lines.get_mut(&self.runtime) else { return Vec::new() };
        let sizes = line.iter().map(|put| put.staged.size_bytes());
        let count = sizes.take(most).scan(0, |total: &mut u64, size_bytes| {
            *total = total.saturating_add(size_bytes);
            Some(*total)
        });
        let count = count.take_while(|total| *total <= most_bytes).count();
        let count = count.max(1).min(line.len());
        line.drain(..count).filter(|put| !put.tell.is_closed()).collect()
    }

    /// Ends the service unless somebody waits.
    fn goes_on(&mut self) -> bool {
        let mut lines = self.waiting.lines();
        self.is_over = lines.get(&self.runtime).is_none_or(Line::is_empty);
        if self.is_over {
            lines.remove(&self.runtime);
        }
        !self.is_over
    }
}

impl Store {
    /// Stores an entry without a file, with what other tasks have to store.
    pub(super) async fn store_with_others(&self, staged: StagedEntry) -> Result<EntryInfo> {
        let (tell, told) = oneshot::channel();
        if let Some(service) = self.waiting.join(Handle::current().id(), Put { staged, tell }) {
            let store = self.clone();
            let serve = async move { store.serve(service).await };
            tokio::spawn(serve.in_current_span());
        }
        told.await.unwrap_or_else(|_| {
            let reason = "the task that stores entries failed";
            Err(Error::new(ErrorKind::Internal, STORE, "entry", reason))
        })
    }

    async fn serve(&self, mut service: Service) {
        loop {
            let waiting = service.len();
            match tokio::try_join!(self.db.write(STORE), self.disk()) {
                Ok((tx, disk)) => {
                    let puts = service.next(MOST_AT_ONCE, self.db.log_max_bytes() / LOG_PART);
                    self.store_together(tx, puts, disk).await;
                }
                Err(error) => {
                    let puts = service.next(waiting, u64::MAX).into_iter();
                    puts.for_each(|put| put.answer(Err(error.clone())));
                }
            }
            if !service.goes_on() {
                return;
            }
        }
    }

    async fn store_together(&self, tx: WriteTransaction, puts: Vec<Put>, disk: Disk) {
        let staged: Vec<&StagedEntry> = puts.iter().map(|put| &put.staged).collect();
        match (self.place_all(tx, &staged, disk).await, &puts[..]) {
            (Ok(placed), _) => {
                let infos = placed.into_iter().map(|placed| self.placed(placed));
                puts.into_iter().zip(infos).for_each(|(put, info)| put.answer(Ok(info)));
            }
            (Err(error), [_]) => puts.into_iter().for_each(|put| put.answer(Err(error.clone()))),
            (Err(error), _) => {
                tracing::debug!(%error, "entries that were to be stored together are stored alone");
                for Put { staged, tell } in puts {
                    drop(tell.send(self.store_alone(staged).await));
                }
            }
        }
    }

    /// Stores all of them, or none, and commits.
    async fn place_all(
        &self,
        mut tx: WriteTransaction,
        staged: &[&StagedEntry],
        disk: Disk,
    ) -> Result<Vec<Placed>> {
        let mut all = Vec::with_capacity(staged.len());
        self.settle_left(&mut tx).await;
        for staged in staged {
            all.push(self.place(&mut tx, staged, Claim::Anything, disk).await?);
        }
        // Not before all of them have found room.
        for placed in &all {
            self.remove_unnamed(&mut tx, &placed.evicted).await?;
        }
        let taken: Vec<_> = all.iter().flat_map(|placed| checksums(&placed.taken)).collect();
        self.publish_and_commit(tx, None, taken).await?;
        Ok(all)
    }

    async fn store_alone(&self, staged: StagedEntry) -> Result<EntryInfo> {
        let tx = self.db.write(STORE).await?;
        self.finish_now(tx, staged, Claim::Anything).await
    }
}

impl Put {
    /// Who has gone away need not know.
    fn answer(self, stored: Result<EntryInfo>) {
        drop(self.tell.send(stored));
    }
}
