//! One attempt: a request and those that its redirects lead to.
//!
//! Each of them waits for a slot of whoever it asks, and tells how that one did: a redirect is no
//! way round anybody's budget. Time spent waiting is not time that the origins take, so the timeout
//! stands still meanwhile.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::admission::Turn;
use super::classify::{self, Class, Head};
use super::{Caching, Call, Condition, Fetched, Fetcher, OPERATION, Token, Trust, Urgency};
use super::{address, body, error, redirect};
use crate::clock::Timestamp;
use crate::config::{AnswerRules, Payer, Policies};
use crate::error::{Error, ErrorKind, Result};

/// One request of an attempt.
pub(super) struct Hop {
    url: Url,
    pub(super) payer: Payer,
    pub(super) urgency: Urgency,
    rules: Arc<AnswerRules>,
    /// How many redirects have led to it.
    redirects: usize,
    /// The terms of those.
    redirected: Option<Caching>,
}

/// What one request came to.
pub(super) enum Reply {
    Final(Fetched),
    Redirect { url: Url, caching: Caching },
}

/// How an attempt failed.
pub(super) enum Failure {
    /// There was no slot for the first request, so nobody was asked.
    Unasked(Error),
    Asked(Error),
    /// The origin takes the token that was sent for none.
    TokenRefused(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Asked(error)
    }
}

impl Hop {
    pub(super) fn first(call: Call<'_>) -> Self {
        Self {
            url: call.url.clone(),
            payer: call.payer.clone(),
            urgency: call.urgency,
            rules: Arc::clone(call.rules),
            redirects: 0,
            redirected: None,
        }
    }

    /// Whether it goes to the origin that the caller's headers and tokens are meant for.
    pub(super) fn is_at_home(&self, call: Call<'_>) -> bool {
        self.url.origin() == call.url.origin()
    }

    /// The request that a redirect asks for. A provider that the call names is named for it too;
    /// otherwise it belongs to that of its own host.
    fn next(self, call: Call<'_>, policies: &Policies, url: Url, caching: Caching) -> Self {
        let is_named = *call.provider != policies.provider_of(call.url);
        let provider = if is_named { call.provider.clone() } else { policies.provider_of(&url) };
        Self {
            payer: policies.payer_of(&url, &provider),
            urgency: match call.urgency {
                Urgency::Live => Urgency::Live,
                Urgency::Batch | Urgency::UnderWay => Urgency::UnderWay,
            },
            rules: Arc::clone(&policies.get(&provider).answers),
            redirects: self.redirects + 1,
            redirected: Some(caching),
            url,
        }
    }
}

impl Fetcher {
    /// Asks until there is something other than a redirect. No more than `patience` is spent on
    /// waiting for slots, and what is spent is taken from it.
    pub(super) async fn attempt(
        &self,
        client: &Client,
        call: Call<'_>,
        patience: &mut Duration,
    ) -> Result<Fetched, Failure> {
        let mut hop = Hop::first(call);
        let mut left = call.timeout;
        loop {
            if call.trust == Trust::Untrusted {
                address::check_host(call.key, &hop.url, self.check_address)?;
            }
            // Before the slot: what is not asked for costs none.
            if classify::leads_to_placeholder(call.rules, &hop.url) {
                let caching = Caching::of(&HeaderMap::new(), self.clock.now());
                return Ok(Fetched::Absent(caching));
            }
            let mut turn = self.admit(client, call, &hop, patience).await.map_err(|refusal| {
                if hop.redirects == 0 { Failure::Unasked(refusal) } else { refusal.into() }
            })?;
            // How the token's endpoint did has been reported by the one who asked it.
            let token = turn.token.clone()?;
            let sent_at = self.clock.now();
            let exchange = self.exchange(client, call, &hop, &mut turn, token.as_deref());
            let exchange = tokio::time::timeout(left, exchange);
            let reply = match exchange.await {
                Ok(reply) => reply,
                // That somebody is in a hurry tells nothing about whom he asks.
                Err(_elapsed) if call.timeout < self.policies.get(call.provider).timeout => {
                    return Err(timed_out(call).into());
                }
                Err(_elapsed) => Err(timed_out(call)),
            };
            left = left.saturating_sub(self.clock.now().since(sent_at));
            self.report(turn, reply.as_ref().err()).await;
            // Others may have been refused the same token, whatever came of this request.
            let is_refused = token.is_some_and(|token| token.is_refused());
            let reply = reply.map_err(|error| match error.kind() {
                ErrorKind::Unauthorized if is_refused => Failure::TokenRefused(error),
                _ => error.into(),
            });
            match reply? {
                Reply::Final(fetched) => return Ok(fetched),
                Reply::Redirect { url, caching } => {
                    hop = hop.next(call, &self.policies, url, caching);
                    redirect::check_count(call.key, hop.redirects, self.http.max_redirects)?;
                }
            }
        }
    }

    /// Sends one request, and reads the body of its answer.
    async fn exchange(
        &self,
        client: &Client,
        call: Call<'_>,
        hop: &Hop,
        turn: &mut Turn,
        token: Option<&Token>,
    ) -> Result<Reply> {
        let sent_at = self.clock.now();
        let condition = call.condition.filter(|_| hop.redirects == 0);
        let response = send(client, call, &hop.url, condition, token).await?;
        let (status, headers) = (response.status(), response.headers());
        call.trail.note(|| format!("origin: answered {status}"));
        if let Some(token) = token.filter(|_| status == StatusCode::UNAUTHORIZED) {
            token.refuse();
        }
        if status == StatusCode::NOT_MODIFIED {
            let confirmed = confirmed(&response, condition, sent_at);
            let confirmed = confirmed.ok_or_else(|| unasked(call))?;
            return Ok(Reply::Final(Fetched::NotModified(confirmed)));
        }
        let caching = Caching::of(headers, sent_at);
        let caching = match &hop.redirected {
            Some(redirect) => caching.after(redirect),
            None => caching,
        };
        let head = Head::new(call.key, &hop.rules, status, headers, self.clock.now());
        turn.is_last = head.is_used_up;
        match head.class() {
            Class::Found => self.found(call, head, response, caching).await.map(Reply::Final),
            Class::Absent | Class::Failed(_) => {
                none(head, response, caching).await.map(Reply::Final)
            }
            Class::Redirect => {
                let url = redirect::next(call.key, &hop.url, headers)?;
                Ok(Reply::Redirect { url, caching })
            }
        }
    }

    /// Reads the bytes, unless they tell of an error or mean "there is none".
    async fn found(
        &self,
        call: Call<'_>,
        head: Head<'_>,
        response: Response,
        caching: Caching,
    ) -> Result<Fetched> {
        let declared = response.headers().get(CONTENT_TYPE);
        let declared = declared.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let data = body::read(response, self.http.max_body_bytes, head.key).await?;
        if let Some(said) = head.told_in(&data) {
            return head.conclude(Some(said)).map(|()| Fetched::Absent(caching));
        }
        if classify::is_placeholder(call.rules, &data) {
            return Ok(Fetched::Absent(caching));
        }
        Ok(Fetched::Found { data, declared, caching })
    }
}

/// What becomes of an answer that has nothing to deliver: absence, or an error.
async fn none(head: Head<'_>, response: Response, caching: Caching) -> Result<Fetched> {
    let mut said = None;
    if head.has_telling_body() {
        match body::read(response, classify::MAX_TOLD_BYTES, head.key).await {
            Ok(body) => said = head.told_in(&body),
            Err(error) => said = head.unread(error)?,
        }
    }
    head.conclude(said).map(|()| Fetched::Absent(caching))
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

/// What a 304 says about the answer that `condition` names; `None` when it speaks of no such
/// answer.
fn confirmed(
    response: &Response,
    condition: Option<&Condition>,
    sent_at: Timestamp,
) -> Option<Caching> {
    let Condition { validators, varies_on } = condition?;
    Caching::of_not_modified(response.headers(), validators, varies_on, sent_at)
}

fn timed_out(call: Call<'_>) -> Error {
    let reason = format_args!("no complete answer within {:?}", call.timeout);
    Error::new(ErrorKind::Timeout, OPERATION, call.key, reason)
}

/// The failure of a 304 that answers no condition of ours. It is the mistake of some cache on the
/// way, or speaks of another answer than the stored one.
fn unasked(call: Call<'_>) -> Error {
    let status = StatusCode::NOT_MODIFIED;
    let reason = format_args!("the origin answered {status}, which it was not asked");
    let error = Error::new(ErrorKind::Upstream, OPERATION, call.key, reason);
    error.with_status(status.as_u16())
}

pub(super) fn is_unasked_confirmation(error: &Error) -> bool {
    error.status() == Some(StatusCode::NOT_MODIFIED.as_u16())
}
