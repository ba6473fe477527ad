//! Identifiers: what an entry is about, spelled one way.
//!
//! "Beyoncé", "BEYONCE" and "beyonce " are one artist; "Ｂｅｙｏｎｃé" too. Compatibility forms are
//! decomposed (NFKD), letters lower-cased, diacritical marks dropped, everything that is not a
//! letter, a digit or a mark of its script folded to one `_`, and the rest recomposed (NFC). Marks
//! that make another letter — Japanese voicing, the vowel signs of Indic scripts and Thai — are
//! kept, so that names in those scripts stay distinct. A name without any letter or digit ("!!!")
//! is spelled by its code points.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use crate::error::{Error, Result};

/// The longest identifier, in bytes after normalisation.
const MAX_BYTES: usize = 512;

/// What an entry is about, normalised: `daft_punk`, or a MusicBrainz id.
///
/// ```
/// # use datacache::Identifier;
/// assert_eq!(Identifier::new("Beyoncé")?.as_str(), "beyonce");
/// assert_eq!(Identifier::new("AC/DC")?.as_str(), "ac_dc");
/// # Ok::<(), datacache::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Identifier(String);

impl Identifier {
    /// Normalises a name; a MusicBrainz id (a hyphenated UUID) keeps its hyphens.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the name is blank, or longer than
    /// 512 bytes once normalised.
    pub fn new(name: &str) -> Result<Self> {
        let refuse = |reason| Err(Error::invalid("read", "identifier", reason));
        let name_trimmed = name.trim();
        if name_trimmed.is_empty() {
            return refuse("it is empty");
        }
        if name.len() > 4 * MAX_BYTES {
            return refuse("it is too long");
        }
        let normal = musicbrainz_id(name_trimmed).unwrap_or_else(|| normalise(name_trimmed));
        if normal.is_empty() {
            return refuse("it has no visible character");
        }
        if normal.len() > MAX_BYTES {
            return refuse("it is too long");
        }
        Ok(Self(normal))
    }

    /// An identifier read back from a row; `None` for the empty text that stands for "none".
    pub(crate) fn from_row(identifier: String) -> Option<Self> {
        (!identifier.is_empty()).then_some(Self(identifier))
    }

    /// The normalised text; never empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn musicbrainz_id(name: &str) -> Option<String> {
    let hyphenated = name.len() == 36;
    let id = Uuid::try_parse(name).ok().filter(|_| hyphenated)?;
    Some(id.to_string())
}

fn normalise(name: &str) -> String {
    let folded: String = name
        .nfkd()
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|c| !is_diacritic(*c))
        .map(|c| if is_word(c) { c } else { '_' })
        .collect();
    let words: Vec<&str> = folded.split('_').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return code_points(name);
    }
    words.join("_").nfc().collect()
}

/// The combining diacritical marks: accents on letters of alphabets, not letters themselves.
fn is_diacritic(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}' // variation selectors
        | '\u{FE20}'..='\u{FE2F}')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn code_points(name: &str) -> String {
    let mut spelled = String::new();
    for c in name.chars().filter(|c| !c.is_whitespace() && !c.is_control()) {
        let separator = if spelled.is_empty() { "" } else { "_" };
        let _ = write!(spelled, "{separator}u{:x}", u32::from(c));
    }
    spelled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn id(name: &str) -> String {
        Identifier::new(name).unwrap().0
    }

    #[test]
    fn spellings_of_one_name_are_one_identifier() {
        for (name, expected) in [
            ("Daft Punk", "daft_punk"),
            ("  DAFT   PUNK ", "daft_punk"),
            ("Beyoncé", "beyonce"),
            ("Beyonce\u{301}", "beyonce"),
            ("Ｂｅｙｏｎｃé", "beyonce"),
            ("Run\u{2010}D.M.C.", "run_d_m_c"),
            ("Run-D.M.C.", "run_d_m_c"),
            ("AC/DC", "ac_dc"),
            ("Sigur Rós", "sigur_ros"),
            ("!!!", "u21_u21_u21"),
            ("宇多田ヒカル", "宇多田ヒカル"),
            ("방탄소년단", "방탄소년단"),
            ("İstanbul", "istanbul"),
            ("056E4F3E-D505-4DAD-8EC1-D04F521CBB56", "056e4f3e-d505-4dad-8ec1-d04f521cbb56"),
        ] {
            assert_eq!(id(name), expected, "{name}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        let names = [
            "バンド",
            "ハンド",
            "ハント",
            "हिंदी",
            "हीदी",
            "กา",
            "กี",
            "宇多田",
            "椎名林檎",
            "!!!",
            "!!",
            "???",
            "🎵",
            "AC/DC",
            "ACDC",
            "방탄",
            "발탄",
        ];
        let ids: BTreeSet<String> = names.iter().map(|name| id(name)).collect();
        assert_eq!(ids.len(), names.len(), "{ids:?}");
    }

    #[test]
    fn blank_and_endless_names_are_refused() {
        for name in ["", "   ", "\t\n", "\u{200e}".repeat(3000).as_str(), &"x".repeat(600)] {
            let error = Identifier::new(name).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
        }
    }

    proptest! {
        #[test]
        fn an_identifier_is_its_own_identifier(name in "\\PC{1,40}") {
            if let Ok(first) = Identifier::new(&name) {
                prop_assert!(!first.as_str().is_empty());
                prop_assert_eq!(Identifier::new(first.as_str()).unwrap(), first);
            }
        }

        #[test]
        fn case_and_surrounding_space_do_not_matter(name in "[a-z àéîõü0-9&.-]{1,20}") {
            let Ok(plain) = Identifier::new(&name) else { return Ok(()) };
            let shouted = format!(" {}  ", name.to_uppercase());
            prop_assert_eq!(Identifier::new(&shouted).unwrap(), plain);
        }
    }
}
