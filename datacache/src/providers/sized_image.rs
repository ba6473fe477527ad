//! Pictures of known size, where they lie.

use std::cmp::Reverse;

use serde::{Deserialize, Deserializer, Serialize};

use super::lenient;

/// A picture and its size, as far as the provider says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SizedImage {
    /// Where it is.
    #[serde(alias = "source")]
    pub url: String,
    /// How wide it is, in pixels.
    #[serde(default, deserialize_with = "lenient::number")]
    pub width: Option<u32>,
    /// How high it is, in pixels.
    #[serde(default, deserialize_with = "lenient::number")]
    pub height: Option<u32>,
}

impl SizedImage {
    /// A square picture; `None` without a URL.
    pub(super) fn square(url: Option<String>, width: u32) -> Option<Self> {
        url.map(|url| Self { url, width: Some(width), height: Some(width) })
    }
}

/// A list of pictures, the widest first, those of unknown size last.
pub(super) fn widest_first<'de, D>(deserializer: D) -> Result<Vec<SizedImage>, D::Error>
where
    D: Deserializer<'de>,
{
    let mut images: Vec<SizedImage> = lenient::list(deserializer)?;
    images.retain(|image| !image.url.is_empty());
    images.sort_by_key(|image| Reverse(image.width));
    Ok(images)
}
