//! What MusicBrainz answers, as far as it is read here.

use serde::{Deserialize, Serialize};

use crate::providers::lenient;
use crate::providers::mbid::Mbid;

macro_rules! found {
    ($(#[$doc:meta])* $name:ident, $field:ident: $item:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// How many there are, on all pages.
            #[serde(deserialize_with = "lenient::count")]
            pub count: u64,
            /// How many were passed over.
            #[serde(deserialize_with = "lenient::count")]
            pub offset: u64,
            /// This page, the best first; what on it cannot be read is left out.
            #[serde(deserialize_with = "lenient::list")]
            pub $field: Vec<$item>,
        }
    };
}

found! {
    /// Artists that a search has found.
    Artists, artists: Artist
}
found! {
    /// Releases that a search has found.
    Releases, releases: Release
}
found! {
    /// Recordings that a search has found.
    Recordings, recordings: Recording
}

/// Release groups that a search has found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReleaseGroups {
    /// How many there are, on all pages.
    #[serde(deserialize_with = "lenient::count")]
    pub count: u64,
    /// How many were passed over.
    #[serde(deserialize_with = "lenient::count")]
    pub offset: u64,
    /// This page, the best first; what on it cannot be read is left out.
    #[serde(rename(deserialize = "release-groups"), deserialize_with = "lenient::list")]
    pub release_groups: Vec<ReleaseGroup>,
}

/// A person or a group that makes music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"))]
#[non_exhaustive]
pub struct Artist {
    /// Its id.
    pub id: Mbid,
    /// Its name.
    pub name: String,
    /// Its name as lists are sorted by it.
    #[serde(default, deserialize_with = "lenient::verbatim")]
    pub sort_name: String,
    /// What tells it from others of its name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub disambiguation: Option<String>,
    /// `Person`, `Group`, …
    #[serde(default, rename(deserialize = "type"), deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Where it is from, as two letters.
    #[serde(default, deserialize_with = "lenient::text")]
    pub country: Option<String>,
    /// Where it is from.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub area: Option<Area>,
    /// From when to when.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub life_span: Option<LifeSpan>,
    /// How well it fits a search, up to 100.
    #[serde(default, deserialize_with = "lenient::number")]
    pub score: Option<u8>,
    /// Other names.
    #[serde(default, deserialize_with = "lenient::list")]
    pub aliases: Vec<Alias>,
    /// What people have called it.
    #[serde(default, deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// Its genres.
    #[serde(default, deserialize_with = "lenient::list")]
    pub genres: Vec<Tag>,
    /// Where else it can be found.
    #[serde(default, rename(deserialize = "relations"), deserialize_with = "lenient::list")]
    pub links: Vec<Link>,
    /// How people have rated it.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub rating: Option<Rating>,
    /// Its release groups.
    #[serde(default, deserialize_with = "lenient::list")]
    pub release_groups: Vec<ReleaseGroup>,
}

impl Artist {
    /// The links of a type, such as `discogs`, `wikidata` or `official homepage`.
    pub fn links_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.links.iter().filter(move |link| link.kind == kind).map(|link| link.url.as_str())
    }
}

/// A country, a town.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Area {
    /// Its name.
    pub name: String,
}

/// From when to when; a date may be a year or a month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LifeSpan {
    /// When it began.
    #[serde(deserialize_with = "lenient::text")]
    pub begin: Option<String>,
    /// When it ended.
    #[serde(deserialize_with = "lenient::text")]
    pub end: Option<String>,
}

/// Another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alias {
    /// The name.
    pub name: String,
    /// The language it is in, such as `ja`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub locale: Option<String>,
}

/// A tag or a genre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// How many have said so, less those who have said the contrary.
    #[serde(default, deserialize_with = "lenient::number")]
    pub count: Option<i64>,
}

/// How people have rated something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rating {
    /// On average, from 0 to 5; `None` where nobody has.
    #[serde(default, deserialize_with = "lenient::number")]
    pub value: Option<f64>,
    /// How many have.
    #[serde(default, rename(deserialize = "votes-count"), deserialize_with = "lenient::number")]
    pub votes: Option<u64>,
}

/// A web page about something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Link {
    /// What it is: `discogs`, `wikidata`, `official homepage`, …
    pub kind: String,
    /// Where it is.
    pub url: String,
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Relation {
            #[serde(rename = "type")]
            kind: String,
            url: Resource,
        }
        #[derive(Deserialize)]
        struct Resource {
            resource: String,
        }
        let Relation { kind, url } = Relation::deserialize(deserializer)?;
        Ok(Self { kind, url: url.resource })
    }
}

/// One of those something is by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ArtistCredit {
    /// The name it is credited to.
    pub name: String,
    /// What stands between this name and the next, such as ` feat. `.
    #[serde(default, rename(deserialize = "joinphrase"), deserialize_with = "lenient::verbatim")]
    pub join_phrase: String,
    /// Who that is.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub artist: Option<TrackArtist>,
}

/// An artist, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrackArtist {
    /// Its id.
    pub id: Mbid,
    /// Its name.
    pub name: String,
    /// Other names; searches tell them.
    #[serde(default, deserialize_with = "lenient::list")]
    pub aliases: Vec<Alias>,
}

/// An album, a single, before it is a certain edition of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"))]
#[non_exhaustive]
pub struct ReleaseGroup {
    /// Its id.
    pub id: Mbid,
    /// Its title.
    pub title: String,
    /// `Album`, `Single`, `EP`, …
    #[serde(default, deserialize_with = "lenient::text")]
    pub primary_type: Option<String>,
    /// `Live`, `Compilation`, `Remix`, …
    #[serde(default, deserialize_with = "lenient::list")]
    pub secondary_types: Vec<String>,
    /// When it first came out: a year, a month or a day.
    #[serde(default, deserialize_with = "lenient::text")]
    pub first_release_date: Option<String>,
    /// Who it is by.
    #[serde(default, deserialize_with = "lenient::list")]
    pub artist_credit: Vec<ArtistCredit>,
    /// What people have called it.
    #[serde(default, deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// Its genres.
    #[serde(default, deserialize_with = "lenient::list")]
    pub genres: Vec<Tag>,
    /// Where else it can be found.
    #[serde(default, rename(deserialize = "relations"), deserialize_with = "lenient::list")]
    pub links: Vec<Link>,
    /// How people have rated it.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub rating: Option<Rating>,
    /// How well it fits a search, up to 100.
    #[serde(default, deserialize_with = "lenient::number")]
    pub score: Option<u8>,
}

/// An edition of an album or a single.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"))]
#[non_exhaustive]
pub struct Release {
    /// Its id.
    pub id: Mbid,
    /// Its title.
    pub title: String,
    /// `Official`, `Bootleg`, …
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// When it came out: a year, a month or a day.
    #[serde(default, deserialize_with = "lenient::text")]
    pub date: Option<String>,
    /// Where it came out, as two letters.
    #[serde(default, deserialize_with = "lenient::text")]
    pub country: Option<String>,
    /// The digits below its bar code.
    #[serde(default, deserialize_with = "lenient::text")]
    pub barcode: Option<String>,
    /// Who it is by.
    #[serde(default, deserialize_with = "lenient::list")]
    pub artist_credit: Vec<ArtistCredit>,
    /// What it is an edition of.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub release_group: Option<ReleaseGroup>,
    /// How well it fits a search, up to 100.
    #[serde(default, deserialize_with = "lenient::number")]
    pub score: Option<u8>,
    /// What people have called it.
    #[serde(default, deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// Its genres.
    #[serde(default, deserialize_with = "lenient::list")]
    pub genres: Vec<Tag>,
    /// Where else it can be found.
    #[serde(default, rename(deserialize = "relations"), deserialize_with = "lenient::list")]
    pub links: Vec<Link>,
    /// Its tracks, of all its discs.
    #[serde(default, rename(deserialize = "media"), deserialize_with = "tracks")]
    pub tracks: Vec<Track>,
}

/// A track of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Track {
    /// Its title there.
    pub title: String,
    /// Its number on its disc or side.
    #[serde(default, deserialize_with = "lenient::text")]
    pub number: Option<String>,
    /// How long it is, in milliseconds.
    #[serde(default, rename(deserialize = "length"), deserialize_with = "lenient::number")]
    pub length_ms: Option<u64>,
    /// What is recorded there.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub recording: Option<Recording>,
}

fn tracks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Track>, D::Error> {
    #[derive(Deserialize)]
    struct Medium {
        #[serde(default, deserialize_with = "lenient::list")]
        tracks: Vec<Track>,
    }
    let media: Vec<Medium> = lenient::list(deserializer)?;
    Ok(media.into_iter().flat_map(|medium| medium.tracks).collect())
}

/// Something that was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"))]
#[non_exhaustive]
pub struct Recording {
    /// Its id.
    pub id: Mbid,
    /// Its title.
    pub title: String,
    /// How long it is, in milliseconds.
    #[serde(default, rename(deserialize = "length"), deserialize_with = "lenient::number")]
    pub length_ms: Option<u64>,
    /// Who it is by.
    #[serde(default, deserialize_with = "lenient::list")]
    pub artist_credit: Vec<ArtistCredit>,
    /// When it first came out: a year, a month or a day.
    #[serde(default, deserialize_with = "lenient::text")]
    pub first_release_date: Option<String>,
    /// What it came out on.
    #[serde(default, deserialize_with = "lenient::list")]
    pub releases: Vec<Release>,
    /// Its ISRCs.
    #[serde(default, deserialize_with = "lenient::list")]
    pub isrcs: Vec<String>,
    /// What people have called it.
    #[serde(default, deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// Its genres.
    #[serde(default, deserialize_with = "lenient::list")]
    pub genres: Vec<Tag>,
    /// Where else it can be found.
    #[serde(default, rename(deserialize = "relations"), deserialize_with = "lenient::list")]
    pub links: Vec<Link>,
    /// How people have rated it.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub rating: Option<Rating>,
    /// How well it fits a search, up to 100.
    #[serde(default, deserialize_with = "lenient::number")]
    pub score: Option<u8>,
}

/// What has an ISRC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Isrc {
    /// The code.
    pub isrc: String,
    /// The recordings that have it.
    #[serde(default, deserialize_with = "lenient::list")]
    pub recordings: Vec<Recording>,
}
