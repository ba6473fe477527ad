//! What the Cover Art Archive answers, as far as it is read here.

use serde::{Deserialize, Serialize};

use super::Size;
use crate::providers::lenient;

/// The covers of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Covers {
    /// Where the release is described.
    #[serde(default, deserialize_with = "lenient::text")]
    pub release: Option<String>,
    /// The pictures, as their uploaders have ordered them.
    #[serde(deserialize_with = "lenient::list")]
    pub images: Vec<Image>,
}

impl Covers {
    /// The one that is shown for the release.
    pub fn front(&self) -> Option<&Image> {
        self.images.iter().find(|image| image.front)
    }
}

/// A picture of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Image {
    /// Its id.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// What it shows: `Front`, `Back`, `Booklet`, `Medium`, …; of a picture it may be several.
    #[serde(default, deserialize_with = "lenient::list")]
    pub types: Vec<String>,
    /// Whether it is the one that is shown as front.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub front: bool,
    /// Whether it is the one that is shown as back.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub back: bool,
    /// Whether MusicBrainz' editors have accepted it.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub approved: bool,
    /// What its uploader says about it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub comment: Option<String>,
    /// Where it is, as it was uploaded: mostly a JPEG, sometimes a PDF.
    #[serde(rename(deserialize = "image"))]
    pub url: String,
    /// Where smaller ones of it are.
    #[serde(default)]
    pub thumbnails: Thumbnails,
}

impl Image {
    /// Where it is in this size, or as it was uploaded if it is not there in this size.
    pub fn url_of(&self, size: Size) -> &str {
        let thumbnail = match size {
            Size::Px250 => &self.thumbnails.px250,
            Size::Px500 => &self.thumbnails.px500,
            Size::Px1200 => &self.thumbnails.px1200,
            Size::Original => &None,
        };
        thumbnail.as_ref().unwrap_or(&self.url)
    }
}

/// Where a picture is in smaller sizes, which are JPEGs. Older pictures are not there in all sizes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Thumbnails {
    /// At most 250 pixels wide and high.
    pub px250: Option<String>,
    /// At most 500 pixels wide and high.
    pub px500: Option<String>,
    /// At most 1 200 pixels wide and high.
    pub px1200: Option<String>,
}

impl<'de> Deserialize<'de> for Thumbnails {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Named {
            #[serde(rename = "250", deserialize_with = "lenient::text")]
            px250: Option<String>,
            #[serde(rename = "500", deserialize_with = "lenient::text")]
            px500: Option<String>,
            #[serde(rename = "1200", deserialize_with = "lenient::text")]
            px1200: Option<String>,
            // What the first two were called before there were more.
            #[serde(deserialize_with = "lenient::text")]
            small: Option<String>,
            #[serde(deserialize_with = "lenient::text")]
            large: Option<String>,
        }
        let named: Named = lenient::optional(deserializer)?.unwrap_or_default();
        let Named { px250, px500, px1200, small, large } = named;
        Ok(Self { px250: px250.or(small), px500: px500.or(large), px1200 })
    }
}
