//! Whether the database is in order, as SQLite sees it.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

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
    let (mut complaints, ended) = complaints(&mut connection, check).await;
    if let Some(trouble) = trouble_in(db, &complaints, operation) {
        return Err(trouble);
    }
    match ended {
        Err(source) if error::tells_of_damage(&source) => complaints.push(source.to_string()),
        Err(source) => return Err(db_error(operation, db.path(), source)),
        Ok(()) => {}
    }
    if complaints.is_empty() {
        connection.close();
        return Ok(Health::Sound);
    }
    Ok(Health::Damaged { complaints, witness: Some(connection) })
}

/// The trouble that the disk has with a page, where SQLite takes the database for damaged. Of a page that
/// cannot be read it says so in its list of complaints only; who merely needs the page is told that it is
/// damaged, as in reading the schema. So it is asked for the list without one.
pub(super) async fn trouble(db: &Db) -> Result<Option<Error>> {
    const OPERATION: &str = "open cache";
    let options = SqliteConnectOptions::new().filename(db.path()).disable_statement_logging();
    // It has SQLite go on, at the second statement, with as much of the schema as can be read.
    let options = options.read_only(true).pragma("writable_schema", "ON");
    let passing = db.0.gate.pass(OPERATION).await?;
    let connection = options.connect().await;
    drop(passing);
    let Ok(mut connection) = connection else { return Ok(None) };
    let mut trouble = None;
    for _ in 0..2 {
        let (complaints, _) = complaints(&mut connection, Check::Quick).await;
        trouble = trouble.or(trouble_in(db, &complaints, OPERATION));
    }
    // Nothing was written that could get lost.
    let _ = connection.close().await;
    Ok(trouble)
}

fn trouble_in(db: &Db, complaints: &[String], operation: &'static str) -> Option<Error> {
    let trouble = complaints.iter().find(|complaint| is_trouble_of_the_disk(complaint))?;
    let reason = format_args!("the disk fails: {trouble}");
    Some(Error::new(ErrorKind::Io, operation, db.path().display(), reason))
}

/// What SQLite has to say; should it fail on the way, what it said first, and the error.
async fn complaints(db: &mut SqliteConnection, check: Check) -> (Vec<String>, sqlx::Result<()>) {
    let pragma = match check {
        Check::Quick => "quick_check",
        Check::Full => "integrity_check",
    };
    let pragma = format!("PRAGMA {pragma}({MOST_COMPLAINTS})");
    let ask = || sqlx::query_scalar(sqlx::AssertSqlSafe(pragma.as_str()));
    let (said, ended): (Vec<String>, _) = match ask().fetch_all(&mut *db).await {
        Ok(said) => (said, Ok(())),
        Err(error) => {
            // Pages come before rows, in the first message.
            let first = ask().fetch_optional(db).await;
            (first.ok().flatten().into_iter().collect(), Err(error))
        }
    };
    // One message may have several lines.
    let lines = said.iter().flat_map(|message| message.lines()).filter(|line| *line != "ok");
    (lines.map(str::to_owned).collect(), ended)
}

/// Whether SQLite complains of a page that could not be read, which says nothing about the page.
fn is_trouble_of_the_disk(complaint: &str) -> bool {
    let code = complaint.rsplit_once("error code=").map(|(_, code)| code.trim().parse::<i32>());
    // Of a page of a list, which is looked up by its number, no code is told.
    matches!(code, Some(Ok(code)) if !is_damage(code)) || complaint.contains("failed to get page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_cannot_be_read_is_not_a_damaged_one() {
        for (complaint, expected) in [
            ("Tree 3 page 7: unable to get the page. error code=266", true),
            ("Tree 3 page 7: unable to get the page. error code=7", true),
            ("Freelist: failed to get page 7", true),
            ("Tree 3 page 7: unable to get the page. error code=522", false),
            ("Tree 3 page 7: unable to get the page. error code=11", false),
            ("row 3 missing from index cached_data_by_provider", false),
        ] {
            assert_eq!(is_trouble_of_the_disk(complaint), expected, "{complaint}");
        }
    }
}
