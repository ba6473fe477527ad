//! All that is known about a provider's limits, and what follows from it. Pure.

use std::collections::BTreeMap;

use super::booking::{Ask, Booked, Booking, Departure, Later, Outcome, Slot, Urgency, Why, after};
use super::circuit::{Circuit, Role};
use super::gcra::{self, Cell, later};
use crate::clock::Timestamp;
use crate::config::Budget;

/// Moments that lie further in the future than processes can differ, each of which may have waited
/// for the write lock, were noted before the clock was set back.
const CLOCK_SLACK_MS: i64 = 30_000;

/// No provider rests longer, lest it be forgotten; what says otherwise was noted before the clock
/// was set back.
const LONGEST_REST_MS: i64 = 24 * 3_600_000;

/// And none that asks for it shorter, lest it be asked again and again.
const SHORTEST_REST_MS: i64 = 1_000;

/// So long a provider rests that does not say for how long it asks to be left alone; and that long
/// when it has rested not long ago.
pub(super) const FIRST_REST_MS: i64 = 5_000;
const NEXT_REST_MS: i64 = 60_000;

/// A rest that ended longer ago counts no more.
const MEMORY_OF_REST_MS: i64 = 5 * 60_000;

/// Whether a pause has ended is asked again after so long.
const PAUSE_LOOK_MS: i64 = 5 * 60_000;

/// What is noted about a provider; by default, nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) is_paused: bool,
    /// Until when it rests, and why.
    pub(super) rest: Rest,
    /// The arrival time of each window by its text, so that a change of the settings begins anew.
    pub(super) arrivals: BTreeMap<String, Timestamp>,
    pub(super) sent_at: Timestamp,
    pub(super) noted_at: Timestamp,
    pub(super) circuit: Circuit,
    /// A rest that ends then is that of a probe under way.
    pub(super) probed_until: Timestamp,
}

/// A time in which a provider is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) until: Timestamp,
    pub(super) reason: String,
}

impl Rest {
    pub(super) const NONE: Self = Self { until: LONG_AGO, reason: String::new() };

    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.until > now
    }
}

const LONG_AGO: Timestamp = Timestamp::from_millis(0);

impl Default for State {
    fn default() -> Self {
        Self {
            is_paused: false,
            rest: Rest::NONE,
            arrivals: BTreeMap::new(),
            sent_at: LONG_AGO,
            noted_at: LONG_AGO,
            circuit: Circuit::GOOD,
            probed_until: LONG_AGO,
        }
    }
}

impl State {
    /// Makes it the state as of `now`. When the clock was set back, what lay ahead lies ahead as
    /// far as before. A rest of which nobody noted when it was given is cut to the longest.
    pub(super) fn shift_to(&mut self, now: Timestamp) {
        if is_set_back(self.noted_at, now) {
            let back_ms = now.as_millis().saturating_sub(self.noted_at.as_millis());
            let others = [&mut self.sent_at, &mut self.rest.until, &mut self.probed_until];
            let noted = self.arrivals.values_mut().chain(others);
            for moment in noted.filter(|moment| **moment > LONG_AGO) {
                *moment = later(*moment, back_ms);
            }
            self.noted_at = now;
        }
        let longest = later(now, LONGEST_REST_MS);
        if is_set_back(self.rest.until, longest) {
            self.rest.until = longest;
        }
    }

    /// What holds for a request: the budget of who pays for it, and the rest and the circuit of its
    /// origin. Either may be paused.
    pub(super) fn joined(payer: &Self, origin: &Self) -> Self {
        Self {
            is_paused: payer.is_paused || origin.is_paused,
            arrivals: payer.arrivals.clone(),
            sent_at: payer.sent_at,
            ..origin.clone()
        }
    }

    /// Takes over what has become of the budget in a joined state.
    pub(super) fn take_budget(&mut self, joined: &Self) {
        self.arrivals.clone_from(&joined.arrivals);
        self.sent_at = joined.sent_at;
    }

    /// Takes over what has become of the origin in a joined state.
    pub(super) fn take_rest(&mut self, joined: Self) {
        self.rest = joined.rest;
        self.circuit = joined.circuit;
        self.probed_until = joined.probed_until;
    }

    /// Whether there is nothing to be noted but a pause.
    pub(super) fn has_no_past(&self) -> bool {
        let nothing =
            Self { is_paused: self.is_paused, noted_at: self.noted_at, ..Self::default() };
        *self == nothing
    }

    /// Ends a pause and a rest, and believes that the provider works; says whether it was kept
    /// from being asked.
    pub(super) fn resume(&mut self, now: Timestamp) -> bool {
        let was_kept = self.is_paused || self.rest.holds(now) || !self.circuit.is_closed();
        (self.is_paused, self.rest, self.circuit) = (false, Rest::NONE, Circuit::GOOD);
        was_kept
    }

    /// Forgets everything but a person's pause; says whether there was anything.
    pub(super) fn clear(&mut self) -> bool {
        let cleared = Self { is_paused: self.is_paused, ..Self::default() };
        std::mem::replace(self, cleared.clone()) != cleared
    }

    /// Books a slot, if there is one that the request may have.
    pub(super) fn book(&mut self, ask: &Ask<'_>, now: Timestamp) -> Booking {
        if let Some(why_not) = self.refusal(ask, now) {
            return Booking::Later(why_not);
        }
        let at = self.next_slot(&ask.payer.budget, now);
        let slot = ask.slot(at, now);
        let latest = ask.latest(slot.spacing_ms, now);
        if at > latest {
            return Booking::Later(ask.over_budget(at, latest, now));
        }
        let is_departed = at == now;
        let booked = self.note_booked(&ask.payer.budget, at, now);
        if is_departed {
            self.note_sent(&slot, at);
        }
        let probe = (!self.circuit.is_closed()).then(|| after(at, ask.timeout));
        if let Some(until) = probe {
            let reason = "another request finds out whether it has recovered".to_owned();
            self.rest = Rest { until, reason };
            self.probed_until = until;
        }
        let booked = (!is_departed).then_some(booked);
        Booking::Slot(Slot { is_departed, probe, booked, ..slot })
    }

    /// What was booked under other settings counts until it is forgotten, lest two configurations
    /// on one folder wipe out each other's.
    fn note_booked(&mut self, budget: &Budget, at: Timestamp, now: Timestamp) -> Vec<Booked> {
        let (cells, before) = self.cells(budget);
        let after = gcra::booked(&cells, &before, at);
        let texts = cells.iter().map(|cell| cell.window.to_string());
        let booked = texts.zip(before).zip(after);
        let booked = booked.map(|((window, before), after)| Booked { window, before, after });
        let booked: Vec<Booked> = booked.collect();
        if !booked.is_empty() {
            self.arrivals.retain(|_, arrival| *arrival > now);
            self.arrivals.extend(booked.iter().map(|of| (of.window.clone(), of.after)));
        }
        booked
    }

    /// Undoes what was noted for a request that is not made, or not to its end.
    pub(super) fn give_back(&mut self, slot: &Slot) {
        self.end_probe(slot);
        let booked = slot.booked.iter().flatten();
        let is_last = |of: &Booked| self.arrivals.get(&of.window) == Some(&of.after);
        if booked.clone().all(is_last) {
            self.arrivals.extend(booked.map(|of| (of.window.clone(), of.before)));
        }
    }

    /// The others need not wait for this probe any more.
    fn end_probe(&mut self, slot: &Slot) {
        if slot.probe == Some(self.rest.until) {
            self.rest = Rest::NONE;
        }
    }

    /// Without a budget nobody keeps a distance, and there is nothing to be noted.
    fn note_sent(&mut self, slot: &Slot, at: Timestamp) {
        if slot.spacing_ms > 0 {
            self.sent_at = at;
        }
    }

    /// Why the request is not made whatever the budget.
    fn refusal(&self, ask: &Ask<'_>, now: Timestamp) -> Option<Later> {
        if self.is_paused && ask.urgency != Urgency::Live {
            // When it will be resumed is unknown. Who knows who is asked passes over it anyway.
            let at = later(now, PAUSE_LOOK_MS);
            return Some(Later { at, why: Why::Paused, reason: "it is paused".to_owned() });
        }
        if !self.rest.holds(now) {
            return None;
        }
        let waits = ask.urgency != Urgency::Batch && self.rest.until <= after(now, ask.max_wait);
        match self.circuit {
            Circuit::Closed { .. } if waits => None,
            _ => Some(self.rest_of_it(now)),
        }
    }

    fn rest_of_it(&self, now: Timestamp) -> Later {
        let why = if self.circuit.is_closed() { Why::Cooldown } else { Why::Circuit };
        if !self.rest.holds(now) {
            return Later { at: now, why, reason: "it has failed again and again".to_owned() };
        }
        Later { at: self.rest.until, why, reason: self.rest.reason.clone() }
    }

    /// Whether the next request, or one under way, finds out if the provider has recovered.
    pub(super) fn is_probed(&self, now: Timestamp) -> bool {
        let is_resting = self.rest.holds(now) && self.rest.until != self.probed_until;
        !self.circuit.is_closed() && !is_resting
    }

    /// When a request would be sent that is booked now.
    pub(super) fn next_slot(&self, budget: &Budget, now: Timestamp) -> Timestamp {
        let (cells, arrivals) = self.cells(budget);
        let spacing_ms = gcra::spacing_ms(&cells);
        let rested = if self.rest.holds(now) { self.rest.until } else { now };
        let earliest = rested.max(self.spaced(spacing_ms));
        gcra::slot(&cells, &arrivals, earliest)
    }

    /// One spacing after the last request was sent.
    fn spaced(&self, spacing_ms: i64) -> Timestamp {
        if spacing_ms > 0 { later(self.sent_at, spacing_ms) } else { LONG_AGO }
    }

    /// The windows of the budget and how far each is used.
    pub(super) fn cells(&self, budget: &Budget) -> (Vec<Cell>, Vec<Timestamp>) {
        let cells = gcra::cells(budget);
        let arrival = |cell: &Cell| self.arrivals.get(&cell.window.to_string());
        let arrivals = cells.iter().map(|cell| arrival(cell).copied().unwrap_or(LONG_AGO));
        let arrivals = arrivals.collect();
        (cells, arrivals)
    }

    /// When the request whose slot has come is really sent.
    pub(super) fn depart(&mut self, slot: &Slot, now: Timestamp) -> Departure {
        let rests = self.rest.holds(now) && slot.probe != Some(self.rest.until);
        if !self.circuit.is_closed() && slot.probe.is_none() {
            // It was booked before the circuit opened, and is no probe.
            return Departure::Later(self.rest_of_it(now));
        }
        // The moment of the slot means nothing on a clock that was set back since.
        let slot_at = if is_set_back(slot.booked_at, now) { now } else { slot.at };
        let rested = if rests { self.rest.until } else { now };
        // No distance is kept from the moment that this very request was to be sent.
        let is_own = slot.is_departed && self.sent_at == slot.at;
        let spaced = if is_own { now } else { self.spaced(slot.spacing_ms) };
        let at = slot_at.max(rested).max(spaced).max(now);
        if at > slot.latest.max(later(now, slot.spacing_ms)) {
            return Departure::Later(if rests { self.rest_of_it(now) } else { stalled(at) });
        }
        self.note_sent(slot, at);
        Departure::At(at)
    }

    /// What the answer to a request says about the provider.
    pub(super) fn report(&mut self, slot: &Slot, outcome: &Outcome, now: Timestamp) {
        let role = if slot.probe.is_some() { Role::Probe } else { Role::Usual };
        self.end_probe(slot);
        match outcome {
            Outcome::Good => self.circuit = self.circuit.good(role),
            Outcome::Failed { reason } => {
                let (circuit, rest) = self.circuit.failed(role);
                self.circuit = circuit;
                if let Some(rest) = rest {
                    self.rest_until(after(now, rest), &opened(role, reason), now);
                }
            }
            Outcome::UsedUp => {
                self.circuit = self.circuit.good(role);
                let reason = "it has said that its budget is used up";
                self.cool_down(later(now, slot.spacing_ms), reason, now);
            }
            Outcome::Hurried { reason } => {
                let has_rested = later(self.rest.until, MEMORY_OF_REST_MS) > now;
                let rest_ms = if has_rested { NEXT_REST_MS } else { FIRST_REST_MS };
                self.cool_down(later(now, rest_ms), reason, now);
            }
            Outcome::Throttled { until, reason } => self.cool_down(*until, reason, now),
        }
    }

    /// The provider has asked to be left alone; it rests for 1 s at least and 24 h at most.
    pub(super) fn cool_down(&mut self, until: Timestamp, reason: &str, now: Timestamp) {
        let (first, last) = (later(now, SHORTEST_REST_MS), later(now, LONGEST_REST_MS));
        self.rest_until(until.clamp(first, last), reason, now);
    }

    /// A longer rest that holds is not cut short.
    fn rest_until(&mut self, until: Timestamp, reason: &str, now: Timestamp) {
        if !self.rest.holds(now) || self.rest.until < until {
            self.rest = Rest { until, reason: reason.to_owned() };
        }
    }
}

fn opened(role: Role, reason: &str) -> String {
    match role {
        Role::Usual => format!("it failed again and again, at last: {reason}"),
        Role::Probe => format!("it has not recovered: {reason}"),
    }
}

fn stalled(at: Timestamp) -> Later {
    let reason = "requests that were held up go first".to_owned();
    Later { at, why: Why::Budget, reason }
}

/// Whether what was noted then was noted on a clock that has been set back since.
pub(super) fn is_set_back(noted_at: Timestamp, now: Timestamp) -> bool {
    noted_at > later(now, CLOCK_SLACK_MS)
}
