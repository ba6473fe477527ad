//! Many entries at once: their rows on one connection, then the files of those that have one.

use std::collections::HashMap;

use super::row::Row;
use super::{Entry, LOOK_UP, Store, sql};
use crate::error::Result;
use crate::key::Key;

/// A statement that reads is in the way of every checkpoint, so none asks for more rows at once.
const KEYS_PER_STATEMENT: usize = 1_000;

impl Store {
    /// The entry of each of the keys, in their order, as [`get`](Self::get) finds it. They need not
    /// be of one moment.
    pub(crate) async fn get_many(&self, keys: &[&Key]) -> Result<Vec<Option<Entry>>> {
        let mut rows = self.find_many(keys).await?;
        let mut entries = Vec::with_capacity(keys.len());
        for (place, key) in keys.iter().enumerate() {
            // What lies in rows is verified here and now, and that is much when it is many.
            tokio::task::consume_budget().await;
            entries.push(match rows.remove(&place) {
                Some(row) => self.complete(key, row).await?,
                None => None,
            });
        }
        Ok(entries)
    }

    /// The rows of the keys, by the places of the keys; none for a row that makes no sense.
    async fn find_many(&self, keys: &[&Key]) -> Result<HashMap<usize, Option<Row>>> {
        let mut found = HashMap::with_capacity(keys.len());
        let mut connection = self.db.read(LOOK_UP).await?;
        for (chunk, first) in keys.chunks(KEYS_PER_STATEMENT).zip((0..).step_by(KEYS_PER_STATEMENT))
        {
            let chunk: Vec<&str> = chunk.iter().map(|key| key.as_str()).collect();
            let rows = sql::many::by_keys(&mut connection, &chunk).await;
            let rows = rows.map_err(|source| connection.error(LOOK_UP, source))?;
            let read = |row: sqlx::Result<_>| Row::read(LOOK_UP, row.ok()?).ok();
            found.extend(rows.into_iter().map(|(place, row)| (first + place, read(row))));
        }
        connection.close();
        Ok(found)
    }

    /// A row with its bytes. One that has none is looked at again, alone: it may be damaged, or a
    /// writer has replaced it meanwhile.
    async fn complete(&self, key: &Key, row: Option<Row>) -> Result<Option<Entry>> {
        if let Some(row) = row
            && let Some(data) = self.data_of(&row).await?
        {
            return Ok(Some(Entry { info: row.info, data }));
        }
        self.get(key).await
    }
}
