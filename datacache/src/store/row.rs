//! A row of `cached_data`, read and checked.

use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use super::encoding::{Encoding, Stored};
use super::entry::{EntryInfo, Metadata, NewEntry, Terms};
use crate::clock::Timestamp;
use crate::db::corrupt_row;
use crate::error::Result;
use crate::identifier::Identifier;
use crate::key::Key;
use crate::name::{DataType, Provider};

/// The columns as they stand in the row; not yet believed.
pub(super) struct RawRow {
    entry_id: i64,
    url: String,
    cachekey: String,
    identifier: String,
    data_type: String,
    provider: String,
    metadata: String,
    status_code: i64,
    mime_type: String,
    data_size: i64,
    content_checksum: String,
    encoding: String,
    stored_size: Option<i64>,
    stored_checksum: Option<String>,
    created_at: i64,
    expires_at: i64,
    last_accessed: i64,
    access_count: i64,
    etag: Option<String>,
    last_modified: Option<String>,
    varies_on: String,
    may_be_stale: bool,
    is_untrusted: bool,
    is_in_file: bool,
    data_value: Option<Vec<u8>>,
}

impl FromRow<'_, SqliteRow> for RawRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            entry_id: row.try_get("entry_id")?,
            url: row.try_get("url")?,
            cachekey: row.try_get("cachekey")?,
            identifier: row.try_get("identifier")?,
            data_type: row.try_get("data_type")?,
            provider: row.try_get("provider")?,
            metadata: row.try_get("metadata")?,
            status_code: row.try_get("status_code")?,
            mime_type: row.try_get("mime_type")?,
            data_size: row.try_get("data_size")?,
            content_checksum: row.try_get("content_checksum")?,
            encoding: row.try_get("encoding")?,
            stored_size: row.try_get("stored_size")?,
            stored_checksum: row.try_get("stored_checksum")?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
            last_accessed: row.try_get("last_accessed")?,
            access_count: row.try_get("access_count")?,
            etag: row.try_get("etag")?,
            last_modified: row.try_get("last_modified")?,
            varies_on: row.try_get("varies_on")?,
            may_be_stale: row.try_get("may_be_stale")?,
            is_untrusted: row.try_get("is_untrusted")?,
            is_in_file: row.try_get("is_in_file")?,
            data_value: row.try_get("data_value")?,
        })
    }
}

/// An entry without its verified bytes.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) info: EntryInfo,
    /// The bytes where they are in the row and were selected; not yet verified.
    pub(super) inline: Option<Bytes>,
}

impl Row {
    /// Checks every column; an unreadable one is named in the error.
    pub(super) fn read(operation: &'static str, raw: RawRow) -> Result<Self> {
        let url = Key::from_row(raw.url);
        let corrupt = |column| corrupt_row(operation, column, &url);
        let info = EntryInfo {
            cachekey: raw.cachekey.parse().map_err(|_| corrupt("cachekey"))?,
            identifier: Identifier::from_row(raw.identifier),
            data_type: DataType::from_row(raw.data_type),
            provider: Provider::from_row(raw.provider),
            metadata: serde_json::from_str::<Metadata>(&raw.metadata)
                .map_err(|_| corrupt("metadata"))?,
            status_code: raw.status_code.try_into().map_err(|_| corrupt("status_code"))?,
            mime_type: raw.mime_type,
            data_size: raw.data_size.try_into().map_err(|_| corrupt("data_size"))?,
            stored_size: raw
                .stored_size
                .unwrap_or(raw.data_size)
                .try_into()
                .map_err(|_| corrupt("stored_size"))?,
            encoding: Encoding::from_column(&raw.encoding).ok_or_else(|| corrupt("encoding"))?,
            content_checksum: raw
                .content_checksum
                .parse()
                .map_err(|_| corrupt("content_checksum"))?,
            created_at: Timestamp::from_millis(raw.created_at),
            expires_at: Timestamp::from_millis(raw.expires_at),
            last_accessed: Timestamp::from_millis(raw.last_accessed),
            access_count: raw.access_count.try_into().map_err(|_| corrupt("access_count"))?,
            terms: Terms {
                etag: raw.etag,
                last_modified: raw.last_modified,
                varies_on: raw.varies_on,
                may_be_stale: raw.may_be_stale,
                is_untrusted: raw.is_untrusted,
            },
            is_in_file: raw.is_in_file,
            stored_checksum: raw
                .stored_checksum
                .map(|name| name.parse().map_err(|_| corrupt("stored_checksum")))
                .transpose()?,
            row_id: raw.entry_id,
            url,
        };
        Ok(Self { info, inline: raw.data_value.map(Bytes::from) })
    }

    /// Which content of which row this is.
    pub(super) fn version(&self) -> Version {
        Version::of(&self.info)
    }
}

/// What of a row outlives its content: its number, its handle, when it was last read, and how often.
pub(super) type Lasting = (i64, String, i64, i64);

/// What the row of `new` says once it is stored.
pub(super) fn info_of(
    operation: &'static str,
    new: &NewEntry,
    stored: &Stored,
    is_in_file: bool,
    (row_id, cachekey, last_accessed, access_count): Lasting,
) -> Result<EntryInfo> {
    let corrupt = |column| corrupt_row(operation, column, &new.key);
    let has_own_name = is_in_file && stored.encoding != Encoding::Identity;
    Ok(EntryInfo {
        cachekey: cachekey.parse().map_err(|_| corrupt("cachekey"))?,
        access_count: access_count.try_into().map_err(|_| corrupt("access_count"))?,
        last_accessed: Timestamp::from_millis(last_accessed),
        stored_size: stored.bytes.len() as u64,
        encoding: stored.encoding,
        stored_checksum: has_own_name.then_some(stored.checksum),
        is_in_file,
        row_id,
        ..EntryInfo::of_unstored(new)
    })
}

/// One content of a row, to tell whether it has been replaced; as it stands in the row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) id: i64,
    pub(super) checksum: String,
    pub(super) created_at: i64,
}

impl Version {
    pub(super) fn of(info: &EntryInfo) -> Self {
        Self {
            id: info.row_id,
            checksum: info.content_checksum.to_string(),
            created_at: info.created_at.as_millis(),
        }
    }
}

impl RawRow {
    /// Which content of which row this is.
    pub(super) fn version(&self) -> Version {
        Version {
            id: self.entry_id,
            checksum: self.content_checksum.clone(),
            created_at: self.created_at,
        }
    }
}
