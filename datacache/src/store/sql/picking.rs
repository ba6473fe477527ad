//! Every statement of the random pick, on `cached_data` and `last_picks`.
//!
//! Where no moment is given after which an entry must expire, it must be one that may be used when
//! it is stale.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as, query_scalar};

use crate::clock::Timestamp;
use crate::name::Provider;
use crate::store::deferred::Subject;
use crate::store::entry::Cachekey;

statements! {
    ORDINAL_SPAN = "SELECT MAX(ordinal) + 1 FROM cached_data \
        WHERE identifier = ?1 AND data_type = ?2";
    CANDIDATE_AT = "SELECT entry_id, cachekey FROM cached_data \
        WHERE identifier = ?1 AND data_type = ?2 AND ordinal = ?3 \
          AND status_code = 200 AND iif(?4 IS NULL, may_be_stale, expires_at > ?4) \
          AND (?5 IS NULL OR provider = ?5)";
    CANDIDATES = "SELECT entry_id, cachekey FROM cached_data \
        WHERE identifier = ?1 AND data_type = ?2 \
          AND status_code = 200 AND iif(?3 IS NULL, may_be_stale, expires_at > ?3) \
          AND (?4 IS NULL OR provider = ?4)";
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
    subject: &Subject,
    ordinal: i64,
    fresh_after: Option<Timestamp>,
    provider: Option<&Provider>,
) -> Result<Option<Candidate>> {
    query_as(CANDIDATE_AT)
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str())
        .bind(ordinal)
        .bind(fresh_after.map(Timestamp::as_millis))
        .bind(provider.map(Provider::as_str))
        .fetch_optional(db)
        .await
}

pub(in crate::store) async fn candidates(
    db: &mut SqliteConnection,
    subject: &Subject,
    fresh_after: Option<Timestamp>,
    provider: Option<&Provider>,
) -> Result<Vec<Candidate>> {
    query_as(CANDIDATES)
        .bind(subject.identifier.as_str())
        .bind(subject.data_type.as_str())
        .bind(fresh_after.map(Timestamp::as_millis))
        .bind(provider.map(Provider::as_str))
        .fetch_all(db)
        .await
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
