//! Media types, told from the bytes, and what is made from pictures: colours and smaller ones.
//!
//! What a server declares is a hint for text and for bytes nobody knows; for pictures it is never
//! believed. An image whose header does not decode, or decodes to more pixels than
//! [`MAX_IMAGE_PIXELS`], is not an image; nor is one that ends before its end.

mod palette;
mod picture;
mod resize;
#[cfg(test)]
mod testing;
mod whole;

use std::io::Cursor;

use image::{ImageError, ImageFormat, ImageReader};
use serde::de::IgnoredAny;

use crate::name::DataType;
pub use palette::{Colour, Palette, PaletteKind};
pub use resize::ImageSize;
pub(crate) use resize::resized;

/// The largest picture that is accepted: 100 megapixels, 400 MB once decoded.
pub(crate) const MAX_IMAGE_PIXELS: u64 = 100_000_000;

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

const UNKNOWN: &str = "application/octet-stream";

/// What bytes are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Anything,
    Json,
    Picture,
}

impl Form {
    /// What entries of a type are at least.
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            image if image.is_image() => Self::Picture,
            json if json.is_json() => Self::Json,
            _ => Self::Anything,
        }
    }
}

/// Why some bytes are not what they are to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// What a venue's network answers in everybody's place.
    HtmlPage,
    NotJson,
    NotAnImage,
    /// It ends before its end, as when the connection did.
    Torn,
    Undecodable(String),
    TooManyPixels {
        width: u32,
        height: u32,
    },
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::HtmlPage => write!(f, "the bytes are an HTML page"),
            Self::NotJson => write!(f, "the bytes are not JSON"),
            Self::NotAnImage => write!(f, "the bytes are not an image"),
            Self::Torn => write!(f, "the image ends before its end"),
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

/// Accepts bytes of this form.
pub(crate) fn check(form: Form, bytes: &[u8]) -> Result<(), Mismatch> {
    let checked = match form {
        Form::Anything => Ok(()),
        Form::Json => check_json(bytes),
        Form::Picture => check_image(bytes),
    };
    checked.map_err(|mismatch| if is_html(bytes) { Mismatch::HtmlPage } else { mismatch })
}

/// Accepts a PNG, JPEG, WebP, GIF or BMP that is all there and whose header decodes to a reasonable
/// size.
fn check_image(bytes: &[u8]) -> Result<(), Mismatch> {
    let format = image::guess_format(bytes).map_err(|_| Mismatch::NotAnImage)?;
    whole::check(format, bytes)?;
    picture_format(bytes).map(drop)
}

/// The format of a picture whose header decodes to a reasonable size.
fn picture_format(bytes: &[u8]) -> Result<ImageFormat, Mismatch> {
    let format = image::guess_format(bytes).map_err(|_| Mismatch::NotAnImage)?;
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader.into_dimensions().map_err(|error| undecodable(&error))?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Mismatch::Undecodable("it has no pixels".to_owned()));
    }
    if pixels > MAX_IMAGE_PIXELS {
        return Err(Mismatch::TooManyPixels { width, height });
    }
    Ok(format)
}

fn undecodable(error: &ImageError) -> Mismatch {
    Mismatch::Undecodable(error.to_string().lines().next().unwrap_or_default().to_owned())
}

/// The media type of `bytes`; `declared` is what their sender called them, if it said.
pub(crate) fn mime_type(bytes: &[u8], declared: Option<&str>) -> String {
    if let Some(known) = infer::get(bytes) {
        return known.mime_type().to_owned();
    }
    if is_json(bytes) {
        return JSON.to_owned();
    }
    let declared = declared.and_then(essence).filter(|mime| !mime.starts_with("image/"));
    let is_text = || !bytes.is_empty() && std::str::from_utf8(bytes).is_ok();
    declared.unwrap_or_else(|| if is_text() { "text/plain" } else { UNKNOWN }.to_owned())
}

/// A byte order mark is let pass, as most readers of JSON do (RFC 8259, section 8.1).
fn check_json(bytes: &[u8]) -> Result<(), Mismatch> {
    let read = serde_json::from_slice::<IgnoredAny>(without_mark(bytes));
    read.map(drop).map_err(|_| Mismatch::NotJson)
}

pub(crate) fn is_html(bytes: &[u8]) -> bool {
    let start = without_mark(bytes).trim_ascii_start();
    let begins_with =
        |tag: &[u8]| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    begins_with(b"<!doctype html") || begins_with(b"<html")
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
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
        assert_eq!(check_image(b""), Err(Mismatch::NotAnImage));
        assert_eq!(check_image(b"<html></html>"), Err(Mismatch::NotAnImage));
        assert_eq!(check_image(&png[..20]), Err(Mismatch::Torn));
        let nonsense = [&png[..8], b"\0\0\0\x01nonsense"].concat();
        assert!(matches!(check_image(&nonsense), Err(Mismatch::Torn)));
        let empty = b"\xff\xd8\xff\xda\0\x02\xff\xd9";
        assert!(matches!(check_image(empty), Err(Mismatch::Undecodable(_))));
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
            Err(Mismatch::TooManyPixels { width: 65_535, height: 65_535 })
        );
    }

    #[test]
    fn a_data_type_takes_what_it_is_for() {
        let png = picture(ImageFormat::Png);
        for (data_type, bytes, expected) in [
            ("api_response", &b"{\"a\": [1]}"[..], Ok(())),
            ("api_response", b"\xef\xbb\xbf {}\n", Ok(())),
            ("api_response", b"null", Ok(())),
            ("api_response", b"{\"a\": 1", Err(Mismatch::NotJson)),
            ("api_response", b"", Err(Mismatch::NotJson)),
            ("api_response", b"<?xml version=\"1.0\"?><a/>", Err(Mismatch::NotJson)),
            ("api_response", b"<HTML>", Err(Mismatch::HtmlPage)),
            ("api_response", b"\xef\xbb\xbf\r\n <!doctype HTML>", Err(Mismatch::HtmlPage)),
            ("api_response", &png, Err(Mismatch::NotJson)),
            ("front_cover", &png, Ok(())),
            ("front_cover", b"<!DOCTYPE html><html>", Err(Mismatch::HtmlPage)),
            ("front_cover", b"<htm", Err(Mismatch::NotAnImage)),
            ("front_cover", b"{}", Err(Mismatch::NotAnImage)),
            ("other", b"<html>", Ok(())),
            ("bio_en", b"", Ok(())),
        ] {
            let data_type = DataType::new(data_type).unwrap();
            assert_eq!(check(Form::of(&data_type), bytes), expected, "{data_type} {bytes:?}");
        }
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
