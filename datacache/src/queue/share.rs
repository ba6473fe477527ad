//! What the queue may take of the whole.
//!
//! Usual requests are counted, and what longer ones take beyond that is computed of their lengths. What
//! is queued already takes nothing more, however often it is queued again.

use super::job::{NewJob, Params};
use super::{ENQUEUE, Queue, sql};
use crate::db::WriteTransaction;
use crate::error::{Error, ErrorKind, Result};

/// What a usual request takes in the database, with its places in the indices.
pub(super) const REQUEST_BYTES: u64 = 1_536;

/// A request is a usual one whose URL and parameters have no more bytes than this together. Migration 12
/// has the same number.
const USUAL_LENGTH: u64 = 512;

/// What the parameters of a request without headers and metadata have at most.
const PLAIN_PARAMS_LENGTH: u64 = 320;

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
        let filled = sql::enqueueing::filled(tx).await;
        let (span, beyond) = filled.map_err(|source| tx.error(source))?;
        let fit = |rows: u64, more: u64| rows * REQUEST_BYTES + beyond + more <= most_bytes;
        let more = jobs.iter().map(NewJob::row_bytes).sum();
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
    /// What its row takes in the database at most, with its places in the indices.
    pub(crate) fn row_bytes(&self) -> u64 {
        let Params { headers, metadata, .. } = &self.params;
        let params = if headers.is_empty() && metadata.is_empty() {
            PLAIN_PARAMS_LENGTH
        } else {
            serde_json::to_string(&self.params).map_or(u64::MAX, |json| json.len() as u64)
        };
        let lengths = Lengths { url: self.key.as_str().len() as u64, params, last_error: 0 };
        REQUEST_BYTES.saturating_add(lengths.bytes_beyond_usual())
    }
}

/// How many bytes the texts of a row have that may be long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) url: u64,
    pub(super) params: u64,
    pub(super) last_error: u64,
}

impl Lengths {
    /// What a row takes beyond [`REQUEST_BYTES`]: no less than it does on the disk, and about twice as
    /// much at most. The queue's statements compute the same of the rows there are.
    ///
    /// Of a row or an entry of an index that is longer than a part of a page, all but the beginning
    /// lies on pages of its own: <https://sqlite.org/fileformat2.html#payload_on_pages>, section 1.6.
    pub(super) fn bytes_beyond_usual(self) -> u64 {
        let Self { url, params, last_error } = self;
        let length = url.saturating_add(params);
        if length <= USUAL_LENGTH {
            return 0;
        }
        let row = length.saturating_add(last_error).saturating_add(REST_OF_ROW);
        let place = url.saturating_add(REST_OF_PLACE);
        let bytes = OTHER_PLACES_BYTES
            .saturating_add(bytes_of(row, MOST_IN_TABLE))
            .saturating_add(bytes_of(place, MOST_IN_INDEX));
        bytes.saturating_sub(REQUEST_BYTES)
    }
}

const PAGE_BYTES: u64 = 4_096;
/// What a page in a chain has place for.
const CHAIN_PAGE_BYTES: u64 = PAGE_BYTES - 4;
/// What is longer than this does not stay on its page as a whole: `usable - 35`, and
/// `(usable - 12) * 64 / 255 - 23`.
const MOST_IN_TABLE: u64 = PAGE_BYTES - 35;
const MOST_IN_INDEX: u64 = (PAGE_BYTES - 12) * 64 / 255 - 23;
/// Then so much does at least: `(usable - 12) * 32 / 255 - 23`.
const LEAST: u64 = (PAGE_BYTES - 12) * 32 / 255 - 23;

/// What else a row has: its names, times and lease.
const REST_OF_ROW: u64 = 256;
/// What else the index of URLs has for it.
const REST_OF_PLACE: u64 = 16;
/// What it takes in the other indices.
const OTHER_PLACES_BYTES: u64 = 512;

/// What takes a part of a page leaves at most as much of it unused.
fn bytes_of(length: u64, most: u64) -> u64 {
    if length <= most {
        PAGE_BYTES.min(2 * length)
    } else {
        2 * LEAST + (length - LEAST).div_ceil(CHAIN_PAGE_BYTES) * PAGE_BYTES
    }
}
