//! Every statement on `subjects` alone: what entries are about beside what their rows say.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};

use crate::key::Key;
use crate::store::deferred::Subject;
use crate::store::row::Version;
use crate::store::sql::upkeep;

statements! {
    IS_ABOUT = "SELECT EXISTS (SELECT 1 FROM subjects \
        WHERE entry_id = ?1 AND identifier = ?2 AND data_type = ?3)";
    /// In the row, if that says less.
    DESCRIBE = concat!(
        forget_subjects!(
            "entry_id = ?1 AND content_checksum = ?4 AND created_at = ?5 \
               AND identifier IN ('', ?2) AND data_type IN ('other', ?3)",
            "?3"
        ),
        "; UPDATE cached_data SET identifier = ?2, data_type = ?3 \
         WHERE entry_id = ?1 AND content_checksum = ?4 AND created_at = ?5 \
           AND identifier IN ('', ?2) AND data_type IN ('other', ?3) \
           AND (identifier, data_type) <> (?2, ?3); ",
        note_subject!("entry_id = ?1")
    );
    ADD = "INSERT INTO subjects SELECT ?2, ?3, \
          (SELECT COALESCE(MAX(ordinal) + 1, 0) FROM subjects \
            WHERE identifier = ?2 AND data_type = ?3), entry_id \
        FROM cached_data WHERE entry_id = ?1 AND content_checksum = ?4 AND created_at = ?5 \
        ON CONFLICT (entry_id, identifier, data_type) DO NOTHING";
    /// In an order that does not depend on when they were noted.
    BESIDE = "SELECT subjects.identifier, subjects.data_type \
        FROM subjects JOIN cached_data USING (entry_id) WHERE entry_id = ?1 \
          AND (subjects.identifier, subjects.data_type) \
            <> (cached_data.identifier, cached_data.data_type) ORDER BY 1, 2";
    ADD_TO_PLACE = "INSERT INTO subjects SELECT ?2, ?3, \
          (SELECT COALESCE(MAX(ordinal) + 1, 0) FROM subjects \
            WHERE identifier = ?2 AND data_type = ?3), entry_id \
        FROM cached_data WHERE url = ?1 \
        ON CONFLICT (entry_id, identifier, data_type) DO NOTHING";
    OF_ENTRY = "SELECT identifier, data_type FROM subjects WHERE entry_id = ?1";
}

pub(in crate::store) async fn is_about(
    db: &mut SqliteConnection,
    id: i64,
    subject: &Subject,
) -> Result<bool> {
    let is_about = query_scalar(IS_ABOUT)
        .bind(id)
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str());
    is_about.fetch_one(db).await
}

/// Adds to what an entry is about, unless its content has been replaced since it was read; says
/// whether it is about that now and was not before.
pub(in crate::store) async fn add(
    db: &mut SqliteConnection,
    version: &Version,
    subject: &Subject,
) -> Result<bool> {
    let mut changed = 0;
    for statement in [DESCRIBE, ADD] {
        let change = query(statement)
            .bind(version.id)
            .bind(subject.identifier.as_str())
            .bind(subject.data_type.as_str())
            .bind(&version.checksum)
            .bind(version.created_at);
        changed += change.execute(&mut *db).await?.rows_affected();
    }
    upkeep::mark_pinned(db, &subject.identifier).await?;
    Ok(changed > 0)
}

/// All that an entry is about, as identifiers and types.
pub(in crate::store) async fn of_entry(
    db: &mut SqliteConnection,
    id: i64,
) -> Result<Vec<(String, String)>> {
    query_as(OF_ENTRY).bind(id).fetch_all(db).await
}

/// What an entry is about beside what its row says, as identifiers and types.
pub(in crate::store) async fn beside(
    db: &mut SqliteConnection,
    id: i64,
) -> Result<Vec<(String, String)>> {
    query_as(BESIDE).bind(id).fetch_all(db).await
}

/// Adds to what an entry is about that is being stored.
pub(in crate::store) async fn add_to_place(
    db: &mut SqliteConnection,
    key: &Key,
    subject: &Subject,
) -> Result<()> {
    let added = query(ADD_TO_PLACE)
        .bind(key.as_str())
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str());
    added.execute(db).await.map(drop)
}
