//! The requests that wait there.

use std::error::Error as _;
use std::time::Duration;

use serde::Deserialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::row::{data_type, metadata, provider};
use super::{PAGE_ROWS, Source, sql};
use crate::cache::Request;
use crate::error::{Error, ErrorKind, Result};
use crate::moving::Imported;
use crate::name::{DataType, Provider};
use crate::queue::Priority;

/// Nobody means to try more often.
const MAX_RETRIES: u32 = 10;

/// A row of `pending_requests`; not yet believed.
pub(super) struct RequestRow {
    provider: String,
    data_type: String,
    priority: i64,
    params: Option<String>,
}

/// What is asked, as it stands in a row. All but the URL may be missing.
#[derive(Deserialize)]
struct Params {
    url: String,
    #[serde(default)]
    identifier: Option<String>,
    #[serde(default)]
    data_type: Option<String>,
    #[serde(default)]
    timeout: Option<f64>,
    #[serde(default)]
    retries: Option<u32>,
    #[serde(default)]
    ttl_seconds: Option<f64>,
    #[serde(default)]
    metadata: Option<serde_json::Value>,
    #[serde(default)]
    expected_checksum: Option<String>,
}

impl RequestRow {
    pub(super) fn read(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            provider: row.try_get_unchecked("provider")?,
            data_type: row.try_get_unchecked("data_type")?,
            priority: row.try_get_unchecked("priority")?,
            params: row.try_get_unchecked("params")?,
        })
    }

    fn params(&self, id: i64) -> Result<Params> {
        let params = self.params.as_deref().and_then(|params| serde_json::from_str(params).ok());
        params.ok_or_else(|| {
            // What stands there is not repeated: it may be anything.
            let (subject, reason) = (format_args!("request {id}"), "its parameters cannot be read");
            Error::new(ErrorKind::Corrupt, "import", subject, reason)
        })
    }
}

impl Source {
    /// Queues what waits, unless the cache can answer it.
    pub(super) async fn import_requests(
        &mut self,
        imported: &mut Imported,
        progress: &mut (impl FnMut(Imported) + Send),
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let rows = sql::requests(&mut self.copy, after, PAGE_ROWS).await;
            let rows = self.page(rows, imported)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = *last;
            let mut requests = Vec::new();
            for (id, row) in rows {
                let row = row.map_err(|source| self.failed(source));
                match row.and_then(|row| Ok((row.params(id)?, row))) {
                    Ok((params, row)) => match self.request(&row, params) {
                        Ok(request) => requests.push(request),
                        Err(error) => imported.refuse(&error),
                    },
                    Err(error) => imported.give_up(&error),
                }
            }
            self.enqueue(requests, imported).await?;
            progress(*imported);
        }
    }

    /// The request without its secrets, which a worker puts in from its own settings.
    fn request(&self, row: &RequestRow, params: Params) -> Result<Request> {
        let key = self.gate.cache.key(&params.url)?;
        let seconds = |seconds: Option<f64>| {
            let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            duration.filter(|duration| !duration.is_zero())
        };
        let named = params.data_type.as_deref().filter(|name| !name.is_empty());
        let priority = if row.priority == 1 { Priority::Immediate } else { Priority::Batch };
        let mut request = Request::new(key.as_str())
            .data_type(DataType::new(&data_type(named.unwrap_or(&row.data_type)))?)
            .provider(Provider::new(&provider(&row.provider))?)
            .priority(priority);
        if let Some(identifier) = params.identifier.filter(|name| !name.trim().is_empty()) {
            request = request.identifier(identifier);
        }
        if let Some(timeout) = seconds(params.timeout) {
            request = request.timeout(timeout);
        }
        if let Some(retries) = params.retries {
            request = request.retries(retries.min(MAX_RETRIES));
        }
        if let Some(ttl) = seconds(params.ttl_seconds) {
            request = request.ttl(ttl);
        }
        let told = params.metadata.map(|metadata| metadata.to_string());
        if let Some(metadata) = metadata(told.as_deref()) {
            request = request.metadata(metadata);
        }
        if let Some(checksum) = params.expected_checksum.and_then(|text| text.parse().ok()) {
            request = request.expected_checksum(checksum);
        }
        Ok(request)
    }

    /// Queues all at once, or one by one where one of them cannot be.
    async fn enqueue(&self, requests: Vec<Request>, imported: &mut Imported) -> Result<()> {
        if let Ok(enqueued) = self.gate.cache.enqueue(requests.iter().cloned()).await {
            imported.queued += enqueued.new;
            return Ok(());
        }
        for request in requests {
            match self.gate.cache.enqueue([request]).await {
                Ok(enqueued) => imported.queued += enqueued.new,
                Err(error) if is_of_request(error.kind()) => imported.refuse(&error),
                // Behind a disk that is full stands what the system says, behind a bound nothing.
                Err(error) if error.kind() == ErrorKind::Full && error.source().is_none() => {
                    imported.no_room += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether it is the request that cannot be queued, and not the cache that has failed.
fn is_of_request(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::Refused)
}
