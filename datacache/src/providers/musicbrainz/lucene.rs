//! What people type, as a Lucene query (<https://musicbrainz.org/doc/MusicBrainz_API/Search>).
//! Pure.

use super::term;
use crate::error::Result;

/// Characters that have a meaning in a query; so have the words AND, OR and NOT
/// (<https://lucene.apache.org/core/4_3_0/queryparser/org/apache/lucene/queryparser/classic/package-summary.html>).
const SPECIAL: &str = r#"+-&|!(){}[]^"~*?:\/"#;

/// The words of a name, in the fields that a search looks in by itself.
pub(super) fn words(what: &'static str, name: &str) -> Result<String> {
    term::checked(what, name).map(escaped)
}

/// A title in its `field`, by an artist if one is given.
pub(super) fn title_by(field: &'static str, title: &str, artist: Option<&str>) -> Result<String> {
    let title = words("title", title)?;
    let Some(artist) = artist else { return Ok(format!("{field}:({title})")) };
    let artist = words("artist", artist)?;
    Ok(format!("{field}:({title}) AND artist:({artist})"))
}

/// The text with nothing in it that has a meaning. Operators are only such in upper case.
fn escaped(text: &str) -> String {
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        if matches!(word, "AND" | "OR" | "NOT") {
            words.push(word.to_lowercase());
            continue;
        }
        let mut escaped = String::with_capacity(word.len());
        for c in word.chars() {
            if SPECIAL.contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        words.push(escaped);
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_people_type_has_a_meaning() {
        for (name, query) in [
            ("Daft Punk", "Daft Punk"),
            ("  AC/DC ", r"AC\/DC"),
            ("!!!", r"\!\!\!"),
            ("Was (Not Was)", r"Was \(Not Was\)"),
            ("NOT AND nOt", "not and nOt"),
            ("a:b \"c\" \\", r#"a\:b \"c\" \\"#),
            ("Sigur Rós", "Sigur Rós"),
        ] {
            assert_eq!(words("artist", name).unwrap(), query);
        }
    }

    #[test]
    fn a_title_is_looked_for_in_its_field() {
        assert_eq!(title_by("release", "One (More)", None).unwrap(), r"release:(One \(More\))");
        let both = title_by("recording", "Aerodynamic", Some("Daft Punk")).unwrap();
        assert_eq!(both, "recording:(Aerodynamic) AND artist:(Daft Punk)");
        assert!(title_by("release", "x", Some("")).is_err());
    }

    proptest! {
        #[test]
        fn every_special_character_is_escaped(name in "\\PC{1,40}") {
            let Ok(query) = words("artist", &name) else { return Ok(()) };
            let mut chars = query.chars();
            while let Some(c) = chars.next() {
                if c == '\\' {
                    prop_assert!(chars.next().is_some_and(|next| SPECIAL.contains(next)));
                } else {
                    prop_assert!(!SPECIAL.contains(c), "{query}");
                }
            }
        }
    }
}
