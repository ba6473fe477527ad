//! What there is already, for who is about to have more fetched.

use std::collections::BTreeMap;

use super::entry::NOT_FOUND;
use super::{LOOK_UP, Store, Subject, sql};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Result;
use crate::key::Key;

/// What there is of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Fresh,
    Stale,
    /// It is known that there is none.
    Absence,
    /// It is kept as something else.
    Elsewhere,
}

impl Held {
    fn of(status: u16, is_stale: bool, is_about: bool) -> Self {
        match status {
            NOT_FOUND => Self::Absence,
            _ if !is_about => Self::Elsewhere,
            _ if is_stale => Self::Stale,
            _ => Self::Fresh,
        }
    }
}

impl Store {
    /// Those of the keys whose origin need not be asked, and what of `subject` there is instead:
    /// entries however stale, if they may be shown, and absences that are still believed.
    pub(crate) async fn answered_among_on(
        connection: &mut Connection,
        keys: &[&Key],
        subject: &Subject,
        now: Timestamp,
    ) -> Result<BTreeMap<Key, Held>> {
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        let answered = sql::held::answered_among(connection, &keys, subject, now).await;
        let answered = answered.map_err(|source| connection.error(LOOK_UP, source))?;
        let read = |(url, status, is_stale, is_about)| {
            (Key::from_row(url), Held::of(status, is_stale, is_about))
        };
        Ok(answered.into_iter().map(read).collect())
    }

    /// How many entries a subject has that may be shown, fresh or not, counted up to `limit`.
    pub(crate) async fn held_on(
        connection: &mut Connection,
        subject: &Subject,
        limit: usize,
        now: Timestamp,
    ) -> Result<usize> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let held = sql::held::held(connection, subject, limit, now).await;
        let held = held.map_err(|source| connection.error(LOOK_UP, source))?;
        Ok(usize::try_from(held).unwrap_or(usize::MAX))
    }
}
