//! MusicBrainz ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;

/// The id that MusicBrainz gives an artist, a release, a recording: a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mbid(Uuid);

impl fmt::Display for Mbid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Mbid {
    type Err = Error;

    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the text is no UUID.
    fn from_str(text: &str) -> Result<Self, Error> {
        let id = Uuid::try_parse(text.trim());
        id.map(Self).map_err(|_| Error::invalid("read", "MBID", "a MusicBrainz id is a UUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn an_id_is_a_uuid() {
        let text = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";
        assert_eq!(text.parse::<Mbid>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<Mbid>().unwrap().to_string(), text);
        for text in ["", "056e4f3e", "056e4f3e-d505-4dad-8ec1-d04f521cbb5g", "../artist"] {
            assert_eq!(text.parse::<Mbid>().unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
