//! Writing an archive. Blocking.

use std::io::{self, Write};

use serde::Serialize;

use super::{END, ENTRY, End, MAGIC, MAX_LINE_BYTES, PIN, VERSION, first_seal, seal_of};
use crate::checksum::Checksum;
use crate::identifier::Identifier;
use crate::moving::entry_line::EntryLine;

/// Music's pictures are packed already; this takes text down to a fifth at the speed of a disk.
const LEVEL: i32 = 3;

/// Packs and seals.
pub(crate) struct Writer<W: Write> {
    to: zstd::Encoder<'static, W>,
    seal: Checksum,
    written: End,
}

/// Whether an entry is in the archive now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Yes,
    /// Its line would be too long.
    LeftOut,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(to: W) -> io::Result<Self> {
        let mut to = zstd::Encoder::new(to, LEVEL)?;
        writeln!(to, "{MAGIC}{VERSION}")?;
        Ok(Self { to, seal: first_seal(), written: End::default() })
    }

    pub(crate) fn pin(&mut self, identifier: &Identifier) -> io::Result<()> {
        self.line(PIN, identifier)?;
        self.written.pinned += 1;
        Ok(())
    }

    pub(crate) fn entry(&mut self, line: &EntryLine, data: &[u8]) -> io::Result<Written> {
        if self.line(ENTRY, line)? == Written::LeftOut {
            return Ok(Written::LeftOut);
        }
        self.to.write_all(data)?;
        self.to.write_all(b"\n")?;
        self.written.entries += 1;
        Ok(Written::Yes)
    }

    /// Ends the archive, which is none before.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let written = self.written;
        self.line(END, &written)?;
        let mut to = self.to.finish()?;
        to.flush()?;
        Ok(to)
    }

    fn line(&mut self, kind: &str, value: &impl Serialize) -> io::Result<Written> {
        let rest = format!("{kind} {}", serde_json::to_string(value)?);
        let seal = seal_of(self.seal, &rest);
        let line = format!("{seal} {rest}\n");
        if line.len() > MAX_LINE_BYTES {
            return Ok(Written::LeftOut);
        }
        self.to.write_all(line.as_bytes())?;
        self.seal = seal;
        Ok(Written::Yes)
    }
}
