//! Pictures made smaller. Pure.

use std::fmt;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};

use super::picture::decode;
use super::{Mismatch, undecodable};
use crate::error::{Error, Result};

/// The longest edge that a picture can be scaled to, in pixels.
const MAX_EDGE: u32 = 4_096;

const JPEG_QUALITY: u8 = 85;

/// The box that a picture is to fit in, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageSize {
    /// Its width, from 1 to 4096.
    pub max_width: u32,
    /// Its height, from 1 to 4096.
    pub max_height: u32,
}

impl ImageSize {
    /// A box of these edges.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an edge outside 1..=4096.
    pub fn new(max_width: u32, max_height: u32) -> Result<Self> {
        Self { max_width, max_height }.checked()
    }

    /// The largest box.
    pub const MAX: Self = Self { max_width: MAX_EDGE, max_height: MAX_EDGE };

    pub(crate) fn checked(self) -> Result<Self> {
        let is_edge = |edge| (1..=MAX_EDGE).contains(&edge);
        if is_edge(self.max_width) && is_edge(self.max_height) {
            return Ok(self);
        }
        let reason = format_args!("the edges of a picture are from 1 to {MAX_EDGE} pixels");
        Err(Error::invalid("resize", self, reason))
    }

    fn holds(self, picture: &DynamicImage) -> bool {
        picture.width() <= self.max_width && picture.height() <= self.max_height
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.max_width, self.max_height)
    }
}

/// The picture scaled down to fit into `size`, its aspect kept: a PNG if one can see through it,
/// else a JPEG. `None` when it fits as it is.
pub(crate) fn resized(bytes: &[u8], size: ImageSize) -> Result<Option<Vec<u8>>, Mismatch> {
    let picture = decode(bytes)?;
    if size.holds(&picture) {
        return Ok(None);
    }
    // Fewer bytes than the picture may have; nobody sees more than eight bits.
    let is_translucent = picture.color().has_alpha() && is_translucent(&picture);
    let picture = if is_translucent {
        DynamicImage::from(picture.into_rgba8())
    } else {
        DynamicImage::from(picture.into_rgb8())
    };
    let scaled = picture.resize(size.max_width, size.max_height, FilterType::Lanczos3);
    let mut encoded = Cursor::new(Vec::new());
    let written = if is_translucent {
        scaled.write_to(&mut encoded, ImageFormat::Png)
    } else {
        scaled.write_with_encoder(JpegEncoder::new_with_quality(&mut encoded, JPEG_QUALITY))
    };
    written.map_err(|error| undecodable(&error))?;
    Ok(Some(encoded.into_inner()))
}

fn is_translucent(picture: &DynamicImage) -> bool {
    match picture {
        DynamicImage::ImageRgba8(pixels) => pixels.pixels().any(|pixel| pixel[3] < u8::MAX),
        other => other.to_rgba8().pixels().any(|pixel| pixel[3] < u8::MAX),
    }
}

#[cfg(test)]
mod tests {
    use image::ImageEncoder as _;
    use proptest::prelude::*;

    use super::super::testing::{encoded, filled};
    use super::*;
    use crate::error::ErrorKind;

    fn scaled(picture: &DynamicImage, width: u32, height: u32) -> Option<DynamicImage> {
        let size = ImageSize::new(width, height).unwrap();
        let bytes = resized(&encoded(picture, ImageFormat::Png), size).unwrap()?;
        Some(image::load_from_memory(&bytes).unwrap())
    }

    #[test]
    fn a_picture_is_scaled_down_to_fit_and_keeps_its_aspect() {
        for (from, to, expected) in [
            ((400, 200), (100, 100), (100, 50)),
            ((200, 400), (100, 100), (50, 100)),
            ((400, 200), (4_096, 20), (40, 20)),
            ((400, 1), (10, 10), (10, 1)),
            ((401, 201), (400, 201), (400, 200)),
        ] {
            let picture = filled(from.0, from.1, [200, 10, 10, 255]);
            let small = scaled(&picture, to.0, to.1).unwrap();
            assert_eq!((small.width(), small.height()), expected, "{from:?} into {to:?}");
        }
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let picture = filled(40, 20, [1, 2, 3, 255]);
        for (width, height) in [(40, 20), (41, 4_096), (4_096, 4_096)] {
            assert!(scaled(&picture, width, height).is_none(), "{width}x{height}");
        }
        assert!(scaled(&filled(1, 1, [0; 4]), 1, 1).is_none());
    }

    #[test]
    fn only_what_one_can_see_through_becomes_a_png() {
        for (pixel, format) in [
            ([9, 9, 9, 255], ImageFormat::Jpeg),
            ([9, 9, 9, 254], ImageFormat::Png),
            ([0, 0, 0, 0], ImageFormat::Png),
        ] {
            let bytes = encoded(&filled(8, 8, pixel), ImageFormat::Png);
            let small = resized(&bytes, ImageSize::new(4, 4).unwrap()).unwrap().unwrap();
            assert_eq!(image::guess_format(&small).unwrap(), format, "{pixel:?}");
        }
    }

    /// The camera was held upright: the first row of the file is the right edge of the picture.
    #[test]
    fn a_picture_stands_the_way_up_that_its_camera_says() {
        let mut exif = b"II*\0\x08\0\0\0\x01\0".to_vec();
        exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new(&mut bytes);
        encoder.set_exif_metadata(exif).unwrap();
        let lying = DynamicImage::from(filled(40, 20, [9, 9, 9, 255]).into_rgb8());
        lying.write_with_encoder(encoder).unwrap();
        let small = resized(&bytes, ImageSize::new(10, 10).unwrap()).unwrap().unwrap();
        let small = image::load_from_memory(&small).unwrap();
        assert_eq!((small.width(), small.height()), (5, 10));
    }

    #[test]
    fn colours_survive() {
        let small = scaled(&filled(64, 64, [250, 128, 7, 255]), 8, 8).unwrap().into_rgb8();
        for (is, was) in small.get_pixel(4, 4).0.into_iter().zip([250, 128, 7]) {
            assert!(i16::from(is).abs_diff(was) <= 3, "{small:?}");
        }
    }

    #[test]
    fn sizes_outside_the_limits_are_refused() {
        for (width, height) in [(0, 1), (1, 0), (4_097, 1), (1, u32::MAX)] {
            let error = ImageSize::new(width, height).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        assert!(ImageSize::new(1, 4_096).is_ok());
    }

    #[test]
    fn what_is_no_whole_picture_is_refused() {
        let size = ImageSize::new(1, 1).unwrap();
        let png = encoded(&filled(30, 30, [1, 2, 3, 4]), ImageFormat::Png);
        assert_eq!(resized(b"", size), Err(Mismatch::NotAnImage));
        assert_eq!(resized(b"<html>", size), Err(Mismatch::NotAnImage));
        let truncated = resized(&png[..png.len() / 2], size);
        assert!(matches!(truncated, Err(Mismatch::Undecodable(_))), "{truncated:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_result_is_larger_than_its_box_or_its_source(
            from in (1u32..60, 1u32..60),
            to in (1u32..80, 1u32..80),
            alpha in any::<u8>(),
        ) {
            let picture = filled(from.0, from.1, [90, 10, 200, alpha]);
            if let Some(small) = scaled(&picture, to.0, to.1) {
                prop_assert!(small.width() <= to.0.min(from.0));
                prop_assert!(small.height() <= to.1.min(from.1));
            } else {
                prop_assert!(from.0 <= to.0 && from.1 <= to.1);
            }
        }
    }
}
