use image::{ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::super::testing::{cmyk_jpeg, encoded, filled};
use super::*;

/// A picture of stripes: so many columns of each colour.
fn stripes(stripes: &[(u32, [u8; 3])]) -> DynamicImage {
    let columns: Vec<[u8; 3]> =
        stripes.iter().flat_map(|(width, rgb)| (0..*width).map(|_| *rgb)).collect();
    let width = u32::try_from(columns.len()).unwrap();
    RgbImage::from_fn(width, 10, |x, _| Rgb(columns[x as usize])).into()
}

fn palette(picture: &DynamicImage) -> Palette {
    Palette::of(&encoded(picture, ImageFormat::Png)).unwrap()
}

fn hexes(colours: &[Colour]) -> Vec<String> {
    colours.iter().map(ToString::to_string).collect()
}

const BLACK: [u8; 3] = [0, 0, 0];
const GREY: [u8; 3] = [128, 128, 128];
const RED: [u8; 3] = [120, 12, 12];
const BLUE: [u8; 3] = [20, 20, 220];

#[test]
fn display_has_the_most_prominent_colours_first() {
    let palette = palette(&stripes(&[(20, RED), (50, BLACK), (30, BLUE)]));
    assert_eq!(hexes(&palette.display), ["#000000", "#1414dc", "#780c0c"]);
}

#[test]
fn colours_that_look_alike_are_shown_once() {
    let palette = palette(&stripes(&[(50, RED), (30, [125, 16, 10]), (20, BLUE)]));
    assert_eq!(hexes(&palette.display), ["#780c0c", "#1414dc"]);
}

#[test]
fn lights_are_at_full_brightness_and_the_most_vibrant_first() {
    let palette = palette(&stripes(&[(60, RED), (30, BLUE), (10, GREY)]));
    assert_eq!(hexes(&palette.lighting), ["#1717ff", "#ff1a1a"]);
    assert_eq!(palette.kind, PaletteKind::Vibrant);
}

#[test]
fn of_two_neighbouring_hues_one_becomes_a_light() {
    let palette = palette(&stripes(&[(50, [255, 0, 0]), (50, [255, 60, 0])]));
    assert_eq!(hexes(&palette.lighting), ["#ff0000"]);
}

#[test]
fn a_picture_is_of_one_of_three_kinds() {
    for (picture, kind) in [
        (stripes(&[(90, GREY), (10, RED)]), PaletteKind::Vibrant),
        (stripes(&[(95, GREY), (5, RED)]), PaletteKind::Desaturated),
        (stripes(&[(20, GREY), (80, [150, 130, 120])]), PaletteKind::Desaturated),
        (stripes(&[(50, GREY), (50, BLACK)]), PaletteKind::Monochrome),
        (stripes(&[(1, [255, 255, 255])]), PaletteKind::Monochrome),
    ] {
        assert_eq!(palette(&picture).kind, kind);
    }
}

#[test]
fn what_one_can_see_through_has_no_say() {
    let mut picture = RgbaImage::from_pixel(20, 20, Rgba([0, 255, 0, 31]));
    picture.put_pixel(3, 3, Rgba([120, 12, 12, 255]));
    assert_eq!(hexes(&palette(&picture.into()).display), ["#780c0c"]);
    let nothing = palette(&filled(30, 20, [255, 0, 0, 0]));
    let none = Palette { display: vec![], lighting: vec![], kind: PaletteKind::Monochrome };
    assert_eq!(nothing, none);
}

#[test]
fn every_kind_of_pixel_is_read() {
    let grey16 = ImageBuffer::from_pixel(4, 4, Luma([0x8080_u16]));
    let red16 = ImageBuffer::from_pixel(4, 4, Rgba([0xffff_u16, 0, 0, 0xffff]));
    for (picture, expected) in [
        (DynamicImage::ImageLuma16(grey16), "#808080"),
        (DynamicImage::ImageRgba16(red16), "#ff0000"),
        (filled(1, 1, [1, 2, 3, 255]), "#010203"),
        (DynamicImage::new_luma8(300, 1), "#000000"),
    ] {
        assert_eq!(hexes(&palette(&picture).display), [expected]);
    }
    let cmyk = Palette::of(&cmyk_jpeg()).unwrap();
    assert_eq!((cmyk.display.len(), cmyk.kind), (1, PaletteKind::Monochrome));
}

#[test]
fn what_is_no_whole_picture_has_no_palette() {
    let png = encoded(&filled(30, 30, [1, 2, 3, 4]), ImageFormat::Png);
    assert_eq!(Palette::of(b"{}"), Err(Mismatch::NotAnImage));
    let truncated = Palette::of(&png[..png.len() - 20]);
    assert!(matches!(truncated, Err(Mismatch::Undecodable(_))), "{truncated:?}");
}

#[test]
fn a_palette_is_written_and_read_as_json() {
    let palette = palette(&stripes(&[(1, BLUE)]));
    let json = r##"{"display":["#1414dc"],"lighting":["#1717ff"],"kind":"vibrant"}"##;
    assert_eq!(serde_json::to_string(&palette).unwrap(), json);
    assert_eq!(serde_json::from_str::<Palette>(json).unwrap(), palette);
    for text in ["", "#12345", "1414dc", "#1414dcc", "#äöü"] {
        assert!(text.parse::<Colour>().is_err(), "{text}");
    }
}

fn pictures() -> impl Strategy<Value = DynamicImage> {
    let pixels = prop::collection::vec(any::<[u8; 4]>(), 1..400);
    (pixels, 1u32..20).prop_map(|(pixels, width)| {
        let height = u32::try_from(pixels.len()).unwrap().div_ceil(width);
        let at = |x, y| pixels[(y * width + x) as usize % pixels.len()];
        RgbaImage::from_fn(width, height, |x, y| Rgba(at(x, y))).into()
    })
}

proptest! {
    #[test]
    fn the_limits_hold_for_any_picture(picture in pictures()) {
        let palette = Palette::of_picture(&picture);
        prop_assert_eq!(&palette, &Palette::of_picture(&picture));
        prop_assert!(palette.display.len() <= MAX_DISPLAY);
        for (at, colour) in palette.display.iter().enumerate() {
            prop_assert!(palette.display[..at].iter().all(|other| colour.differs_from(*other)));
        }
        prop_assert!(palette.lighting.len() <= MAX_LIGHTS);
        for (at, light) in palette.lighting.iter().enumerate() {
            prop_assert_eq!(light.strongest(), 255);
            let gaps = palette.lighting[..at].iter().map(|other| hue_gap(light.hue(), other.hue()));
            prop_assert!(gaps.into_iter().all(|gap| gap >= 20.0), "{:?}", palette);
        }
        let strong = palette.kind == PaletteKind::Vibrant;
        prop_assert!(!strong || !palette.lighting.is_empty());
    }

    #[test]
    fn swatches_stand_for_the_whole_picture(
        colours in prop::collection::vec(any::<[u8; 3]>(), 1..300),
        max_boxes in 1usize..30,
    ) {
        let colours: Vec<Colour> = colours.into_iter().map(|[r, g, b]| Colour::new(r, g, b)).collect();
        let swatches = swatches(colours, max_boxes);
        prop_assert!((1..=max_boxes).contains(&swatches.len()));
        let whole: f64 = swatches.iter().map(|swatch| swatch.share).sum();
        prop_assert!((whole - 1.0).abs() < 1e-9);
        prop_assert!(swatches.windows(2).all(|pair| pair[0].share >= pair[1].share));
    }

    #[test]
    fn any_bytes_are_a_picture_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        format in 0usize..4)
    {
        // Magic numbers, so that decoders are reached.
        let starts: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"];
        bytes.splice(0..0, starts[format].iter().copied());
        drop(Palette::of(&bytes));
    }
}
