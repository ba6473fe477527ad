//! What the queue may take of the whole.
//!
//! Its rows are counted, and those to come are also measured. What is queued already takes nothing
//! more, however often it is queued again.

use super::job::{NewJob, Params};
use super::{ENQUEUE, Queue, sql};
use crate::db::WriteTransaction;
use crate::error::{Error, ErrorKind, Result};

/// What a queued request takes, with its places in the indices; one with long headers or metadata
/// takes more.
const REQUEST_BYTES: u64 = 1_536;

impl Queue {
    /// Sees to it that the queue takes no more than `most_bytes` when `jobs` are in it.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) when it would take more.
    pub(crate) async fn check_share(
        tx: &mut WriteTransaction,
        jobs: &[NewJob],
        most_bytes: Option<u64>,
    ) -> Result<()> {
        let (Some(most_bytes), Some(first)) = (most_bytes, jobs.first()) else { return Ok(()) };
        let fit = |rows: u64, more: u64| rows * REQUEST_BYTES + more <= most_bytes;
        let more = jobs.iter().map(NewJob::row_bytes).sum();
        let span = sql::enqueueing::span(tx).await.map_err(|source| tx.error(source))?;
        if fit(span, more) {
            return Ok(());
        }
        let rows = sql::enqueueing::rows(tx).await.map_err(|source| tx.error(source))?;
        let present =
            sql::enqueueing::present(tx, jobs).await.map_err(|source| tx.error(source))?;
        let new = jobs.iter().filter(|job| !present.contains(job.key.as_str()));
        let more = new.map(NewJob::row_bytes).sum();
        if more == 0 || fit(rows, more) {
            return Ok(());
        }
        let reason = "the queue takes all it may, which is an eighth of cache.max_bytes";
        Err(Error::new(ErrorKind::Full, ENQUEUE, &first.key, reason))
    }
}

impl NewJob {
    /// About what its row takes, with its places in the indices.
    pub(crate) fn row_bytes(&self) -> u64 {
        let Params { headers, metadata, .. } = &self.params;
        let headers: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let metadata = if metadata.is_empty() {
            0
        } else {
            serde_json::to_string(metadata).map_or(0, |json| json.len())
        };
        // The URL stands in an index, too.
        let bytes = 2 * self.key.as_str().len() + headers + metadata;
        REQUEST_BYTES.max(REQUEST_BYTES / 2 + bytes as u64)
    }
}
