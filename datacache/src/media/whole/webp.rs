//! WebP: a RIFF container, which begins with its length.

use super::Flaw;
use super::reader::Reader;

pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut reader = Reader(bytes);
    let _riff: [u8; 4] = reader.array()?;
    let length = u32::from_le_bytes(reader.array()?);
    reader.take(usize::try_from(length).map_err(|_| Flaw::Torn)?).map(drop)
}
