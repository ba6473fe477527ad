//! Writes that reads give rise to, done behind the reader's back.
//!
//! A hit is worth counting, but not worth waiting for. What is to be written is noted in memory;
//! one task writes all that has gathered in one transaction, and looks again when it is done. A
//! process that dies loses the notes of the last moment and nothing else. While a reader keeps the log,
//! so that it has no room left, the notes wait.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Store;
use super::entry::{Cachekey, EntryInfo};
use super::sql::TOUCH_INTERVAL_MS;
use crate::clock::Timestamp;
use crate::identifier::Identifier;
use crate::name::DataType;

/// So long closing waits for the notes to be written.
const FLUSH_PATIENCE: Duration = Duration::from_millis(100);

/// What a random pick is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) identifier: Identifier,
    pub(crate) data_type: DataType,
}

/// What became of a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    Noted,
    /// One was noted not long ago.
    Known,
}

/// Notes, the latest for each row and subject.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(super) touches: BTreeMap<i64, Timestamp>,
    pub(super) picks: BTreeMap<Subject, Cachekey>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.touches.is_empty() && self.picks.is_empty()
    }
}

/// The notes of one cache handle; clones share them.
#[derive(Clone)]
pub(crate) struct Deferred {
    store: Store,
    state: Arc<Mutex<State>>,
    /// Held by the writer at work.
    writing: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    noted: Batch,
    /// What the writer is writing now: still the latest word on the last picks.
    in_writing: Batch,
    /// Whether a writer will look at `noted` again before it ends.
    is_writing: bool,
    writer: Option<JoinHandle<()>>,
}

impl Deferred {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, state: Arc::default(), writing: Arc::default() }
    }

    /// Notes that an entry was read, unless that was noted in the last five minutes.
    pub(crate) fn touch(&self, info: &EntryInfo, now: Timestamp) -> Touch {
        let since_last = now.as_millis().saturating_sub(info.last_accessed.as_millis());
        if since_last < TOUCH_INTERVAL_MS {
            return Touch::Known;
        }
        self.note(|noted| {
            noted.touches.insert(info.row_id, now);
        });
        Touch::Noted
    }

    /// Notes that an image was picked.
    pub(crate) fn picked(&self, subject: Subject, cachekey: Cachekey) {
        self.note(|noted| {
            noted.picks.insert(subject, cachekey);
        });
    }

    /// The last pick, where it is not in the database yet.
    pub(crate) fn last_pick(&self, subject: &Subject) -> Option<Cachekey> {
        let state = self.state();
        let pick = state.noted.picks.get(subject);
        pick.or_else(|| state.in_writing.picks.get(subject)).copied()
    }

    /// Waits until everything noted so far is written, but not for long: notes are worth little,
    /// and another process may be writing.
    pub(crate) async fn flush(&self) {
        self.store.db.keep_log_short().await;
        // A writer of its own finds the other one done. It cannot panic; it is cancelled only with
        // its runtime, not with this future.
        let writer = tokio::spawn(self.clone().write_all());
        let _ = tokio::time::timeout(FLUSH_PATIENCE, writer).await;
        if !self.state().noted.is_empty() {
            tracing::debug!("accesses were not counted: the log has no room");
        }
    }

    fn note(&self, note: impl FnOnce(&mut Batch)) {
        let mut state = self.state();
        note(&mut state.noted);
        // A writer also ends, without saying so, with the runtime it was spawned on.
        let is_lost = state.writer.as_ref().is_some_and(JoinHandle::is_finished);
        if !state.is_writing || is_lost {
            state.is_writing = true;
            state.writer = Some(tokio::spawn(self.clone().write_all()));
        }
    }

    async fn write_all(self) {
        let _turn = self.writing.lock().await;
        while let Some(batch) = self.next_batch() {
            if let Err(error) = self.store.write_deferred(batch).await {
                tracing::debug!(%error, "accesses were not counted");
            }
        }
    }

    fn next_batch(&self) -> Option<Batch> {
        let is_to_wait = self.store.db.is_log_full();
        let mut state = self.state();
        state.in_writing = if is_to_wait { Batch::default() } else { mem::take(&mut state.noted) };
        state.is_writing = !state.in_writing.is_empty();
        state.is_writing.then(|| state.in_writing.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
