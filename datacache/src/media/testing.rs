//! Pictures for tests.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

pub(super) fn filled(width: u32, height: u32, pixel: [u8; 4]) -> DynamicImage {
    RgbaImage::from_pixel(width, height, Rgba(pixel)).into()
}

pub(super) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A grey JPEG of 8 × 8 pixels in four inks: each has one code for "as before" and one for "no
/// more", so that eight bits of 0 are the whole picture.
pub(super) fn cmyk_jpeg() -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8];
    let mut segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        jpeg.extend([0xff, marker, length[0], length[1]]);
        jpeg.extend(body);
    };
    let one_code = |class: u8| [&[class, 1][..], &[0; 15], &[0]].concat();
    segment(0xdb, &[&[0][..], &[1; 64]].concat());
    let inks: Vec<u8> = (1..=4).flat_map(|ink| [ink, 0x11, 0]).collect();
    segment(0xc0, &[&[8, 0, 8, 0, 8, 4][..], &inks].concat());
    segment(0xc4, &one_code(0x00));
    segment(0xc4, &one_code(0x10));
    let inks: Vec<u8> = (1..=4).flat_map(|ink| [ink, 0]).collect();
    segment(0xda, &[&[4][..], &inks, &[0, 63, 0]].concat());
    jpeg.extend([0x00, 0xff, 0xd9]);
    jpeg
}
