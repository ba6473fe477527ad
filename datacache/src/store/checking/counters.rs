//! The numbers that are kept of entries, so that nobody has to count them.

use crate::error::Result;
use crate::store::Store;
use crate::store::sql::checking;

const CHECK: &str = "check counters";

/// A number that is not what the rows say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongCounter {
    pub(crate) name: String,
    pub(crate) noted: i64,
    pub(crate) actual: i64,
}

impl Store {
    /// The numbers that are wrong; those of one kind are compared in one statement, which
    /// sees one moment.
    pub(crate) async fn wrong_counters(&self) -> Result<Vec<WrongCounter>> {
        let mut connection = self.db.read(CHECK).await?;
        let usage = checking::wrong_usage(&mut connection).await;
        let usage = usage.map_err(|source| connection.error(CHECK, source))?;
        let files = checking::wrong_of_files(&mut connection).await;
        let files = files.map_err(|source| connection.error(CHECK, source))?;
        let age = checking::wrong_age(&mut connection).await;
        let age = age.map_err(|source| connection.error(CHECK, source))?;
        let strays = checking::wrong_strays(&mut connection).await;
        let strays = strays.map_err(|source| connection.error(CHECK, source))?;
        connection.close();
        let of_provider = |(provider, noted, actual)| {
            let name = format!("bytes of {provider}");
            WrongCounter { name, noted, actual }
        };
        let of_files = |(name, noted, actual): (String, _, _)| {
            let name = match &*name {
                "file_bytes" => "bytes in files".to_owned(),
                _ => name.replace('_', " "),
            };
            WrongCounter { name, noted, actual }
        };
        let of_age = |(noted, actual)| WrongCounter {
            name: "rank of what went last".to_owned(),
            noted,
            actual,
        };
        // What they really take is only known once all folders were looked through.
        let of_strays =
            |noted| WrongCounter { name: "bytes of strays".to_owned(), noted, actual: 0 };
        let wrong = usage.into_iter().map(of_provider).chain(files.into_iter().map(of_files));
        Ok(wrong.chain(age.map(of_age)).chain(strays.map(of_strays)).collect())
    }

    /// Counts anew.
    pub(crate) async fn note_counters(&self) -> Result<()> {
        let mut tx = self.db.write(CHECK).await?;
        checking::note_counters(&mut tx).await.map_err(|source| tx.error(source))?;
        tx.commit().await
    }
}
