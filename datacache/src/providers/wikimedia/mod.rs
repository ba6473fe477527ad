//! Wikimedia: what Wikidata knows of an entity, what Wikipedia says of a title, where Wikimedia
//! Commons has a picture.
//!
//! All three are asked by the action API (<https://www.mediawiki.org/wiki/API:Main_page>): Wikidata
//! by [`wbgetentities`], Wikipedia by [`extracts`] and [`pageimages`], Commons by [`imageinfo`]. It
//! wants to know who asks, so it is not asked without `contact` in `[http]`
//! (<https://www.mediawiki.org/wiki/Wikimedia_APIs/Rate_limits>). Redirects are followed. An
//! entity, a page or a file that is missing is told with status 200, and remembered as absence.
//!
//! Every wiki has a host of its own. Below a configured `base_url` each is a folder: with
//! `https://mirror.example/`, the English Wikipedia is `https://mirror.example/en.wikipedia.org/`.
//!
//! [`wbgetentities`]: https://www.wikidata.org/w/api.php?action=help&modules=wbgetentities
//! [`extracts`]: https://www.mediawiki.org/wiki/Extension:TextExtracts
//! [`pageimages`]: https://www.mediawiki.org/wiki/Extension:PageImages
//! [`imageinfo`]: https://www.mediawiki.org/wiki/API:Imageinfo

mod answer;
mod entity;

use url::Url;

#[cfg(test)]
pub(super) use answer::summary as read_summary;
pub use answer::{File, PageKind, Summary};
#[cfg(test)]
pub(super) use entity::read as read_entity;
pub use entity::{Entity, EntityId};

use super::language::Language;
use super::query::Query;
use super::term;
use crate::cache::Cache;
use crate::config::BaseUrl;
use crate::error::{Error, ErrorKind, Result};

pub(super) const NAME: &str = "wikimedia";
const WIKIDATA: &str = "www.wikidata.org";
const COMMONS: &str = "commons.wikimedia.org";

/// Wikimedia makes thumbnails of a few widths beforehand, of which this is one
/// (<https://www.mediawiki.org/wiki/Common_thumbnail_sizes>); so is the largest.
const USUAL_WIDTH_PX: u32 = 500;
const LARGEST_WIDTH_PX: u32 = 3_840;

/// Nobody has longer titles and file names, in bytes
/// (<https://www.mediawiki.org/wiki/Manual:Title.php>).
const MAX_TITLE_BYTES: usize = 255;

/// The calls of Wikimedia.
///
/// # Errors
/// [`Config`](ErrorKind::Config) without a contact, unless the cache has the answer;
/// [`InvalidInput`](ErrorKind::InvalidInput) for a title that is empty, longer than 255 bytes or
/// has a `|` or a control character in it, and for a width that is not 1 to 3 840 pixels.
#[derive(Clone)]
pub struct Wikimedia {
    cache: Cache,
    language: Language,
    width_px: u32,
}

impl Wikimedia {
    pub(super) fn new(cache: Cache) -> Self {
        Self { cache, language: Language::ENGLISH, width_px: USUAL_WIDTH_PX }
    }

    /// Labels are in this language, and Wikipedia is the one in it; English unless set.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Thumbnails are this wide, in pixels, unless the picture is less wide; 500 unless set.
    #[must_use]
    pub fn thumbnail_width(mut self, width_px: u32) -> Self {
        self.width_px = width_px;
        self
    }

    /// What Wikidata knows of an entity.
    pub fn entity(&self, id: EntityId) -> Query<Entity> {
        let (ids, language) = (id.to_string(), self.language.as_str());
        let url = self.api(
            WIKIDATA,
            &[
                ("action", "wbgetentities"),
                ("ids", &ids),
                ("props", "labels|descriptions|claims|sitelinks"),
                ("languages", language),
                ("languagefallback", "1"),
                ("sitefilter", &site_of(&self.language)),
            ],
        );
        self.query(url, entity::read)
    }

    /// What Wikipedia says of a title, in short.
    pub fn summary(&self, title: &str) -> Query<Summary> {
        let (host, title) = (format!("{}.wikipedia.org", self.language), checked("title", title));
        let about = title.clone().unwrap_or_default();
        let url = title.and_then(|title| {
            self.api(
                &host,
                &[
                    ("action", "query"),
                    ("titles", title),
                    ("redirects", "1"),
                    ("prop", "extracts|pageimages|pageprops|description|info"),
                    ("exintro", "1"),
                    ("explaintext", "1"),
                    ("piprop", "thumbnail|original"),
                    ("pithumbsize", &self.width()?),
                    ("ppprop", "wikibase_item|disambiguation"),
                    ("inprop", "url"),
                ],
            )
        });
        self.query(url, answer::summary).about(about)
    }

    /// Where the picture of this name on Commons is, and a thumbnail of it. Of a drawing the
    /// thumbnail is a PNG.
    pub fn file(&self, name: &str) -> Query<File> {
        let url = checked("file name", name).and_then(|name| {
            let title = format!("File:{}", name.strip_prefix("File:").unwrap_or(name));
            self.api(
                COMMONS,
                &[
                    ("action", "query"),
                    ("titles", &title),
                    ("redirects", "1"),
                    ("prop", "imageinfo"),
                    ("iiprop", "url|size|mime"),
                    ("iiurlwidth", &self.width()?),
                ],
            )
        });
        self.query(url, answer::file)
    }

    fn query<T: 'static>(
        &self,
        url: Result<Url>,
        read: fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Query<T> {
        Query::new(self.cache.clone(), NAME, url, read).needs_contact(NAME)
    }

    /// A question to the API of the wiki at `host`.
    fn api(&self, host: &str, params: &[(&str, &str)]) -> Result<Url> {
        let params = [params, &[("format", "json"), ("formatversion", "2")]].concat();
        if let Some(mirror) = self.cache.0.policies.base_url(NAME) {
            return Ok(mirror.endpoint(&[host, "w", "api.php"], &params));
        }
        let wiki: Result<BaseUrl, _> = format!("https://{host}/").parse();
        let wiki =
            wiki.map_err(|why| Error::new(ErrorKind::Internal, "ask provider", host, why))?;
        Ok(wiki.endpoint(&["w", "api.php"], &params))
    }

    fn width(&self) -> Result<String> {
        if (1..=LARGEST_WIDTH_PX).contains(&self.width_px) {
            return Ok(self.width_px.to_string());
        }
        Err(Error::invalid("ask provider", "width", "a thumbnail is 1 to 3840 pixels wide"))
    }
}

/// One title: `|` would make several of it, and is in none.
fn checked<'a>(what: &'static str, title: &'a str) -> Result<&'a str> {
    let title = term::checked(what, title)?;
    if title.len() > MAX_TITLE_BYTES || title.contains(|c: char| c == '|' || c.is_control()) {
        let reason = "it has a character that no title has, or more than 255 bytes";
        return Err(Error::invalid("ask provider", what, reason));
    }
    Ok(title)
}

/// How Wikidata calls the Wikipedia of a language. Of those whose code has changed since, one had
/// a code of another form before.
fn site_of(language: &Language) -> String {
    let code = if language.as_str() == "be-tarask" { "be-x-old" } else { language.as_str() };
    format!("{}wiki", code.replace('-', "_"))
}

#[cfg(test)]
mod tests;
