//! JPEG: segments between markers, up to the end-of-image marker.

use super::Flaw;
use super::reader::Reader;

const MARK: u8 = 0xff;
const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut reader = Reader(bytes);
    let mut has_pixels = false;
    loop {
        match next_marker(&mut reader)? {
            END_OF_IMAGE if has_pixels => return Ok(()),
            END_OF_IMAGE => return Err(Flaw::Damaged("it has no pixels")),
            // The start of the image, restarts and what stands for nothing have no length.
            0x01 | 0xd0..=0xd8 => {}
            marker => {
                has_pixels |= marker == START_OF_SCAN;
                let length = u16::from_be_bytes(reader.array()?);
                let rest = length.checked_sub(2);
                let rest = rest.ok_or(Flaw::Damaged("a segment of it is shorter than nothing"))?;
                reader.take(rest.into())?;
            }
        }
    }
}

/// The next marker. The bytes before it are pixels, in which a marker is escaped by a zero; or what
/// decoders pass over as well.
fn next_marker(reader: &mut Reader<'_>) -> Result<u8, Flaw> {
    loop {
        let at = reader.0.iter().position(|byte| *byte == MARK).ok_or(Flaw::Torn)?;
        reader.take(at)?;
        let fill = reader.0.iter().position(|byte| *byte != MARK).ok_or(Flaw::Torn)?;
        reader.take(fill)?;
        match reader.byte()? {
            0 => {}
            marker => return Ok(marker),
        }
    }
}
