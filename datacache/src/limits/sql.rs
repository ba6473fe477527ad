//! Every statement on `provider_budgets` and `resting_providers`.

use std::collections::BTreeMap;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Result, Row as _, query, query_as};

use super::circuit::Circuit;
use super::state::{Rest, State};
use crate::clock::Timestamp;
use crate::name::Provider;

macro_rules! state_columns {
    () => {
        "is_paused, not_before, reason, windows, sent_at, noted_at, failures, openings, probes, \
         probed_until"
    };
}

statements! {
    STATE = concat!(
        "SELECT provider, ", state_columns!(), " FROM (SELECT ?1 AS provider) \
           LEFT JOIN resting_providers USING (provider) \
           LEFT JOIN provider_budgets USING (provider)"
    );
    STATES = concat!(
        "SELECT provider, ", state_columns!(), " FROM resting_providers \
           FULL JOIN provider_budgets USING (provider) ORDER BY provider"
    );
    KEEP = "INSERT INTO provider_budgets \
          (provider, windows, sent_at, noted_at, failures, openings, probes, probed_until) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
        ON CONFLICT (provider) DO UPDATE SET windows = excluded.windows, \
          sent_at = excluded.sent_at, noted_at = excluded.noted_at, \
          failures = excluded.failures, openings = excluded.openings, \
          probes = excluded.probes, probed_until = excluded.probed_until";
    FORGET = "DELETE FROM provider_budgets WHERE provider = ?1";
    REST = "INSERT INTO resting_providers (provider, is_paused, not_before, reason) \
        VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (provider) DO UPDATE SET is_paused = excluded.is_paused, \
          not_before = excluded.not_before, reason = excluded.reason";
    WAKE = "DELETE FROM resting_providers WHERE provider = ?1";
}

/// What is noted about a provider.
pub(super) async fn state(db: &mut SqliteConnection, provider: &Provider) -> Result<State> {
    query_as(STATE).bind(provider.as_str()).fetch_one(db).await.map(|Noted(_, state)| state)
}

/// What is noted about all providers.
pub(super) async fn states(db: &mut SqliteConnection) -> Result<BTreeMap<Provider, State>> {
    let noted: Vec<Noted> = query_as(STATES).fetch_all(db).await?;
    Ok(noted.into_iter().map(|Noted(provider, state)| (provider, state)).collect())
}

/// Notes what differs from what is `noted` already.
pub(super) async fn write(
    db: &mut SqliteConnection,
    provider: &Provider,
    noted: &State,
    state: &State,
) -> Result<()> {
    if (state.is_paused, &state.rest) != (noted.is_paused, &noted.rest) {
        rest(db, provider, state).await?;
    }
    let same_past = State { is_paused: noted.is_paused, rest: noted.rest.clone(), ..state.clone() };
    if same_past == *noted { Ok(()) } else { keep(db, provider, state).await }
}

/// Notes how much of the budget is used and how well the provider has answered; nothing is no row.
async fn keep(db: &mut SqliteConnection, provider: &Provider, state: &State) -> Result<()> {
    if state.has_no_past() {
        return query(FORGET).bind(provider.as_str()).execute(db).await.map(drop);
    }
    let (failures, openings, probes) = match state.circuit {
        Circuit::Closed { failures } => (failures, 0, 0),
        Circuit::Tripped { openings, probes } => (0, openings, probes),
    };
    let keep = query(KEEP).bind(provider.as_str()).bind(windows_text(&state.arrivals));
    let keep = keep.bind(state.sent_at.as_millis()).bind(state.noted_at.as_millis());
    let keep = keep.bind(failures).bind(openings).bind(probes);
    keep.bind(state.probed_until.as_millis()).execute(db).await.map(drop)
}

/// Notes whether the provider rests; one that does not has no row.
async fn rest(db: &mut SqliteConnection, provider: &Provider, state: &State) -> Result<()> {
    let Rest { until, reason } = &state.rest;
    if !state.is_paused && state.rest == Rest::NONE {
        return query(WAKE).bind(provider.as_str()).execute(db).await.map(drop);
    }
    let rest = query(REST).bind(provider.as_str()).bind(state.is_paused);
    rest.bind(until.as_millis()).bind(reason).execute(db).await.map(drop)
}

struct Noted(Provider, State);

impl FromRow<'_, SqliteRow> for Noted {
    /// A column of a table that has no row for the provider is NULL.
    fn from_row(row: &SqliteRow) -> Result<Self> {
        let moment = |column| -> Result<Timestamp> {
            let millis: Option<i64> = row.try_get(column)?;
            Ok(Timestamp::from_millis(millis.unwrap_or(0)))
        };
        let number = |column| -> Result<u32> {
            row.try_get::<Option<u32>, _>(column).map(Option::unwrap_or_default)
        };
        let windows: Option<String> = row.try_get("windows")?;
        let reason: Option<String> = row.try_get("reason")?;
        let state = State {
            is_paused: row.try_get::<Option<bool>, _>("is_paused")?.unwrap_or(false),
            rest: Rest { until: moment("not_before")?, reason: reason.unwrap_or_default() },
            arrivals: windows_of(&windows.unwrap_or_default()),
            sent_at: moment("sent_at")?,
            noted_at: moment("noted_at")?,
            circuit: match number("openings")? {
                0 => Circuit::Closed { failures: number("failures")? },
                openings => Circuit::Tripped { openings, probes: number("probes")? },
            },
            probed_until: moment("probed_until")?,
        };
        Ok(Self(Provider::from_row(row.try_get("provider")?), state))
    }
}

/// `{"1/s": 1700000000000}`
fn windows_text(arrivals: &BTreeMap<String, Timestamp>) -> String {
    let arrivals = arrivals.iter().map(|(window, at)| (window.clone(), at.as_millis().into()));
    serde_json::Value::Object(arrivals.collect()).to_string()
}

/// What nobody can read counts as not used.
fn windows_of(text: &str) -> BTreeMap<String, Timestamp> {
    let arrivals: BTreeMap<String, i64> = serde_json::from_str(text).unwrap_or_default();
    arrivals.into_iter().map(|(window, at)| (window, Timestamp::from_millis(at))).collect()
}
