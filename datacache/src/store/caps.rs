//! How many images an artist has at most, where the settings say so.

use super::entry::NOT_FOUND;
use super::sql::{derived, upkeep};
use super::{NewEntry, Store, Subject};
use crate::db::WriteTransaction;
use crate::error::Result;

impl Store {
    /// Removes what `new`, which is to take the place of the entry `own`, makes too many: of the
    /// others of its artist and type those that are used least, but nothing that is pinned. Returns
    /// the files that they named.
    pub(super) async fn keep_cap(
        &self,
        tx: &mut WriteTransaction,
        new: &NewEntry,
        own: Option<i64>,
    ) -> Result<Vec<String>> {
        let is_image = new.status_code != NOT_FOUND;
        let cap = self.room.allowance().cap(&new.data_type).filter(|_| is_image);
        let (Some(cap), Some(identifier)) = (cap, new.identifier.clone()) else {
            return Ok(Vec::new());
        };
        let subject = Subject { identifier, data_type: new.data_type.clone() };
        let surplus = upkeep::remove_surplus(tx, &subject, own, cap.saturating_sub(1)).await;
        let mut surplus = surplus.map_err(|source| tx.error(source))?;
        let made = derived::remove_of(tx, &surplus.urls).await;
        surplus.blobs.extend(made.map_err(|source| tx.error(source))?);
        Ok(surplus.blobs)
    }
}
