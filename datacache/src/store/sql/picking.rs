//! Every statement of the random pick, on `subjects`, `cached_data` and `last_picks`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};

use crate::name::Provider;
use crate::store::deferred::Subject;
use crate::store::entry::{Cachekey, Freshness};
use crate::store::random::Pick;

/// May be shown at ?3, and expires after ?4.
macro_rules! candidate {
    () => {
        concat!(usable!("?3"), " AND expires_at > ?4 AND (?5 IS NULL OR provider = ?5)")
    };
}

statements! {
    ORDINAL_SPAN = "SELECT MAX(ordinal) + 1 FROM subjects \
        WHERE identifier = ?1 AND data_type = ?2";
    CANDIDATE_AT = concat!(
        of_subject!("SELECT entry_id, cachekey"),
        " AND subjects.ordinal = ?6 AND ",
        candidate!()
    );
    CANDIDATES = concat!(
        of_subject!("SELECT entry_id, cachekey"),
        " AND ",
        candidate!()
    );
    LAST_PICK = "SELECT cachekey FROM last_picks WHERE identifier = ?1 AND data_type = ?2";
    NOTE_PICK = "INSERT INTO last_picks (identifier, data_type, cachekey) VALUES (?1, ?2, ?3) \
        ON CONFLICT (identifier, data_type) DO UPDATE SET cachekey = excluded.cachekey";
}

/// One more than the highest ordinal of an identifier's entries of a type.
pub(in crate::store) async fn ordinal_span(
    db: &mut SqliteConnection,
    subject: &Subject,
) -> Result<Option<i64>> {
    let span = query_scalar(ORDINAL_SPAN)
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str());
    span.fetch_one(db).await
}

/// A candidate of a random pick: its row and its handle.
pub(in crate::store) type Candidate = (i64, String);

pub(in crate::store) async fn candidate_at(
    db: &mut SqliteConnection,
    pick: &Pick<'_>,
    ordinal: i64,
) -> Result<Option<Candidate>> {
    query_as(CANDIDATE_AT)
        .bind(pick.subject.identifier.as_str())
        .bind(pick.subject.data_type.as_str())
        .bind(pick.now.as_millis())
        .bind(expires_after(pick))
        .bind(pick.provider.map(Provider::as_str))
        .bind(ordinal)
        .fetch_optional(db)
        .await
}

pub(in crate::store) async fn candidates(
    db: &mut SqliteConnection,
    pick: &Pick<'_>,
) -> Result<Vec<Candidate>> {
    query_as(CANDIDATES)
        .bind(pick.subject.identifier.as_str())
        .bind(pick.subject.data_type.as_str())
        .bind(pick.now.as_millis())
        .bind(expires_after(pick))
        .bind(pick.provider.map(Provider::as_str))
        .fetch_all(db)
        .await
}

fn expires_after(pick: &Pick<'_>) -> i64 {
    match pick.worst {
        Freshness::Fresh => pick.now.as_millis(),
        Freshness::Stale => i64::MIN,
    }
}

pub(in crate::store) async fn last_pick(
    db: &mut SqliteConnection,
    subject: &Subject,
) -> Result<Option<String>> {
    let pick =
        query_scalar(LAST_PICK).bind(subject.identifier.as_str()).bind(subject.data_type.as_str());
    pick.fetch_optional(db).await
}

pub(in crate::store) async fn note_pick(
    db: &mut SqliteConnection,
    subject: &Subject,
    cachekey: Cachekey,
) -> Result<()> {
    let note = query(NOTE_PICK)
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str())
        .bind(cachekey.to_string());
    note.execute(db).await.map(drop)
}
