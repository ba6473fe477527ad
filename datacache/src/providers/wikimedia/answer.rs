//! What Wikipedia and Commons answer, as far as it is read here.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};

use super::entity::EntityId;
use crate::providers::lenient;
use crate::providers::sized_image::SizedImage;

/// What Wikipedia says of a title, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Page")]
#[non_exhaustive]
pub struct Summary {
    /// The title of the page; another one than was asked for where that leads to it.
    pub title: String,
    /// What it is about, in few words.
    pub description: Option<String>,
    /// What stands before its first heading, as plain text.
    pub extract: Option<String>,
    /// What kind of page it is.
    pub kind: PageKind,
    /// Its picture, as wide as was asked for or less.
    pub thumbnail: Option<SizedImage>,
    /// Its picture as it was uploaded.
    pub original: Option<SizedImage>,
    /// The page.
    pub url: Option<String>,
    /// What it is about, on Wikidata.
    pub entity: Option<EntityId>,
}

/// What kind of page a title leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageKind {
    /// It is about one thing.
    Article,
    /// It lists what else is called like this.
    Disambiguation,
}

/// A picture on Commons. Its page, which is `page_url`, says who made it and how it may be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "RawFile")]
#[non_exhaustive]
pub struct File {
    /// The picture as it was uploaded.
    pub original: SizedImage,
    /// The picture, as wide as was asked for or less.
    pub thumbnail: Option<SizedImage>,
    /// Its media type.
    pub mime_type: Option<String>,
    /// Its page.
    pub page_url: Option<String>,
}

#[derive(Deserialize)]
struct Answer<P> {
    query: Pages<P>,
}

#[derive(Deserialize)]
struct Pages<P> {
    pages: Vec<P>,
}

#[derive(Deserialize)]
struct Page {
    title: String,
    #[serde(default, deserialize_with = "lenient::text")]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    extract: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    thumbnail: Option<SizedImage>,
    #[serde(default, deserialize_with = "lenient::optional")]
    original: Option<SizedImage>,
    #[serde(default, deserialize_with = "lenient::text")]
    fullurl: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    pageprops: Option<Props>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Props {
    #[serde(deserialize_with = "lenient::optional")]
    wikibase_item: Option<EntityId>,
    /// An empty text, if it is one.
    disambiguation: Option<String>,
}

impl From<Page> for Summary {
    fn from(page: Page) -> Self {
        let props = page.pageprops.unwrap_or_default();
        let is_list = props.disambiguation.is_some();
        Self {
            title: page.title,
            description: page.description,
            extract: page.extract,
            kind: if is_list { PageKind::Disambiguation } else { PageKind::Article },
            thumbnail: page.thumbnail,
            original: page.original,
            url: page.fullurl,
            entity: props.wikibase_item,
        }
    }
}

#[derive(Deserialize)]
struct FilePage {
    imageinfo: Vec<File>,
}

#[derive(Deserialize)]
struct RawFile {
    url: String,
    #[serde(default, deserialize_with = "lenient::number")]
    width: Option<u32>,
    #[serde(default, deserialize_with = "lenient::number")]
    height: Option<u32>,
    #[serde(default, deserialize_with = "lenient::text")]
    thumburl: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    thumbwidth: Option<u32>,
    #[serde(default, deserialize_with = "lenient::number")]
    thumbheight: Option<u32>,
    #[serde(default, deserialize_with = "lenient::text")]
    mime: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    descriptionurl: Option<String>,
}

impl From<RawFile> for File {
    fn from(raw: RawFile) -> Self {
        let RawFile { width, height, thumbwidth, thumbheight, .. } = raw;
        let thumbnail =
            raw.thumburl.map(|url| SizedImage { url, width: thumbwidth, height: thumbheight });
        Self {
            original: SizedImage { url: raw.url, width, height },
            thumbnail,
            mime_type: raw.mime,
            page_url: raw.descriptionurl,
        }
    }
}

pub(in crate::providers) fn summary(body: &[u8]) -> Result<Summary, serde_json::Error> {
    only_page(body)
}

pub(super) fn file(body: &[u8]) -> Result<File, serde_json::Error> {
    let FilePage { imageinfo } = only_page(body)?;
    let newest = imageinfo.into_iter().next();
    newest.ok_or_else(|| serde_json::Error::custom("there is no file"))
}

fn only_page<P: DeserializeOwned>(body: &[u8]) -> Result<P, serde_json::Error> {
    let Answer { query: Pages { pages } } = serde_json::from_slice(body)?;
    pages.into_iter().next().ok_or_else(|| serde_json::Error::custom("there is no page"))
}
