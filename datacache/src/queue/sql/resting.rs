//! Every statement on `resting_providers`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Result, query, query_as};

use crate::clock::Timestamp;
use crate::name::Provider;
use crate::queue::job::RestingProvider;

statements! {
    PAUSE = "INSERT INTO resting_providers (provider, is_paused) VALUES (?1, 1) \
        ON CONFLICT (provider) DO UPDATE SET is_paused = 1";
    RESUME = "DELETE FROM resting_providers WHERE provider = ?1";
    COOL_DOWN = "INSERT INTO resting_providers (provider, not_before) VALUES (?1, ?2) \
        ON CONFLICT (provider) DO UPDATE SET not_before = MAX(not_before, excluded.not_before)";
    RESTING = "SELECT provider, is_paused, not_before FROM resting_providers \
        WHERE is_paused = 1 OR not_before > ?1 ORDER BY provider";
}

pub(in crate::queue) async fn pause(db: &mut SqliteConnection, provider: &Provider) -> Result<()> {
    query(PAUSE).bind(provider.as_str()).execute(db).await.map(drop)
}

/// Ends a pause and a cooldown alike; says whether there was one.
pub(in crate::queue) async fn resume(
    db: &mut SqliteConnection,
    provider: &Provider,
) -> Result<bool> {
    Ok(query(RESUME).bind(provider.as_str()).execute(db).await?.rows_affected() == 1)
}

pub(in crate::queue) async fn cool_down(
    db: &mut SqliteConnection,
    provider: &Provider,
    not_before: Timestamp,
) -> Result<()> {
    let cool_down = query(COOL_DOWN).bind(provider.as_str()).bind(not_before.as_millis());
    cool_down.execute(db).await.map(drop)
}

pub(in crate::queue) async fn resting(
    db: &mut SqliteConnection,
    now: Timestamp,
) -> Result<Vec<RestingProvider>> {
    let rows: Vec<(String, bool, i64)> =
        query_as(RESTING).bind(now.as_millis()).fetch_all(db).await?;
    let read = |(provider, is_paused, not_before)| RestingProvider {
        provider: Provider::from_row(provider),
        is_paused,
        not_before: Timestamp::from_millis(not_before),
    };
    Ok(rows.into_iter().map(read).collect())
}
