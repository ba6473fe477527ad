//! What entries are about beside what their rows say: a picture may be of two artists.

use super::row::Version;
use super::{EntryInfo, Store, Subject, sql, write};
use crate::error::Result;

const DESCRIBE: &str = "describe";

impl Store {
    /// Has an entry be about `subject` too. Nobody waits for a writer where it is already.
    pub(crate) async fn describe(&self, info: &EntryInfo, subject: &Subject) -> Result<()> {
        let mut connection = self.db.read(DESCRIBE).await?;
        let is_about = sql::subjects::is_about(&mut connection, info.row_id, subject).await;
        if is_about.map_err(|source| connection.error(DESCRIBE, source))? {
            connection.close().await;
            return Ok(());
        }
        let (version, subject) = (Version::of(info), subject.clone());
        let mut tx = self.db.write_on(connection, DESCRIBE).await?;
        write::to_its_end(DESCRIBE, async move {
            let added = sql::subjects::add(&mut tx, &version, &subject).await;
            added.map_err(|source| tx.error(source))?;
            tx.commit().await
        })
        .await
    }
}
