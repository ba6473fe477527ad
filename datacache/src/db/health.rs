//! Whether the database is in order, as SQLite sees it.

use sqlx::sqlite::SqliteConnection;

use super::error::is_damage;
use super::{Connection, Db, db_error, error, schema};
use crate::error::{Error, ErrorKind, Result};

/// So many of SQLite's complaints are heard.
const MOST_COMPLAINTS: u32 = 100;

/// How thoroughly to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Every page, but not whether indexes agree with their tables.
    Quick,
    Full,
}

/// What a look at the database found.
pub(super) enum Health {
    /// In order, or at least nothing that SQLite finds wrong.
    Sound,
    /// There is no file.
    Missing,
    /// What is wrong. Where the file could be opened, the connection keeps others that close from
    /// removing its log.
    Damaged { complaints: Vec<String>, witness: Option<Connection> },
}

impl Health {
    pub(super) fn damaged(error: &Error) -> Self {
        Self::Damaged { complaints: vec![error.reason().to_owned()], witness: None }
    }
}

/// Looks at the database; damage is no error, and nothing is done about it.
pub(super) async fn examine(db: &Db, check: Check, operation: &'static str) -> Result<Health> {
    match schema::state(db).await? {
        schema::State::Missing => return Ok(Health::Missing),
        schema::State::Damaged(error) => return Ok(Health::damaged(&error)),
        schema::State::Current | schema::State::Older => {}
    }
    let mut connection = match db.read_unsuspecting(operation).await {
        Ok(connection) => connection,
        Err(error) if error.kind() == ErrorKind::Corrupt => return Ok(Health::damaged(&error)),
        Err(error) => return Err(error),
    };
    let complaints = complaints(&mut connection, check).await;
    let complaints = match complaints {
        Ok(complaints) => complaints,
        Err(source) if error::tells_of_damage(&source) => vec![source.to_string()],
        Err(source) => return Err(db_error(operation, db.path(), source)),
    };
    if let Some(trouble) = complaints.iter().find(|complaint| is_trouble_of_the_disk(complaint)) {
        return Err(Error::new(ErrorKind::Io, operation, db.path().display(), trouble));
    }
    if complaints.is_empty() {
        connection.close().await;
        return Ok(Health::Sound);
    }
    Ok(Health::Damaged { complaints, witness: Some(connection) })
}

async fn complaints(db: &mut SqliteConnection, check: Check) -> sqlx::Result<Vec<String>> {
    let pragma = match check {
        Check::Quick => "quick_check",
        Check::Full => "integrity_check",
    };
    let pragma = format!("PRAGMA {pragma}({MOST_COMPLAINTS})");
    let said: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(pragma)).fetch_all(db).await?;
    // One message may have several lines.
    let lines = said.iter().flat_map(|message| message.lines()).filter(|line| *line != "ok");
    Ok(lines.map(str::to_owned).collect())
}

/// Whether SQLite complains of a page that could not be read, which says nothing about the page.
fn is_trouble_of_the_disk(complaint: &str) -> bool {
    let code = complaint.rsplit_once("error code=").map(|(_, code)| code.trim().parse::<i32>());
    matches!(code, Some(Ok(code)) if !is_damage(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_cannot_be_read_is_not_a_damaged_one() {
        for (complaint, expected) in [
            ("Tree 3 page 7: unable to get the page. error code=266", true),
            ("Tree 3 page 7: unable to get the page. error code=7", true),
            ("Tree 3 page 7: unable to get the page. error code=522", false),
            ("Tree 3 page 7: unable to get the page. error code=11", false),
            ("row 3 missing from index cached_data_by_provider", false),
        ] {
            assert_eq!(is_trouble_of_the_disk(complaint), expected, "{complaint}");
        }
    }
}
