//! Whether the schema is what the migrations make of it. A lost index is no damage to SQLite; but
//! every look would read all.
//!
//! What is to be there is read from a database in memory that has gone through all migrations. What
//! is there besides is nobody's business.

use std::fmt;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _};

use super::{Db, db_error, replacing, schema};
use crate::error::Result;
use crate::lock;

const OPERATION: &str = "check schema";

/// Tables first: the others are of them.
const PARTS: &str = "SELECT type, name, sql FROM sqlite_schema \
    WHERE sql IS NOT NULL AND substr(name, 1, 7) <> 'sqlite_' \
    ORDER BY type = 'table' DESC, type, name";

/// An index that lets nothing be there twice cannot be made before what is has gone; of that, what was
/// there first stays.
const DOUBLES: [(&str, &str); 1] = [(
    "subjects_by_entry",
    "DELETE FROM subjects WHERE (identifier, data_type, ordinal) NOT IN \
       (SELECT identifier, data_type, MIN(ordinal) FROM subjects \
        GROUP BY entry_id, identifier, data_type)",
)];

/// What a table or an index is called, and how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    kind: String,
    name: String,
    sql: String,
}

/// What is wrong with a part of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Missing,
    /// It is made in another way.
    Changed,
}

/// A part of the schema that is not as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    part: Part,
    pub(crate) flaw: Flaw,
}

impl Misfit {
    /// Whether it is a table, without which the others cannot be looked at.
    pub(crate) fn is_table(&self) -> bool {
        self.part.kind == "table"
    }

    /// Whether it can be mended: not where it is a table that was changed, as what that holds would be
    /// lost.
    pub(crate) fn is_mendable(&self) -> bool {
        self.flaw == Flaw::Missing || !self.is_table()
    }

    /// How it is mended.
    fn remedy(&self) -> String {
        let Part { kind, name, sql } = &self.part;
        let doubles = DOUBLES.iter().find(|(index, _)| index == name);
        let sql = doubles.map_or_else(|| sql.clone(), |(_, remove)| format!("{remove}; {sql}"));
        match self.flaw {
            Flaw::Missing => sql,
            Flaw::Changed => format!("DROP {kind} {name}; {sql}"),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part.kind, self.part.name)
    }
}

impl Db {
    /// What of the schema is missing, or made in another way than this version makes it.
    ///
    /// # Errors
    /// [`NewerSchema`](crate::ErrorKind::NewerSchema) where another program has changed it
    /// meanwhile.
    pub(crate) async fn misfits(&self) -> Result<Vec<Misfit>> {
        let expected = self.expected().await?;
        let mut connection = self.read(OPERATION).await?;
        schema::refuse_newer_on(self, &mut connection).await?;
        let actual = parts(&mut connection).await;
        let actual = actual.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        Ok(compare(expected, &actual))
    }

    /// Makes what is missing, tables empty, and indexes that were changed; returns
    /// what cannot be mended.
    pub(crate) async fn refit(&self) -> Result<Vec<Misfit>> {
        let _lock = lock::acquire(self.0.locks.join(replacing::LOCK), OPERATION).await?;
        let expected = self.expected().await?;
        let mut tx = self.write(OPERATION).await?;
        schema::refuse_newer_on(self, &mut tx).await?;
        let actual = parts(&mut tx).await.map_err(|source| tx.error(source))?;
        let misfits = compare(expected.clone(), &actual);
        for misfit in misfits.into_iter().filter(Misfit::is_mendable) {
            let remedy = AssertSqlSafe(misfit.remedy());
            if let Err(error) = sqlx::raw_sql(remedy).execute(&mut *tx).await {
                tracing::warn!(%misfit, %error, "a part of the schema could not be made");
            }
        }
        let actual = parts(&mut tx).await.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(compare(expected, &actual))
    }

    async fn expected(&self) -> Result<Vec<Part>> {
        let failed = |source| db_error(OPERATION, self.path(), source);
        let options = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
        let mut fresh = options.connect().await.map_err(failed)?;
        schema::run_all(&mut fresh).await.map_err(failed)?;
        let expected = parts(&mut fresh).await.map_err(failed)?;
        fresh.close().await.map_err(failed)?;
        Ok(expected)
    }
}

async fn parts(db: &mut SqliteConnection) -> sqlx::Result<Vec<Part>> {
    let parts: Vec<(String, String, String)> = sqlx::query_as(PARTS).fetch_all(db).await?;
    Ok(parts.into_iter().map(|(kind, name, sql)| Part { kind, name, sql }).collect())
}

fn compare(expected: Vec<Part>, actual: &[Part]) -> Vec<Misfit> {
    let misfit = |part: Part| {
        let is_it = |it: &&Part| (&it.kind, &it.name) == (&part.kind, &part.name);
        let flaw = match actual.iter().find(is_it) {
            None => Flaw::Missing,
            Some(found) if found.sql != part.sql => Flaw::Changed,
            Some(_) => return None,
        };
        Some(Misfit { part, flaw })
    };
    expected.into_iter().filter_map(misfit).collect()
}
