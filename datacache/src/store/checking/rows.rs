//! Rows that cannot be used any more.

use super::Depth;
use crate::blob::Lies;
use crate::checksum::Checksum;
use crate::db::{Connection, WriteTransaction};
use crate::error::Result;
use crate::store::row::Row;
use crate::store::sql::{self, checking};
use crate::store::write::to_its_end;
use crate::store::{Metadata, Store};

const CHECK: &str = "check entries";

/// What a row says about itself, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowOutline {
    pub(crate) url: Option<String>,
    pub(crate) identifier: Option<String>,
    pub(crate) data_type: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) is_absence: bool,
}

/// Why an entry is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The row makes no sense.
    Unreadable(String),
    /// Its bytes, in the row, do not have their checksum.
    DamagedBytes,
    MissingFile,
    /// Something else has the name of its file.
    NotAFile,
    WrongSize {
        found_bytes: u64,
        expected_bytes: u64,
    },
    DamagedFile,
    /// What it was made from is gone, or has other bytes.
    Sourceless,
}

/// An entry that cannot be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) id: i64,
    pub(crate) outline: RowOutline,
    pub(crate) flaw: Flaw,
}

/// What a look at some rows has found.
#[derive(Debug, Default)]
pub(crate) struct RowsLook {
    pub(crate) looked_at: u64,
    /// The numbers of rows that seem to be lost.
    pub(crate) suspects: Vec<i64>,
    /// After which row the next look begins; `None` after the last.
    pub(crate) next: Option<i64>,
}

impl Store {
    /// How many entries there are, of all kinds.
    pub(crate) async fn count(&self) -> Result<u64> {
        let mut connection = self.db.read(CHECK).await?;
        let count = checking::count_entries(&mut connection).await;
        let count = count.map_err(|source| connection.error(CHECK, source))?;
        connection.close();
        Ok(count.try_into().unwrap_or(0))
    }

    /// Looks at `limit` rows after the one with the number `after`; files are looked for, not read.
    pub(crate) async fn look_at_rows(
        &self,
        after: i64,
        limit: i64,
        depth: Depth,
    ) -> Result<RowsLook> {
        let mut connection = self.db.read(CHECK).await?;
        let ids = checking::ids_after(&mut connection, after, limit).await;
        let ids = ids.map_err(|source| connection.error(CHECK, source))?;
        let is_last = i64::try_from(ids.len()).is_ok_and(|count| count < limit);
        let mut look = RowsLook {
            looked_at: ids.len() as u64,
            next: ids.last().copied().filter(|_| !is_last),
            suspects: Vec::new(),
        };
        for id in ids {
            let lost = self.look_at_row(&mut connection, id, depth, Depth::Names).await?;
            look.suspects.extend(lost.map(|lost| lost.id));
        }
        connection.close();
        Ok(look)
    }

    /// Those of the rows that are lost indeed. Their files are read, under the write lock: to be
    /// asked about few at a time.
    pub(crate) async fn confirm_lost(
        &self,
        tx: &mut WriteTransaction,
        ids: &[i64],
    ) -> Result<Vec<Lost>> {
        let mut lost = Vec::new();
        for id in ids {
            let connection = tx.connection();
            lost.extend(self.look_at_row(connection, *id, Depth::Bytes, Depth::Bytes).await?);
        }
        Ok(lost)
    }

    /// Removes lost entries, with what was made from them and the files that nobody names then, and
    /// commits.
    pub(crate) async fn drop_lost(&self, mut tx: WriteTransaction, lost: Vec<Lost>) -> Result<()> {
        let store = self.clone();
        to_its_end("remove", async move {
            let ids: Vec<_> = lost.iter().map(|lost| lost.id).collect();
            let removed = sql::remove(&mut tx, &ids).await;
            store.settle_removal(tx, removed).await.map(drop)
        })
        .await
    }

    async fn look_at_row(
        &self,
        connection: &mut Connection,
        id: i64,
        of_row: Depth,
        of_file: Depth,
    ) -> Result<Option<Lost>> {
        let raw = checking::outline(connection, id).await;
        let Some(raw) = raw.map_err(|source| connection.error(CHECK, source))? else {
            return Ok(None);
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
        let file = raw.file.and_then(text).and_then(|checksum| checksum.parse().ok());
        let mut outline = RowOutline {
            url: text(raw.url),
            identifier: text(raw.identifier).filter(|identifier| !identifier.is_empty()),
            data_type: text(raw.data_type),
            provider: text(raw.provider),
            ..RowOutline::default()
        };
        let size_bytes = u64::try_from(raw.disk_size).unwrap_or(0);
        let flaw = match Self::read_row(connection, id).await? {
            Ok(None) => None,
            Err(reason) => Some(Flaw::Unreadable(reason)),
            Ok(Some(_)) if raw.is_sourceless => Some(Flaw::Sourceless),
            Ok(Some(row)) => {
                outline.is_absence = row.info.is_absence();
                outline.metadata = row.info.metadata.clone();
                match file {
                    Some(checksum) => self.flaw_of_file(checksum, size_bytes, of_file).await?,
                    None if of_row == Depth::Names => None,
                    None => self.flaw_of_bytes(&row).await?,
                }
            }
        };
        Ok(flaw.map(|flaw| Lost { id, outline, flaw }))
    }

    /// The row, if it is still there and makes sense; else what does not.
    async fn read_row(
        connection: &mut Connection,
        id: i64,
    ) -> Result<std::result::Result<Option<Row>, String>> {
        match sql::by_id(connection, id).await {
            Ok(None) => Ok(Ok(None)),
            Ok(Some(row)) => Ok(Row::read(CHECK, row)
                .map(Some)
                .map_err(|error| format!("{}: {}", error.subject(), error.reason()))),
            Err(source @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))) => {
                Ok(Err(source.to_string()))
            }
            Err(source) => Err(connection.error(CHECK, source)),
        }
    }

    async fn flaw_of_bytes(&self, row: &Row) -> Result<Option<Flaw>> {
        let data = self.data_of(row).await?;
        let is_intact = data.is_some_and(|data| data.len() as u64 == row.info.data_size);
        Ok((!is_intact).then_some(Flaw::DamagedBytes))
    }

    async fn flaw_of_file(
        &self,
        checksum: Checksum,
        expected_bytes: u64,
        depth: Depth,
    ) -> Result<Option<Flaw>> {
        Ok(match self.blobs.look(checksum).await? {
            Lies::Nothing => Some(Flaw::MissingFile),
            Lies::Other => Some(Flaw::NotAFile),
            Lies::File { size_bytes } if size_bytes != expected_bytes => {
                Some(Flaw::WrongSize { found_bytes: size_bytes, expected_bytes })
            }
            Lies::File { .. } if depth == Depth::Names => None,
            Lies::File { .. } => match self.blobs.examine(checksum).await? {
                Some((found, _)) if found == checksum => None,
                Some(_) => Some(Flaw::DamagedFile),
                None => Some(Flaw::MissingFile),
            },
        })
    }
}
