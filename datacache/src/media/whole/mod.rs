//! Whether a picture is all there, told from its container without decoding it. Pure, linear in the
//! bytes and without memory of its own.
//!
//! A connection that ends early, without a length to tell it by, leaves a picture whose header is
//! right; so does a disk that has lost a page. What a decoder would only find among the pixels is
//! not looked for.

mod bmp;
mod gif;
mod jpeg;
mod png;
mod reader;
mod webp;

use image::ImageFormat;

use super::Mismatch;

/// Why a picture is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    /// It ends before it is at its end.
    Torn,
    /// It is not what its container says.
    Damaged(&'static str),
}

impl From<Flaw> for Mismatch {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Torn => Self::Torn,
            Flaw::Damaged(why) => Self::Undecodable(why.to_owned()),
        }
    }
}

/// Accepts a picture of `format` that goes on to its end; what follows that does not matter.
pub(super) fn check(format: ImageFormat, bytes: &[u8]) -> Result<(), Mismatch> {
    let checked = match format {
        ImageFormat::Png => png::check(bytes),
        ImageFormat::Jpeg => jpeg::check(bytes),
        ImageFormat::Gif => gif::check(bytes),
        ImageFormat::WebP => webp::check(bytes),
        ImageFormat::Bmp => bmp::check(bytes),
        _ => Ok(()),
    };
    checked.map_err(Into::into)
}

#[cfg(test)]
mod tests;
