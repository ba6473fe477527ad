//! The random pick: uniform, and not the same image twice in a row.
//!
//! Entries of one identifier and type are numbered. A pick draws numbers until one belongs to an
//! eligible entry: every eligible entry is equally likely, and the cost does not grow with their
//! number. Where gaps make that hopeless, or where there are few entries anyway, the eligible ones
//! are listed and one is drawn from the list, which is uniform too.

use std::collections::BTreeSet;

use fastrand::Rng;

use super::deferred::Subject;
use super::entry::{Cachekey, Entry, EntryInfo, Freshness};
use super::sql::picking::{self, Candidate};
use super::{By, Store};
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Result;
use crate::name::Provider;

const OPERATION: &str = "pick at random";

/// Up to this many numbers, listing is cheaper than drawing.
const LIST_SPAN: i64 = 64;

/// After this many draws without success, gaps are too many.
const MAX_DRAWS: u32 = 32;

/// How often an entry without its bytes may be chosen again. It is dropped when that is seen, but
/// not in a cache that cannot be written, where it would be chosen for ever.
const MAX_REPEATS: u32 = 100;

/// What to pick from.
pub(crate) struct Pick<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) provider: Option<&'a Provider>,
    /// The pick before, where this process knows it better than the database.
    pub(crate) last: Option<Cachekey>,
    /// When it is to be shown.
    pub(crate) now: Timestamp,
    /// Whether stale ones will do, if they may be used.
    pub(crate) worst: Freshness,
}

impl Store {
    /// An entry of an image type, as what it was picked for, or `None` when none is eligible. The
    /// pick before this one is returned again only if it is the only one.
    pub(crate) async fn pick_random(
        &self,
        pick: &Pick<'_>,
        rng: &mut Rng,
    ) -> Result<Option<Entry>> {
        let mut lost = BTreeSet::new();
        let mut repeats = 0;
        while repeats < MAX_REPEATS {
            let mut connection = self.db.read(OPERATION).await?;
            let chosen = choose(&mut connection, pick, rng).await;
            let chosen = chosen.map_err(|source| connection.error(OPERATION, source))?;
            connection.close();
            let Some(id) = chosen else { return Ok(None) };
            // An entry that was removed meanwhile, or dropped as damaged just now, is drawn no
            // more.
            if let Some(Entry { info, data }) = self.load(By::Id(id)).await? {
                let Subject { identifier, data_type } = pick.subject.clone();
                let info = EntryInfo { identifier: Some(identifier), data_type, ..info };
                return Ok(Some(Entry { info, data }));
            }
            repeats += u32::from(!lost.insert(id));
        }
        Ok(None)
    }
}

pub(super) async fn choose(
    connection: &mut Connection,
    pick: &Pick<'_>,
    rng: &mut Rng,
) -> sqlx::Result<Option<i64>> {
    let Some(span) = picking::ordinal_span(connection, pick.subject).await? else {
        return Ok(None);
    };
    let last = match pick.last {
        Some(cachekey) => Some(cachekey.to_string()),
        None => picking::last_pick(connection, pick.subject).await?,
    };
    let is_repeat = |candidate: &Candidate| Some(&candidate.1) == last.as_ref();
    if span > LIST_SPAN {
        for _ in 0..MAX_DRAWS {
            let number = rng.i64(0..span);
            let drawn = picking::candidate_at(connection, pick, number);
            if let Some(candidate) = drawn.await?.filter(|candidate| !is_repeat(candidate)) {
                return Ok(Some(candidate.0));
            }
        }
    }
    let eligible = picking::candidates(connection, pick).await?;
    let (repeats, others): (Vec<_>, Vec<_>) = eligible.into_iter().partition(is_repeat);
    let from = if others.is_empty() { repeats } else { others };
    Ok(rng.choice(from).map(|(id, _)| id))
}
