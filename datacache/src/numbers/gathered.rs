//! What has been counted and is not written yet, by provider and data type. Pure.

use std::collections::BTreeMap;

use super::counts::Counts;
use crate::name::{DataType, Provider};

/// So many groups are told apart, in memory as in the database: any host can be a provider.
pub(super) const MOST_GROUPS: usize = 1_000;

/// Whatever is beyond.
const OTHER: &str = "other";

/// Counts by provider and data type.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    by_provider: BTreeMap<Provider, BTreeMap<DataType, Counts>>,
    groups: usize,
}

impl Gathered {
    /// Counts about a provider and a data type. Nothing is allocated but for the first of a group.
    pub(super) fn count(
        &mut self,
        provider: &Provider,
        data_type: &DataType,
        count: impl FnOnce(&mut Counts),
    ) {
        let of_provider = self.by_provider.get_mut(provider);
        match of_provider.and_then(|by_type| by_type.get_mut(data_type)) {
            Some(counts) => count(counts),
            None => count(self.new_group(provider, data_type)),
        }
    }

    fn new_group(&mut self, provider: &Provider, data_type: &DataType) -> &mut Counts {
        if self.groups >= MOST_GROUPS {
            let other = self.by_provider.entry(Provider::from_row(OTHER.to_owned()));
            return other.or_default().entry(DataType::OTHER).or_default();
        }
        self.groups += 1;
        let by_type = self.by_provider.entry(provider.clone()).or_default();
        by_type.entry(data_type.clone()).or_default()
    }

    /// Adds what could not be written.
    pub(super) fn add(&mut self, other: &Self) {
        for (provider, data_type, counts) in other.groups() {
            self.count(provider, data_type, |sum| sum.add(counts));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_provider.is_empty()
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (&Provider, &DataType, &Counts)> {
        self.by_provider.iter().flat_map(|(provider, by_type)| {
            by_type.iter().map(move |(data_type, counts)| (provider, data_type, counts))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_hosts_are_asked_the_groups_are_bounded_and_nothing_is_lost() {
        let mut gathered = Gathered::default();
        for number in 0..3 * MOST_GROUPS {
            let provider = Provider::new(&format!("host{number}.example")).unwrap();
            gathered.count(&provider, &DataType::OTHER, |counts| counts.fetched(1));
        }
        assert_eq!(gathered.groups().count(), MOST_GROUPS + 1);
        let fetches: u64 = gathered.groups().map(|(.., counts)| counts.fetches).sum();
        assert_eq!(fetches, 3 * MOST_GROUPS as u64);
    }
}
