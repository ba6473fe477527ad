//! Reading an archive, of which nothing is believed. Blocking.
//!
//! No length that it tells makes room before the bytes are there.

use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{
    END, ENTRY, End, MAGIC, MAX_LINE_BYTES, PIN, VERSION, WINDOW_LOG_BYTES, first_seal, seal_of,
};
use crate::checksum::Checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::moving::entry_line::EntryLine;

const OPERATION: &str = "import";
const SUBJECT: &str = "archive";

const CUT_SHORT: &str = "is cut short";

/// The first line of no version is longer.
const MAX_FIRST_LINE_BYTES: u64 = 64;

/// Unpacks and checks.
pub(crate) struct Reader<R: Read> {
    from: BufReader<zstd::Decoder<'static, BufReader<R>>>,
    max_body_bytes: u64,
    seal: Checksum,
    read: End,
}

/// What an archive holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Record {
    Pin(String),
    Entry(Box<EntryLine>, Body),
}

/// The bytes of an entry.
#[derive(Debug, PartialEq)]
pub(crate) enum Body {
    Intact(Bytes),
    /// They do not have the checksum of their entry.
    Damaged,
    /// They are over the limit and were passed over.
    TooLarge,
}

impl<R: Read> Reader<R> {
    /// Reads the first line. Bodies larger than `max_body_bytes` are passed over.
    pub(crate) fn new(from: R, max_body_bytes: u64) -> Result<Self> {
        let mut from = BufReader::new(from);
        if from.fill_buf().map_err(unread)?.is_empty() {
            return Err(no_archive());
        }
        let mut unpacking = zstd::Decoder::with_buffer(from).map_err(unread)?;
        unpacking.window_log_max(WINDOW_LOG_BYTES).map_err(unread)?;
        let from = BufReader::new(unpacking);
        let read = End::default();
        let mut reader = Self { from, max_body_bytes, seal: first_seal(), read };
        reader.check_first_line()?;
        Ok(reader)
    }

    /// The next record; `None` after the last, when all that was read is vouched for.
    pub(crate) fn next(&mut self) -> Result<Option<Record>> {
        let line = self.sealed_line()?;
        let (kind, json) = line.split_once(' ').unwrap_or((&line, ""));
        match kind {
            PIN => {
                self.read.pinned += 1;
                Ok(Some(Record::Pin(self.value(json)?)))
            }
            ENTRY => {
                let entry: Box<EntryLine> = self.value(json)?;
                let body = self.body(&entry)?;
                self.read.entries += 1;
                Ok(Some(Record::Entry(entry, body)))
            }
            END => self.check_end(self.value(json)?).map(|()| None),
            _ => Err(self.damaged("has a line of no known kind")),
        }
    }

    fn check_first_line(&mut self) -> Result<()> {
        let mut line = String::new();
        match (&mut self.from).take(MAX_FIRST_LINE_BYTES).read_line(&mut line) {
            Err(error) if is_of_another_kind(&error) => return Err(no_archive()),
            Err(error) => return Err(self.failed(error)),
            Ok(_) => {}
        }
        let version = line.strip_prefix(MAGIC).and_then(|rest| rest.strip_suffix('\n'));
        let version = version.ok_or_else(no_archive)?;
        match version.parse::<u32>() {
            Ok(VERSION) => Ok(()),
            Ok(newer) if newer > VERSION => {
                let reason = format_args!(
                    "a newer program wrote it (format {newer}, this one knows {VERSION}); update it"
                );
                Err(Error::new(ErrorKind::NewerSchema, OPERATION, SUBJECT, reason))
            }
            _ => Err(no_archive()),
        }
    }

    /// The rest of a line whose seal is right.
    fn sealed_line(&mut self) -> Result<String> {
        let line = self.line(MAX_LINE_BYTES)?;
        let (seal, rest) = line.split_once(' ').unwrap_or_default();
        let expected = seal_of(self.seal, rest);
        if seal != expected.to_string() {
            return Err(self.damaged("has a line whose seal is broken"));
        }
        self.seal = expected;
        Ok(rest.to_owned())
    }

    /// A line without the line feed that ends it.
    fn line(&mut self, max_bytes: usize) -> Result<String> {
        let mut line = Vec::new();
        let read = (&mut self.from).take(max_bytes as u64 + 1).read_until(b'\n', &mut line);
        read.map_err(|error| self.failed(error))?;
        if line.pop() != Some(b'\n') {
            let is_long = line.len() >= max_bytes;
            return Err(self.damaged(if is_long { "has an endless line" } else { CUT_SHORT }));
        }
        String::from_utf8(line).map_err(|_| self.damaged("has a line that is no text"))
    }

    fn value<T: DeserializeOwned>(&self, json: &str) -> Result<T> {
        // What stands there is not repeated: it may be anything.
        serde_json::from_str(json).map_err(|_| self.damaged("has a line that says nothing"))
    }

    /// The bytes of an entry, and the line feed after them.
    fn body(&mut self, entry: &EntryLine) -> Result<Body> {
        let body = if entry.data_size > self.max_body_bytes {
            self.pass_over(entry.data_size)?;
            Body::TooLarge
        } else {
            let data = self.bytes(entry.data_size)?;
            let is_intact = Checksum::of(&data) == entry.content_checksum;
            if is_intact { Body::Intact(data) } else { Body::Damaged }
        };
        match &self.bytes(1)?[..] {
            b"\n" => Ok(body),
            _ => Err(self.damaged("has an entry of another length than it says")),
        }
    }

    fn bytes(&mut self, size: u64) -> Result<Bytes> {
        let mut data = Vec::new();
        let read = (&mut self.from).take(size).read_to_end(&mut data);
        let read = read.map_err(|error| self.failed(error))?;
        if read as u64 == size { Ok(data.into()) } else { Err(self.damaged(CUT_SHORT)) }
    }

    fn pass_over(&mut self, size: u64) -> Result<()> {
        let passed = io::copy(&mut (&mut self.from).take(size), &mut io::sink());
        let passed = passed.map_err(|error| self.failed(error))?;
        if passed == size { Ok(()) } else { Err(self.damaged(CUT_SHORT)) }
    }

    fn check_end(&mut self, end: End) -> Result<()> {
        if end != self.read {
            return Err(self.damaged("does not hold as much as it says"));
        }
        let is_over = self.from.fill_buf().map(<[u8]>::is_empty);
        if is_over.map_err(|error| self.failed(error))? {
            Ok(())
        } else {
            Err(self.damaged("goes on after its end"))
        }
    }

    fn failed(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged(CUT_SHORT),
            _ if is_of_another_kind(&error) => self.damaged("is not packed as zstd does"),
            _ => unread(error),
        }
    }

    fn damaged(&self, what: &str) -> Error {
        let End { entries, .. } = self.read;
        corrupt(&format_args!("it {what}, after {entries} entries; what came before is kept"))
    }
}

/// Whether it is the stream that is wrong: no system has a number for that, as it has for a disk
/// that fails.
fn is_of_another_kind(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.kind() != io::ErrorKind::UnexpectedEof
}

fn unread(error: io::Error) -> Error {
    Error::io(OPERATION, Path::new(SUBJECT), error)
}

fn no_archive() -> Error {
    corrupt(&"it is no archive of a datacache")
}

fn corrupt(reason: &dyn Display) -> Error {
    Error::new(ErrorKind::Corrupt, OPERATION, SUBJECT, reason)
}
