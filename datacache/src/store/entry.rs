//! What an entry is.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use super::derived::DerivedFrom;
use super::encoding::Encoding;
use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::{DataType, Provider};

/// Whatever a caller wants to keep beside an entry: a JSON object of at most 64 KiB. URLs in it
/// lose their secrets.
pub type Metadata = serde_json::Map<String, serde_json::Value>;

/// No entry has more metadata, as JSON.
pub(crate) const MAX_METADATA_BYTES: usize = 64 * 1024;

/// The status of a remembered "there is none".
pub(super) const NOT_FOUND: u16 = 404;

/// The number of no row: SQLite counts from 1.
const NO_ROW: i64 = 0;

/// One cached answer: the bytes and what is known about them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Everything but the bytes.
    pub info: EntryInfo,
    /// The bytes, verified against their checksum. Cloning them is cheap.
    pub data: Bytes,
}

/// What is known about an entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EntryInfo {
    /// The canonical URL without secrets.
    pub url: Key,
    /// An opaque handle that outlives refreshes.
    pub cachekey: Cachekey,
    /// What the entry is about.
    pub identifier: Option<Identifier>,
    /// What kind of data it is.
    pub data_type: DataType,
    /// Who it came from.
    pub provider: Provider,
    /// The caller's own JSON object.
    pub metadata: Metadata,
    /// 200 for an answer; 404 where the provider said that there is none.
    pub status_code: u16,
    /// The media type, told from the bytes.
    pub mime_type: String,
    /// The number of bytes.
    pub data_size: u64,
    /// How many bytes they take in the database or in their file, which may be shared with other
    /// entries; 0 for what is not stored.
    pub stored_size: u64,
    /// How those are made from the bytes.
    pub encoding: Encoding,
    /// SHA-256 of the bytes.
    pub content_checksum: Checksum,
    /// When the bytes came from their origin. An origin that only says that they have not changed
    /// does not move it.
    pub created_at: Timestamp,
    /// Until when the entry is fresh, counted from when its origin last answered.
    pub expires_at: Timestamp,
    /// When the entry was last read, give or take five minutes.
    pub last_accessed: Timestamp,
    /// In how many stretches of five minutes the entry was read.
    pub access_count: u64,
    /// On what terms it is kept.
    #[serde(skip)]
    pub(crate) terms: Terms,
    /// Whether the bytes have a file of their own.
    #[serde(skip)]
    pub(crate) is_in_file: bool,
    /// What their file is named by, where that is not the checksum of the bytes.
    #[serde(skip)]
    pub(crate) stored_checksum: Option<Checksum>,
    /// The row, for noting an access.
    #[serde(skip)]
    pub(crate) row_id: i64,
}

/// On what terms an answer is kept. The default is that of one whose origin had nothing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The entity tag by which the origin is asked whether the answer is still the same.
    pub(crate) etag: Option<String>,
    /// The date of change by which it is asked, as it was received.
    pub(crate) last_modified: Option<String>,
    /// The headers of the request that the answer depends on, as fingerprints; empty for none.
    pub(crate) varies_on: String,
    /// Whether the entry may be used after its time.
    pub(crate) may_be_stale: bool,
    /// Whether its URL was a stranger's when it was asked for.
    pub(crate) is_untrusted: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            etag: None,
            last_modified: None,
            varies_on: String::new(),
            may_be_stale: true,
            is_untrusted: false,
        }
    }
}

/// Whether an entry may be used without asking its origin again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Before `expires_at`.
    Fresh,
    /// From `expires_at` on.
    Stale,
}

impl EntryInfo {
    /// Whether the entry is fresh at `now`.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        if now < self.expires_at { Freshness::Fresh } else { Freshness::Stale }
    }

    /// Whether the entry says that there is nothing at this URL.
    pub fn is_absence(&self) -> bool {
        self.status_code == NOT_FOUND
    }

    /// Whether it is an answer that may be shown at `now`, be it stale.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        let is_in_time = self.terms.may_be_stale || self.freshness(now) == Freshness::Fresh;
        is_in_time && !self.is_absence()
    }

    /// What there is to know about an answer that is not to be stored. Its handle leads nowhere.
    pub(crate) fn of_unstored(new: &NewEntry) -> Self {
        Self {
            url: new.key.clone(),
            cachekey: Cachekey::new_random(),
            identifier: new.identifier.clone(),
            data_type: new.data_type.clone(),
            provider: new.provider.clone(),
            metadata: new.metadata.clone(),
            status_code: new.status_code,
            mime_type: new.mime_type.clone(),
            data_size: new.data.len() as u64,
            stored_size: 0,
            encoding: Encoding::Identity,
            content_checksum: new.checksum,
            created_at: new.created_at,
            expires_at: new.expires_at,
            last_accessed: new.created_at,
            access_count: 0,
            terms: new.terms.clone(),
            is_in_file: false,
            stored_checksum: None,
            row_id: NO_ROW,
        }
    }
}

/// An opaque handle of an entry, stable across refreshes, safe to hand to a web page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Cachekey(#[serde(serialize_with = "serialize_uuid")] Uuid);

fn serialize_uuid<S: serde::Serializer>(uuid: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(uuid)
}

impl Cachekey {
    pub(crate) fn new_random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl FromStr for Cachekey {
    type Err = Error;

    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `text` is not a UUID.
    fn from_str(text: &str) -> Result<Self> {
        // Why not is left out: it would repeat part of the text, which may be anything.
        Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| Error::invalid("read", "cachekey", "it is not a UUID"))
    }
}

impl fmt::Display for Cachekey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An entry to be stored.
#[derive(Debug)]
pub(crate) struct NewEntry {
    pub(crate) key: Key,
    pub(crate) identifier: Option<Identifier>,
    pub(crate) data_type: DataType,
    pub(crate) provider: Provider,
    pub(crate) metadata: Metadata,
    pub(crate) status_code: u16,
    pub(crate) mime_type: String,
    pub(crate) checksum: Checksum,
    pub(crate) data: Bytes,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) terms: Terms,
    /// What it was made from; `None` for what came from an origin or a caller.
    pub(crate) derived_from: Option<DerivedFrom>,
}

/// What becomes of an entry whose bytes its origin has confirmed.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// The entry as it was when the origin was asked.
    pub(crate) old: EntryInfo,
    pub(crate) identifier: Option<Identifier>,
    pub(crate) data_type: DataType,
    pub(crate) provider: Provider,
    pub(crate) metadata: Metadata,
    pub(crate) expires_at: Timestamp,
    pub(crate) terms: Terms,
}
