//! The ids of Spotify
//! (<https://developer.spotify.com/documentation/web-api/concepts/spotify-uris-ids>).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

const LENGTH: usize = 22;

/// The id of a track, an album, an artist: 22 letters and digits, whose case matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpotifyId(String);

impl SpotifyId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SpotifyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SpotifyId {
    type Err = Error;

    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is not 22 letters and digits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid("read", "Spotify id", "a Spotify id is 22 letters and digits"))
    }
}

impl TryFrom<String> for SpotifyId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<SpotifyId> for String {
    fn from(id: SpotifyId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn an_id_is_22_letters_and_digits() {
        let text = "0DiWol3AO6WpXZgp0goxAV";
        assert_eq!(text.parse::<SpotifyId>().unwrap().to_string(), text);
        for text in [
            "",
            &text[1..],
            "0DiWol3AO6WpXZgp0goxAVx",
            "../artists/aaaaaaaaaaa",
            "0DiWol3AO6WpXZgp0goxé",
        ] {
            assert_eq!(text.parse::<SpotifyId>().unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
