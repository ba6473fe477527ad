//! Pictures decoded, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};

use super::{Mismatch, picture_format, undecodable};

/// The picture that `bytes` are, the way up that its camera says. It takes up to half a gigabyte of
/// memory and some seconds: not on a thread that serves other tasks.
pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage, Mismatch> {
    let format = picture_format(bytes)?;
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder = reader.into_decoder().map_err(|error| undecodable(&error))?;
    // The pixels themselves: what the decoder needs beside them is limited by its reader.
    Limits::default().reserve(decoder.total_bytes()).map_err(|error| undecodable(&error))?;
    let orientation = decoder.orientation().map_err(|error| undecodable(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| undecodable(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}
