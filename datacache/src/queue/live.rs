//! What is queued and not given up, for who is about to queue more.

use super::{Queue, sql};
use crate::db::Connection;
use crate::error::Result;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::DataType;

const LOOK_UP: &str = "look up jobs";

impl Queue {
    /// The keys of at most `limit` requests about a name.
    pub(crate) async fn live_of_on(
        connection: &mut Connection,
        identifier: &Identifier,
        data_type: &DataType,
        limit: usize,
    ) -> Result<Vec<Key>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let live = sql::managing::live_of(connection, identifier, data_type, limit).await;
        let live = live.map_err(|source| connection.error(LOOK_UP, source))?;
        Ok(live.into_iter().map(Key::from_row).collect())
    }

    /// Those of the keys that are queued.
    pub(crate) async fn live_among_on(
        connection: &mut Connection,
        keys: &[&Key],
    ) -> Result<Vec<Key>> {
        let live = sql::managing::live_among(connection, keys).await;
        let live = live.map_err(|source| connection.error(LOOK_UP, source))?;
        Ok(live.into_iter().map(Key::from_row).collect())
    }
}
