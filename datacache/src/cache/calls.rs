//! What callers ask by clients of their own: the cache keeps it, and lets them ask in turn.
//!
//! The first task of a process that needs a key has the turn; those who come later wait until it
//! ends, and look into the cache again. It ends when the caller says so, or goes away. Nothing is
//! written down of it: other processes have turns of their own.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Cache;
use super::plan::Plan;
use super::request::Request;
use crate::error::Result;
use crate::fetch::Caching;
use crate::key::Key;
use crate::store::EntryInfo;

/// Whose turn it is, by key; a turn that has ended is closed.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<Key, watch::Receiver<()>>>);

/// The turn of a caller; dropping it ends it.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    key: Key,
    _ending: watch::Sender<()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.by_key().remove(&self.key);
    }
}

impl Turns {
    /// Waits for those who have come before.
    async fn take(&self, key: &Key) -> Turn<'_> {
        loop {
            let mut other = match self.begin(key) {
                Ok(turn) => return turn,
                Err(other) => other,
            };
            // Nothing is ever sent: it fails when the other's turn has ended.
            let _ = other.changed().await;
        }
    }

    /// Begins a turn, unless it is somebody else's.
    fn begin(&self, key: &Key) -> Result<Turn<'_>, watch::Receiver<()>> {
        let mut by_key = self.by_key();
        if let Some(other) = by_key.get(key) {
            return Err(other.clone());
        }
        let (ending, ended) = watch::channel(());
        by_key.insert(key.clone(), ended);
        Ok(Turn { turns: self, key: key.clone(), _ending: ending })
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<Key, watch::Receiver<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    /// Stores that there is none under the request's URL, whatever its scheme, as if its origin had
    /// said so now. It is believed for the [`negative_ttl`](Request::negative_ttl), else as long as
    /// the provider's policy says.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a request that cannot be stored; else
    /// the cache itself has failed.
    pub async fn put_absence(&self, request: Request) -> Result<EntryInfo> {
        let now = self.now();
        let plan = Plan::new(request, &self.0.policies)?;
        self.0.store.put(plan.absent(&Caching::unsaid(now), now)?).await
    }

    /// Waits until no other task of this process asks for `key`.
    pub(crate) async fn turn(&self, key: &Key) -> Turn<'_> {
        self.0.turns.take(key).await
    }
}
