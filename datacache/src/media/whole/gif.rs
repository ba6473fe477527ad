//! GIF: blocks of sub-blocks, up to the trailer.

use super::Flaw;
use super::reader::Reader;

const HEADER_BYTES: usize = 10;
const IMAGE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3b;

pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut reader = Reader(bytes);
    reader.take(HEADER_BYTES)?;
    let [flags, _background, _aspect] = reader.array()?;
    reader.take(colours_bytes(flags))?;
    let mut has_pixels = false;
    loop {
        match reader.byte()? {
            TRAILER if has_pixels => return Ok(()),
            TRAILER => return Err(Flaw::Damaged("it has no pixels")),
            IMAGE => {
                has_pixels = true;
                let [.., flags]: [u8; 9] = reader.array()?;
                reader.take(colours_bytes(flags))?;
                let _code_bits = reader.byte()?;
                skip_sub_blocks(&mut reader)?;
            }
            EXTENSION => {
                let _label = reader.byte()?;
                skip_sub_blocks(&mut reader)?;
            }
            // Some encoders end blocks twice.
            0 => {}
            _ => return Err(Flaw::Damaged("it has a block of no kind")),
        }
    }
}

/// How long the table of colours is that `flags` tell of, if there is one.
pub(super) fn colours_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0x07) + 1) }
}

fn skip_sub_blocks(reader: &mut Reader<'_>) -> Result<(), Flaw> {
    loop {
        match reader.byte()? {
            0 => return Ok(()),
            length => reader.take(length.into())?,
        };
    }
}
