//! Requests that are made at once, under a row of the queue, so that no two processes make the same.

use super::job::{Claim, Heirs, Job, NewJob};
use super::{CLAIM, Queue, end_of_lease, sql, take_back_ended};
use crate::clock::Timestamp;
use crate::error::Result;

/// A row that was leased for a request that is made at once.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) job: Job,
    pub(crate) prior: Prior,
}

/// What the queue had under the key of a request that is made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prior {
    Nothing,
    /// A request that waited for its turn.
    Live,
    /// One that was given up, for this reason.
    Dead(String),
}

impl Queue {
    /// Leases the row for the request's key, whatever its turn and time, or a new one that is there
    /// only until the request has been made. `None`, without a lock, when somebody is at it.
    pub(crate) async fn begin(
        &self,
        job: &NewJob,
        heirs: Heirs,
        now: Timestamp,
    ) -> Result<Option<Begun>> {
        let session = self.session.id().await?;
        let mut connection = self.db.read(CLAIM).await?;
        let latest_end = end_of_lease(end_of_lease(now));
        let is_taken = sql::flights::is_taken(&mut connection, &job.key, now, latest_end).await;
        if is_taken.map_err(|source| connection.error(CLAIM, source))? {
            connection.close();
            return Ok(None);
        }
        let mut tx = self.db.write_on(connection, CLAIM).await?;
        take_back_ended(&mut tx, now).await.map_err(|source| tx.error(source))?;
        let prior = sql::flights::prior(&mut tx, &job.key).await;
        let prior = prior.map_err(|source| tx.error(source))?;
        let claim = Claim { session, slots: 1, now };
        let begun = sql::flights::begin(&mut tx, job, heirs, claim).await;
        let begun = begun.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(begun.map(|job| Begun { job, prior }))
    }
}
