//! Admission: the wait before sending that a provider's budget asks for.
//!
//! A slot is booked for every attempt, waited for exactly, and what the answer says about the
//! provider is reported. A token that is due is obtained in between: not for a provider that is at
//! rest, not before the slot, as it may have ended by then, and before the departure, which reckons
//! with what it took. Nothing is held meanwhile; a slot of who gives up is lost.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;

use super::{Call, Fetcher, OPERATION, Token};
use crate::clock::Timestamp;
use crate::config::Payer;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Ask, Booking, Departure, Later, Outcome, Slot, Why};

/// The rest of a provider that asks to be left alone without saying for how long.
const DEFAULT_COOLDOWN: Duration = Duration::from_mins(1);

/// Leave to send.
pub(super) struct Admission {
    pub(super) slot: Slot,
    /// The token to send, if one is due. Without it nothing is sent.
    pub(super) token: Result<Option<Arc<Token>>>,
}

impl Admission {
    /// Whether the origin has answered that it takes this token for none.
    pub(super) fn is_token_refused(&self) -> bool {
        matches!(&self.token, Ok(Some(token)) if token.is_refused())
    }
}

impl Fetcher {
    /// Waits until the call may be sent.
    ///
    /// # Errors
    /// [`RateLimited`](ErrorKind::RateLimited) and [`CircuitOpen`](ErrorKind::CircuitOpen) when
    /// that would take longer than the call can wait.
    pub(super) async fn admit(&self, client: &Client, call: Call<'_>) -> Result<Admission> {
        let ask = Ask {
            provider: &call.payer.provider,
            budget: &call.payer.budget,
            urgency: call.urgency,
            max_wait: self.http.max_wait,
            timeout: call.timeout,
        };
        let began = self.clock.now();
        let slot = match self.limits.book(&ask, began).await? {
            Booking::Slot(slot) => slot,
            Booking::Later(later) => return Err(self.refused(call, &later)),
        };
        self.sleep_until(slot.at).await;
        let token = self.token(client, call, &slot).await;
        if token.is_err() {
            return Ok(Admission { slot, token });
        }
        match self.limits.depart(&slot, self.clock.now()).await? {
            Departure::At(moment) => self.sleep_until(moment).await,
            Departure::Later(later) => return Err(self.refused(call, &later)),
        }
        call.trail.note(|| {
            let (payer, waited) = (call.payer, self.clock.now().since(began));
            let Payer { provider, budget } = payer;
            format!("budget of {provider} ({budget}): waited {waited:?}")
        });
        Ok(Admission { slot, token })
    }

    /// Tells the others how the provider did.
    pub(super) async fn report(&self, slot: &Slot, failure: Option<&Error>) {
        let outcome = self.outcome(failure);
        if let Err(error) = self.limits.report(slot, outcome, self.clock.now()).await {
            tracing::warn!(provider = %slot.provider, %error, "how a provider did was not noted");
        }
    }

    fn outcome(&self, failure: Option<&Error>) -> Outcome {
        let Some(error) = failure else { return Outcome::Good };
        let reason = error.reason().to_owned();
        match error.kind() {
            ErrorKind::RateLimited => {
                let rest = error.retry_after().unwrap_or(DEFAULT_COOLDOWN);
                let until = self.clock.now().checked_add(rest).unwrap_or(Timestamp::MAX);
                Outcome::Throttled { until, reason }
            }
            _ if error.is_transient() => Outcome::Failed { reason },
            // The provider works; it is the request that does not.
            _ => Outcome::Good,
        }
    }

    fn refused(&self, call: Call<'_>, later: &Later) -> Error {
        let kind = match later.why {
            Why::Circuit => ErrorKind::CircuitOpen,
            Why::Budget | Why::Cooldown | Why::Paused => ErrorKind::RateLimited,
        };
        let wait = later.at.since(self.clock.now());
        let reason = format_args!("{} cannot be asked now: {}", call.payer.provider, later.reason);
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
