//! What is queued, and what a worker makes of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::LEASE_MS;
use crate::clock::Timestamp;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::{DataType, Provider};

/// How urgent a request is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Somebody waits for it: 1.
    #[default]
    Immediate,
    /// Prefetched for later: 2.
    Batch,
}

impl Priority {
    /// As it stands in a row.
    pub(super) fn as_number(self) -> i64 {
        match self {
            Self::Immediate => 1,
            Self::Batch => 2,
        }
    }

    /// As it stood in a row.
    pub(super) fn of_number(number: i64) -> Self {
        if number <= 1 { Self::Immediate } else { Self::Batch }
    }
}

/// A request to be queued.
#[derive(Debug)]
pub(crate) struct NewJob {
    pub(crate) key: Key,
    pub(crate) identifier: Option<Identifier>,
    pub(crate) data_type: DataType,
    pub(crate) provider: Provider,
    /// Who is asked, and passed over while that one rests.
    pub(crate) origin: Provider,
    pub(crate) priority: Priority,
    pub(crate) params: Params,
}

/// The rest of a request, as it stands in the row. No secret is ever in it.
///
/// Programs of several versions read it: fields that one does not know are passed over, and a new
/// field must be optional.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) ttl_ms: Option<u64>,
    pub(crate) negative_ttl_ms: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) retries: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) metadata: serde_json::Map<String, serde_json::Value>,
    pub(crate) expected_checksum: Option<String>,
    /// Whether it is to be sent with the API key that is configured for its host.
    #[serde(default)]
    pub(crate) credential: bool,
    /// Whether its URL comes from a stranger.
    #[serde(default)]
    pub(crate) untrusted: bool,
    /// Whether it is JSON, of whatever data type.
    #[serde(default)]
    pub(crate) json: bool,
}

/// The right to run one job until it ends; also the token without which the job cannot be settled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lease {
    pub(super) job: i64,
    pub(super) token: Uuid,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {} under {}", self.job, self.token)
    }
}

/// A job under lease.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) lease: Lease,
    pub(crate) key: Key,
    pub(crate) identifier: Option<Identifier>,
    pub(crate) data_type: DataType,
    pub(crate) provider: Provider,
    pub(crate) origin: Provider,
    /// Counted from 1.
    pub(crate) attempt: u32,
    pub(super) params: String,
}

impl Job {
    /// Whether it takes a look at the bytes to tell if they will do.
    pub(crate) fn expects_certain_bytes(&self) -> bool {
        self.params().is_ok_and(|params| params.expected_checksum.is_some() || params.json)
    }

    /// Whether it may be sent only with an API key.
    pub(crate) fn needs_credential(&self) -> bool {
        self.params().is_ok_and(|params| params.credential)
    }

    /// The parameters as they stand in the row.
    pub(crate) fn params(&self) -> serde_json::Result<Params> {
        serde_json::from_str(&self.params)
    }
}

/// Who claims how much, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) session: Uuid,
    pub(super) slots: usize,
    pub(super) now: Timestamp,
}

/// The end of a lease that is given at `now`.
pub(super) fn end_of_lease(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.as_millis().saturating_add(LEASE_MS))
}

/// Who may take up a request that is being made when the process that makes it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heirs {
    Anybody,
    /// It was made with a credential that no row holds.
    Nobody,
}

/// How a job ended, for those who wait for its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// There is an entry now.
    Found,
    /// The provider says that there is none.
    Absent,
    /// The job is dead; `queue ls` says why.
    Failed,
}

impl Finish {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Absent => "absent",
            Self::Failed => "failed",
        }
    }

    pub(super) fn of_str(text: &str) -> Self {
        match text {
            "found" => Self::Found,
            "absent" => Self::Absent,
            _ => Self::Failed,
        }
    }
}

/// Where a queued request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waiting for its turn, or for its time.
    Pending,
    /// A worker is at it.
    Leased,
    /// Given up after too many attempts, or because it can never succeed.
    Dead,
}

impl JobState {
    pub(super) fn of_str(text: &str) -> Self {
        match text {
            "pending" => Self::Pending,
            "leased" => Self::Leased,
            _ => Self::Dead,
        }
    }
}

/// What is known about a queued request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JobInfo {
    /// The key of the entry to be.
    pub url: Key,
    /// What the entry will be about.
    pub identifier: Option<Identifier>,
    /// What kind of data it will be.
    pub data_type: DataType,
    /// Who is to be asked.
    pub provider: Provider,
    /// How urgent it is.
    pub priority: Priority,
    /// Where it stands.
    pub status: JobState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was queued, or last made more urgent.
    pub created_at: Timestamp,
    /// It is not tried before this moment.
    pub run_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    #[serde(skip)]
    pub(super) id: i64,
}

/// What queueing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Enqueued {
    /// Requests that were not queued before, or were dead.
    pub new: u64,
    /// Requests that were queued already and are more urgent now.
    pub raised: u64,
    /// Requests that were queued already.
    pub known: u64,
    /// Requests that the cache could answer, so they were not queued.
    pub cached: u64,
}

/// What waits in the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Pending requests of priority 1.
    pub immediate: u64,
    /// Pending requests of priority 2.
    pub batch: u64,
    /// Requests that a worker is at.
    pub leased: u64,
    /// Requests that were given up.
    pub dead: u64,
    /// When the oldest pending request was queued.
    pub oldest: Option<Timestamp>,
    /// When the next pending request may run.
    pub next_run_at: Option<Timestamp>,
}
