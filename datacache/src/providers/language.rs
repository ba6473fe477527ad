//! Languages, as Wikipedia and Last.fm name them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::error::Error;

/// No Wikipedia has a longer code.
const MAX_BYTES: usize = 20;

/// A language by its code: `en`, `pt`, `zh-min-nan`.
///
/// ```
/// # use datacache::providers::Language;
/// assert_eq!("DE".parse::<Language>()?.as_str(), "de");
/// # Ok::<(), datacache::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Language(Cow<'static, str>);

impl Language {
    /// `en`
    pub const ENGLISH: Self = Self(Cow::Borrowed("en"));

    /// The code, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Language {
    type Err = Error;

    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for what cannot be a code: it has letters,
    /// at least two of them before the first hyphen, and at most 20 characters.
    fn from_str(text: &str) -> Result<Self, Error> {
        let code = text.trim().to_ascii_lowercase();
        let mut parts = code.split('-');
        let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let is_code = code.len() <= MAX_BYTES
            && parts.next().is_some_and(|first| first.len() >= 2 && is_word(first))
            && parts.all(is_word);
        if is_code {
            return Ok(Self(code.into()));
        }
        Err(Error::invalid("read", "language", "a language is written like en or zh-min-nan"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_language_is_a_code_and_nothing_that_could_be_another_host() {
        for (text, code) in
            [("en", "en"), (" PT ", "pt"), ("simple", "simple"), ("zh-min-nan", "zh-min-nan")]
        {
            assert_eq!(text.parse::<Language>().unwrap().as_str(), code);
        }
        for text in
            ["", "e", "en-", "-en", "en--gb", "en.evil", "en/", "en@x", "é", "e1", &"x".repeat(21)]
        {
            assert_eq!(text.parse::<Language>().unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
