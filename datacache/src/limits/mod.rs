//! Limits: how often a provider is asked, by all processes together, and when not at all.
//!
//! # What it owns
//! The tables `provider_budgets` and `resting_providers`; the queue reads the latter to pass over
//! jobs. Who wants to send books a slot ([`Limits::book`]), waits for it, asks for its departure
//! ([`Limits::depart`]), sends at the moment that it is told, and reports how the provider did
//! ([`Limits::report`]). No answer that is in the cache costs any of that.
//!
//! # How it reckons
//! What is noted about a provider is read as one [`State`], whose pure methods say what follows;
//! what has changed is written in the IMMEDIATE transaction that has read it. That is as atomic as
//! one statement, and the arithmetic can be tested. Where hosts that are nobody's in particular
//! share a budget, it is noted under the provider's name, and how a host is under its own
//! ([`noted`]). Each operation looks without a lock first, and takes none when it would change
//! nothing: a request that must wait, a good answer of a provider that works.
//!
//! # Moments
//! All are of the wall clock, which processes share. Spacing counts from the moment of sending, so
//! a process that stalls between its slot and its departure finds the next free moment, and the
//! clock is read under the lock: waiting for it is no sending. A clock that was set back is noticed
//! by what was noted in the future ([`State::shift_to`]).
//!
//! # What survives a crash
//! What was booked stays booked; a slot of a process that died is lost, while who gives up in time
//! gives it back. A probe of one that died makes its provider rest until it would have timed out.
//!
//! # When the database cannot be written
//! Each process paces itself ([`pacing`]).

mod booking;
mod circuit;
mod gcra;
mod info;
mod noted;
mod pacing;
pub(crate) mod sql;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::config::Budget;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::name::Provider;
pub(crate) use booking::{Ask, Booking, Departure, Later, Outcome, Slot, Urgency, Why};
use gcra::later;
pub use info::{CircuitState, ProviderLimits, RestingProvider, WindowUse};
use noted::{Concerned, Noted};
use pacing::Pacing;
use state::{FIRST_REST_MS, State};

/// A handle to the limits; clones share it.
#[derive(Clone)]
pub(crate) struct Limits {
    db: Db,
    clock: Clock,
    pacing: Arc<Pacing>,
}

impl Limits {
    pub(crate) fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, pacing: Arc::default() }
    }

    /// Books a slot for a request. One that is now is the departure as well.
    ///
    /// # Errors
    /// When the shared state can neither be used nor be done without.
    pub(crate) async fn book(&self, ask: &Ask<'_>) -> Result<Booking> {
        let book = |state: &mut State, now| state.book(ask, now);
        match self.change("book slot", ask.payer.into(), book).await {
            Ok(booking) => {
                if let Booking::Slot(slot) = &booking {
                    self.pacing.note(slot);
                }
                Ok(booking)
            }
            Err(error) if is_unusable(&error) => {
                tracing::warn!(provider = %ask.payer.provider, %error, "this process paces itself alone");
                Ok(self.pacing.book(ask, self.clock.now()))
            }
            Err(error) => Err(error),
        }
    }

    /// When a request whose slot has come may be sent, which counts as its sending: not while its
    /// provider rests, and one spacing after the last that was sent. It costs nothing where the
    /// slot was booked just now, for just now.
    pub(crate) async fn depart(&self, slot: &mut Slot) -> Result<Departure> {
        let now = self.clock.now();
        if slot.departs_as_booked(now) {
            return Ok(Departure::At(slot.at));
        }
        let depart = |state: &mut State, now| state.depart(slot, now);
        match self.change("send", (&*slot).into(), depart).await {
            Err(error) if is_unusable(&error) => Ok(Departure::At(slot.at.max(now))),
            departure => {
                if let Ok(Departure::At(_)) = departure {
                    slot.booked = None;
                }
                departure
            }
        }
    }

    /// Gives back the slot of a request of which nothing will be reported: its moment, if nobody
    /// has booked after it and it has not departed; and the rest of the others, if it was a probe.
    pub(crate) async fn give_back(&self, slot: &Slot) -> Result<()> {
        let give_back = |state: &mut State, _| state.give_back(slot);
        match self.change("give back slot", slot.into(), give_back).await {
            Err(error) if is_unusable(&error) => Ok(()),
            given => given,
        }
    }

    /// Notes what the answer to a request says about its provider.
    pub(crate) async fn report(&self, slot: &Slot, outcome: Outcome) -> Result<()> {
        let report = |state: &mut State, now| state.report(slot, &outcome, now);
        match self.change("note outcome", slot.into(), report).await {
            Err(error) if is_unusable(&error) => {
                let now = self.clock.now();
                match outcome {
                    Outcome::Throttled { until, .. } => self.pacing.rest(slot, until, now),
                    Outcome::Hurried { .. } => {
                        self.pacing.rest(slot, later(now, FIRST_REST_MS), now);
                    }
                    Outcome::Good | Outcome::UsedUp | Outcome::Failed { .. } => {}
                }
                Ok(())
            }
            noted => noted,
        }
    }

    /// Keeps workers from asking the provider until it is resumed.
    pub(crate) async fn pause(&self, provider: &Provider) -> Result<()> {
        self.change("pause", provider.into(), |state, _| state.is_paused = true).await
    }

    /// Ends a pause and a rest, and closes the circuit; says whether there was one.
    pub(crate) async fn resume(&self, provider: &Provider) -> Result<bool> {
        self.change("resume", provider.into(), State::resume).await
    }

    /// Forgets everything about the provider but a pause; says whether there was anything.
    pub(crate) async fn clear(&self, provider: &Provider) -> Result<bool> {
        self.pacing.forget(provider);
        self.change("clear limits", provider.into(), |state, _| state.clear()).await
    }

    /// The providers that workers do not ask at present.
    pub(crate) async fn resting(&self) -> Result<Vec<RestingProvider>> {
        let states = self.states("list providers").await?.into_iter();
        let now = self.clock.now();
        let states = states.map(|(provider, mut state)| {
            state.shift_to(now);
            (provider, state)
        });
        let is_resting = |(_, state): &(_, State)| state.is_paused || state.rest.holds(now);
        let resting = states.filter(is_resting).map(|(provider, state)| RestingProvider {
            provider,
            is_paused: state.is_paused,
            not_before: state.rest.until,
            reason: state.rest.reason,
        });
        Ok(resting.collect())
    }

    /// The limits of the `known` providers and of all about which something is noted; `budget_of`
    /// says what holds for each.
    pub(crate) async fn list<'a>(
        &self,
        known: impl Iterator<Item = &'a Provider>,
        budget_of: impl Fn(&Provider) -> &'a Budget,
    ) -> Result<Vec<ProviderLimits>> {
        let mut states = self.states("list limits").await?;
        for provider in known {
            states.entry(provider.clone()).or_default();
        }
        let now = self.clock.now();
        let limits = states.into_iter().map(|(provider, mut state)| {
            let budget = budget_of(&provider);
            state.shift_to(now);
            ProviderLimits::new(provider, budget, &state, now)
        });
        Ok(limits.collect())
    }

    async fn states(&self, operation: &'static str) -> Result<BTreeMap<Provider, State>> {
        let mut connection = self.db.read(operation).await?;
        let states = sql::states(&mut connection).await;
        let states = states.map_err(|source| connection.error(operation, source))?;
        connection.close();
        Ok(states)
    }

    /// Changes what is noted about those concerned. `change` is done twice when it changes
    /// anything, the second time on what is there under the lock. It is told the time anew then:
    /// what others have noted meanwhile lies before it.
    async fn change<T>(
        &self,
        operation: &'static str,
        concerned: Concerned<'_>,
        change: impl Fn(&mut State, Timestamp) -> T,
    ) -> Result<T> {
        let mut connection = self.db.read(operation).await?;
        let noted = Noted::read(&mut connection, concerned).await;
        let noted = noted.map_err(|source| connection.error(operation, source))?;
        let (value, changed) = noted.changed(self.clock.now(), &change);
        if changed == noted {
            connection.close();
            return Ok(value);
        }
        let mut tx = self.db.write_on(connection, operation).await?;
        let noted = Noted::read(&mut tx, concerned).await.map_err(|source| tx.error(source))?;
        let (value, changed) = noted.changed(self.clock.now(), &change);
        let written = changed.write(&mut tx, concerned, &noted).await;
        written.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(value)
    }
}

/// Whether the database is in a state in which nobody can share anything through it.
fn is_unusable(error: &Error) -> bool {
    error.kind().is_of_the_cache()
}

#[cfg(test)]
mod tests;
