//! What Discogs answers, as far as it is read here.

use serde::{Deserialize, Deserializer, Serialize};

use crate::providers::lenient;

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SearchResults {
    /// How many there are, on all pages.
    pub count: u64,
    /// The page this is, from 1 on.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
    /// This page, the best first; what on it cannot be read is left out.
    pub results: Vec<SearchResult>,
}

impl<'de> Deserialize<'de> for SearchResults {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Answer {
            pagination: Pagination,
            #[serde(deserialize_with = "lenient::list")]
            results: Vec<SearchResult>,
        }
        #[derive(Deserialize)]
        struct Pagination {
            #[serde(rename = "items", deserialize_with = "lenient::count")]
            count: u64,
            #[serde(deserialize_with = "lenient::count")]
            page: u32,
            #[serde(deserialize_with = "lenient::count")]
            pages: u32,
        }
        let Answer { pagination, results } = Answer::deserialize(deserializer)?;
        let Pagination { count, page, pages } = pagination;
        Ok(Self { count, page, pages, results })
    }
}

/// An artist, a release, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SearchResult {
    /// Its number.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// The name of an artist; artist and title of a release, as `Daft Punk - Discovery`.
    pub title: String,
    /// `artist`, `release`, …
    #[serde(default, rename(deserialize = "type"), deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// The year it came out in.
    #[serde(default, deserialize_with = "year")]
    pub year: Option<u16>,
    /// Where it came out.
    #[serde(default, deserialize_with = "lenient::text")]
    pub country: Option<String>,
    /// Who has published it, and others whose names stand on it.
    #[serde(default, rename(deserialize = "label"), deserialize_with = "lenient::list")]
    pub labels: Vec<String>,
    /// What it is: `Vinyl`, `LP`, `Album`, …
    #[serde(default, rename(deserialize = "format"), deserialize_with = "lenient::list")]
    pub formats: Vec<String>,
    /// Its number in the catalogue of its publisher.
    #[serde(default, rename(deserialize = "catno"), deserialize_with = "lenient::text")]
    pub catalogue_number: Option<String>,
    /// Its genres.
    #[serde(default, rename(deserialize = "genre"), deserialize_with = "lenient::list")]
    pub genres: Vec<String>,
    /// Its styles.
    #[serde(default, rename(deserialize = "style"), deserialize_with = "lenient::list")]
    pub styles: Vec<String>,
    /// The number of what it is an edition of.
    #[serde(default, deserialize_with = "nonzero")]
    pub master_id: Option<u64>,
    /// Where a small picture of it is.
    #[serde(default, rename(deserialize = "thumb"), deserialize_with = "picture")]
    pub thumb_url: Option<String>,
    /// Where a picture of it is.
    #[serde(default, rename(deserialize = "cover_image"), deserialize_with = "picture")]
    pub cover_url: Option<String>,
}

/// A person or a group that makes music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Artist {
    /// Its number.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// Its name; others of the same name have a number behind it, as in `Nirvana (2)`.
    pub name: String,
    /// What it is called when it makes no music.
    #[serde(default, rename(deserialize = "realname"), deserialize_with = "lenient::text")]
    pub real_name: Option<String>,
    /// A text about it, with the marks of Discogs in it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub profile: Option<String>,
    /// How else its name is written.
    #[serde(default, rename(deserialize = "namevariations"), deserialize_with = "lenient::list")]
    pub name_variations: Vec<String>,
    /// Under which other names it makes music.
    #[serde(default, deserialize_with = "lenient::list")]
    pub aliases: Vec<NamedArtist>,
    /// Who is in this group.
    #[serde(default, deserialize_with = "lenient::list")]
    pub members: Vec<NamedArtist>,
    /// The groups it is in.
    #[serde(default, deserialize_with = "lenient::list")]
    pub groups: Vec<NamedArtist>,
    /// Its pages elsewhere.
    #[serde(default, deserialize_with = "lenient::list")]
    pub urls: Vec<String>,
    /// Its page at Discogs.
    #[serde(default, rename(deserialize = "uri"), deserialize_with = "lenient::text")]
    pub url: Option<String>,
    /// Its pictures; none without a key.
    #[serde(default, deserialize_with = "lenient::list")]
    pub images: Vec<Image>,
}

/// An artist, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NamedArtist {
    /// Its number.
    #[serde(deserialize_with = "lenient::id")]
    pub id: u64,
    /// Its name.
    pub name: String,
}

macro_rules! published {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// Its number.
            #[serde(deserialize_with = "lenient::id")]
            pub id: u64,
            /// Its title.
            pub title: String,
            /// The year it came out in.
            #[serde(default, deserialize_with = "year")]
            pub year: Option<u16>,
            /// Who it is by.
            #[serde(default, deserialize_with = "lenient::list")]
            pub artists: Vec<ArtistCredit>,
            /// Its genres.
            #[serde(default, deserialize_with = "lenient::list")]
            pub genres: Vec<String>,
            /// Its styles.
            #[serde(default, deserialize_with = "lenient::list")]
            pub styles: Vec<String>,
            /// Its tracks, and the headings between them.
            #[serde(default, rename(deserialize = "tracklist"), deserialize_with = "lenient::list")]
            pub tracks: Vec<Track>,
            /// Its page at Discogs.
            #[serde(default, rename(deserialize = "uri"), deserialize_with = "lenient::text")]
            pub url: Option<String>,
            /// Its pictures; none without a key.
            #[serde(default, deserialize_with = "lenient::list")]
            pub images: Vec<Image>,
            $($fields)*
        }
    };
}

published! {
    /// An edition of an album or a single.
    Release {
        /// When it came out: a year, a month or a day.
        #[serde(default, deserialize_with = "lenient::text")]
        pub released: Option<String>,
        /// Where it came out.
        #[serde(default, deserialize_with = "lenient::text")]
        pub country: Option<String>,
        /// Who has published it.
        #[serde(default, deserialize_with = "lenient::list")]
        pub labels: Vec<Label>,
        /// What it is: discs, files.
        #[serde(default, deserialize_with = "lenient::list")]
        pub formats: Vec<Format>,
        /// The number of what it is an edition of.
        #[serde(default, deserialize_with = "nonzero")]
        pub master_id: Option<u64>,
    }
}

published! {
    /// An album, a single, before it is a certain edition of it.
    Master {
        /// The number of the edition that stands for it.
        #[serde(default, rename(deserialize = "main_release"), deserialize_with = "nonzero")]
        pub main_release_id: Option<u64>,
    }
}

/// One of those something is by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ArtistCredit {
    /// The artist's number.
    #[serde(default, deserialize_with = "nonzero")]
    pub id: Option<u64>,
    /// The artist's name.
    pub name: String,
    /// The name it is credited to, if it is another.
    #[serde(default, rename(deserialize = "anv"), deserialize_with = "lenient::text")]
    pub name_variation: Option<String>,
    /// What stands between this name and the next, such as `,` or `Feat.`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub join: Option<String>,
}

/// A publisher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Label {
    /// Its name.
    pub name: String,
    /// The number in its catalogue.
    #[serde(default, rename(deserialize = "catno"), deserialize_with = "lenient::text")]
    pub catalogue_number: Option<String>,
}

/// What music was published on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Format {
    /// `Vinyl`, `CD`, `File`, …
    pub name: String,
    /// How many of them.
    #[serde(default, rename(deserialize = "qty"), deserialize_with = "lenient::number")]
    pub quantity: Option<u32>,
    /// `LP`, `Album`, `Reissue`, …
    #[serde(default, deserialize_with = "lenient::list")]
    pub descriptions: Vec<String>,
}

/// A track, or a heading between tracks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Track {
    /// Its title.
    pub title: String,
    /// Where it is: `1`, `A2`, …
    #[serde(default, deserialize_with = "lenient::text")]
    pub position: Option<String>,
    /// `track`, `heading`, `index`.
    #[serde(default, rename(deserialize = "type_"), deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// How long it is, as `5:20`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub duration: Option<String>,
}

/// A picture. Who has no key is told of pictures, but not where they are; such are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Image {
    /// `primary`, which is the one to show, or `secondary`.
    #[serde(default, rename(deserialize = "type"), deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Where it is.
    #[serde(rename(deserialize = "uri"), deserialize_with = "some_picture")]
    pub url: String,
    /// Where it is at 150 pixels.
    #[serde(default, rename(deserialize = "uri150"), deserialize_with = "picture")]
    pub thumb_url: Option<String>,
    /// How wide it is, in pixels.
    #[serde(default, deserialize_with = "lenient::number")]
    pub width: Option<u32>,
    /// How high it is, in pixels.
    #[serde(default, deserialize_with = "lenient::number")]
    pub height: Option<u32>,
}

/// Where a picture is; an empty one stands for none.
fn picture<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let url = lenient::text(deserializer)?;
    Ok(url.filter(|url| !url.ends_with("/spacer.gif")))
}

fn some_picture<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    picture(deserializer)?.ok_or_else(|| serde::de::Error::custom("it is nowhere"))
}

/// An unknown number is `0`.
fn nonzero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(lenient::number(deserializer)?.filter(|number| *number != 0))
}

/// An unknown year is `0`.
fn year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    Ok(lenient::number(deserializer)?.filter(|year| *year != 0))
}
