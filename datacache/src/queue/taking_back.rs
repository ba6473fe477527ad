//! How jobs get free that nobody is to run any more: handed back, or taken from the dead and the silent.

use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::job::end_of_lease;
use super::{Queue, sql};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::session;

impl Queue {
    /// Hands back every job that this session holds, as if it had not been begun. When there is none,
    /// it takes no lock.
    pub(crate) async fn hand_back_all(&self) -> Result<()> {
        const OPERATION: &str = "hand back jobs";
        let session = self.session.id().await?;
        let mut connection = self.db.read(OPERATION).await?;
        let holds = sql::holds(&mut connection, session).await;
        if !holds.map_err(|source| connection.error(OPERATION, source))? {
            connection.close();
            return Ok(());
        }
        let mut tx = self.db.write_on(connection, OPERATION).await?;
        let handed_back = sql::hand_back_all(&mut tx, session).await;
        handed_back.map_err(|source| tx.error(source))?;
        tx.commit().await
    }

    /// Takes back the jobs of processes that have died; returns how many.
    pub(crate) async fn take_back_of_dead(&self) -> Result<u64> {
        const OPERATION: &str = "take back jobs";
        let own = self.session.id().await?;
        let mut connection = self.db.read(OPERATION).await?;
        let sessions = sql::other_sessions(&mut connection, own).await;
        let sessions = sessions.map_err(|source| connection.error(OPERATION, source))?;
        connection.close();
        let mut taken = 0;
        for session in self.dead_among(sessions).await? {
            let mut tx = self.db.write(OPERATION).await?;
            let back = sql::take_back_of_session(&mut tx, session).await;
            taken += back.map_err(|source| tx.error(source))?;
            tx.commit().await?;
        }
        Ok(taken)
    }

    async fn dead_among(&self, sessions: Vec<String>) -> Result<Vec<Uuid>> {
        if sessions.is_empty() {
            return Ok(Vec::new());
        }
        let locks = self.session.locks().to_owned();
        let looked = tokio::task::spawn_blocking(move || {
            let ids = sessions.iter().filter_map(|id| Uuid::try_parse(id).ok());
            let is_dead = |id: &Uuid| session::is_alive(&locks, *id).is_ok_and(|alive| !alive);
            ids.filter(is_dead).collect()
        });
        looked.await.map_err(|join| {
            let reason = "the thread that does the file work failed";
            Error::new(ErrorKind::Internal, "take back jobs", "sessions", reason).with_source(join)
        })
    }
}

/// Takes back the jobs whose leases have ended.
pub(super) async fn take_back_ended(tx: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    sql::take_back_ended(tx, now, end_of_lease(end_of_lease(now))).await.map(drop)
}
