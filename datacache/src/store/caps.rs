//! How many images an artist has at most, where the settings say so.
//!
//! A picture counts for all that it is about. It goes as a whole, as when somebody removes it: one
//! that two artists have, and neither uses much, is gone for both, and fetched again for who asks.

use super::entry::NOT_FOUND;
use super::sql::{self, upkeep};
use super::{NewEntry, Store, Subject, subjects};
use crate::db::WriteTransaction;
use crate::error::Result;

impl Store {
    /// Removes what `new`, which is to take the place of the entry `own`, makes too many of any of
    /// its subjects. Returns the files that they named.
    pub(super) async fn keep_caps(
        &self,
        tx: &mut WriteTransaction,
        new: &NewEntry,
        own: Option<i64>,
    ) -> Result<Vec<String>> {
        if new.status_code == NOT_FOUND || self.room.allowance().has_no_caps() {
            return Ok(Vec::new());
        }
        let of_own = sql::subjects::of_entry(tx, own.unwrap_or(0)).await;
        let of_own = of_own.map_err(|source| tx.error(source))?;
        let said = new.identifier.clone();
        let said = said.map(|identifier| Subject { identifier, data_type: new.data_type.clone() });
        let mut blobs = Vec::new();
        for subject in of_own.into_iter().filter_map(subjects::read).chain(said) {
            blobs.extend(self.keep_cap(tx, &subject, own).await?);
        }
        Ok(blobs)
    }

    /// Removes what an entry of `subject`, be it the entry `own` or one to come, makes too many: of
    /// the others those that are used least, but nothing that is pinned. Returns the files that
    /// they named.
    pub(super) async fn keep_cap(
        &self,
        tx: &mut WriteTransaction,
        subject: &Subject,
        own: Option<i64>,
    ) -> Result<Vec<String>> {
        let Some(cap) = self.room.allowance().cap(&subject.data_type) else {
            return Ok(Vec::new());
        };
        let surplus = upkeep::remove_surplus(tx, subject, own, cap.saturating_sub(1)).await;
        Ok(surplus.map_err(|source| tx.error(source))?.blobs)
    }
}
