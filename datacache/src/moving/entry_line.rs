//! An entry as another cache tells of it. Nothing in it is believed before it has been admitted.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Author;
use crate::cache::Cache;
use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{Validators, Vary};
use crate::identifier::Identifier;
use crate::key::Key;
use crate::media::{self, Form};
use crate::name::{DataType, Provider};
use crate::store::{
    Cachekey, EntryInfo, MAX_METADATA_BYTES, Metadata, NewEntry, Past, Subject, Terms,
};

const OPERATION: &str = "import";
const FOUND: u16 = 200;
const NOT_FOUND: u16 = 404;

/// No entry is taken to have been read more often, so that counting on stays possible.
const MAX_ACCESS_COUNT: u64 = u32::MAX as u64;

/// So long an entry of a stranger's is fresh at most, whatever is said of it.
const LONGEST_OF_STRANGERS: Duration = Duration::from_hours(365 * 24);

/// No image is noted under more.
const MAX_SUBJECTS: usize = 64;

/// All of an entry but its bytes, as it stands in an archive; times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EntryLine {
    pub(super) url: String,
    pub(super) cachekey: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) identifier: Option<String>,
    pub(super) data_type: String,
    /// What it is about besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) subjects: Vec<SubjectLine>,
    pub(super) provider: String,
    pub(super) status_code: u16,
    pub(super) mime_type: String,
    pub(super) data_size: u64,
    pub(super) content_checksum: Checksum,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    pub(super) last_accessed: i64,
    pub(super) access_count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) varies_on: String,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub(super) may_be_stale: bool,
    #[serde(default, skip_serializing_if = "is_no")]
    pub(super) is_untrusted: bool,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub(super) metadata: Metadata,
}

/// What an image is about, as one of two artists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SubjectLine {
    pub(super) identifier: String,
    pub(super) data_type: String,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like that")]
fn is_yes(answer: &bool) -> bool {
    *answer
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like that")]
fn is_no(answer: &bool) -> bool {
    !*answer
}

/// An entry that may be stored.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) entry: NewEntry,
    pub(super) past: Past,
}

/// By what is judged whether an entry may be stored.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) cache: Cache,
    pub(super) now: Timestamp,
    pub(super) author: Author,
    /// The rank of what has never been used, when it began: nothing that comes later stands above
    /// what came before because that has had to make room.
    pub(super) lowest_rank: i64,
}

impl EntryLine {
    /// What is told of an entry of this cache; `key` is what its URL is by the settings of today.
    pub(super) fn of(info: EntryInfo, subjects: Vec<Subject>, key: &Key) -> Self {
        let Terms { etag, last_modified, varies_on, may_be_stale, is_untrusted } = info.terms;
        Self {
            url: key.as_str().to_owned(),
            cachekey: info.cachekey.to_string(),
            identifier: info.identifier.map(|identifier| identifier.as_str().to_owned()),
            data_type: info.data_type.into(),
            subjects: subjects.into_iter().map(SubjectLine::from).collect(),
            provider: info.provider.into(),
            status_code: info.status_code,
            mime_type: info.mime_type,
            data_size: info.data_size,
            content_checksum: info.content_checksum,
            created_at: info.created_at.as_millis(),
            expires_at: info.expires_at.as_millis(),
            last_accessed: info.last_accessed.as_millis(),
            access_count: info.access_count,
            etag,
            last_modified,
            varies_on,
            may_be_stale,
            is_untrusted,
            metadata: info.metadata,
        }
    }
}

impl Gate {
    pub(super) async fn new(cache: &Cache, author: Author) -> Result<Self> {
        let lowest_rank = cache.0.store.lowest_rank().await?;
        Ok(Self { cache: cache.clone(), now: cache.0.clock.now(), author, lowest_rank })
    }

    /// The largest body that is let in.
    pub(super) fn max_body_bytes(&self) -> u64 {
        self.cache.0.fetcher.max_body_bytes() as u64
    }

    /// What is wrong with the entry of `url`, which is named as a key.
    pub(super) fn error(&self, url: &str, kind: ErrorKind, reason: &dyn fmt::Display) -> Error {
        match self.cache.key(url) {
            Ok(key) => Error::new(kind, OPERATION, key, reason),
            Err(error) => error,
        }
    }

    /// The entry of `line` with the bytes `data`, which have its checksum. It takes a while: not on
    /// a thread that serves other tasks.
    ///
    /// # Errors
    /// Says why it may not be stored, without a secret.
    pub(super) fn admit(&self, line: EntryLine, data: Bytes) -> Result<Admitted> {
        let key = self.cache.key(&line.url)?;
        let data_type = DataType::new(&line.data_type)?;
        let provider = Provider::new(&line.provider)?;
        check_metadata(&key, &line.metadata)?;
        check_content(&key, &data_type, line.status_code, &data)?;
        let created_at = self.past_moment(line.created_at);
        let expires_at = self.believed(created_at, Timestamp::from_millis(line.expires_at.max(0)));
        let lifetimes = self.cache.0.policies.get(&provider).lifetimes;
        let mime_type = if data.is_empty() && line.mime_type.is_empty() {
            String::new()
        } else {
            media::mime_type(&data, Some(&line.mime_type))
        };
        let validators = Validators { etag: line.etag, last_modified: line.last_modified };
        let validators = validators.bounded();
        let entry = NewEntry {
            identifier: line.identifier.as_deref().map(Identifier::new).transpose()?,
            metadata: self.cache.0.policies.without_secrets(line.metadata),
            status_code: line.status_code,
            mime_type,
            checksum: line.content_checksum,
            created_at,
            expires_at: lifetimes.capped(created_at, expires_at),
            terms: Terms {
                etag: validators.etag,
                last_modified: validators.last_modified,
                varies_on: Vary::bounded(line.varies_on),
                may_be_stale: line.may_be_stale,
                is_untrusted: line.is_untrusted || self.author == Author::Stranger,
            },
            derived_from: None,
            key,
            data_type,
            provider,
            data,
        };
        let subjects = match entry.status_code {
            FOUND if entry.data_type.is_image() => subjects(&line.subjects)?,
            _ => Vec::new(),
        };
        let access_count = match self.author {
            // How often a stranger has used it says nothing about its use here.
            Author::Stranger => 0,
            Author::Myself => line.access_count.min(MAX_ACCESS_COUNT),
        };
        let past = Past {
            cachekey: line.cachekey.parse().unwrap_or_else(|_| Cachekey::new_random()),
            last_accessed: self.past_moment(line.last_accessed),
            access_count,
            subjects,
            rank: self.lowest_rank + i64::try_from(access_count).unwrap_or(0),
        };
        Ok(Admitted { entry, past })
    }

    /// When an entry expires: a stranger is not believed that it is for ever.
    fn believed(&self, created_at: Timestamp, expires_at: Timestamp) -> Timestamp {
        let latest = match self.author {
            Author::Stranger => created_at.checked_add(LONGEST_OF_STRANGERS),
            Author::Myself => None,
        };
        latest.map_or(expires_at, |latest| expires_at.min(latest))
    }

    /// A moment of the past: what lies ahead would be newer than everything that is still to come.
    fn past_moment(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(millis.max(0)).min(self.now)
    }
}

impl From<Subject> for SubjectLine {
    fn from(subject: Subject) -> Self {
        let Subject { identifier, data_type } = subject;
        Self { identifier: identifier.as_str().to_owned(), data_type: data_type.into() }
    }
}

/// What an image may be noted under.
fn subjects(lines: &[SubjectLine]) -> Result<Vec<Subject>> {
    let read = |line: &SubjectLine| {
        let identifier = Identifier::new(&line.identifier)?;
        Ok(Subject { identifier, data_type: DataType::new(&line.data_type)? })
    };
    let subjects: Result<Vec<Subject>> = lines.iter().take(MAX_SUBJECTS).map(read).collect();
    Ok(subjects?.into_iter().filter(|subject| subject.data_type.is_image()).collect())
}

fn check_metadata(key: &Key, metadata: &Metadata) -> Result<()> {
    let size = serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len());
    if size <= MAX_METADATA_BYTES {
        return Ok(());
    }
    let reason = format_args!("its metadata is larger than {MAX_METADATA_BYTES} bytes");
    Err(Error::new(ErrorKind::Refused, OPERATION, key, reason))
}

/// Accepts what could have been put, or fetched.
fn check_content(key: &Key, data_type: &DataType, status_code: u16, data: &[u8]) -> Result<()> {
    let refuse = |reason: &dyn std::fmt::Display| {
        Err(Error::new(ErrorKind::Refused, OPERATION, key, reason))
    };
    match (status_code, media::check(Form::of(data_type), data)) {
        (NOT_FOUND, _) if data.is_empty() => Ok(()),
        (NOT_FOUND, _) => refuse(&"there are bytes, though it says that there are none"),
        (FOUND, Ok(())) => Ok(()),
        (FOUND, Err(mismatch)) => {
            refuse(&format_args!("{mismatch}, but the data type is {data_type}"))
        }
        (other, _) => refuse(&format_args!("its status is {other}")),
    }
}
