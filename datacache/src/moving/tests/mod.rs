mod archives;
mod hostile;
mod mutated;
mod room;

use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use image::{DynamicImage, ImageFormat};

use super::archive::{Body, Reader, Record, Writer};
use super::entry_line::EntryLine;
use super::*;
use crate::cache::{Lookup, Page, Request};
use crate::checksum::Checksum;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::error::ErrorKind;
use crate::identifier::Identifier;
use crate::name::{DataType, Provider};
use crate::store::{EntryInfo, Metadata};

const START: Timestamp = Timestamp::from_millis(1_000_000_000);
const HOUR: Duration = Duration::from_hours(1);

/// A cache of its own.
struct Folder {
    _dir: tempfile::TempDir,
    config: Config,
    clock: Clock,
    cache: Cache,
}

impl Folder {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(set: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().join("cache"));
        set(&mut config);
        let clock = Clock::manual(START);
        let cache = Cache::open_with_clock(config.clone(), clock.clone()).await.unwrap();
        Self { _dir: dir, config, clock, cache }
    }

    /// The same when what was noted in memory is written.
    async fn reopened(self) -> Self {
        self.cache.close().await;
        let cache = Cache::open_with_clock(self.config.clone(), self.clock.clone()).await.unwrap();
        Self { cache, ..self }
    }

    async fn put(&self, request: Request, data: impl Into<Bytes>) -> EntryInfo {
        self.cache.put(request, data).await.unwrap()
    }

    async fn export(&self, filter: &Filter) -> Vec<u8> {
        let file = File::default();
        self.cache.export(filter, file.clone(), |_| {}).await.unwrap();
        file.bytes().clone()
    }

    async fn import(&self, archive: &[u8]) -> Result<Imported> {
        self.cache.import(Cursor::new(archive.to_vec()), Author::Myself, |_| {}).await
    }

    async fn import_of_a_stranger(&self, archive: &[u8]) -> Result<Imported> {
        self.cache.import(Cursor::new(archive.to_vec()), Author::Stranger, |_| {}).await
    }

    /// What there is to know about every entry, but where it lies.
    async fn entries(&self) -> Vec<EntryInfo> {
        let (mut entries, _) = self.cache.list(&Filter::all(), Page::default()).await.unwrap();
        for info in &mut entries {
            info.row_id = 0;
        }
        entries
    }

    async fn data(&self, url: &str) -> Bytes {
        match self.cache.lookup(url).await.unwrap() {
            Lookup::Fresh(entry) | Lookup::Stale(entry) => entry.data,
            other => panic!("{url}: {other:?}"),
        }
    }
}

/// A file in memory, of which one who wrote it has another handle.
#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl File {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap()
    }
}

impl Write for File {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.bytes().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn request(path: &str) -> Request {
    Request::new(format!("https://a.example/{path}"))
}

fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(8, 8).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn line(path: &str, data: &[u8]) -> EntryLine {
    EntryLine {
        url: format!("https://a.example/{path}"),
        cachekey: "8c2e1a5e-1f0b-4a58-9c6f-0d9b8ac7a001".to_owned(),
        identifier: Some("daft_punk".to_owned()),
        data_type: "other".to_owned(),
        subjects: Vec::new(),
        provider: "cdn".to_owned(),
        status_code: 200,
        mime_type: "text/plain".to_owned(),
        data_size: data.len() as u64,
        content_checksum: Checksum::of(data),
        created_at: START.as_millis() - 5_000,
        expires_at: START.as_millis() + 5_000,
        last_accessed: START.as_millis() - 1_000,
        access_count: 3,
        etag: None,
        last_modified: None,
        varies_on: String::new(),
        may_be_stale: true,
        is_untrusted: false,
        metadata: Metadata::new(),
    }
}

/// An archive of these entries.
fn archive<'a>(entries: impl IntoIterator<Item = (EntryLine, &'a [u8])>) -> Vec<u8> {
    let mut archive = Writer::new(Vec::new()).unwrap();
    for (line, data) in entries {
        archive.entry(&line, data).unwrap();
    }
    archive.finish().unwrap()
}

fn unpacked(archive: &[u8]) -> Vec<u8> {
    zstd::decode_all(archive).unwrap()
}

fn packed(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

/// All that an archive holds, and why there is no more.
fn read(archive: &[u8]) -> (Vec<Record>, Result<()>) {
    let mut records = Vec::new();
    let mut read_all = || {
        let mut reader = Reader::new(archive, 1 << 20)?;
        while let Some(record) = reader.next()? {
            records.push(record);
        }
        Ok(())
    };
    let ended = read_all();
    (records, ended)
}
