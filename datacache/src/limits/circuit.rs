//! Whether a provider that has failed again and again is asked at all. Pure.
//!
//! ```text
//!               5 failures in a row                       its time has passed
//! closed{failures} ───────────────► tripped, at rest ───────────────────────► tripped, probing
//!     ▲                                  ▲                                       │    │
//!     │                                  └─────────────── a probe fails ─────────┘    │
//!     └───────────────────────────── 3 probes in a row are good ──────────────────────┘
//! ```
//! How long it rests is no part of this state: a rest is written like a cooldown, so that it holds
//! for whoever honours those. A probe is alone because it makes the provider rest for all others.

use std::time::Duration;

/// So many failures in a row open a circuit.
const FAILURES: u32 = 5;

/// So many good probes in a row close it.
const PROBES: u32 = 3;

/// The first rest; each further one is twice as long.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(1);

/// How well a provider has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circuit {
    /// It is asked. So many requests have failed since the last good one.
    Closed { failures: u32 },
    /// It is given time, or probed.
    Tripped {
        /// How often it was opened since it was closed; at least 1.
        openings: u32,
        /// How many good probes it takes to close it; at least 1.
        probes: u32,
    },
}

/// What a request was, seen from the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// One of many.
    Usual,
    /// It finds out whether the provider has recovered.
    Probe,
}

impl Circuit {
    pub(super) const GOOD: Self = Self::Closed { failures: 0 };

    pub(super) fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// After a request that the provider has answered.
    pub(super) fn good(self, role: Role) -> Self {
        match (self, role) {
            (Self::Closed { .. }, _) | (Self::Tripped { probes: ..=1, .. }, Role::Probe) => {
                Self::GOOD
            }
            (Self::Tripped { openings, probes }, Role::Probe) => {
                Self::Tripped { openings, probes: probes - 1 }
            }
            // It was sent before the circuit was opened.
            (Self::Tripped { .. }, Role::Usual) => self,
        }
    }

    /// After a request that failed in a way that may pass, and the rest that the provider gets if
    /// this opens the circuit.
    pub(super) fn failed(self, role: Role) -> (Self, Option<Duration>) {
        match (self, role) {
            (Self::Closed { failures }, _) if failures + 1 < FAILURES => {
                (Self::Closed { failures: failures + 1 }, None)
            }
            (Self::Closed { .. }, _) => Self::open(1),
            (Self::Tripped { openings, .. }, Role::Probe) => Self::open(openings.saturating_add(1)),
            (Self::Tripped { .. }, Role::Usual) => (self, None),
        }
    }

    fn open(openings: u32) -> (Self, Option<Duration>) {
        let rest = FIRST_REST.saturating_mul(2u32.saturating_pow(openings - 1)).min(LONGEST_REST);
        (Self::Tripped { openings, probes: PROBES }, Some(rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn fail(circuit: &mut Circuit, role: Role) -> Option<u64> {
        let (after, rest) = circuit.failed(role);
        *circuit = after;
        rest.map(|rest| rest.as_secs())
    }

    #[test]
    fn the_fifth_failure_in_a_row_opens_it() {
        let mut circuit = Circuit::GOOD;
        for _ in 0..2 {
            assert_eq!([(); 4].map(|()| fail(&mut circuit, Role::Usual)), [None; 4]);
            circuit = circuit.good(Role::Usual);
        }
        let rests = [(); 5].map(|()| fail(&mut circuit, Role::Usual));
        assert_eq!(rests, [None, None, None, None, Some(5)]);
    }

    #[test]
    fn each_further_rest_is_twice_as_long_up_to_a_minute() {
        let (mut circuit, first) = Circuit::open(1);
        assert_eq!(first, Some(FIRST_REST));
        let rests = [(); 5].map(|()| fail(&mut circuit, Role::Probe));
        assert_eq!(rests, [10, 20, 40, 60, 60].map(Some));
    }

    #[test]
    fn three_good_probes_in_a_row_close_it_and_its_past_is_forgotten() {
        let mut circuit = Circuit::open(7).0;
        for good in [2, 3] {
            for _ in 0..good {
                assert!(!circuit.is_closed());
                circuit = circuit.good(Role::Probe);
            }
            if good == 2 {
                fail(&mut circuit, Role::Probe);
            }
        }
        assert_eq!(circuit, Circuit::GOOD);
    }

    #[test]
    fn what_was_sent_before_it_opened_changes_nothing() {
        let (tripped, _) = Circuit::open(1);
        assert_eq!(tripped.good(Role::Usual), tripped);
        assert_eq!(tripped.failed(Role::Usual), (tripped, None));
    }

    proptest! {
        #[test]
        fn it_opens_after_five_failures_and_closes_after_three_good_probes_only(
            events in vec(any::<(bool, bool)>(), 0..200),
        ) {
            let mut circuit = Circuit::GOOD;
            let (mut failures, mut good_probes) = (0, 0);
            for (is_good, is_probe) in events {
                let role = if is_probe { Role::Probe } else { Role::Usual };
                let before = circuit;
                let mut rest = None;
                if is_good {
                    circuit = circuit.good(role);
                } else {
                    (circuit, rest) = circuit.failed(role);
                }
                match (before.is_closed(), is_probe) {
                    (true, _) => failures = if is_good { 0 } else { failures + 1 },
                    (false, true) => good_probes = if is_good { good_probes + 1 } else { 0 },
                    (false, false) => {}
                }
                let (was_closed, is_closed) = (before.is_closed(), circuit.is_closed());
                let expected = if was_closed { failures < 5 } else { good_probes == 3 };
                prop_assert_eq!(is_closed, expected);
                let is_opened = !is_closed && (was_closed || (is_probe && !is_good));
                prop_assert_eq!(rest.is_some(), is_opened);
                prop_assert!(rest.is_none_or(|rest| (FIRST_REST..=LONGEST_REST).contains(&rest)));
                if is_closed != was_closed {
                    (failures, good_probes) = (0, 0);
                }
            }
        }
    }
}
