//! What fanart.tv answers, as far as it is read here.

use std::cmp::Reverse;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::providers::lenient;
use crate::providers::mbid::Mbid;

/// The pictures of an artist, of each kind those first that most people like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Artist {
    /// Its MusicBrainz id.
    #[serde(rename(deserialize = "mbid_id"))]
    pub mbid: Mbid,
    /// Its name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Pictures that fill a screen.
    #[serde(default, rename(deserialize = "artistbackground"), deserialize_with = "images")]
    pub backgrounds: Vec<Image>,
    /// Square pictures.
    #[serde(default, rename(deserialize = "artistthumb"), deserialize_with = "images")]
    pub thumbs: Vec<Image>,
    /// Logos, transparent.
    #[serde(default, rename(deserialize = "hdmusiclogo"), deserialize_with = "images")]
    pub hd_logos: Vec<Image>,
    /// The same, smaller.
    #[serde(default, rename(deserialize = "musiclogo"), deserialize_with = "images")]
    pub logos: Vec<Image>,
    /// Very wide pictures.
    #[serde(default, rename(deserialize = "musicbanner"), deserialize_with = "images")]
    pub banners: Vec<Image>,
    /// The albums of which there are pictures.
    #[serde(default, deserialize_with = "albums")]
    pub albums: Vec<Album>,
}

/// The pictures of an album, of each kind those first that most people like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Album {
    /// The MusicBrainz id of its release group.
    pub release_group_id: Mbid,
    /// Front covers.
    #[serde(default, rename(deserialize = "albumcover"), deserialize_with = "images")]
    pub covers: Vec<Image>,
    /// Discs, transparent.
    #[serde(default, rename(deserialize = "cdart"), deserialize_with = "images")]
    pub discs: Vec<Image>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Image {
    /// Its id.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// Where it is.
    pub url: String,
    /// The language it is in, such as `en`; `00` where it has no words.
    #[serde(default, deserialize_with = "lenient::text")]
    pub lang: Option<String>,
    /// How many people like it.
    #[serde(default, deserialize_with = "likes")]
    pub likes: u32,
    /// How wide it is, in pixels; since version 3.2.
    #[serde(default, deserialize_with = "lenient::number")]
    pub width: Option<u32>,
    /// How high it is, in pixels; since version 3.2.
    #[serde(default, deserialize_with = "lenient::number")]
    pub height: Option<u32>,
}

fn images<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Image>, D::Error> {
    let mut images: Vec<Image> = lenient::list(deserializer)?;
    images.sort_by_key(|image| Reverse(image.likes));
    Ok(images)
}

fn likes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    lenient::number(deserializer).map(Option::unwrap_or_default)
}

/// Since version 3.2 albums have their ids in them and are a list; before that they were members of
/// an object, called by their ids.
fn albums<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Album>, D::Error> {
    let albums: Vec<Value> = match Value::deserialize(deserializer)? {
        Value::Array(albums) => albums,
        Value::Object(by_id) => {
            let with_id = |(id, mut album): (String, Value)| {
                album.as_object_mut()?.insert("release_group_id".to_owned(), id.into());
                Some(album)
            };
            by_id.into_iter().filter_map(with_id).collect()
        }
        _ => Vec::new(),
    };
    Ok(albums.into_iter().filter_map(|album| serde_json::from_value(album).ok()).collect())
}
