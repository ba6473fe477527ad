//! What TheAudioDB answers, as far as it is read here.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Error, Map, Value};

use crate::providers::lenient;
use crate::providers::mbid::Mbid;

/// The artists in an answer; there is at least one.
pub(super) fn artists(body: &[u8]) -> Result<Vec<Artist>, Error> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(deserialize_with = "lenient::list")]
        artists: Vec<Artist>,
    }
    serde_json::from_slice(body).and_then(|Answer { artists }| some(artists))
}

/// The albums in an answer; there is at least one.
pub(super) fn albums(body: &[u8]) -> Result<Vec<Album>, Error> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(deserialize_with = "lenient::list")]
        album: Vec<Album>,
    }
    serde_json::from_slice(body).and_then(|Answer { album }| some(album))
}

/// An answer that has nothing is told apart before it is read.
fn some<T>(found: Vec<T>) -> Result<Vec<T>, Error> {
    if found.is_empty() { Err(Error::custom("nothing in it can be read")) } else { Ok(found) }
}

/// A person or a group that makes music.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Artist {
    /// Its id at TheAudioDB.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What else it is called.
    pub other_name: Option<String>,
    /// Its MusicBrainz id.
    pub mbid: Option<Mbid>,
    /// Where it is from, in words.
    pub country: Option<String>,
    /// Its genre.
    pub genre: Option<String>,
    /// Its style.
    pub style: Option<String>,
    /// The year it was formed in.
    pub formed_year: Option<u16>,
    /// Its web site, mostly without `https://`.
    pub website: Option<String>,
    /// Its biographies, by the code of their language, such as `en` (ISO 639-1).
    pub biographies: BTreeMap<String, String>,
    /// Its pictures.
    pub images: ArtistImages,
}

impl Artist {
    /// Its biography in a language, such as `de` or `de-AT`, else in English.
    pub fn biography(&self, language: &str) -> Option<&str> {
        in_language(&self.biographies, language)
    }
}

/// Where the pictures of an artist are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ArtistImages {
    /// A square picture.
    pub thumb: Option<String>,
    /// The name as a logo, transparent.
    pub logo: Option<String>,
    /// The artist without background.
    pub cutout: Option<String>,
    /// The artist and the logo without background.
    pub clearart: Option<String>,
    /// A wide picture.
    pub wide_thumb: Option<String>,
    /// A very wide one.
    pub banner: Option<String>,
    /// Up to four that fill a screen.
    pub fanart: Vec<String>,
}

/// An album or a single.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Album {
    /// Its id at TheAudioDB.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Who it is by.
    pub artist: Option<String>,
    /// The MusicBrainz id of its release group.
    pub mbid: Option<Mbid>,
    /// The MusicBrainz id of its artist.
    pub artist_mbid: Option<Mbid>,
    /// The year it came out in.
    pub year: Option<u16>,
    /// Its genre.
    pub genre: Option<String>,
    /// Its style.
    pub style: Option<String>,
    /// Who has published it.
    pub label: Option<String>,
    /// Texts about it, by the code of their language, such as `en` (ISO 639-1).
    pub descriptions: BTreeMap<String, String>,
    /// Its pictures.
    pub images: AlbumImages,
}

impl Album {
    /// A text about it in a language, such as `de` or `de-AT`, else in English.
    pub fn description(&self, language: &str) -> Option<&str> {
        in_language(&self.descriptions, language)
    }
}

/// Where the pictures of an album are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AlbumImages {
    /// The front cover.
    pub cover: Option<String>,
    /// The same in high quality.
    pub cover_hq: Option<String>,
    /// The back cover.
    pub back: Option<String>,
    /// The disc.
    pub disc: Option<String>,
    /// The spine.
    pub spine: Option<String>,
}

impl<'de> Deserialize<'de> for Artist {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let of = Members(Map::deserialize(deserializer)?);
        let fanart =
            ["strArtistFanart", "strArtistFanart2", "strArtistFanart3", "strArtistFanart4"];
        Ok(Self {
            id: of.number("idArtist").ok_or_else(|| D::Error::missing_field("idArtist"))?,
            name: of.text("strArtist").ok_or_else(|| D::Error::missing_field("strArtist"))?,
            other_name: of.text("strArtistAlternate"),
            mbid: of.thing("strMusicBrainzID"),
            country: of.text("strCountry"),
            genre: of.text("strGenre"),
            style: of.text("strStyle"),
            formed_year: of.year("intFormedYear"),
            website: of.text("strWebsite"),
            biographies: of.by_language("strBiography"),
            images: ArtistImages {
                thumb: of.text("strArtistThumb"),
                logo: of.text("strArtistLogo"),
                cutout: of.text("strArtistCutout"),
                clearart: of.text("strArtistClearart"),
                wide_thumb: of.text("strArtistWideThumb"),
                banner: of.text("strArtistBanner"),
                fanart: fanart.iter().filter_map(|name| of.text(name)).collect(),
            },
        })
    }
}

impl<'de> Deserialize<'de> for Album {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let of = Members(Map::deserialize(deserializer)?);
        Ok(Self {
            id: of.number("idAlbum").ok_or_else(|| D::Error::missing_field("idAlbum"))?,
            title: of.text("strAlbum").ok_or_else(|| D::Error::missing_field("strAlbum"))?,
            artist: of.text("strArtist"),
            mbid: of.thing("strMusicBrainzID"),
            artist_mbid: of.thing("strMusicBrainzArtistID"),
            year: of.year("intYearReleased"),
            genre: of.text("strGenre"),
            style: of.text("strStyle"),
            label: of.text("strLabel"),
            descriptions: of.by_language("strDescription"),
            images: AlbumImages {
                cover: of.text("strAlbumThumb"),
                cover_hq: of.text("strAlbumThumbHQ"),
                back: of.text("strAlbumBack"),
                disc: of.text("strAlbumCDart"),
                spine: of.text("strAlbumSpine"),
            },
        })
    }
}

/// The members of an artist or album: text or `null`, whatever they mean.
struct Members(Map<String, Value>);

impl Members {
    fn text(&self, name: &str) -> Option<String> {
        lenient::text(self.0.get(name)?).ok()?
    }

    fn number<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        lenient::number(self.0.get(name)?).ok()?
    }

    /// An unknown year is `0` or `null`.
    fn year(&self, name: &str) -> Option<u16> {
        self.number(name).filter(|year| *year != 0)
    }

    fn thing<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        lenient::optional(self.0.get(name)?).ok()?
    }

    /// The texts whose names begin with `name` and end with a language. One that ends there is in
    /// English, which may have none beside it.
    fn by_language(&self, name: &str) -> BTreeMap<String, String> {
        let texts = self.0.keys().filter_map(|member| {
            let language = language(member.strip_prefix(name)?)?;
            Some((language, self.text(member)?))
        });
        let mut texts: BTreeMap<String, String> = texts.collect();
        if let Some(text) = self.text(name) {
            texts.entry("en".to_owned()).or_insert(text);
        }
        texts
    }
}

/// The code of the language that TheAudioDB calls `code`; some it calls by the code of a country.
fn language(code: &str) -> Option<String> {
    let language = match code {
        "CN" => "zh",
        "IL" => "he",
        "JP" => "ja",
        "SE" => "sv",
        _ => code,
    };
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
        .then(|| language.to_lowercase())
}

fn in_language<'a>(texts: &'a BTreeMap<String, String>, language: &str) -> Option<&'a str> {
    let language = language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    texts.get(&language).or_else(|| texts.get("en")).map(String::as_str)
}
