//! Countries, in which a track can be had or not.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A country by its two letters (ISO 3166-1): `DE`, `US`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([char; 2]);

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.0;
        write!(f, "{first}{second}")
    }
}

impl FromStr for Country {
    type Err = Error;

    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is not two letters.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim().to_ascii_uppercase();
        let letters: Vec<char> = text.chars().filter(char::is_ascii_uppercase).collect();
        match letters[..] {
            [first, second] if text.len() == 2 => Ok(Self([first, second])),
            _ => Err(Error::invalid("read", "country", "a country is two letters, such as DE")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!("de ".parse::<Country>().unwrap().to_string(), "DE");
        for text in ["", "D", "DEU", "D1", "ß", "D&E"] {
            assert_eq!(text.parse::<Country>().unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
