//! BMP: a header that says where the pixels begin and how many there are. The length of the file
//! that it names is often wrong, and believed only where the pixels are compressed.

use super::Flaw;
use super::reader::Reader;

/// The header of OS/2, in which numbers are shorter.
const CORE_HEADER_BYTES: u32 = 12;

/// Pixels as they are, or with masks that say where their colours lie.
const UNCOMPRESSED: [u32; 3] = [0, 3, 6];

pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut reader = Reader(bytes);
    let _name: [u8; 2] = reader.array()?;
    let file_bytes = u32::from_le_bytes(reader.array()?);
    let _reserved: [u8; 4] = reader.array()?;
    let pixels_at = u32::from_le_bytes(reader.array()?);
    let header_bytes = u32::from_le_bytes(reader.array()?);
    let ends_at = match rows_bytes(&mut reader, header_bytes)? {
        Some(rows_bytes) => u64::from(pixels_at).saturating_add(rows_bytes),
        None => file_bytes.into(),
    };
    if (bytes.len() as u64) < ends_at { Err(Flaw::Torn) } else { Ok(()) }
}

/// How long the rows of pixels are together; `None` where they are compressed. Each row is padded
/// to four bytes.
fn rows_bytes(reader: &mut Reader<'_>, header_bytes: u32) -> Result<Option<u64>, Flaw> {
    let (width, height, bits, compression);
    if header_bytes == CORE_HEADER_BYTES {
        width = u32::from(u16::from_le_bytes(reader.array()?));
        height = u32::from(u16::from_le_bytes(reader.array()?));
        let _planes: [u8; 2] = reader.array()?;
        bits = u16::from_le_bytes(reader.array()?);
        compression = 0;
    } else {
        width = i32::from_le_bytes(reader.array()?).unsigned_abs();
        // Negative for rows from the top.
        height = i32::from_le_bytes(reader.array()?).unsigned_abs();
        let _planes: [u8; 2] = reader.array()?;
        bits = u16::from_le_bytes(reader.array()?);
        compression = u32::from_le_bytes(reader.array()?);
    }
    let row_bytes = (u64::from(width) * u64::from(bits)).div_ceil(32) * 4;
    let are_plain = UNCOMPRESSED.contains(&compression);
    Ok(are_plain.then(|| row_bytes.saturating_mul(height.into())))
}
