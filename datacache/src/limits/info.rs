//! The limits as people see them.

use serde::Serialize;

use super::circuit::Circuit;
use super::state::State;
use crate::clock::Timestamp;
use crate::config::Budget;
use crate::name::Provider;

/// A provider whose jobs are not run at present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RestingProvider {
    /// Which.
    pub provider: Provider,
    /// Whether a person has paused it.
    pub is_paused: bool,
    /// It has asked to be left alone until then, or has failed too often to be asked before.
    pub not_before: Timestamp,
    /// Why; empty where nobody said.
    pub reason: String,
}

/// How much of a provider's budget is used, and what else keeps requests from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProviderLimits {
    /// Which.
    pub provider: Provider,
    /// How often it may be asked, as in the settings: `1/2s, 1000/h`.
    pub budget: String,
    /// The windows of the budget, the shortest first.
    pub windows: Vec<WindowUse>,
    /// When a request would be sent for which somebody waits.
    pub next_slot: Timestamp,
    /// It rests until then: it has asked for it, or has failed too often.
    pub cooldown_until: Option<Timestamp>,
    /// Why it rests.
    pub cooldown_reason: Option<String>,
    /// How well it has answered.
    pub circuit: CircuitState,
    /// Whether a person has paused it, so that workers do not ask it.
    pub is_paused: bool,
}

/// How much of one window is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WindowUse {
    /// The window, as in the settings: `30/min`.
    pub window: String,
    /// How many requests of it are booked at present.
    pub used: u32,
    /// How many it takes.
    pub count: u32,
}

/// Whether a provider that has failed is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CircuitState {
    /// It is asked.
    Closed,
    /// It has failed again and again and is given time.
    Open,
    /// One request at a time finds out whether it has recovered.
    Probing,
}

impl ProviderLimits {
    pub(super) fn new(provider: Provider, budget: &Budget, state: &State, now: Timestamp) -> Self {
        let (cells, arrivals) = state.cells(budget);
        let windows = cells.iter().zip(arrivals).map(|(cell, arrival)| WindowUse {
            window: cell.window.to_string(),
            used: cell.used(arrival, now),
            count: cell.window.count,
        });
        let rest = Some(&state.rest).filter(|rest| rest.holds(now));
        Self {
            provider,
            budget: budget.to_string(),
            windows: windows.collect(),
            next_slot: state.next_slot(budget, now),
            cooldown_until: rest.map(|rest| rest.until),
            cooldown_reason: rest.map(|rest| rest.reason.clone()),
            circuit: match state.circuit {
                Circuit::Closed { .. } => CircuitState::Closed,
                Circuit::Tripped { .. } if state.is_probed(now) => CircuitState::Probing,
                Circuit::Tripped { .. } => CircuitState::Open,
            },
            is_paused: state.is_paused,
        }
    }
}
