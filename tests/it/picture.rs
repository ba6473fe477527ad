//! Pictures for tests.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};

/// A small picture.
pub(crate) fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(64, 48).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A few bytes of PNG that claim to be 65 535 × 65 535 pixels.
pub(crate) fn pixel_bomb() -> Vec<u8> {
    let mut png = picture(ImageFormat::Png);
    // Width and height of the IHDR chunk, and the checksum that goes with them.
    png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    png
}
