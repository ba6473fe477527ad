//! Short names that classify entries: data types and providers.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The longest name, in bytes. A provider may be a host name, and those end at 253.
const MAX_BYTES: usize = 253;

/// What kind of data an entry holds: any short name, five of which are pictures.
///
/// Entries of the five image types are accepted only if their bytes are a decodable picture, those
/// of `api_response` only if they are JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DataType(Cow<'static, str>);

impl DataType {
    /// `artistthumbnail`
    pub const ARTIST_THUMBNAIL: Self = Self(Cow::Borrowed("artistthumbnail"));
    /// `artistlogo`
    pub const ARTIST_LOGO: Self = Self(Cow::Borrowed("artistlogo"));
    /// `artistbanner`
    pub const ARTIST_BANNER: Self = Self(Cow::Borrowed("artistbanner"));
    /// `artistfanart`
    pub const ARTIST_FANART: Self = Self(Cow::Borrowed("artistfanart"));
    /// `front_cover`
    pub const FRONT_COVER: Self = Self(Cow::Borrowed("front_cover"));
    /// `api_response`: JSON
    pub const API_RESPONSE: Self = Self(Cow::Borrowed("api_response"));
    /// `other`, the type of a request that names none
    pub const OTHER: Self = Self(Cow::Borrowed("other"));
    /// `derived`, the type of what the cache makes from entries, such as smaller pictures; no
    /// request can have it
    pub(crate) const DERIVED: Self = Self(Cow::Borrowed("derived"));

    /// The types whose entries are pictures.
    pub const IMAGES: [Self; 5] = [
        Self::ARTIST_THUMBNAIL,
        Self::ARTIST_LOGO,
        Self::ARTIST_BANNER,
        Self::ARTIST_FANART,
        Self::FRONT_COVER,
    ];

    /// A data type of this name; upper case is lowered.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the name is empty, longer than 253
    /// bytes or has a character that is not a letter, a digit or one of `_ - . :`, and for
    /// `derived`, which is not for others.
    pub fn new(name: &str) -> Result<Self> {
        let data_type = validated("data type", name).map(|name| Self(name.into()))?;
        if data_type == Self::DERIVED {
            return Err(Error::invalid("read", "data type", "the cache keeps 'derived' to itself"));
        }
        Ok(data_type)
    }

    /// A data type read back from a row.
    pub(crate) fn from_row(name: String) -> Self {
        Self(name.into())
    }

    /// Whether entries of this type are pictures.
    pub fn is_image(&self) -> bool {
        Self::IMAGES.contains(self)
    }

    /// Whether entries of this type are JSON.
    pub fn is_json(&self) -> bool {
        *self == Self::API_RESPONSE
    }

    /// Whether not all bytes will do.
    pub(crate) fn is_demanding(&self) -> bool {
        self.is_image() || self.is_json()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DataType {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::new(&name)
    }
}

impl From<DataType> for String {
    fn from(data_type: DataType) -> Self {
        data_type.0.into_owned()
    }
}

/// Who is asked, and under which policy: `musicbrainz`, `cdn`, or a host name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Provider(String);

impl Provider {
    /// A provider of this name; upper case is lowered.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the name is empty, longer than 253
    /// bytes or has a character that is not a letter, a digit or one of `_ - . :`.
    pub fn new(name: &str) -> Result<Self> {
        validated("provider", name).map(Self)
    }

    /// The provider of a URL that nobody claims: its host, or its scheme where it has none.
    pub(crate) fn of_url(url: &url::Url) -> Self {
        let host = url.host_str().filter(|host| !host.is_empty());
        let name = host.unwrap_or_else(|| url.scheme());
        // An IPv6 address is written in brackets; a host of a scheme other than the web's may have
        // escapes and upper case.
        let name = name.replace(|c: char| !is_allowed(c), "").to_lowercase();
        Self(if name.is_empty() { url.scheme().to_owned() } else { name })
    }

    /// A provider read back from a row.
    pub(crate) fn from_row(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Provider {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::new(&name)
    }
}

impl From<Provider> for String {
    fn from(provider: Provider) -> Self {
        provider.0
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

fn validated(what: &str, name: &str) -> Result<String> {
    let refuse = |reason| Err(Error::invalid("read", what, reason));
    if name.is_empty() {
        return refuse("it is empty");
    }
    if name.len() > MAX_BYTES {
        return refuse("it is longer than 253 bytes");
    }
    if !name.chars().all(is_allowed) {
        return refuse("only letters, digits and _ - . : are allowed");
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_types_are_pictures() {
        assert!(DataType::new("ArtistThumbnail").unwrap().is_image());
        assert!(DataType::FRONT_COVER.is_image());
        assert!(!DataType::new("bio_en").unwrap().is_image());
    }

    #[test]
    fn names_that_would_confuse_are_refused() {
        for name in ["", "a b", "a/b", "a\nb", "ä", &"x".repeat(300)] {
            assert!(DataType::new(name).is_err(), "{name}");
            assert!(Provider::new(name).is_err(), "{name}");
        }
        assert!(DataType::new("Derived").is_err());
    }

    #[test]
    fn every_url_has_a_provider() {
        for (url, provider) in [
            ("https://Example.com:8080/x", "example.com"),
            ("http://[::1]:80/", "::1"),
            ("embedded://album/1", "album"),
            ("embedded://Album/1", "album"),
            ("urn:isbn:1", "urn"),
            ("file:///x", "file"),
        ] {
            let url = url::Url::parse(url).unwrap();
            assert_eq!(Provider::of_url(&url).as_str(), provider);
        }
    }
}
