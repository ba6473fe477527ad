//! Deezer: artists and their pictures, by its API (<https://developers.deezer.com/api/artist>,
//! <https://developers.deezer.com/api/search/artist>).
//!
//! It needs no key. It is asked five times a second at most; its answers are kept for 7 days. Its
//! errors come with status 200. A search that finds nothing is remembered as absence.

use serde::{Deserialize, Serialize};
use url::Url;

use super::lenient;
use super::query::Query;
use super::sized_image::SizedImage;
use super::term;
use crate::cache::Cache;
use crate::error::Result;
use crate::fetch::is_known_placeholder;

pub(super) const NAME: &str = "deezer";

/// The calls of Deezer.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty name or one of more than 1 000
/// bytes.
#[derive(Clone)]
pub struct Deezer {
    cache: Cache,
}

/// Artists that a search has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Artists {
    /// How many there are; the answer has 25 of them at most.
    #[serde(alias = "total", deserialize_with = "lenient::count")]
    pub count: u64,
    /// The best first.
    #[serde(alias = "data", deserialize_with = "lenient::list")]
    pub artists: Vec<Artist>,
}

/// A person or a group that makes music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Raw")]
#[non_exhaustive]
pub struct Artist {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: Option<String>,
    /// How many albums it has.
    pub albums: Option<u64>,
    /// How many people like it.
    pub fans: Option<u64>,
    /// Its pictures, the widest first; the silhouette of those who have none is left out.
    pub images: Vec<SizedImage>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(deserialize_with = "lenient::id")]
    id: u64,
    name: String,
    #[serde(default, deserialize_with = "lenient::text")]
    link: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    nb_album: Option<u64>,
    #[serde(default, deserialize_with = "lenient::number")]
    nb_fan: Option<u64>,
    #[serde(default, deserialize_with = "lenient::text")]
    picture_small: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    picture_medium: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    picture_big: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    picture_xl: Option<String>,
}

impl From<Raw> for Artist {
    fn from(raw: Raw) -> Self {
        let pictures = [
            (raw.picture_xl, 1_000),
            (raw.picture_big, 500),
            (raw.picture_medium, 250),
            (raw.picture_small, 56),
        ];
        let is_silhouette = |image: &SizedImage| is_known_placeholder(&image.url);
        let images = pictures.into_iter().filter_map(|(url, width)| SizedImage::square(url, width));
        Self {
            id: raw.id,
            name: raw.name,
            url: raw.link,
            albums: raw.nb_album,
            fans: raw.nb_fan,
            images: images.filter(|image| !is_silhouette(image)).collect(),
        }
    }
}

impl Deezer {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// Artists that are called like this.
    pub fn search_artists(&self, name: &str) -> Query<Artists> {
        let name = term::checked("artist", name);
        let about = name.clone().unwrap_or_default();
        let url = name.and_then(|name| self.url(&["search", "artist"], &[("q", name)]));
        Query::json(self.cache.clone(), NAME, url).about(about)
    }

    /// The artist with this id.
    pub fn artist(&self, id: u64) -> Query<Artist> {
        let url = self.url(&["artist", &id.to_string()], &[]);
        Query::json(self.cache.clone(), NAME, url)
    }

    fn url(&self, path: &[&str], params: &[(&str, &str)]) -> Result<Url> {
        Ok(self.cache.base_url(NAME)?.endpoint(path, params))
    }
}

#[cfg(test)]
mod tests;
