//! What entries are about beside what their rows say: a picture may be of two artists.

use super::row::Version;
use super::{EntryInfo, Store, Subject, sql, write};
use crate::error::Result;
use crate::identifier::Identifier;
use crate::name::DataType;

const DESCRIBE: &str = "describe";

impl Store {
    /// Has an entry be about `subject` too, which may then have one too many. Nobody waits for a
    /// writer where it is already.
    pub(crate) async fn describe(&self, info: &EntryInfo, subject: &Subject) -> Result<()> {
        let mut connection = self.db.read(DESCRIBE).await?;
        let is_about = sql::subjects::is_about(&mut connection, info.row_id, subject).await;
        if is_about.map_err(|source| connection.error(DESCRIBE, source))? {
            connection.close();
            return Ok(());
        }
        let (store, version, subject) = (self.clone(), Version::of(info), subject.clone());
        let mut tx = self.db.write_on(connection, DESCRIBE).await?;
        write::to_its_end(DESCRIBE, async move {
            let added = sql::subjects::add(&mut tx, &version, &subject).await;
            let surplus = if added.map_err(|source| tx.error(source))? {
                store.keep_cap(&mut tx, &subject, Some(version.id)).await?
            } else {
                Vec::new()
            };
            store.commit_and_release(tx, &surplus).await
        })
        .await
    }

    /// What an entry is about beside what its row says, always in the same order.
    pub(crate) async fn subjects_beside(&self, info: &EntryInfo) -> Result<Vec<Subject>> {
        let mut connection = self.db.read(DESCRIBE).await?;
        let found = sql::subjects::beside(&mut connection, info.row_id).await;
        let found = found.map_err(|source| connection.error(DESCRIBE, source))?;
        connection.close();
        Ok(found.into_iter().filter_map(read).collect())
    }
}

/// What a damaged row says is nothing.
pub(super) fn read((identifier, data_type): (String, String)) -> Option<Subject> {
    let identifier = Identifier::new(&identifier).ok()?;
    Some(Subject { identifier, data_type: DataType::new(&data_type).ok()? })
}
