//! Admission: the wait before sending that a provider's budget asks for.
//!
//! A slot is booked for every request, waited for exactly, and what the answer says about the
//! provider is reported. A token that is due is obtained in between: not for a provider that is at
//! rest, not before the slot, as it may have ended by then, and before the departure, which reckons
//! with what it took. Nothing is held meanwhile; who gives up gives back what others can use.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Client;

use super::hop::Hop;
use super::{Call, Fetcher, OPERATION, Token};
use crate::background::Background;
use crate::clock::Timestamp;
use crate::config::Payer;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Ask, Booking, Departure, Later, Limits, Outcome, Slot, Why};

impl Fetcher {
    /// Waits until the request may be sent, for `patience` at most, which it takes from it.
    ///
    /// # Errors
    /// [`RateLimited`](ErrorKind::RateLimited) and [`CircuitOpen`](ErrorKind::CircuitOpen) when
    /// that would take longer.
    pub(super) async fn admit(
        &self,
        client: &Client,
        call: Call<'_>,
        hop: &Hop,
        patience: &mut Duration,
    ) -> Result<Turn> {
        let Payer { provider, budget, .. } = &hop.payer;
        let began = self.clock.now();
        let refused = |later| self.refused(call, &hop.payer, &later);
        let mut turn = self.book(call, hop, *patience).await?.map_err(refused)?;
        self.sleep_until(turn.slot.at).await;
        if hop.is_at_home(call) {
            turn.token = self.token(client, call, &turn.slot).await;
            if turn.token.is_err() {
                return Ok(turn);
            }
        }
        match self.limits.depart(&mut turn.slot).await? {
            Departure::At(moment) => self.sleep_until(moment).await,
            Departure::Later(later) => return Err(refused(later)),
        }
        if let Some(was_sent) = call.was_sent {
            was_sent.store(true, Ordering::Relaxed);
        }
        let waited = self.clock.now().since(began);
        *patience = patience.saturating_sub(waited);
        tracing::debug!(key = %call.key, %provider, ?waited, "a slot of the budget has come");
        call.trail.note(|| format!("budget of {provider} ({budget}): waited {waited:?}"));
        Ok(turn)
    }

    /// Books a slot; `Err` within says why there is none. What has begun runs to its end, lest a
    /// slot be lost that nobody knows of.
    async fn book(
        &self,
        call: Call<'_>,
        hop: &Hop,
        max_wait: Duration,
    ) -> Result<Result<Turn, Later>> {
        let (limits, background) = (self.limits.clone(), self.background.clone());
        let (payer, urgency, timeout) = (hop.payer.clone(), hop.urgency, call.timeout);
        let booked = self.background.see_through(async move {
            let ask = Ask { payer: &payer, urgency, max_wait, timeout };
            Ok(match limits.book(&ask).await? {
                Booking::Slot(slot) => Ok(Turn::new(limits, background, slot)),
                Booking::Later(later) => Err(later),
            })
        });
        booked.await.unwrap_or_else(|| {
            let reason = "the task that books its slot failed";
            Err(Error::new(ErrorKind::Internal, OPERATION, call.key, reason))
        })
    }

    /// Tells the others how the provider did.
    pub(super) async fn report(&self, mut turn: Turn, failure: Option<&Error>) {
        let outcome = match failure.map_or(Outcome::Good, |error| self.outcome(error)) {
            Outcome::Good if turn.is_last => Outcome::UsedUp,
            outcome => outcome,
        };
        self.note_outcome(&turn.slot, outcome).await;
        turn.is_reported = true;
    }

    /// Tells the others of a failure before anything was sent.
    pub(super) async fn note(&self, slot: &Slot, failure: &Error) {
        self.note_outcome(slot, self.outcome(failure)).await;
    }

    async fn note_outcome(&self, slot: &Slot, outcome: Outcome) {
        if let Err(error) = self.limits.report(slot, outcome).await {
            tracing::warn!(provider = %slot.origin, %error, "how a provider did was not noted");
        }
    }

    fn outcome(&self, error: &Error) -> Outcome {
        let reason = error.reason().to_owned();
        let rest = match error.kind() {
            ErrorKind::RateLimited => match error.retry_after() {
                None => return Outcome::Hurried { reason },
                asked => asked,
            },
            // So long nobody waits who would try again.
            _ => error.retry_after().filter(|wait| *wait > self.http.max_wait),
        };
        if let Some(rest) = rest {
            let until = self.clock.now().checked_add(rest).unwrap_or(Timestamp::MAX);
            return Outcome::Throttled { until, reason };
        }
        // If it may not pass, the provider works; it is the request that does not.
        if error.is_transient() { Outcome::Failed { reason } } else { Outcome::Good }
    }

    fn refused(&self, call: Call<'_>, payer: &Payer, later: &Later) -> Error {
        let (kind, who) = match later.why {
            Why::Circuit => (ErrorKind::CircuitOpen, &payer.origin),
            Why::Cooldown => (ErrorKind::RateLimited, &payer.origin),
            Why::Budget | Why::Paused => (ErrorKind::RateLimited, &payer.provider),
        };
        let wait = later.at.since(self.clock.now());
        let reason = format_args!("{who} cannot be asked now: {}", later.reason);
        Error::new(kind, OPERATION, call.key, reason).with_retry_after(Some(wait))
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let wait = moment.since(self.clock.now());
        if !wait.is_zero() {
            #[expect(clippy::disallowed_methods, reason = "slots are moments of real time")]
            tokio::time::sleep(wait).await;
        }
    }
}

/// A slot in use. One of which nothing is reported was waited for or probed with in vain.
pub(super) struct Turn {
    limits: Limits,
    background: Background,
    pub(super) slot: Slot,
    /// The token to send, if one is due. Without it nothing is sent.
    pub(super) token: Result<Option<Arc<Token>>>,
    /// The provider has said that it takes no more requests for now.
    pub(super) is_last: bool,
    is_reported: bool,
}

impl Turn {
    fn new(limits: Limits, background: Background, slot: Slot) -> Self {
        Self { limits, background, slot, token: Ok(None), is_last: false, is_reported: false }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_reported || !self.slot.is_of_use_to_others() {
            return;
        }
        let (limits, slot) = (self.limits.clone(), self.slot.clone());
        self.background.spawn(async move {
            if let Err(error) = limits.give_back(&slot).await {
                tracing::warn!(provider = %slot.provider, %error, "a slot was not given back");
            }
        });
    }
}
