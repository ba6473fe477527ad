//! HTTP out: the only code that sends.
//!
//! A call is one GET, with its redirects and its retries; what comes back is our own type. Absence
//! is an answer; everything else that is not a body is an error whose kind says what happened.
//! Only http and https are spoken, certificates are verified, bodies are capped while they stream,
//! and a call's timeout covers each attempt from the name lookup to the last byte. Untrusted URLs
//! lead to public addresses only.
//!
//! # Conditions
//! A call may be made on the condition that the answer is no longer the one that is stored. The
//! condition goes with the first request, and not with those that redirects lead to: it names the
//! representation of one URL. For the same reason an answer that was reached over a redirect leaves
//! nothing to make a condition of. A 304 that does not answer our condition tells nothing, and the
//! origin is asked once more, without condition, for which a slot of the budget is due as well.
//!
//! # Tokens
//! Where the provider wants one, a call is sent with a token ([`token`]), which goes where the
//! caller's headers go.
//!
//! Nothing is held while waiting: a call may be dropped at any await, which closes its connection.

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
mod redirect;
mod resolver;
mod retry_after;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response, StatusCode};
use tokio::sync::OnceCell;
use url::Url;

use crate::clock::{Clock, Timestamp};
use crate::config::{AnswerRules, HttpConfig, Payer, TokenClient};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::limits::Limits;
pub(crate) use crate::limits::Urgency;
use crate::trail::Trail;
pub(crate) use address::Trust;
use admission::Admission;
pub(crate) use caching::{Caching, StaleUse, Storing, Validators};
use classify::{Class, Head};
pub(crate) use client::check as check_settings;
pub(crate) use headers::Headers;
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
    /// What its provider's answers mean.
    pub(crate) rules: &'a AnswerRules,
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
    clock: Clock,
    limits: Limits,
    tokens: Tokens,
    /// Built with the first call: loading the system's certificates takes longer than a hit.
    client: OnceCell<Client>,
    /// The client for untrusted URLs.
    guarded_client: OnceCell<Client>,
    check_address: address::Check,
}

impl Fetcher {
    pub(crate) fn new(http: HttpConfig, clock: Clock, limits: Limits) -> Self {
        Self {
            http,
            clock,
            limits,
            tokens: Tokens::default(),
            client: OnceCell::new(),
            guarded_client: OnceCell::new(),
            check_address: address::check_public,
        }
    }

    /// Whether origins are told whom they can write to.
    pub(crate) fn has_contact(&self) -> bool {
        self.http.contact.as_ref().is_some_and(|contact| !contact.trim().is_empty())
    }

    /// Gets `call.url`, trying again after failures that may pass, and once with a new token where
    /// the origin refuses the one that it was sent. Every attempt waits for a slot of the provider's
    /// budget.
    pub(crate) async fn get(&self, mut call: Call<'_>) -> Result<Fetched> {
        check_scheme(call)?;
        // Before the slot: what is sent when it comes must not wait for a client to be built.
        let client = self.client_for(call).await?;
        let mut admission = self.admit(client, call).await?;
        let mut attempt = 1;
        let mut was_refused = false;
        loop {
            let error = match self.attempt(client, call, &admission).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error.with_attempts(attempt),
            };
            call.trail.note(|| format!("origin: attempt {attempt} failed: {}", error.reason()));
            let is_unasked = is_unasked_confirmation(&error) && call.condition.take().is_some();
            // Others may have been refused the same token, whatever came of this attempt.
            let is_refused =
                error.kind() == ErrorKind::Unauthorized && admission.is_token_refused();
            if is_unasked || is_refused && !std::mem::replace(&mut was_refused, true) {
                admission = self.admit(client, call).await?;
                continue;
            }
            if attempt > call.retries || !backoff::is_worthwhile(&error) {
                return Err(error);
            }
            let pause = backoff::pause(attempt, fastrand::f64());
            tracing::debug!(key = %call.key, attempt, ?pause, %error, "trying again");
            #[expect(clippy::disallowed_methods, reason = "the origin is given real time")]
            tokio::time::sleep(pause).await;
            // Where there is no slot any more, what went wrong tells more.
            let Ok(next) = self.admit(client, call).await else { return Err(error) };
            admission = next;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        client: &Client,
        call: Call<'_>,
        Admission { slot, token }: &Admission,
    ) -> Result<Fetched> {
        // How the token's endpoint did has been reported by the one who asked it.
        let token = token.as_ref().map_err(Error::clone)?.as_deref();
        let exchange = self.exchange(client, call, token);
        let result = within(call.timeout, call.key, exchange).await;
        self.report(slot, result.as_ref().err()).await;
        result
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

    /// Sends, follows redirects, reads the body.
    async fn exchange(
        &self,
        client: &Client,
        call: Call<'_>,
        token: Option<&Token>,
    ) -> Result<Fetched> {
        let sent_at = self.clock.now();
        let mut url = call.url.clone();
        let mut redirects = 0;
        let mut redirected: Option<Caching> = None;
        loop {
            if call.trust == Trust::Untrusted {
                address::check_host(call.key, &url, self.check_address)?;
            }
            if classify::leads_to_placeholder(call.rules, &url) {
                return Ok(Fetched::Absent(Caching::of(&HeaderMap::new(), sent_at)));
            }
            let condition = call.condition.filter(|_| redirects == 0);
            let token = token.filter(|_| url.origin() == call.url.origin());
            let response = send(client, call, &url, condition, token).await?;
            let (status, headers) = (response.status(), response.headers());
            call.trail.note(|| format!("origin: answered {status}"));
            if let Some(token) = token.filter(|_| status == StatusCode::UNAUTHORIZED) {
                token.refuse();
            }
            if status == StatusCode::NOT_MODIFIED {
                let confirmed = confirmed(&response, condition, sent_at);
                return confirmed.map(Fetched::NotModified).ok_or_else(|| unasked(call));
            }
            let caching = Caching::of(headers, sent_at);
            let caching = match &redirected {
                Some(redirect) => caching.after(redirect),
                None => caching,
            };
            let head = Head::new(call.key, call.rules, status, headers, self.clock.now());
            match head.class() {
                Class::Found => return self.found(head, response, caching).await,
                Class::Absent | Class::Failed(_) => return none(head, response, caching).await,
                Class::Redirect => {
                    redirects += 1;
                    url = redirect::next(call.key, &url, response.headers())?;
                    redirect::check_count(call.key, redirects, self.http.max_redirects)?;
                    redirected = Some(caching);
                }
            }
        }
    }

    /// Reads the bytes, unless they tell of an error or mean "there is none".
    async fn found(&self, head: Head<'_>, response: Response, caching: Caching) -> Result<Fetched> {
        let declared = response.headers().get(CONTENT_TYPE);
        let declared = declared.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let data = body::read(response, self.http.max_body_bytes, head.key).await?;
        if let Some(said) = head.told_in(&data) {
            return head.conclude(Some(said)).map(|()| Fetched::Absent(caching));
        }
        if classify::is_placeholder(head.rules, &data) {
            return Ok(Fetched::Absent(caching));
        }
        Ok(Fetched::Found { data, declared, caching })
    }
}

/// What becomes of an answer that has nothing to deliver: absence, or an error. A body that cannot
/// be read says no more than the status.
async fn none(head: Head<'_>, response: Response, caching: Caching) -> Result<Fetched> {
    let mut said = None;
    if head.has_telling_body() {
        let body = body::read(response, classify::MAX_TOLD_BYTES, head.key).await;
        said = body.ok().and_then(|body| head.told_in(&body));
    }
    head.conclude(said).map(|()| Fetched::Absent(caching))
}

/// Refuses an untrusted URL whose host is an address that is not public.
pub(crate) fn check_untrusted(call: Call<'_>) -> Result<()> {
    match call.trust {
        Trust::Trusted => Ok(()),
        Trust::Untrusted => address::check_host(call.key, call.url, address::check_public),
    }
}

/// What comes of `work`, if it comes within `timeout`.
async fn within<T>(
    timeout: Duration,
    key: &Key,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
        let reason = format_args!("no complete answer within {timeout:?}");
        Err(Error::new(ErrorKind::Timeout, OPERATION, key, reason))
    })
}

/// One request, with the caller's headers if it goes to the origin they are meant for.
async fn send(
    client: &Client,
    call: Call<'_>,
    url: &Url,
    condition: Option<&Condition>,
    token: Option<&Token>,
) -> Result<Response> {
    let mut request = client.get(url.clone());
    if url.origin() == call.url.origin() {
        request = request.headers(call.headers.to_map());
    }
    if let Some(condition) = condition {
        request = request.headers(condition.validators.to_headers());
    }
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, token.authorization());
    }
    #[expect(clippy::disallowed_methods, reason = "this is the one place that sends")]
    let response = request.send().await;
    response.map_err(|source| error::sending(call.key, source))
}

/// What a 304 says about the answer that `condition` names; `None` when it speaks of no such answer.
fn confirmed(
    response: &Response,
    condition: Option<&Condition>,
    sent_at: Timestamp,
) -> Option<Caching> {
    let Condition { validators, varies_on } = condition?;
    Caching::of_not_modified(response.headers(), validators, varies_on, sent_at)
}

/// The failure of a 304 that answers no condition of ours. It is the mistake of some cache on the way,
/// or speaks of another answer than the stored one.
fn unasked(call: Call<'_>) -> Error {
    let status = StatusCode::NOT_MODIFIED;
    let reason = format_args!("the origin answered {status}, which it was not asked");
    let error = Error::new(ErrorKind::Upstream, OPERATION, call.key, reason);
    error.with_status(status.as_u16())
}

fn is_unasked_confirmation(error: &Error) -> bool {
    error.status() == Some(StatusCode::NOT_MODIFIED.as_u16())
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
