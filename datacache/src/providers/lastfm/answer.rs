//! What Last.fm answers, as far as it is read here. Its numbers are text, a list of one is that
//! one, and an empty list or id is an empty text.

use serde::{Deserialize, Deserializer, Serialize};

use crate::fetch::is_known_placeholder;
use crate::providers::lenient;
use crate::providers::mbid::Mbid;

#[derive(Deserialize)]
pub(super) struct OfArtist {
    pub(super) artist: Artist,
}

#[derive(Deserialize)]
pub(super) struct OfAlbum {
    pub(super) album: Album,
}

#[derive(Deserialize)]
pub(super) struct OfTrack {
    pub(super) track: Track,
}

/// A person or a group that makes music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "RawArtist")]
#[non_exhaustive]
pub struct Artist {
    /// Its name.
    pub name: String,
    /// Its id at MusicBrainz.
    pub mbid: Option<Mbid>,
    /// Its page.
    pub url: Option<String>,
    /// How many people have listened to it.
    pub listeners: Option<u64>,
    /// How often they have.
    pub play_count: Option<u64>,
    /// What people call it, the most frequent first.
    pub tags: Vec<String>,
    /// Artists that are like it.
    pub similar: Vec<String>,
    /// The beginning of its biography, without the link that ends it.
    pub summary: Option<String>,
    /// Its biography, without the link that ends it.
    pub biography: Option<String>,
    /// Its pictures, the largest first. Last.fm gives none since 2019 but a star, which is left
    /// out.
    pub images: Vec<Image>,
}

#[derive(Deserialize)]
struct RawArtist {
    name: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    mbid: Option<Mbid>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    stats: Option<Stats>,
    #[serde(default, deserialize_with = "tags")]
    tags: Vec<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    similar: Option<Similar>,
    #[serde(default, deserialize_with = "lenient::optional")]
    bio: Option<Wiki>,
    #[serde(default, deserialize_with = "images")]
    image: Vec<Image>,
}

impl From<RawArtist> for Artist {
    fn from(raw: RawArtist) -> Self {
        let (stats, bio) = (raw.stats.unwrap_or_default(), raw.bio.unwrap_or_default());
        let similar = raw.similar.unwrap_or_default().artist;
        Self {
            name: raw.name,
            mbid: raw.mbid,
            url: raw.url,
            listeners: stats.listeners,
            play_count: stats.playcount,
            tags: raw.tags,
            similar: similar.into_iter().map(|artist| artist.name).collect(),
            summary: bio.summary,
            biography: bio.content,
            images: raw.image,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stats {
    #[serde(deserialize_with = "lenient::number")]
    listeners: Option<u64>,
    #[serde(deserialize_with = "lenient::number")]
    playcount: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Similar {
    #[serde(deserialize_with = "lenient::list")]
    artist: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// An album.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Album {
    /// Its title.
    #[serde(alias = "name")]
    pub title: String,
    /// Who it is by.
    #[serde(default, deserialize_with = "lenient::text")]
    pub artist: Option<String>,
    /// The id of the release at MusicBrainz.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub mbid: Option<Mbid>,
    /// Its page.
    #[serde(default, deserialize_with = "lenient::text")]
    pub url: Option<String>,
    /// How many people have listened to it.
    #[serde(default, deserialize_with = "lenient::number")]
    pub listeners: Option<u64>,
    /// How often they have.
    #[serde(default, alias = "playcount", deserialize_with = "lenient::number")]
    pub play_count: Option<u64>,
    /// What people call it, the most frequent first.
    #[serde(default, deserialize_with = "tags")]
    pub tags: Vec<String>,
    /// Its tracks, in their order.
    #[serde(default, deserialize_with = "tracks")]
    pub tracks: Vec<AlbumTrack>,
    /// The beginning of what is written about it, without the link that ends it.
    #[serde(default, rename(deserialize = "wiki"), deserialize_with = "summary")]
    pub summary: Option<String>,
    /// Its covers, the largest first.
    #[serde(default, alias = "image", deserialize_with = "images")]
    pub images: Vec<Image>,
}

/// A track of an album.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AlbumTrack {
    /// Its title.
    #[serde(alias = "name")]
    pub title: String,
    /// How long it is, in seconds.
    #[serde(default, rename(deserialize = "duration"), deserialize_with = "length")]
    pub length_s: Option<u64>,
}

/// A track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "RawTrack")]
#[non_exhaustive]
pub struct Track {
    /// Its title.
    pub title: String,
    /// Who it is by.
    pub artist: Option<String>,
    /// The id at MusicBrainz of who it is by.
    pub artist_mbid: Option<Mbid>,
    /// An album that it is on.
    pub album: Option<Album>,
    /// The id of the recording at MusicBrainz; often that of another edition.
    pub mbid: Option<Mbid>,
    /// Its page.
    pub url: Option<String>,
    /// How long it is, in milliseconds.
    pub length_ms: Option<u64>,
    /// How many people have listened to it.
    pub listeners: Option<u64>,
    /// How often they have.
    pub play_count: Option<u64>,
    /// What people call it, the most frequent first.
    pub tags: Vec<String>,
    /// The beginning of what is written about it, without the link that ends it.
    pub summary: Option<String>,
}

#[derive(Deserialize)]
struct RawTrack {
    name: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    artist: Option<TrackArtist>,
    #[serde(default, deserialize_with = "lenient::optional")]
    album: Option<Album>,
    #[serde(default, deserialize_with = "lenient::optional")]
    mbid: Option<Mbid>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "length")]
    duration: Option<u64>,
    #[serde(default, deserialize_with = "lenient::number")]
    listeners: Option<u64>,
    #[serde(default, deserialize_with = "lenient::number")]
    playcount: Option<u64>,
    #[serde(default, deserialize_with = "tags")]
    toptags: Vec<String>,
    #[serde(default, deserialize_with = "summary")]
    wiki: Option<String>,
}

#[derive(Deserialize)]
struct TrackArtist {
    name: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    mbid: Option<Mbid>,
}

impl From<RawTrack> for Track {
    fn from(raw: RawTrack) -> Self {
        Self {
            title: raw.name,
            artist_mbid: raw.artist.as_ref().and_then(|artist| artist.mbid),
            artist: raw.artist.map(|artist| artist.name),
            album: raw.album,
            mbid: raw.mbid,
            url: raw.url,
            length_ms: raw.duration,
            listeners: raw.listeners,
            play_count: raw.playcount,
            tags: raw.toptags,
            summary: raw.wiki,
        }
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Image {
    /// Where it is.
    #[serde(rename(deserialize = "#text"))]
    pub url: String,
    /// `mega`, `extralarge`, `large`, `medium` or `small`; it may be empty.
    #[serde(default)]
    pub size: String,
}

/// The sizes of pictures, the largest first.
const SIZES: [&str; 5] = ["mega", "extralarge", "large", "medium", "small"];

fn images<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Image>, D::Error> {
    let mut images: Vec<Image> = lenient::list(deserializer)?;
    images.retain(|image| !image.url.is_empty() && !is_known_placeholder(&image.url));
    let place = |image: &Image| SIZES.iter().position(|size| *size == image.size);
    images.sort_by_key(|image| place(image).unwrap_or(SIZES.len()));
    Ok(images)
}

fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    struct Tags {
        #[serde(default, deserialize_with = "lenient::list")]
        tag: Vec<Named>,
    }
    let tags: Option<Tags> = lenient::optional(deserializer)?;
    Ok(tags.into_iter().flat_map(|tags| tags.tag).map(|tag| tag.name).collect())
}

fn tracks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AlbumTrack>, D::Error> {
    #[derive(Deserialize)]
    struct Tracks {
        #[serde(default, deserialize_with = "lenient::list")]
        track: Vec<AlbumTrack>,
    }
    let tracks: Option<Tracks> = lenient::optional(deserializer)?;
    Ok(tracks.map(|tracks| tracks.track).unwrap_or_default())
}

/// A length that nobody knows is 0.
fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let length: Option<u64> = lenient::number(deserializer)?;
    Ok(length.filter(|length| *length > 0))
}

/// What people have written about something.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wiki {
    #[serde(deserialize_with = "prose")]
    summary: Option<String>,
    #[serde(deserialize_with = "prose")]
    content: Option<String>,
}

fn summary<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let wiki: Option<Wiki> = lenient::optional(deserializer)?;
    Ok(wiki.and_then(|wiki| wiki.summary))
}

/// A text up to the link "Read more on Last.fm" and the licence behind it, which is all there is
/// where nobody has written anything.
fn prose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = lenient::text(deserializer)?;
    Ok(text.and_then(|text| {
        let end = text.rfind("<a href=\"https://www.last.fm/").unwrap_or(text.len());
        let prose = text[..end].trim();
        (!prose.is_empty()).then(|| prose.to_owned())
    }))
}
