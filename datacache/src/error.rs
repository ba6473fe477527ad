//! The one error of this crate.
//!
//! An [`Error`] says what was being done ([`operation`](Error::operation)), to what
//! ([`subject`](Error::subject), already free of secrets), what a caller can do about it
//! ([`kind`](Error::kind)) and what lies beneath ([`source`](std::error::Error::source)).
//! A miss is not an error; neither is an answer "there is none".

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, seen from what a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's argument cannot be used: a malformed URL, an empty identifier, a header with
    /// a line break.
    InvalidInput,
    /// The configuration cannot be used.
    Config,
    /// Another process held the cache for longer than we wait (30 s).
    Busy,
    /// The lease on a job ended before the job was settled; somebody else has it now.
    LeaseLost,
    /// The cache's files, or an archive, are damaged or none.
    Corrupt,
    /// A newer version of this crate wrote the cache, or the archive.
    NewerSchema,
    /// The cache folder cannot be written.
    ReadOnly,
    /// The cache folder is on a network file system, on which no cache can be kept.
    NetworkFileSystem,
    /// The disk is full, or the cache or its queue takes all it may; so it does also while somebody reads
    /// the database for so long that its log takes what is left.
    Full,
    /// Any other trouble with files.
    Io,
    /// The cache was closed.
    Closed,
    /// The origin cannot be reached: no network, no such host, connection refused.
    Offline,
    /// The origin took too long.
    Timeout,
    /// The connection broke in the middle of the answer, or a picture came that ends in its middle.
    Interrupted,
    /// The origin's certificate or TLS handshake was not acceptable.
    Tls,
    /// The origin asked to be left alone for a while: see [`Error::retry_after`].
    RateLimited,
    /// The provider has failed again and again, and is given time: see [`Error::retry_after`].
    CircuitOpen,
    /// The origin wants other credentials (401, 403).
    Unauthorized,
    /// The origin failed or answered what HTTP does not allow: see [`Error::status`].
    Upstream,
    /// What came is not what was asked for — no image, no JSON, another checksum, an error that the
    /// provider tells — or the URL leads where it may not.
    Refused,
    /// The body is larger than the configured limit.
    TooLarge,
    /// This cannot be done with these arguments, whatever their values.
    Unsupported,
    /// An entry is past its time: the warning of an answer that a newer one is to follow.
    Expired,
    /// A defect in this crate.
    Internal,
}

impl ErrorKind {
    /// The kind as it stands in numbers and in other places that programs read: `rate_limited`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Config => "config",
            Self::Busy => "busy",
            Self::LeaseLost => "lease_lost",
            Self::Corrupt => "corrupt",
            Self::NewerSchema => "newer_schema",
            Self::ReadOnly => "read_only",
            Self::Full => "full",
            Self::Io => "io",
            Self::Closed => "closed",
            Self::Offline => "offline",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Tls => "tls",
            Self::RateLimited => "rate_limited",
            Self::CircuitOpen => "circuit_open",
            Self::Unauthorized => "unauthorized",
            Self::Upstream => "upstream",
            Self::Refused => "refused",
            Self::TooLarge => "too_large",
            Self::Unsupported => "unsupported",
            Self::Expired => "expired",
            Self::NetworkFileSystem => "network_file_system",
            Self::Internal => "internal",
        }
    }

    /// Whether the cache itself has failed, and anything that has to be read from it or written to
    /// it may fail likewise.
    pub(crate) fn is_of_the_cache(self) -> bool {
        use ErrorKind::{Busy, Corrupt, Full, Io, NetworkFileSystem, NewerSchema, ReadOnly};
        matches!(self, Busy | Corrupt | Full | Io | NetworkFileSystem | NewerSchema | ReadOnly)
    }
}

/// An error with its context. It is one pointer wide, cheap to clone, and no secret can be in it.
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone, Debug)]
struct Repr {
    kind: ErrorKind,
    operation: &'static str,
    subject: String,
    reason: String,
    attempts: u32,
    status: Option<u16>,
    retry_after: Option<Duration>,
    /// Whether it may pass though others of its kind do not.
    may_pass: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// `subject` must already be free of secrets: a [`Key`](crate::Key), a path, a name.
    pub(crate) fn new(
        kind: ErrorKind,
        operation: &'static str,
        subject: impl fmt::Display,
        reason: impl fmt::Display,
    ) -> Self {
        Self(Box::new(Repr {
            kind,
            operation,
            subject: subject.to_string(),
            reason: reason.to_string(),
            attempts: 0,
            status: None,
            retry_after: None,
            may_pass: false,
            source: None,
        }))
    }

    pub(crate) fn invalid(
        operation: &'static str,
        subject: impl fmt::Display,
        reason: impl fmt::Display,
    ) -> Self {
        Self::new(ErrorKind::InvalidInput, operation, subject, reason)
    }

    /// An error of the file system, with the path it is about.
    pub(crate) fn io(
        operation: &'static str,
        path: &std::path::Path,
        source: std::io::Error,
    ) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => {
                ErrorKind::ReadOnly
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::Full,
            _ => ErrorKind::Io,
        };
        let reason = match kind {
            // In the words that a full database gets.
            ErrorKind::Full => format!("the disk is full: {source}"),
            _ => source.to_string(),
        };
        Self::new(kind, operation, path.display(), reason).with_source(source)
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    /// With what a person can do about it, beside what went wrong.
    pub(crate) fn with_hint(mut self, hint: impl fmt::Display) -> Self {
        self.0.reason = format!("{}: {hint}", self.0.reason);
        self
    }

    /// It may pass, whatever its kind.
    pub(crate) fn in_passing(mut self) -> Self {
        self.0.may_pass = true;
        self
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was being done, for example `fetch` or `open cache`.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What it was being done to: a key, a path, a name; never with a secret in it.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// What went wrong, without what was being done.
    pub(crate) fn reason(&self) -> &str {
        &self.0.reason
    }

    /// How often the origin was asked before giving up; 0 when no origin was involved.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The origin's HTTP status, when it gave one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the origin asked to be left alone, when it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same request may succeed later without anybody changing anything; also in place
    /// of the log-in page of a venue's network, which is [`Refused`](ErrorKind::Refused).
    pub fn is_transient(&self) -> bool {
        use ErrorKind::{
            Busy, CircuitOpen, Interrupted, Offline, RateLimited, Timeout, Tls, Upstream,
        };
        match self.0.kind {
            Busy | CircuitOpen | Interrupted | Offline | RateLimited | Timeout | Tls => true,
            // A server that fails may recover; one that rejects the request will do so again.
            Upstream => self.0.status.is_none_or(|status| status >= 500),
            _ => self.0.may_pass,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr { operation, subject, reason, attempts, .. } = &*self.0;
        write!(f, "{operation} {subject}: {reason}")?;
        if *attempts > 1 {
            write!(f, " (after {attempts} attempts)")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_says_what_where_and_why() {
        let error = Error::new(ErrorKind::Upstream, "fetch", "https://a.example/", "status 503")
            .with_status(503)
            .with_attempts(3);
        assert_eq!(error.to_string(), "fetch https://a.example/: status 503 (after 3 attempts)");
        assert_eq!(error.status(), Some(503));
        assert!(error.is_transient());
    }

    #[test]
    fn a_full_disk_and_a_read_only_disk_have_kinds_of_their_own() {
        let at = std::path::Path::new("/cache");
        let kind = |kind: std::io::ErrorKind| Error::io("store", at, kind.into()).kind();
        assert_eq!(kind(std::io::ErrorKind::StorageFull), ErrorKind::Full);
        assert_eq!(kind(std::io::ErrorKind::ReadOnlyFilesystem), ErrorKind::ReadOnly);
        assert_eq!(kind(std::io::ErrorKind::PermissionDenied), ErrorKind::ReadOnly);
        assert_eq!(kind(std::io::ErrorKind::NotFound), ErrorKind::Io);
    }
}
