//! Media types, told from the bytes.
//!
//! What a server declares is a hint for text and for bytes nobody knows; for pictures it is never
//! believed. An image whose header does not decode, or decodes to more pixels than
//! [`MAX_IMAGE_PIXELS`], is not an image.

use std::io::Cursor;

use image::ImageReader;
use serde::de::IgnoredAny;

/// The largest picture that is accepted: 100 megapixels, 400 MB once decoded.
pub(crate) const MAX_IMAGE_PIXELS: u64 = 100_000_000;

const UNKNOWN: &str = "application/octet-stream";

/// Why some bytes are not an acceptable picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ImageProblem {
    NotAnImage,
    Undecodable(String),
    TooManyPixels { width: u32, height: u32 },
}

impl std::fmt::Display for ImageProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAnImage => write!(f, "the bytes are not an image"),
            Self::Undecodable(why) => write!(f, "the image does not decode: {why}"),
            Self::TooManyPixels { width, height } => {
                write!(
                    f,
                    "the image has {width} × {height} pixels, over the limit of {MAX_IMAGE_PIXELS}"
                )
            }
        }
    }
}

/// Accepts a PNG, JPEG, WebP, GIF or BMP whose header decodes to a reasonable size.
pub(crate) fn check_image(bytes: &[u8]) -> Result<(), ImageProblem> {
    let format = image::guess_format(bytes).map_err(|_| ImageProblem::NotAnImage)?;
    let undecodable = |error: image::ImageError| {
        ImageProblem::Undecodable(error.to_string().lines().next().unwrap_or_default().to_owned())
    };
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader.into_dimensions().map_err(undecodable)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(ImageProblem::Undecodable("it has no pixels".to_owned()));
    }
    if pixels > MAX_IMAGE_PIXELS {
        return Err(ImageProblem::TooManyPixels { width, height });
    }
    Ok(())
}

/// The media type of `bytes`; `declared` is what their sender called them, if it said.
pub(crate) fn mime_type(bytes: &[u8], declared: Option<&str>) -> String {
    if let Some(known) = infer::get(bytes) {
        return known.mime_type().to_owned();
    }
    if is_json(bytes) {
        return "application/json".to_owned();
    }
    let declared = declared.and_then(essence).filter(|mime| !mime.starts_with("image/"));
    let is_text = || !bytes.is_empty() && std::str::from_utf8(bytes).is_ok();
    declared.unwrap_or_else(|| if is_text() { "text/plain" } else { UNKNOWN }.to_owned())
}

fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// `text/html` of `Text/HTML; charset=utf-8`; `None` when it is no media type.
fn essence(declared: &str) -> Option<String> {
    let essence = declared.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    (is_token(kind) && is_token(subtype)).then_some(essence)
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat};

    use super::*;

    fn picture(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(3, 2).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn pictures_are_known_by_their_bytes_whatever_their_header_says() {
        for (format, mime) in [
            (ImageFormat::Png, "image/png"),
            (ImageFormat::Jpeg, "image/jpeg"),
            (ImageFormat::WebP, "image/webp"),
            (ImageFormat::Gif, "image/gif"),
            (ImageFormat::Bmp, "image/bmp"),
        ] {
            let bytes = picture(format);
            assert_eq!(check_image(&bytes), Ok(()), "{mime}");
            assert_eq!(mime_type(&bytes, Some("text/html")), mime);
        }
    }

    #[test]
    fn other_bytes_are_not_pictures() {
        let png = picture(ImageFormat::Png);
        assert_eq!(check_image(b""), Err(ImageProblem::NotAnImage));
        assert_eq!(check_image(b"<html></html>"), Err(ImageProblem::NotAnImage));
        assert!(matches!(check_image(&png[..20]), Err(ImageProblem::Undecodable(_))));
        assert!(matches!(
            check_image(b"\xff\xd8\xff\xe0nonsense"),
            Err(ImageProblem::Undecodable(_))
        ));
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_unread() {
        let mut png = picture(ImageFormat::Png);
        // Width and height of the IHDR chunk, and the checksum that goes with them.
        png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(
            check_image(&png),
            Err(ImageProblem::TooManyPixels { width: 65_535, height: 65_535 })
        );
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }

    #[test]
    fn text_and_unknown_bytes() {
        for (bytes, declared, expected) in [
            (&b"{\"a\": 1}"[..], None, "application/json"),
            (b" [1, 2]", Some("text/plain"), "application/json"),
            (b"{broken", Some("application/json"), "application/json"),
            (b"{broken", None, "text/plain"),
            (b"hello", None, "text/plain"),
            (b"a,b", Some("Text/CSV; charset=utf-8"), "text/csv"),
            (b"hello", Some("image/png"), "text/plain"),
            (b"hello", Some("nonsense"), "text/plain"),
            (b"\x00\x9f\x92\x96", None, UNKNOWN),
            (b"", None, UNKNOWN),
            (b"<!DOCTYPE html><html></html>", Some("image/png"), "text/html"),
        ] {
            assert_eq!(mime_type(bytes, declared), expected, "{bytes:?} {declared:?}");
        }
    }
}
