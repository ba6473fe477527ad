//! Entries that were made from others, such as a smaller picture: parts of their sources.
//!
//! They are found by keys that no URL has, and neither listed nor selected. They are as current as
//! their source, pinned if it is, and go when it is removed or gets other bytes, in the same
//! transaction.

use super::{By, Entry, EntryInfo, NewEntry, Store, Terms, sql};
use crate::checksum::Checksum;
use crate::error::Result;
use crate::key::Key;

/// Which bytes of which entry something was made from.
#[derive(Clone, Debug)]
pub(crate) struct DerivedFrom {
    pub(crate) key: Key,
    pub(crate) checksum: Checksum,
}

impl Store {
    /// The entry `key` that was made from another one, if that one has not changed since.
    pub(crate) async fn get_derived(&self, key: &Key) -> Result<Option<Entry>> {
        self.load(By::DerivedKey(key)).await
    }

    /// Stores what was made from another entry; `None`, and nothing stored, when that one has been
    /// removed or replaced meanwhile.
    pub(crate) async fn put_derived(
        &self,
        new: NewEntry,
        from: &DerivedFrom,
    ) -> Result<Option<EntryInfo>> {
        let mut staged = self.stage(new).await?;
        let mut tx = self.db.write("store").await?;
        let currency = sql::derived::currency(&mut tx, &from.key, from.checksum).await;
        let Some(currency) = currency.map_err(|source| tx.error(source))? else {
            return Ok(None);
        };
        staged.new.created_at = currency.created_at;
        staged.new.expires_at = currency.expires_at;
        staged.new.terms = Terms { may_be_stale: currency.may_be_stale, ..Terms::default() };
        staged.new.derived_from = Some(from.clone());
        self.finish(tx, staged).await.map(Some)
    }
}
