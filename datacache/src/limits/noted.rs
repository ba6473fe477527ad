//! What is noted about those whom a request concerns.

use sqlx::sqlite::SqliteConnection;

use super::booking::Slot;
use super::sql;
use super::state::State;
use crate::clock::Timestamp;
use crate::config::Payer;
use crate::name::Provider;

/// Whom a request concerns: who pays for it, and who is asked. Mostly that is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concerned<'a> {
    payer: &'a Provider,
    origin: &'a Provider,
}

impl<'a> From<&'a Provider> for Concerned<'a> {
    fn from(provider: &'a Provider) -> Self {
        Self { payer: provider, origin: provider }
    }
}

impl<'a> From<&'a Payer> for Concerned<'a> {
    fn from(payer: &'a Payer) -> Self {
        Self { payer: &payer.provider, origin: &payer.origin }
    }
}

impl<'a> From<&'a Slot> for Concerned<'a> {
    fn from(slot: &'a Slot) -> Self {
        Self { payer: &slot.provider, origin: &slot.origin }
    }
}

/// What is noted about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    payer: State,
    /// Where it is another.
    origin: Option<State>,
}

impl Noted {
    pub(super) async fn read(
        db: &mut SqliteConnection,
        concerned: Concerned<'_>,
    ) -> sqlx::Result<Self> {
        let payer = sql::state(db, concerned.payer).await?;
        let origin = match concerned.origin {
            origin if origin == concerned.payer => None,
            origin => Some(sql::state(db, origin).await?),
        };
        Ok(Self { payer, origin })
    }

    /// Notes what differs from what is noted `before`.
    pub(super) async fn write(
        &self,
        db: &mut SqliteConnection,
        concerned: Concerned<'_>,
        before: &Self,
    ) -> sqlx::Result<()> {
        sql::write(db, concerned.payer, &before.payer, &self.payer).await?;
        if let (Some(before), Some(origin)) = (&before.origin, &self.origin) {
            sql::write(db, concerned.origin, before, origin).await?;
        }
        Ok(())
    }

    /// What is noted after a change at `now`.
    pub(super) fn changed<T>(
        &self,
        now: Timestamp,
        change: impl Fn(&mut State, Timestamp) -> T,
    ) -> (T, Self) {
        let mut after = self.clone();
        after.payer.shift_to(now);
        let value = match &mut after.origin {
            None => change(&mut after.payer, now),
            Some(origin) => {
                origin.shift_to(now);
                let mut joined = State::joined(&after.payer, origin);
                let value = change(&mut joined, now);
                after.payer.take_budget(&joined);
                origin.take_rest(joined);
                value
            }
        };
        let halves = [(&self.payer, &mut after.payer)].into_iter();
        for (before, after) in halves.chain(self.origin.as_ref().zip(after.origin.as_mut())) {
            if before != after {
                after.noted_at = now;
            }
        }
        (value, after)
    }
}
