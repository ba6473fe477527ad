//! What stays, however little room there is.

use super::Cache;
use crate::error::Result;
use crate::identifier::Identifier;

impl Cache {
    /// Keeps what is about `identifier`, now and later, from being removed to make room or because
    /// its time has passed; says whether it was not so before.
    pub async fn pin(&self, identifier: &Identifier) -> Result<bool> {
        self.0.store.check_log("pin", identifier).await?;
        self.0.store.pin(identifier).await
    }

    /// Ends that; says whether it was pinned.
    pub async fn unpin(&self, identifier: &Identifier) -> Result<bool> {
        self.0.store.check_log("unpin", identifier).await?;
        self.0.store.unpin(identifier).await
    }

    /// All that is pinned, in alphabetical order.
    pub async fn pinned(&self) -> Result<Vec<Identifier>> {
        self.0.store.pinned().await
    }
}
