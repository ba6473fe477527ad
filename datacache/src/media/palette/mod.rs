//! The colours of a picture, for screens and for stage lights. Pure, and the same for the same
//! bytes.
//!
//! The picture is scaled down, what one can see through left out, and the rest cut into up to 24
//! boxes of colours (median cut: the box with the most pixels is halved along its longest edge).

mod colour;
mod median_cut;

use image::DynamicImage;
use serde::{Deserialize, Serialize};

use super::Mismatch;
use super::picture::decode;
pub use colour::Colour;
use colour::hue_gap;
use median_cut::{Swatch, swatches};

/// Pictures are scaled down to fit into a square of so many pixels before they are looked at.
const MAX_EDGE: u32 = 200;

/// A pixel of less than this, of 255, can be seen through.
const MIN_ALPHA: u8 = 32;

const MAX_BOXES: usize = 24;
const MAX_DISPLAY: usize = 6;
const MAX_LIGHTS: usize = 6;

/// The hues of two lights are at least so many degrees apart.
const MIN_HUE_GAP: f64 = 20.0;

/// What a light's colour has at least: saturation, brightness, and its share of the picture.
const MIN_SATURATION: f64 = 0.35;
const MIN_BRIGHTNESS: f64 = 0.2;
const MIN_SHARE: f64 = 0.005;

/// A picture is vibrant when such colours cover this share of it.
const VIBRANT_SHARE: f64 = 0.1;

/// A picture of less colourfulness on average, of 1, is without colours.
const MIN_CHROMA: f64 = 0.06;

/// The colours of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Palette {
    /// Up to six colours that look different, the most prominent first. None for a picture that is
    /// nothing but transparent.
    pub display: Vec<Colour>,
    /// Up to six colours for stage lights, the most vibrant first: strong colours of the picture at
    /// full brightness, their hues at least 20 degrees apart. None for a picture without such
    /// colours.
    pub lighting: Vec<Colour>,
    /// What the picture is like.
    pub kind: PaletteKind,
}

/// How colourful a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaletteKind {
    /// Strong colours cover a tenth of it or more.
    Vibrant,
    /// It has colours, but few or pale ones.
    Desaturated,
    /// It is black, white and grey.
    Monochrome,
}

impl Palette {
    /// The colours of the picture that `bytes` are.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, Mismatch> {
        decode(bytes).map(|picture| Self::of_picture(&picture))
    }

    fn of_picture(picture: &DynamicImage) -> Self {
        let is_large = picture.width().max(picture.height()) > MAX_EDGE;
        let small = if is_large {
            picture.thumbnail(MAX_EDGE, MAX_EDGE).into_rgba8()
        } else {
            picture.to_rgba8()
        };
        let visible = small.pixels().filter(|pixel| pixel[3] >= MIN_ALPHA);
        let colours = visible.map(|pixel| Colour::new(pixel[0], pixel[1], pixel[2])).collect();
        let swatches = swatches(colours, MAX_BOXES);
        let lighting = lighting(&swatches);
        Self { kind: kind(&swatches, &lighting), display: display(&swatches), lighting }
    }
}

/// The most prominent colours that look different.
fn display(swatches: &[Swatch]) -> Vec<Colour> {
    let mut chosen: Vec<Colour> = Vec::new();
    for swatch in swatches {
        let is_new = chosen.iter().all(|other| swatch.colour.differs_from(*other));
        if is_new && chosen.len() < MAX_DISPLAY {
            chosen.push(swatch.colour);
        }
    }
    chosen
}

/// Strong colours at full brightness, the most vibrant first.
fn lighting(swatches: &[Swatch]) -> Vec<Colour> {
    let mut strong: Vec<&Swatch> = swatches.iter().filter(|swatch| is_strong(swatch)).collect();
    // It is stable: of equally vibrant ones, the more prominent goes first.
    strong.sort_by(|a, b| b.colour.chroma().total_cmp(&a.colour.chroma()));
    let mut lights: Vec<Colour> = Vec::new();
    for swatch in strong {
        let light = swatch.colour.at_full_brightness();
        let is_apart = lights.iter().all(|other| hue_gap(light.hue(), other.hue()) >= MIN_HUE_GAP);
        if is_apart && lights.len() < MAX_LIGHTS {
            lights.push(light);
        }
    }
    lights
}

fn kind(swatches: &[Swatch], lights: &[Colour]) -> PaletteKind {
    let strong = swatches.iter().filter(|swatch| is_strong(swatch));
    let strong_share: f64 = strong.map(|swatch| swatch.share).sum();
    let chroma: f64 = swatches.iter().map(|swatch| swatch.share * swatch.colour.chroma()).sum();
    if strong_share >= VIBRANT_SHARE {
        PaletteKind::Vibrant
    } else if lights.is_empty() && chroma < MIN_CHROMA {
        PaletteKind::Monochrome
    } else {
        PaletteKind::Desaturated
    }
}

fn is_strong(swatch: &Swatch) -> bool {
    let colour = swatch.colour;
    colour.saturation() >= MIN_SATURATION
        && colour.brightness() >= MIN_BRIGHTNESS
        && swatch.share >= MIN_SHARE
}

#[cfg(test)]
mod tests;
