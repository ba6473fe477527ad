//! Tokens, which some providers want instead of a key (OAuth 2.0, RFC 6749, section 4.4).
//!
//! A token is obtained with the client credentials of its provider when a request is about to be
//! sent, kept in memory for those that follow, and renewed a little before it ends. Of all who need
//! it one asks for it, and the others wait for what comes of that, be it a token or an error. One
//! that an origin refuses is marked, and renewed by whoever needs one next: however many requests
//! it was refused to, there is one renewal.
//!
//! # What survives a crash
//! Nothing. No token is ever written down, and each process has its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::classify::{Class, Head};
use super::{Call, Fetcher, OPERATION, body, error, field};
use crate::clock::Timestamp;
use crate::config::{AnswerRules, TokenClient};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::limits::Slot;
use crate::name::Provider;

/// What is sent to obtain a token, apart from the credentials.
const GRANT: &str = "grant_type=client_credentials";
const FORM: &str = "application/x-www-form-urlencoded";

/// No token is longer.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// So long before its end a token is renewed, or at half of its time if that is later.
const MARGIN: Duration = Duration::from_mins(1);

/// The lifetime of a token that does not say. Should it be shorter, the origin will refuse it.
const DEFAULT_LIFETIME: Duration = Duration::from_hours(1);

/// The errors that speak of the client, not of the request (RFC 6749, section 5.2).
const CLIENT_ERRORS: [&str; 2] = ["invalid_client", "unauthorized_client"];

/// The tokens of this process, obtained or being obtained.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<Provider, Arc<Obtained>>>);

/// What came of asking for a token, once it has come.
type Obtained = OnceCell<Result<Arc<Token>>>;

impl Tokens {
    /// Where the provider's token is, or will be.
    fn of(&self, provider: &Provider, now: Timestamp) -> Arc<Obtained> {
        let mut by_provider = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let obtained = by_provider.entry(provider.clone()).or_default();
        let is_over = |result: &Result<Arc<Token>>| match result {
            Ok(token) => token.is_over(now),
            Err(_) => true,
        };
        if obtained.get().is_some_and(is_over) {
            *obtained = Arc::default();
        }
        Arc::clone(obtained)
    }
}

/// A token. There is no `Debug`.
pub(super) struct Token {
    authorization: HeaderValue,
    renewed_at: Timestamp,
    is_refused: AtomicBool,
}

/// What a token endpoint answers. There is no `Debug`.
#[derive(Deserialize)]
struct Grant {
    access_token: String,
    token_type: String,
    /// In seconds.
    expires_in: Option<u64>,
}

impl Token {
    /// Reads the answer to a request that was sent at `asked_at`. `Err` says what is wrong with it,
    /// without repeating it.
    fn read(answer: &[u8], asked_at: Timestamp) -> Result<Self, &'static str> {
        let grant: Grant =
            serde_json::from_slice(answer).map_err(|_| "what came is no token's answer")?;
        if !grant.token_type.eq_ignore_ascii_case("bearer") {
            return Err("the token that came is no bearer token");
        }
        let is_visible = grant.access_token.bytes().all(|byte| byte.is_ascii_graphic());
        let authorization = HeaderValue::try_from(format!("Bearer {}", grant.access_token));
        let mut authorization = authorization
            .ok()
            .filter(|_| is_visible && !grant.access_token.is_empty())
            .ok_or("the token that came cannot be sent")?;
        authorization.set_sensitive(true);
        let lifetime = grant.expires_in.map_or(DEFAULT_LIFETIME, Duration::from_secs);
        let lifetime = lifetime.min(field::FOREVER);
        let used_for = lifetime.saturating_sub(MARGIN).max(lifetime / 2);
        let renewed_at = asked_at.checked_add(used_for).unwrap_or(Timestamp::MAX);
        Ok(Self { authorization, renewed_at, is_refused: AtomicBool::new(false) })
    }

    /// Whether the next request needs another.
    fn is_over(&self, now: Timestamp) -> bool {
        self.is_refused() || now >= self.renewed_at
    }

    /// As it is sent.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }

    /// The origin takes it for none.
    pub(super) fn refuse(&self) {
        self.is_refused.store(true, Ordering::Release);
    }

    pub(super) fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Acquire)
    }
}

impl Fetcher {
    /// The token that the call is sent with, if one is.
    ///
    /// # Errors
    /// The kinds of a failed request, about the token endpoint;
    /// [`Unauthorized`](ErrorKind::Unauthorized) when it does not take the credentials.
    pub(super) async fn token(
        &self,
        client: &Client,
        call: Call<'_>,
        slot: &Slot,
    ) -> Result<Option<Arc<Token>>> {
        let Some(token_client) = call.token_client else { return Ok(None) };
        let obtained = self.tokens.of(&call.payer.provider, self.clock.now());
        let obtain = async || {
            let key = &token_client.endpoint.key;
            let obtain = self.obtain(client, call.rules, token_client);
            let obtained = tokio::time::timeout(call.timeout, obtain).await;
            let result = obtained.unwrap_or_else(|_| {
                let reason = format_args!("no complete answer within {:?}", call.timeout);
                Err(Error::new(ErrorKind::Timeout, OPERATION, key, reason))
            });
            match &result {
                Ok(token) => call.trail.note(|| {
                    let rest = token.renewed_at.since(self.clock.now());
                    let provider = &call.payer.provider;
                    format!(
                        "token of {provider}: a new one was obtained, to be renewed in {rest:?}"
                    )
                }),
                // By the one who has asked, and not by all who wait.
                Err(error) => self.note(slot, error).await,
            }
            result.map(Arc::new)
        };
        obtained.get_or_init(obtain).await.clone().map(Some)
    }

    async fn obtain(
        &self,
        client: &Client,
        rules: &AnswerRules,
        token_client: &TokenClient,
    ) -> Result<Token> {
        let key = &token_client.endpoint.key;
        let asked_at = self.clock.now();
        let response = ask(client, token_client).await?;
        let status = response.status();
        let head = Head::new(key, rules, status, response.headers(), self.clock.now());
        match head.class() {
            Class::Found => {
                let token = Token::read(&read(response, key).await?, asked_at);
                token.map_err(|reason| Error::new(ErrorKind::Refused, OPERATION, key, reason))
            }
            Class::Failed(ErrorKind::Unauthorized) => Err(unauthorized(token_client, status)),
            Class::Failed(_) if status == StatusCode::BAD_REQUEST => {
                let answer = read(response, key).await.unwrap_or_default();
                let is_client = is_about_client(&answer);
                Err(if is_client { unauthorized(token_client, status) } else { failed(&head) })
            }
            Class::Failed(_) | Class::Absent | Class::Redirect => Err(failed(&head)),
        }
    }
}

/// The request, in the form of RFC 6749, section 4.4.2.
async fn ask(client: &Client, token_client: &TokenClient) -> Result<Response> {
    let endpoint = &token_client.endpoint;
    let [id, secret] = token_client.encoded();
    let request = client.post(endpoint.url.clone()).basic_auth(id, Some(secret));
    let request = request.header(ACCEPT, "application/json").header(CONTENT_TYPE, FORM);
    #[expect(clippy::disallowed_methods, reason = "tokens are asked for here and nowhere else")]
    let response = request.body(GRANT).send().await;
    response.map_err(|source| error::sending(&endpoint.key, source))
}

/// What is longer than any token's answer is none.
async fn read(response: Response, key: &Key) -> Result<Bytes> {
    body::read(response, MAX_ANSWER_BYTES, key).await.map_err(|error| match error.kind() {
        ErrorKind::TooLarge => {
            let reason = "what came is too long for a token's answer";
            Error::new(ErrorKind::Refused, OPERATION, key, reason)
        }
        _ => error,
    })
}

/// Whether the answer to a bad request says that it was bad because of its credentials.
fn is_about_client(answer: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let refusal = serde_json::from_slice::<Refusal>(answer);
    refusal.is_ok_and(|refusal| CLIENT_ERRORS.contains(&refusal.error.as_str()))
}

fn unauthorized(TokenClient { endpoint, settings, .. }: &TokenClient, status: StatusCode) -> Error {
    let reason = format_args!(
        "the origin answered {status}: it does not take the client's credentials, which are \
         {settings}"
    );
    let error = Error::new(ErrorKind::Unauthorized, OPERATION, &endpoint.key, reason);
    error.with_status(status.as_u16())
}

/// An answer with neither a token nor a word about the credentials. The credentials follow no
/// redirect.
fn failed(head: &Head<'_>) -> Error {
    let kind = match head.class() {
        Class::Redirect => ErrorKind::Refused,
        Class::Found | Class::Absent => ErrorKind::Upstream,
        Class::Failed(kind) => kind,
    };
    head.error(kind, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn read(answer: &str) -> Result<Token, &'static str> {
        Token::read(answer.as_bytes(), NOW)
    }

    #[test]
    fn a_token_is_renewed_a_minute_before_its_end_or_at_half_of_its_time() {
        for (rest, used_for_ms) in [
            (r#","expires_in":3600"#, 3_540_000),
            (r#","expires_in":120"#, 60_000),
            (r#","expires_in":119"#, 59_500),
            (r#","expires_in":0"#, 0),
            ("", 3_540_000),
        ] {
            let answer = format!(r#"{{"access_token":"t","token_type":"bearer"{rest}}}"#);
            let token = read(&answer).unwrap();
            let over = |after_ms: i64| token.is_over(Timestamp::from_millis(1_000 + after_ms));
            assert!(!over(used_for_ms - 1) && over(used_for_ms), "{rest}");
        }
        let for_ever =
            r#"{"access_token":"t","token_type":"Bearer","expires_in":18446744073709551615}"#;
        assert!(!read(for_ever).unwrap().is_over(Timestamp::from_millis(1 << 40)));
    }

    #[test]
    fn a_token_that_was_refused_is_over() {
        let token = read(r#"{"access_token":"t","token_type":"bearer"}"#).unwrap();
        assert_eq!(token.authorization(), "Bearer t");
        token.refuse();
        assert!(token.is_over(NOW));
    }

    /// Those who ask while it is being obtained share what comes; those who ask later share a token
    /// that can be used.
    #[test]
    fn what_is_under_way_is_shared_and_what_is_of_no_use_replaced_once() {
        let (tokens, mine) = (Tokens::default(), Provider::new("mine").unwrap());
        let error = || Error::new(ErrorKind::Offline, "test", "x", "y");
        let token = || Arc::new(read(r#"{"access_token":"t","token_type":"bearer"}"#).unwrap());
        for result in [Err(error()), Ok(token())] {
            let [one, other] = [tokens.of(&mine, NOW), tokens.of(&mine, NOW)];
            assert!(Arc::ptr_eq(&one, &other) && one.get().is_none());
            assert!(one.set(result).is_ok());
        }
        let [good, same] = [tokens.of(&mine, NOW), tokens.of(&mine, NOW)];
        assert!(Arc::ptr_eq(&good, &same));
        good.get().unwrap().as_ref().unwrap().refuse();
        let [next, same] = [tokens.of(&mine, NOW), tokens.of(&mine, NOW)];
        assert!(!Arc::ptr_eq(&good, &next) && Arc::ptr_eq(&next, &same));
        let others = tokens.of(&Provider::new("other").unwrap(), NOW);
        assert!(!Arc::ptr_eq(&others, &next));
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_repeated() {
        for answer in [
            "",
            "<html>s3cret</html>",
            r#"{"access_token":"s3cret"}"#,
            r#"{"access_token":["s3cret"],"token_type":"bearer"}"#,
            r#"{"access_token":"s3cret","token_type":"mac"}"#,
            r#"{"access_token":"s3cret","token_type":"bearer","expires_in":-1}"#,
            r#"{"access_token":"s3cret\r\nEvil: 1","token_type":"bearer"}"#,
            r#"{"access_token":"s3cret s3cret","token_type":"bearer"}"#,
            r#"{"access_token":"","token_type":"bearer"}"#,
        ] {
            let reason = read(answer).err().unwrap();
            assert!(!reason.contains("s3cret"), "{reason}");
        }
    }

    #[test]
    fn a_bad_request_may_be_one_because_of_its_credentials() {
        for (answer, expected) in [
            (r#"{"error":"invalid_client","error_description":"Invalid client"}"#, true),
            (r#"{"error":"unauthorized_client"}"#, true),
            (r#"{"error":"unsupported_grant_type"}"#, false),
            ("invalid_client", false),
            ("", false),
        ] {
            assert_eq!(is_about_client(answer.as_bytes()), expected, "{answer}");
        }
    }
}
