//! What is never removed to make room: all that is about a pinned identifier.

use super::Store;
use super::sql::upkeep;
use crate::error::Result;
use crate::identifier::Identifier;

impl Store {
    /// Pins what is about `identifier`, now and later; says whether it was not before.
    pub(crate) async fn pin(&self, identifier: &Identifier) -> Result<bool> {
        let mut tx = self.db.write("pin").await?;
        let pinned = upkeep::pin(&mut tx, identifier).await.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(pinned)
    }

    /// Unpins it; says whether it was pinned.
    pub(crate) async fn unpin(&self, identifier: &Identifier) -> Result<bool> {
        let mut tx = self.db.write("unpin").await?;
        let unpinned = upkeep::unpin(&mut tx, identifier).await;
        let unpinned = unpinned.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(unpinned)
    }

    /// All that is pinned, in alphabetical order.
    pub(crate) async fn pinned(&self) -> Result<Vec<Identifier>> {
        const OPERATION: &str = "list pins";
        let mut connection = self.db.read(OPERATION).await?;
        let pinned = upkeep::pinned(&mut connection).await;
        let pinned = pinned.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        Ok(pinned.into_iter().filter_map(Identifier::from_row).collect())
    }
}
