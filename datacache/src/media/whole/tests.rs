use std::sync::LazyLock;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, RgbImage};
use proptest::prelude::*;

use super::super::testing::{cmyk_jpeg, encoded, filled};
use super::super::{check_image, picture::decode};
use super::*;

const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp];

/// A picture with something in it, so that its pixels take more than a few bytes.
fn motley(width: u32, height: u32) -> DynamicImage {
    let pixel =
        |x: u32, y: u32| [x * y, x * 7 + y, y * 13].map(|value| u8::try_from(value % 256).unwrap());
    RgbImage::from_fn(width, height, |x, y| image::Rgb(pixel(x, y))).into()
}

static PICTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(pictures);

/// Pictures in all formats and some of their variants.
fn pictures() -> Vec<Vec<u8>> {
    let mut pictures: Vec<Vec<u8>> =
        FORMATS.iter().map(|format| encoded(&motley(19, 11), *format)).collect();
    pictures.push(encoded(&filled(9, 5, [1, 2, 3, 99]), ImageFormat::Png));
    pictures.push(encoded(&filled(9, 5, [1, 2, 3, 99]), ImageFormat::WebP));
    pictures.push(cmyk_jpeg());
    pictures.push(animation());
    pictures.push(jpeg_with_thumbnail());
    pictures
}

fn animation() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for red in [0, 90, 200] {
        encoder.encode_frame(Frame::new(filled(8, 8, [red, 0, 0, 255]).into_rgba8())).unwrap();
    }
    drop(encoder);
    bytes
}

/// One whose metadata hold another whole JPEG.
fn jpeg_with_thumbnail() -> Vec<u8> {
    use image::ImageEncoder as _;
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_exif_metadata(encoded(&motley(4, 4), ImageFormat::Jpeg)).unwrap();
    motley(30, 30).write_with_encoder(encoder).unwrap();
    bytes
}

#[test]
fn whole_pictures_are_accepted_whatever_follows_them() {
    for picture in &*PICTURES {
        assert_eq!(check_image(picture), Ok(()));
        assert!(decode(picture).is_ok());
        let followed = [&picture[..], b"<script>"].concat();
        assert_eq!(check_image(&followed), Ok(()));
    }
}

#[test]
fn no_picture_is_accepted_that_ends_anywhere_before_its_end() {
    for picture in &*PICTURES {
        for end in 0..picture.len() {
            let torn = check_image(&picture[..end]);
            // Of fewer bytes nobody can say of what they are the beginning.
            let is_telling = end >= 12;
            assert!(torn == Err(Mismatch::Torn) || !is_telling && torn.is_err(), "{end}: {torn:?}");
        }
    }
}

#[test]
fn a_png_with_other_pixels_than_were_sent_is_damaged() {
    let mut png = encoded(&motley(40, 40), ImageFormat::Png);
    let pixels = png.windows(4).position(|name| name == b"IDAT").unwrap() + 4;
    png[pixels + 9] ^= 1;
    let damaged = check_image(&png).unwrap_err();
    assert!(damaged.to_string().contains("checksum"), "{damaged}");
}

#[test]
fn a_comment_whose_checksum_is_wrong_damages_no_png() {
    let mut png = encoded(&motley(4, 4), ImageFormat::Png);
    let end = png.len() - 12;
    png.splice(end..end, *b"\0\0\0\x03tEXta\0bWRNG");
    assert_eq!(check_image(&png), Ok(()));
    assert!(decode(&png).is_ok());
}

#[test]
fn a_container_without_pixels_is_no_picture() {
    let png = encoded(&motley(4, 4), ImageFormat::Png);
    let header = &png[..33];
    let end = &png[png.len() - 12..];
    let gif = encoded(&motley(4, 4), ImageFormat::Gif);
    let colours = 13 + super::gif::colours_bytes(gif[10]);
    for empty in [
        [header, end].concat(),
        [&gif[..colours], &[0x3b]].concat(),
        b"\xff\xd8\xff\xe0\0\x02\xff\xd9".to_vec(),
    ] {
        let refused = check_image(&empty).unwrap_err();
        assert!(refused.to_string().contains("no pixels"), "{refused}");
    }
}

/// As many writers of bitmaps have it.
#[test]
fn a_bitmap_may_be_wrong_about_the_length_of_its_file() {
    let mut bitmap = encoded(&motley(5, 3), ImageFormat::Bmp);
    for length in [0, u32::MAX] {
        bitmap[2..6].copy_from_slice(&length.to_le_bytes());
        assert_eq!(check_image(&bitmap), Ok(()));
    }
}

proptest! {
    #[test]
    fn whatever_is_changed_makes_no_panic_and_is_looked_at_once(
        which in 0usize..10,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut picture = PICTURES[which].clone();
        for (at, byte) in changes {
            let at = at.index(picture.len());
            picture[at] = byte;
        }
        let end = cut.index(picture.len());
        for bytes in [&picture[..], &picture[..end], &picture[end..]] {
            for format in FORMATS {
                let _ = check(format, bytes);
            }
        }
    }
}
