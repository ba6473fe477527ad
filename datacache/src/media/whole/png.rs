//! PNG: a chain of chunks with checksums, up to `IEND`.

use super::Flaw;
use super::reader::Reader;

const SIGNATURE_BYTES: usize = 8;

/// A chunk whose name begins in lower case may be ignored, and so may its checksum.
const ANCILLARY: u8 = 0x20;

pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut reader = Reader(bytes);
    reader.take(SIGNATURE_BYTES)?;
    let mut has_pixels = false;
    loop {
        let length = u32::from_be_bytes(reader.array()?);
        let summed = reader.0;
        let name: [u8; 4] = reader.array()?;
        let data = reader.take(usize::try_from(length).map_err(|_| Flaw::Torn)?)?;
        let checksum = u32::from_be_bytes(reader.array()?);
        let summed = summed.get(..name.len() + data.len()).ok_or(Flaw::Torn)?;
        if name[0] & ANCILLARY == 0 && crc32fast::hash(summed) != checksum {
            return Err(Flaw::Damaged("a part of it has another checksum"));
        }
        has_pixels |= &name == b"IDAT";
        if &name == b"IEND" {
            return if has_pixels { Ok(()) } else { Err(Flaw::Damaged("it has no pixels")) };
        }
    }
}
