//! Colours, and what people see in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Two colours of which the sum of the differences in red, green and blue is less look alike.
const MIN_DIFFERENCE: u32 = 48;

/// A colour; written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    /// Red, of 255.
    pub red: u8,
    /// Green, of 255.
    pub green: u8,
    /// Blue, of 255.
    pub blue: u8,
}

impl Colour {
    pub(super) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    fn channels(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }

    pub(super) fn differs_from(self, other: Self) -> bool {
        let pairs = self.channels().into_iter().zip(other.channels());
        pairs.map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>() >= MIN_DIFFERENCE
    }

    /// The strongest channel, of 1.
    pub(super) fn brightness(self) -> f64 {
        f64::from(self.strongest()) / 255.0
    }

    /// How far the channels are apart, of 1: saturation times brightness.
    pub(super) fn chroma(self) -> f64 {
        f64::from(self.strongest() - self.weakest()) / 255.0
    }

    /// How far the colour is from grey, of 1; 0 for black.
    pub(super) fn saturation(self) -> f64 {
        f64::from(self.strongest() - self.weakest()) / f64::from(self.strongest().max(1))
    }

    /// In degrees, red being 0, green 120; 0 for what has none.
    pub(super) fn hue(self) -> f64 {
        let [red, green, blue] = self.channels().map(f64::from);
        let spread = f64::from(self.strongest() - self.weakest());
        if spread == 0.0 {
            return 0.0;
        }
        let sixth = if self.red == self.strongest() {
            (green - blue) / spread
        } else if self.green == self.strongest() {
            (blue - red) / spread + 2.0
        } else {
            (red - green) / spread + 4.0
        };
        (sixth * 60.0).rem_euclid(360.0)
    }

    /// The same hue and saturation, as bright as can be.
    pub(super) fn at_full_brightness(self) -> Self {
        let max = u32::from(self.strongest().max(1));
        // At most 255, as no channel is more than the strongest.
        let scaled = |channel: u8| u8::try_from((u32::from(channel) * 255 + max / 2) / max);
        let [red, green, blue] = self.channels().map(|channel| scaled(channel).unwrap_or(u8::MAX));
        Self { red, green, blue }
    }

    pub(super) fn strongest(self) -> u8 {
        self.red.max(self.green).max(self.blue)
    }

    fn weakest(self) -> u8 {
        self.red.min(self.green).min(self.blue)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl FromStr for Colour {
    type Err = Error;

    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `text` is not `#` and six hexadecimal
    /// digits.
    fn from_str(text: &str) -> Result<Self> {
        let mut channels = [0; 3];
        let digits = text.strip_prefix('#').unwrap_or_default();
        hex::decode_to_slice(digits, &mut channels)
            .map_err(|_| Error::invalid("read", "colour", "it is not written #rrggbb"))?;
        let [red, green, blue] = channels;
        Ok(Self { red, green, blue })
    }
}

impl TryFrom<String> for Colour {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

/// The angle between two hues, in degrees.
pub(super) fn hue_gap(a: f64, b: f64) -> f64 {
    let gap = (a - b).abs();
    gap.min(360.0 - gap)
}
