//! What is queued.

use serde::{Deserialize, Serialize};

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
}

/// A request to be queued.
#[derive(Debug)]
pub(crate) struct NewJob {
    pub(crate) key: Key,
    pub(crate) identifier: Option<Identifier>,
    pub(crate) data_type: DataType,
    pub(crate) provider: Provider,
    pub(crate) priority: Priority,
    pub(crate) params: Params,
}

/// The rest of a request, as it stands in the row. No secret is ever in it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) ttl_ms: Option<u64>,
    pub(crate) negative_ttl_ms: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) retries: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) metadata: serde_json::Map<String, serde_json::Value>,
    pub(crate) expected_checksum: Option<String>,
}

/// How many requests wait, by priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Requests of priority 1.
    pub immediate: u64,
    /// Requests of priority 2.
    pub batch: u64,
}
