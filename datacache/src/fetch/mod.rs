//! HTTP out: the only code that sends.
//!
//! A call is one GET, with its redirects and its retries; what comes back is our own type. Absence
//! is an answer; everything else that is not a body is an error whose kind says what happened.
//! Only http and https are spoken, certificates are verified, bodies are capped while they stream,
//! and a call's timeout covers each attempt from the name lookup to the last byte, but for the time
//! that it waits until it may be sent. Untrusted URLs lead to public addresses only.
//!
//! # Conditions
//! A call may be made on the condition that the answer is no longer the one that is stored. The
//! condition goes with the first request, and not with those that redirects lead to: it names the
//! representation of one URL. For the same reason an answer that was reached over a redirect leaves
//! nothing to make a condition of. A 304 that does not answer our condition tells nothing, and the
//! origin is asked once more, without condition, for which a slot of the budget is due as well.
//!
//! Nothing is held while waiting: a call may be dropped at any await, which closes its connection
//! and gives back its slot.

mod address;
mod admission;
mod backoff;
mod body;
mod caching;
mod classify;
mod client;
mod error;
mod field;
mod headers;
mod hop;
mod redirect;
mod resolver;
mod retry_after;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;
use tokio::sync::OnceCell;
use url::Url;

use crate::background::Background;
use crate::clock::Clock;
use crate::config::{AnswerRules, HttpConfig, Payer, Policies, TokenClient};
use crate::error::{Error, Result};
use crate::key::Key;
use crate::limits::Limits;
pub(crate) use crate::limits::Urgency;
use crate::name::Provider;
use crate::trail::Trail;
pub(crate) use address::Trust;
pub(crate) use caching::{Caching, StaleUse, Storing, Validators, Vary};
pub(crate) use classify::is_known_placeholder;
pub(crate) use client::check as check_settings;
pub(crate) use headers::Headers;
use hop::{Failure, is_unasked_confirmation};
use token::{Token, Tokens};

const OPERATION: &str = "fetch";

/// One thing to get.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The URL to ask, with its secrets.
    pub(crate) url: &'a Url,
    /// The same without, for errors and events.
    pub(crate) key: &'a Key,
    /// Where it may lead.
    pub(crate) trust: Trust,
    /// The caller's headers; they are not sent to another origin that a redirect leads to.
    pub(crate) headers: &'a Headers,
    /// Who obtains the token that is sent like those, if one is.
    pub(crate) token_client: Option<&'a TokenClient>,
    /// Under whose policy it is made.
    pub(crate) provider: &'a Provider,
    /// What the answers of that one mean.
    pub(crate) rules: &'a Arc<AnswerRules>,
    /// What is stored and need not be sent again.
    pub(crate) condition: Option<&'a Condition>,
    /// How long one attempt may take.
    pub(crate) timeout: Duration,
    /// How many attempts may follow a first one that failed in passing.
    pub(crate) retries: u32,
    /// Whose budget it is paid from.
    pub(crate) payer: &'a Payer,
    pub(crate) urgency: Urgency,
    pub(crate) trail: &'a Trail,
    /// Who wants to know, when the call is dropped on its way, whether anybody was asked.
    pub(crate) was_sent: Option<&'a AtomicBool>,
}

/// On what condition an answer is wanted: that it is no longer the stored one.
#[derive(Debug)]
pub(crate) struct Condition {
    /// What names the stored answer.
    pub(crate) validators: Validators,
    /// What it depends on, as the request had it that got it.
    pub(crate) varies_on: String,
}

/// What an origin answered.
#[derive(Debug)]
pub(crate) enum Fetched {
    Found {
        data: Bytes,
        /// The media type the origin called it.
        declared: Option<String>,
        caching: Caching,
    },
    /// The origin says that there is none.
    Absent(Caching),
    /// The stored answer still holds, on these terms.
    NotModified(Caching),
}

/// Asks origins. The connections of its client are shared by all calls.
pub(crate) struct Fetcher {
    http: HttpConfig,
    policies: Arc<Policies>,
    clock: Clock,
    limits: Limits,
    tokens: Tokens,
    background: Background,
    /// Built with the first call: loading the system's certificates takes longer than a hit.
    client: OnceCell<Client>,
    /// The client for untrusted URLs.
    guarded_client: OnceCell<Client>,
    check_address: address::Check,
}

impl Fetcher {
    pub(crate) fn new(
        http: HttpConfig,
        policies: Arc<Policies>,
        clock: Clock,
        limits: Limits,
        background: Background,
    ) -> Self {
        Self {
            http,
            policies,
            clock,
            limits,
            tokens: Tokens::default(),
            background,
            client: OnceCell::new(),
            guarded_client: OnceCell::new(),
            check_address: address::check_public,
        }
    }

    /// Whether origins are told whom they can write to.
    pub(crate) fn has_contact(&self) -> bool {
        self.http.contact.as_ref().is_some_and(|contact| !contact.trim().is_empty())
    }

    /// The largest body that is accepted.
    pub(crate) fn max_body_bytes(&self) -> usize {
        self.http.max_body_bytes
    }

    /// Gets `call.url`, trying again after failures that may pass, and once with a new token where
    /// the origin refuses the one that it was sent. Every request waits for a slot
    /// of the budget that it is paid from, and as long as the origin that failed before asks for:
    /// for `http.max_wait` at most in all.
    pub(crate) async fn get(&self, mut call: Call<'_>) -> Result<Fetched> {
        check_scheme(call)?;
        // Before the slot: what is sent when it comes must not wait for a client to be built.
        let client = self.client_for(call).await?;
        let mut patience = self.http.max_wait;
        let mut failed = None;
        let mut attempt = 1;
        let mut was_refused = false;
        loop {
            let (error, is_refused) = match self.attempt(client, call, &mut patience).await {
                Ok(fetched) => return Ok(fetched),
                // What went wrong before tells more.
                Err(Failure::Unasked(refusal)) => return Err(failed.unwrap_or(refusal)),
                Err(Failure::Asked(error)) => (error.with_attempts(attempt), false),
                Err(Failure::TokenRefused(error)) => (error.with_attempts(attempt), true),
            };
            call.trail.note(|| format!("origin: attempt {attempt} failed: {}", error.reason()));
            let is_unasked = is_unasked_confirmation(&error) && call.condition.take().is_some();
            if is_unasked || is_refused && !std::mem::replace(&mut was_refused, true) {
                continue;
            }
            let asked = error.retry_after().unwrap_or_default();
            if attempt > call.retries || !backoff::is_worthwhile(&error) || asked > patience {
                return Err(error);
            }
            patience -= asked;
            let pause = backoff::pause(attempt, fastrand::f64(), asked);
            tracing::debug!(key = %call.key, attempt, ?pause, %error, "trying again");
            #[expect(clippy::disallowed_methods, reason = "the origin is given real time")]
            tokio::time::sleep(pause).await;
            failed = Some(error);
            attempt += 1;
        }
    }

    async fn client_for(&self, call: Call<'_>) -> Result<&Client> {
        let (http, key) = (&self.http, call.key);
        match call.trust {
            Trust::Trusted => self.client.get_or_try_init(|| client::build(http, key)).await,
            Trust::Untrusted => {
                let build = || client::build_guarded(http, key, self.check_address);
                self.guarded_client.get_or_try_init(build).await
            }
        }
    }
}

/// Whether the URL itself tells that there is none, so that nobody is asked.
pub(crate) fn tells_absence(call: Call<'_>) -> bool {
    classify::leads_to_placeholder(call.rules, call.url)
}

/// Refuses an untrusted URL whose host is an address that is not public.
pub(crate) fn check_untrusted(call: Call<'_>) -> Result<()> {
    match call.trust {
        Trust::Trusted => Ok(()),
        Trust::Untrusted => address::check_host(call.key, call.url, address::check_public),
    }
}

/// Refuses schemes that are not spoken here.
pub(crate) fn check_scheme(call: Call<'_>) -> Result<()> {
    match call.url.scheme() {
        "http" | "https" => Ok(()),
        other => {
            let reason = format_args!("only http and https can be fetched, not {other}");
            Err(Error::invalid(OPERATION, call.key, reason))
        }
    }
}
