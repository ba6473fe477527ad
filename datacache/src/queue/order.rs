//! Which jobs come next. Pure.
//!
//! - What somebody waits for (priority 1) comes before what is prefetched (priority 2).
//! - Within a priority, each data type has its turn before any has a second one, so that an artist
//!   gets one logo before the tenth fanart; and so has each provider, so that no slow one holds
//!   every slot.
//! - Within those, the newest comes first: the track that plays now matters most.
//! - Who is known to be asked one at a time gets one job at a time, and none before its moment: what
//!   is claimed and cannot be sent has to be handed back.
//! - Every fourth choice goes to the job that has waited longest, once it has waited for
//!   [`AGEING_MS`], whatever its priority: nothing starves, however much is queued above it.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::name::Provider;

/// From when on a job may claim a turn by its age.
pub(super) const AGEING_MS: i64 = 60_000;

/// One choice in so many goes by age.
pub(super) const AGEING_TURN: u64 = 4;

/// So long it takes a job at most to learn whether it may be sent, if all goes well. Until then no
/// second one asks the same.
const ADMISSION_MS: i64 = 10;

/// So many names are remembered; more only mean that a turn is forgotten.
const MAX_REMEMBERED: usize = 1_000;

/// What the order depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: i64,
    pub(super) priority: i64,
    pub(super) data_type: String,
    pub(super) provider: String,
    /// Who is asked.
    pub(super) origin: Provider,
    pub(super) created_at: Timestamp,
}

/// Who had a turn when. A worker keeps it from one choice to the next.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    next: u64,
    data_types: BTreeMap<String, u64>,
    providers: BTreeMap<String, u64>,
    /// Who has turned out to be asked more slowly than jobs come.
    slow: BTreeMap<Provider, Slow>,
}

/// What a worker remembers of one whom it could not ask.
#[derive(Debug)]
struct Slow {
    refused_at: Timestamp,
    /// From when on it may be asked again.
    until: Timestamp,
    /// When it was given its last job since.
    served_at: Timestamp,
}

impl Slow {
    /// Until when it gets no job, if it gets none at `now`. A clock that was set back ends that.
    fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let admitted =
            Timestamp::from_millis(self.served_at.as_millis().saturating_add(ADMISSION_MS));
        let waits = [(self.refused_at, self.until), (self.served_at, admitted)];
        let waits = waits.iter().filter(|(from, until)| (*from..*until).contains(&now));
        waits.map(|(_, until)| *until).max()
    }
}

impl Turns {
    /// Gives `origin` no job before `until`, and then one at a time.
    pub(crate) fn refuse(&mut self, origin: Provider, now: Timestamp, until: Timestamp) {
        if self.slow.len() >= MAX_REMEMBERED {
            self.slow.clear();
        }
        let served_at = Timestamp::MIN;
        self.slow.insert(origin, Slow { refused_at: now, until, served_at });
    }

    /// Who gets no job at `now`, and until when.
    pub(crate) fn waiting(&self, now: Timestamp) -> impl Iterator<Item = (&Provider, Timestamp)> {
        self.slow.iter().filter_map(move |(origin, slow)| Some((origin, slow.waits_until(now)?)))
    }

    /// Who could not be asked at `at` as far as is known.
    pub(super) fn refused(&self, at: Timestamp) -> impl Iterator<Item = &Provider> {
        let refused =
            self.slow.iter().filter(move |(_, slow)| (slow.refused_at..slow.until).contains(&at));
        refused.map(|(origin, _)| origin)
    }

    /// Chooses up to `slots` of the candidates, in the order in which they are to run.
    pub(super) fn choose(
        &mut self,
        mut candidates: Vec<Candidate>,
        slots: usize,
        now: Timestamp,
    ) -> Vec<i64> {
        // The first of several equal ones wins below: those queued together keep their order.
        candidates.sort_by_key(|candidate| candidate.id);
        candidates.dedup_by_key(|candidate| candidate.id);
        let mut chosen = Vec::with_capacity(slots.min(candidates.len()));
        while chosen.len() < slots
            && let Some(at) = self.next_of(&candidates, now)
        {
            let candidate = candidates.remove(at);
            chosen.push(candidate.id);
            if let Some(slow) = self.slow.get_mut(&candidate.origin) {
                slow.served_at = now;
                candidates.retain(|other| other.origin != candidate.origin);
            }
            self.served(candidate);
        }
        chosen
    }

    fn next_of(&self, candidates: &[Candidate], now: Timestamp) -> Option<usize> {
        let positions = 0..candidates.len();
        let by_age = || {
            let age = |at: usize| candidates[at].created_at;
            let oldest = positions.clone().min_by_key(|&at| age(at))?;
            let waited = now.as_millis().saturating_sub(age(oldest).as_millis());
            (waited >= AGEING_MS).then_some(oldest)
        };
        let is_for_age = self.next % AGEING_TURN == AGEING_TURN - 1;
        let aged = if is_for_age { by_age() } else { None };
        aged.or_else(|| positions.clone().min_by_key(|&at| self.rank(&candidates[at])))
    }

    fn rank(&self, candidate: &Candidate) -> impl Ord + use<> {
        let last = |turns: &BTreeMap<String, u64>, name: &str| turns.get(name).copied();
        (
            candidate.priority,
            last(&self.data_types, &candidate.data_type),
            last(&self.providers, &candidate.provider),
            std::cmp::Reverse(candidate.created_at),
        )
    }

    fn served(&mut self, candidate: Candidate) {
        for turns in [&mut self.data_types, &mut self.providers] {
            if turns.len() >= MAX_REMEMBERED {
                turns.clear();
            }
        }
        self.data_types.insert(candidate.data_type, self.next);
        self.providers.insert(candidate.provider, self.next);
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn candidate(id: i64, priority: i64, kind: &str, provider: &str, age_ms: i64) -> Candidate {
        Candidate {
            id,
            priority,
            data_type: kind.to_owned(),
            provider: provider.to_owned(),
            origin: Provider::new(provider).unwrap(),
            created_at: Timestamp::from_millis(NOW.as_millis() - age_ms),
        }
    }

    #[test]
    fn the_newest_of_the_most_urgent_comes_first() {
        let candidates = vec![
            candidate(1, 2, "a", "p", 0),
            candidate(2, 1, "a", "p", 30),
            candidate(3, 1, "a", "p", 10),
            candidate(4, 1, "a", "p", 20),
        ];
        assert_eq!(Turns::default().choose(candidates, 9, NOW), [3, 4, 2, 1]);
    }

    #[test]
    fn jobs_queued_together_keep_their_order() {
        let candidates = (1..=5).rev().map(|id| candidate(id, 1, "a", "p", 0)).collect();
        assert_eq!(Turns::default().choose(candidates, 9, NOW), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn each_type_has_a_turn_before_any_has_two_also_one_slot_at_a_time() {
        let all = || {
            let kinds = ["thumb", "thumb", "thumb", "logo", "banner", "logo"];
            let candidates = kinds.iter().zip(1..);
            candidates.map(|(kind, id)| candidate(id, 2, kind, "p", id)).collect::<Vec<_>>()
        };
        let expected = [1, 4, 5, 2, 6, 3];
        assert_eq!(Turns::default().choose(all(), 9, NOW), expected);

        let mut turns = Turns::default();
        let mut rest = all();
        let mut chosen = Vec::new();
        while let [id] = turns.choose(rest.clone(), 1, NOW)[..] {
            rest.retain(|candidate| candidate.id != id);
            chosen.push(id);
        }
        assert_eq!(chosen, expected);
    }

    #[test]
    fn providers_take_turns_too() {
        let candidates = vec![
            candidate(1, 2, "a", "slow", 1),
            candidate(2, 2, "a", "slow", 2),
            candidate(3, 2, "a", "fast", 3),
        ];
        assert_eq!(Turns::default().choose(candidates, 9, NOW), [1, 3, 2]);
    }

    #[test]
    fn who_was_refused_is_passed_over_until_its_moment_and_then_has_one_job_at_a_time() {
        let slow = Provider::new("slow").unwrap();
        let soon = Timestamp::from_millis(NOW.as_millis() + 5);
        let mut turns = Turns::default();
        turns.refuse(slow.clone(), NOW, soon);
        assert_eq!(turns.waiting(NOW).collect::<Vec<_>>(), [(&slow, soon)]);
        assert_eq!(turns.refused(NOW).collect::<Vec<_>>(), [&slow]);
        let before = Timestamp::from_millis(NOW.as_millis() - 1);
        for now in [before, soon] {
            assert!(turns.waiting(now).next().is_none() && turns.refused(now).next().is_none());
        }
        let mut candidates: Vec<_> = (1..=3).map(|id| candidate(id, 2, "a", "slow", 0)).collect();
        candidates.extend((4..=6).map(|id| candidate(id, 2, "a", "fast", 0)));
        assert_eq!(turns.choose(candidates, 9, soon), [1, 4, 5, 6]);
        let admitted = Timestamp::from_millis(soon.as_millis() + ADMISSION_MS);
        assert_eq!(turns.waiting(soon).collect::<Vec<_>>(), [(&slow, admitted)]);
        assert!(turns.refused(soon).next().is_none() && turns.waiting(admitted).next().is_none());
    }

    #[test]
    fn old_batch_work_is_not_starved_by_a_stream_of_live_work() {
        let mut turns = Turns::default();
        let old = candidate(0, 2, "a", "p", AGEING_MS);
        let chosen: Vec<i64> = (1..=4)
            .flat_map(|round| {
                let live = candidate(round, 1, "a", "p", 0);
                turns.choose(vec![old.clone(), live], 1, NOW)
            })
            .collect();
        assert_eq!(chosen, [1, 2, 3, 0]);
        let young = candidate(0, 2, "a", "p", AGEING_MS - 1);
        let live = candidate(9, 1, "a", "p", 0);
        let mut turns = Turns { next: AGEING_TURN - 1, ..Turns::default() };
        assert_eq!(turns.choose(vec![young, live], 1, NOW), [9]);
    }

    proptest! {
        #[test]
        fn every_slot_is_used_once(
            rows in proptest::collection::vec((1i64..3, 0u8..4, 0u8..4, 0i64..200_000), 0..40),
            slots in 0usize..50,
        ) {
            let candidates: Vec<Candidate> = rows
                .iter()
                .zip(0..)
                .map(|((priority, kind, provider, age), id)| {
                    candidate(id, *priority, &kind.to_string(), &provider.to_string(), *age)
                })
                .collect();
            let chosen = Turns::default().choose(candidates.clone(), slots, NOW);
            let distinct: BTreeSet<i64> = chosen.iter().copied().collect();
            prop_assert_eq!(distinct.len(), chosen.len());
            prop_assert_eq!(chosen.len(), slots.min(candidates.len()));
        }

        #[test]
        fn whatever_is_queued_the_oldest_waits_for_four_turns_at_most(
            stream in proptest::collection::vec((1i64..3, 0u8..4), 8),
            first_turn in 0u64..8,
        ) {
            let old = candidate(100, 2, "0", "0", AGEING_MS);
            let mut turns = Turns { next: first_turn, ..Turns::default() };
            let mut waited = 0;
            for (id, (priority, kind)) in (0..).zip(stream) {
                let live = candidate(id, priority, &kind.to_string(), "live", 0);
                if turns.choose(vec![old.clone(), live], 1, NOW) == [100] {
                    break;
                }
                waited += 1;
            }
            prop_assert!(waited < AGEING_TURN, "{} turns", waited);
        }
    }
}
