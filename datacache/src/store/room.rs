//! How much room there is: what the cache takes, and what it may take.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::blob::space;
use crate::config::Config;
use crate::name::{DataType, Provider};

const MIB: u64 = 1024 * 1024;

/// The write-ahead log and what else comes and goes is left so much of the whole.
const RESERVE_PART: u64 = 4;
const RESERVE_MAX_BYTES: u64 = 24 * MIB;

/// So much of the whole is kept free behind the writers' backs, so that they need not make room
/// themselves.
const SLACK_PART: u64 = 32;

/// So much of the whole queued requests may take; for more of them no entry goes.
const QUEUE_PART: u64 = 8;

/// For each of so many bytes of the whole one finished request is remembered, but never fewer than those
/// of a busy moment, nor more than anybody can be behind. A key has at most 8 KiB, so that they take a
/// 16th at most.
const BYTES_PER_FINISH: u64 = 128 * 1024;
const FINISHES: RangeInclusive<u64> = 32..=10_000;

/// What a row takes beside its body, with its places in the indices.
const ROW_BYTES: u64 = 2 * 1024;

/// What the cache may take on disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowance {
    /// `None` for any amount.
    pub(super) max_bytes: Option<u64>,
    pub(super) min_free_bytes: u64,
    providers: BTreeMap<Provider, u64>,
    /// How many images of a type an artist may have.
    caps: BTreeMap<DataType, usize>,
}

/// What the cache takes, as the database knows it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) page_bytes: u64,
    pub(super) pages: u64,
    pub(super) free_pages: u64,
    /// How many files entries name, and how many blocks these fill.
    pub(super) files: u64,
    pub(super) file_blocks: u64,
    /// Of what lies among the files and is named by no entry; `None` where that is not known.
    pub(super) stray_bytes: Option<u64>,
    /// Of the rows and files of the provider in question.
    pub(super) provider_bytes: u64,
}

/// What there is before something is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) usage: Usage,
    pub(super) disk: Disk,
}

/// What there is on the disk.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "their unit is part of their names")]
pub(super) struct Disk {
    /// Of the write-ahead log.
    pub(super) log_bytes: u64,
    /// Of databases that were moved aside, which are the user's to remove.
    pub(super) aside_bytes: u64,
    /// What is left.
    pub(super) free_bytes: u64,
    /// What will be free besides, of what has been removed for it.
    pub(super) freed_bytes: u64,
}

/// What an entry that is to be stored will take.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// `None` for what belongs to none.
    pub(super) provider: Option<Provider>,
    pub(super) file_bytes: u64,
    pub(super) row_bytes: u64,
    /// What goes with the entry that it replaces.
    pub(super) replaced_bytes: u64,
}

/// How many bytes must go before there is room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "their unit is part of their names")]
pub(super) struct Shortfall {
    /// In the whole cache.
    pub(super) total_bytes: u64,
    /// Among the entries of the provider.
    pub(super) provider_bytes: u64,
    /// On the disk.
    pub(super) disk_bytes: u64,
    /// How much of the total is what the log takes beyond its part. Whoever removed entries for it
    /// would only make it longer.
    pub(super) log_bytes: u64,
}

impl Shortfall {
    /// What has to go at least.
    pub(super) fn largest(self) -> u64 {
        self.total_bytes.max(self.provider_bytes).max(self.disk_bytes)
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl Allowance {
    pub(crate) fn of(config: &Config) -> Self {
        let max_bytes = |bytes: u64| (bytes > 0).then_some(bytes);
        let of_provider = |(name, provider): (&Provider, &crate::config::ProviderConfig)| {
            Some((name.clone(), provider.max_bytes.and_then(max_bytes)?))
        };
        Self {
            max_bytes: max_bytes(config.cache.max_bytes),
            min_free_bytes: config.cache.min_free_bytes,
            providers: config.providers.iter().filter_map(of_provider).collect(),
            caps: config.images.max_per_artist.clone(),
        }
    }

    /// How long the write-ahead log may become before it is cut back, so that it stays within what
    /// is reserved for it; `None` for as long as SQLite thinks fit.
    pub(crate) fn log_bytes(&self) -> Option<u64> {
        self.max_bytes.map(|max_bytes| reserve(max_bytes) / 2)
    }

    /// How many bytes of bodies may be on their way to their files at once, if there are several;
    /// `None` for any number.
    pub(super) fn in_flight_bytes(&self) -> Option<u64> {
        self.max_bytes.map(|max_bytes| max_bytes / SLACK_PART)
    }

    /// What queued requests may take; `None` for any amount.
    pub(super) fn queue_bytes(&self) -> Option<u64> {
        self.max_bytes.map(|max_bytes| max_bytes / QUEUE_PART)
    }

    /// How many finished requests are remembered for those who wait.
    pub(crate) fn finishes_kept(&self) -> u32 {
        let (least, most) = FINISHES.into_inner();
        let kept = self.max_bytes.map_or(most, |max_bytes| max_bytes / BYTES_PER_FINISH);
        u32::try_from(kept.clamp(least, most)).unwrap_or(u32::MAX)
    }

    /// Whether an artist may have any number of images of all types.
    pub(super) fn has_no_caps(&self) -> bool {
        self.caps.is_empty()
    }

    /// How many images of a type an artist may have; `None` for any number, and for what is no
    /// image.
    pub(super) fn cap(&self, data_type: &DataType) -> Option<usize> {
        self.caps.get(data_type).copied()
    }

    /// Whether the disk need not be looked at.
    pub(super) fn is_boundless(&self) -> bool {
        self.max_bytes.is_none() && self.min_free_bytes == 0
    }

    /// Whether `need` could not be met by an empty cache either.
    pub(super) fn is_never_enough(&self, need: &Need) -> bool {
        let most = self.max_bytes.map_or(u64::MAX, |max_bytes| max_bytes - reserve(max_bytes));
        need.file_disk_bytes() + need.row_bytes > most
            || need.file_bytes + need.row_bytes > self.of_provider(need)
    }

    /// How much too little room there is for `need`.
    pub(super) fn shortfall(&self, usage: &Usage, need: &Need, room: Disk) -> Shortfall {
        let added = need.added_bytes();
        let over = |bytes: u64, most: u64| bytes.saturating_sub(most);
        let total = usage.total_with(need).saturating_add(room.aside_bytes);
        let total = total.saturating_sub(need.replaced_bytes);
        let log_beyond = |max: u64| over(room.log_bytes, reserve(max));
        let total_bytes =
            self.max_bytes.map_or(0, |max| over(total + log_beyond(max), max - reserve(max)));
        let short_on_disk = match self.min_free_bytes {
            0 => 0,
            min_free_bytes => over(min_free_bytes.saturating_add(added), room.free_bytes),
        };
        Shortfall {
            total_bytes,
            log_bytes: self.max_bytes.map_or(0, |max| log_beyond(max).min(total_bytes)),
            provider_bytes: over(usage.provider_bytes + added, self.of_provider(need)),
            // What others have filled the disk with is theirs to remove.
            disk_bytes: short_on_disk.min(added).saturating_sub(room.freed_bytes),
        }
    }

    /// The same, if the slack is not to be used either, so that it need not be made again.
    pub(super) fn shortfall_with_slack(&self, usage: &Usage, need: &Need, room: Disk) -> Shortfall {
        let slack = self.max_bytes.map_or(0, |max_bytes| max_bytes / SLACK_PART * 2);
        let with_slack = Disk { aside_bytes: room.aside_bytes.saturating_add(slack), ..room };
        self.shortfall(usage, need, with_slack)
    }

    fn of_provider(&self, need: &Need) -> u64 {
        let max_bytes = need.provider.as_ref().and_then(|provider| self.providers.get(provider));
        max_bytes.copied().unwrap_or(u64::MAX)
    }

    /// What is to go so that the next entries find room: nothing while there is some slack.
    pub(super) fn tidy_bytes(&self, usage: &Usage) -> u64 {
        let Some(max_bytes) = self.max_bytes else { return 0 };
        let slack = max_bytes / SLACK_PART;
        let most = max_bytes - reserve(max_bytes) - slack;
        let total = usage.total();
        // Twice the slack, so that it is not looked for again at once.
        if total > most { total - most + slack } else { 0 }
    }
}

impl Usage {
    fn total_with(&self, need: &Need) -> u64 {
        let row_bytes = need.row_bytes + ROW_BYTES;
        let more = row_bytes.saturating_sub(self.free_pages * self.page_bytes);
        self.total() + need.file_disk_bytes() + more
    }

    fn total(&self) -> u64 {
        let files = space::of_files(self.files, self.file_blocks);
        self.pages * self.page_bytes + files + self.stray_bytes.unwrap_or(0)
    }

    /// How many bytes have been given up since there was so much in use, be they taken again by what
    /// comes.
    pub(super) fn freed_since(&self, before: &Self) -> u64 {
        before.in_use().saturating_sub(self.in_use())
    }

    fn in_use(&self) -> u64 {
        self.total().saturating_sub(self.free_pages * self.page_bytes)
    }

    /// How many unused pages the database need not keep for `need`.
    pub(super) fn spare_pages(&self, need: &Need) -> u64 {
        let row_pages = (need.row_bytes + ROW_BYTES).div_ceil(self.page_bytes.max(1));
        self.free_pages.saturating_sub(row_pages)
    }
}

impl Need {
    fn file_disk_bytes(&self) -> u64 {
        if self.file_bytes == 0 { 0 } else { space::of_new_file(self.file_bytes) }
    }

    pub(super) fn added_bytes(&self) -> u64 {
        (self.file_bytes + self.row_bytes).saturating_sub(self.replaced_bytes)
    }
}

fn reserve(max_bytes: u64) -> u64 {
    (max_bytes / RESERVE_PART).min(RESERVE_MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    fn allowance(config: &str) -> Allowance {
        Allowance::of(&serde_json::from_str(config).unwrap())
    }

    fn need(file_bytes: u64) -> Need {
        let provider = Provider::new("cdn").ok();
        Need { provider, file_bytes, row_bytes: 0, replaced_bytes: 0 }
    }

    fn usage(stray_bytes: u64) -> Usage {
        let stray_bytes = Some(stray_bytes);
        Usage { page_bytes: 4 * KIB, pages: 256, stray_bytes, ..Usage::default() }
    }

    const ROOMY: Disk = Disk { log_bytes: 0, aside_bytes: 0, free_bytes: u64::MAX, freed_bytes: 0 };
    /// What a file takes beside its bytes, in folders.
    const FOLDERS: u64 = 8 * KIB;

    #[test]
    fn a_cache_without_bounds_has_always_room() {
        let any = allowance(r#"{"cache": {"max_bytes": 0, "min_free": 0}}"#);
        let nothing_free = Disk { free_bytes: 0, ..ROOMY };
        assert!(any.shortfall(&usage(u64::MAX / 4), &need(1 << 40), nothing_free).is_none());
        assert_eq!((any.tidy_bytes(&usage(u64::MAX / 4)), any.log_bytes()), (0, None));
    }

    #[test]
    fn as_many_finishes_are_remembered_as_take_little_of_the_whole() {
        let kept = |mib: u64| {
            let max_bytes = mib * MIB;
            allowance(&format!(r#"{{"cache": {{"max_bytes": {max_bytes}}}}}"#)).finishes_kept()
        };
        assert_eq!([4, 64, 1_024].map(kept), [32, 512, 8_192]);
        assert_eq!([0, 5 * 1_024].map(kept), [10_000; 2]);
    }

    /// Of 16 MiB a quarter is reserved for the log; 1 MiB is the database.
    #[test]
    fn what_is_missing_is_what_goes_beyond_the_whole_less_its_reserve() {
        let allowance = allowance(r#"{"cache": {"max_bytes": 16777216}}"#);
        let short = |file_bytes, need: &Need| {
            allowance.shortfall(&usage(file_bytes), need, ROOMY).total_bytes
        };
        let beside = FOLDERS + ROW_BYTES;
        assert_eq!(short(10 * MIB - beside, &need(MIB - 1)), 0);
        assert_eq!(short(10 * MIB, &need(MIB)), beside);
        assert_eq!(short(11 * MIB, &need(MIB)), MIB + beside);
        let replacing = Need { replaced_bytes: MIB, ..need(MIB) };
        assert_eq!(short(11 * MIB, &replacing), beside);
        let aside = Disk { aside_bytes: MIB, ..ROOMY };
        let with_aside = allowance.shortfall(&usage(10 * MIB), &need(MIB), aside);
        assert_eq!(with_aside.total_bytes, MIB + beside);
        let filed = Usage { files: 2, file_blocks: 2, ..usage(10 * MIB) };
        let filed = allowance.shortfall(&filed, &need(MIB), ROOMY);
        assert_eq!(filed.total_bytes, beside + 6 * 4 * KIB, "blocks and folders");
        let free = Usage { free_pages: 5, ..usage(11 * MIB) };
        let row = Need { row_bytes: 16 * KIB, ..need(0) };
        assert!(allowance.shortfall(&free, &row, ROOMY).is_none(), "it fits in unused pages");
        assert_eq!((free.spare_pages(&row), free.spare_pages(&need(MIB))), (0, 4));
        assert!(allowance.is_never_enough(&need(13 * MIB)));
        assert_eq!(allowance.log_bytes(), Some(2 * MIB));
    }

    /// A log within its reserve costs nothing, and what it has beyond that counts whole.
    #[test]
    fn a_log_that_has_outgrown_its_reserve_takes_the_room_of_what_is_to_come() {
        let allowance = allowance(r#"{"cache": {"max_bytes": 16777216}}"#);
        let short = |file_bytes, log_bytes| {
            let disk = Disk { log_bytes, ..ROOMY };
            let usage = usage(file_bytes - FOLDERS - ROW_BYTES);
            let short = allowance.shortfall(&usage, &need(MIB), disk);
            (short.total_bytes, short.log_bytes)
        };
        assert_eq!(short(10 * MIB, 4 * MIB), (0, 0));
        assert_eq!(short(10 * MIB, 4 * MIB + 1), (1, 1));
        assert_eq!(short(10 * MIB, 20 * MIB), (16 * MIB, 16 * MIB));
        assert_eq!(short(11 * MIB, 5 * MIB), (2 * MIB, MIB));
        assert_eq!(short(2 * MIB, 12 * MIB), (0, 0), "there is room enough elsewhere");
    }

    #[test]
    fn a_provider_has_a_part_of_its_own() {
        let allowance = allowance(r#"{"providers": {"cdn": {"max_bytes": 1048576}}}"#);
        let full = Usage { provider_bytes: MIB, ..usage(MIB) };
        assert_eq!(allowance.shortfall(&full, &need(KIB), ROOMY).provider_bytes, KIB);
        let other = Need { provider: Provider::new("lastfm").ok(), ..need(KIB) };
        assert!(allowance.shortfall(&full, &other, ROOMY).is_none());
        assert!(allowance.is_never_enough(&need(MIB + 1)));
    }

    #[test]
    fn what_others_have_filled_the_disk_with_is_not_made_up_for() {
        let allowance = allowance(r#"{"cache": {"min_free": 1048576}}"#);
        let short = |free_bytes, freed_bytes| {
            let disk = Disk { free_bytes, freed_bytes, ..ROOMY };
            allowance.shortfall(&usage(0), &need(10 * KIB), disk).disk_bytes
        };
        assert_eq!(short(MIB + 10 * KIB, 0), 0);
        assert_eq!(short(MIB + 4 * KIB, 0), 6 * KIB);
        assert_eq!(short(0, 0), 10 * KIB);
        assert_eq!(short(0, 10 * KIB), 0);
    }

    #[test]
    fn tidying_begins_before_there_is_too_little_and_ends_well_below() {
        let allowance = allowance(r#"{"cache": {"max_bytes": 33554432}}"#);
        let most = 24 * MIB - MIB;
        assert_eq!(allowance.tidy_bytes(&usage(most - MIB)), 0);
        assert_eq!(allowance.tidy_bytes(&usage(most - MIB + 1)), MIB + 1);
    }
}
