//! What the cache holds, by provider and data type.

use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use crate::name::{DataType, Provider};

/// The totals of one provider and data type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GroupTotals {
    /// Who the entries came from.
    pub provider: Provider,
    /// What kind of data they are.
    pub data_type: DataType,
    /// Entries that are fresh.
    pub fresh: u64,
    /// Entries that are stale.
    pub stale: u64,
    /// Remembered "there is none", fresh or not.
    pub absent: u64,
    /// The bytes of all of them.
    pub size_bytes: u64,
}

impl FromRow<'_, SqliteRow> for GroupTotals {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let count =
            |index: usize| row.try_get::<i64, _>(index).map(|n| u64::try_from(n).unwrap_or(0));
        Ok(Self {
            provider: Provider::from_row(row.try_get(0)?),
            data_type: DataType::from_row(row.try_get(1)?),
            fresh: count(2)?,
            stale: count(3)?,
            absent: count(4)?,
            size_bytes: count(5)?,
        })
    }
}

/// The totals of the whole cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Totals {
    /// Entries that are fresh.
    pub fresh: u64,
    /// Entries that are stale.
    pub stale: u64,
    /// Remembered "there is none", fresh or not.
    pub absent: u64,
    /// What was made from entries, such as smaller pictures; it is not counted above.
    pub derived: u64,
    /// The bytes of all of them; entries with the same bytes count each.
    pub size_bytes: u64,
    /// The same by provider and data type, in alphabetical order.
    pub groups: Vec<GroupTotals>,
}

impl Totals {
    pub(super) fn new(groups: Vec<GroupTotals>) -> Self {
        let (derived, own): (Vec<_>, Vec<_>) =
            groups.iter().partition(|group| group.data_type == DataType::DERIVED);
        let sum = |count: fn(&GroupTotals) -> u64| own.iter().map(|group| count(group)).sum();
        Self {
            fresh: sum(|group| group.fresh),
            stale: sum(|group| group.stale),
            absent: sum(|group| group.absent),
            derived: derived.iter().map(|group| group.fresh + group.stale).sum(),
            size_bytes: groups.iter().map(|group| group.size_bytes).sum(),
            groups,
        }
    }
}
