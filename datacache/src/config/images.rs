//! Settings of images.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};
use crate::name::DataType;

const MAX_FANART: usize = 10;
const MAX_OTHER: usize = 2;

const CAPS: &str = "images.max_per_artist";

/// What is made of images, by image type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ImagesConfig {
    /// From which types an image is picked, in this order, when there is none of a type:
    /// `artistlogo = ["artistthumbnail"]`. Default: from none.
    pub fallbacks: BTreeMap<DataType, Vec<DataType>>,
    /// How many images of a type an artist has at most, from 1. What is set here holds for all that
    /// is stored: what is used least goes, unless it is pinned. A picture of two artists counts for
    /// both, and goes for both. The defaults only say when no more are queued: 10 of
    /// `artistfanart`, 2 of the other artist types, and any number of `front_cover`.
    pub max_per_artist: BTreeMap<DataType, usize>,
}

impl ImagesConfig {
    /// Refuses what is no image type, and a cap of 0: who wants no images of a type asks for none.
    pub(crate) fn check(&self) -> Result<()> {
        let targets = self.fallbacks.iter().flat_map(|(from, to)| std::iter::once(from).chain(to));
        let fallbacks = targets.map(|name| ("images.fallbacks", name));
        let caps = self.max_per_artist.keys().map(|name| (CAPS, name));
        if let Some((setting, name)) = fallbacks.chain(caps).find(|(_, name)| !name.is_image()) {
            return Err(refused(setting, format_args!("'{name}' is not an image type")));
        }
        match self.max_per_artist.iter().find(|(_, cap)| **cap == 0) {
            Some((name, _)) => {
                Err(refused(CAPS, format_args!("of '{name}' there may be 1 or more, not 0")))
            }
            None => Ok(()),
        }
    }

    /// The types to pick from, in order, when `data_type` is asked for.
    pub(crate) fn choices(&self, data_type: &DataType) -> Vec<DataType> {
        let fallbacks = self.fallbacks.get(data_type).into_iter().flatten();
        std::iter::once(data_type).chain(fallbacks).cloned().collect()
    }

    /// How many images of `data_type` an artist has at most; `None` for any number.
    pub(crate) fn cap(&self, data_type: &DataType) -> Option<usize> {
        let built_in = if *data_type == DataType::FRONT_COVER {
            None
        } else if *data_type == DataType::ARTIST_FANART {
            Some(MAX_FANART)
        } else {
            Some(MAX_OTHER)
        };
        self.max_per_artist.get(data_type).copied().or(built_in)
    }
}

fn refused(setting: &str, reason: fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::Config, "open cache", setting, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> ImagesConfig {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_type_is_followed_by_its_fallbacks() {
        let config = parse(r#"{"fallbacks": {"artistlogo": ["artistthumbnail", "front_cover"]}}"#);
        let logo = config.choices(&DataType::ARTIST_LOGO);
        assert_eq!(
            logo,
            [DataType::ARTIST_LOGO, DataType::ARTIST_THUMBNAIL, DataType::FRONT_COVER]
        );
        assert_eq!(config.choices(&DataType::ARTIST_BANNER), [DataType::ARTIST_BANNER]);
    }

    #[test]
    fn caps_are_those_of_the_settings_over_those_built_in() {
        let config = parse(r#"{"max_per_artist": {"artistfanart": 3, "front_cover": 1}}"#);
        assert_eq!(config.cap(&DataType::ARTIST_FANART), Some(3));
        assert_eq!(config.cap(&DataType::FRONT_COVER), Some(1));
        assert_eq!(config.cap(&DataType::ARTIST_LOGO), Some(2));
        let built_in = ImagesConfig::default();
        assert_eq!(built_in.cap(&DataType::ARTIST_FANART), Some(10));
        assert_eq!(built_in.cap(&DataType::FRONT_COVER), None);
    }

    #[test]
    fn what_is_no_image_type_is_named() {
        for json in [
            r#"{"fallbacks": {"bio_en": []}}"#,
            r#"{"fallbacks": {"artistlogo": ["bio_en"]}}"#,
            r#"{"max_per_artist": {"bio_en": 1}}"#,
        ] {
            let error = parse(json).check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("bio_en"), "{error}");
        }
        assert!(parse("{}").check().is_ok());
    }

    #[test]
    fn a_cap_of_none_is_refused() {
        let error = parse(r#"{"max_per_artist": {"artistlogo": 0}}"#).check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let told = error.to_string();
        assert!(told.contains("max_per_artist") && told.contains("'artistlogo'"), "{told}");
    }
}
