//! A row of `cached_data`, and what it means here.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::checksum::Checksum;
use crate::moving::entry_line::EntryLine;
use crate::store::Metadata;

const NOT_FOUND: i64 = 404;

/// The columns as they stand there, but the bytes; not yet believed.
pub(super) struct Row {
    pub(super) url: String,
    pub(super) is_in_file: bool,
    pub(super) data_size: u64,
    cachekey: Option<String>,
    identifier: String,
    data_type: String,
    provider: String,
    metadata: Option<String>,
    created_at: f64,
    expires_at: f64,
    last_accessed: f64,
    access_count: i64,
    status_code: i64,
    mime_type: Option<String>,
    content_checksum: Option<String>,
}

impl Row {
    pub(super) fn id(row: &SqliteRow) -> sqlx::Result<i64> {
        row.try_get("id")
    }

    /// A number may be stored as a text, and a whole one as no fraction.
    pub(super) fn read(row: &SqliteRow) -> sqlx::Result<Self> {
        let count: i64 = row.try_get_unchecked("data_size")?;
        Ok(Self {
            url: row.try_get_unchecked("url")?,
            is_in_file: row.try_get_unchecked("is_in_file")?,
            data_size: u64::try_from(count).unwrap_or(0),
            cachekey: row.try_get_unchecked("cachekey")?,
            identifier: row.try_get_unchecked("identifier")?,
            data_type: row.try_get_unchecked("data_type")?,
            provider: row.try_get_unchecked("provider")?,
            metadata: row.try_get_unchecked("metadata")?,
            created_at: row.try_get_unchecked("created_at")?,
            expires_at: row.try_get_unchecked("expires_at")?,
            last_accessed: row.try_get_unchecked("last_accessed")?,
            access_count: row.try_get_unchecked::<Option<i64>, _>("access_count")?.unwrap_or(0),
            status_code: row.try_get_unchecked("status_code")?,
            mime_type: row.try_get_unchecked("mime_type")?,
            content_checksum: row.try_get_unchecked("content_checksum")?,
        })
    }

    /// Whether the row remembers that there is none.
    pub(super) fn is_absence(&self) -> bool {
        self.status_code == NOT_FOUND
    }

    /// Whether these are the bytes that were stored, as far as the row can tell.
    pub(super) fn is_of(&self, data: &[u8]) -> bool {
        match self.content_checksum.as_deref().map(str::parse::<Checksum>) {
            Some(checksum) => checksum.is_ok_and(|checksum| checksum == Checksum::of(data)),
            None => self.data_size == data.len() as u64,
        }
    }

    /// What the row tells, in our words, if its metadata can be read; `checksum` is that of its
    /// bytes.
    pub(super) fn into_line(self, checksum: Checksum) -> Option<EntryLine> {
        let metadata = metadata(self.metadata.as_deref())?;
        Some(EntryLine {
            cachekey: self.cachekey.unwrap_or_default(),
            identifier: Some(self.identifier).filter(|name| !name.trim().is_empty()),
            data_type: data_type(&self.data_type),
            subjects: Vec::new(),
            provider: provider(&self.provider),
            status_code: u16::try_from(self.status_code).unwrap_or(0),
            mime_type: if self.status_code == NOT_FOUND {
                String::new()
            } else {
                self.mime_type.unwrap_or_default()
            },
            data_size: self.data_size,
            content_checksum: checksum,
            created_at: millis(self.created_at),
            expires_at: millis(self.expires_at),
            last_accessed: millis(self.last_accessed),
            access_count: u64::try_from(self.access_count).unwrap_or(0),
            etag: None,
            last_modified: None,
            varies_on: String::new(),
            may_be_stale: true,
            is_untrusted: false,
            metadata,
            url: self.url,
        })
    }
}

/// Metadata that can be read back from within a line of an archive.
pub(super) fn metadata(text: Option<&str>) -> Option<Metadata> {
    let text = text.filter(|text| !matches!(text.trim(), "" | "null")).unwrap_or("{}");
    let read = serde_json::from_str::<[Metadata; 1]>(&format!("[{text}]"));
    read.ok().map(|[metadata]| metadata)
}

/// Its data types are ours, but for short names of former versions.
pub(super) fn data_type(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let ours = match name.as_str() {
        "" => "other",
        "thumbnail" => "artistthumbnail",
        "logo" => "artistlogo",
        "banner" => "artistbanner",
        "fanart" => "artistfanart",
        "cover" | "frontcover" => "front_cover",
        other => other,
    };
    as_name(ours)
}

/// Its providers are ours, but for other spellings.
pub(super) fn provider(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let ours = match name.as_str() {
        "" => "other",
        "audiodb" => "theaudiodb",
        "fanart" | "fanart.tv" => "fanarttv",
        "last.fm" => "lastfm",
        "caa" | "coverart" => "coverartarchive",
        "wikidata" | "wikipedia" => "wikimedia",
        other => other,
    };
    as_name(ours)
}

/// What can be no name here becomes one.
fn as_name(text: &str) -> String {
    let fit = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    text.chars().map(|c| if fit(c) { c } else { '_' }).collect()
}

/// Seconds since 1970, with fractions, as milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "what is out of range is taken for the end")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1_000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours() {
        for (theirs, ours) in [
            ("artistthumbnail", "artistthumbnail"),
            ("Logo", "artistlogo"),
            ("bio_en-US", "bio_en-us"),
            ("my type", "my_type"),
            ("", "other"),
        ] {
            assert_eq!(data_type(theirs), ours);
        }
        assert_eq!(provider("fanart.tv"), "fanarttv");
        assert_eq!(provider("musicbrainz"), "musicbrainz");
    }

    #[test]
    fn seconds_are_milliseconds_and_stay_in_range() {
        for (seconds, expected) in
            [(1.5, 1_500), (0.0, 0), (1e300, i64::MAX), (-1e300, i64::MIN), (f64::NAN, 0)]
        {
            assert_eq!(millis(seconds), expected);
        }
    }

    #[test]
    fn metadata_is_an_object_or_nothing() {
        assert_eq!(metadata(None), Some(Metadata::new()));
        assert_eq!(metadata(Some("null")), Some(Metadata::new()));
        assert_eq!(metadata(Some(r#"{"a": 1}"#)).unwrap()["a"], 1);
        for broken in ["[]", "{", "{}, {}", "1"] {
            assert_eq!(metadata(Some(broken)), None, "{broken}");
        }
    }
}
