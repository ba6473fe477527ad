//! The numbers, put together.

use serde::Serialize;

use super::counts::Counts;
use super::sql::Sum;
use crate::clock::Timestamp;
use crate::name::{DataType, Provider};

/// How the cache has done: all processes together, since its beginning or for a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Numbers {
    /// Since when; `None` for all time. The whole hour that it lies in is counted, or the whole day
    /// where that is more than two days ago.
    pub since: Option<Timestamp>,
    /// Everything.
    pub total: Counts,
    /// The same by provider and data type, in alphabetical order. What nobody can tell the provider
    /// of is counted under `unknown`; the rest, once a thousand groups are told apart, under
    /// `other`.
    pub groups: Vec<GroupCounts>,
}

/// How the cache has done for one provider and data type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GroupCounts {
    /// Whose answers they were.
    pub provider: Provider,
    /// What kind of data they were; `other` also where nobody said and nothing was found.
    pub data_type: DataType,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
}

impl GroupCounts {
    /// The counts of one provider and data type.
    pub fn new(provider: Provider, data_type: DataType, counts: Counts) -> Self {
        Self { provider, data_type, counts }
    }
}

impl Numbers {
    /// The numbers of these groups, which are counted `since` then.
    pub fn new(since: Option<Timestamp>, groups: Vec<GroupCounts>) -> Self {
        let mut total = Counts::default();
        for group in &groups {
            total.add(&group.counts);
        }
        Self { since, total, groups }
    }
}

/// Of sums that come group by group.
pub(super) fn of_sums(since: Option<Timestamp>, sums: Vec<Sum>) -> Numbers {
    let mut groups: Vec<GroupCounts> = Vec::new();
    for (provider, data_type, name, label, value) in sums {
        let (provider, data_type) = (Provider::from_row(provider), DataType::from_row(data_type));
        let is_same = |group: &&mut GroupCounts| {
            (&group.provider, &group.data_type) == (&provider, &data_type)
        };
        let group = match groups.last_mut().filter(is_same) {
            Some(group) => group,
            None => groups.push_mut(GroupCounts::new(provider, data_type, Counts::default())),
        };
        group.counts.add_number(&name, &label, u64::try_from(value).unwrap_or(0));
    }
    Numbers::new(since, groups)
}
