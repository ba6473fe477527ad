//! Whether two names are one. Pure.

use crate::identifier::Identifier;

/// What stands before the names of guests, in titles and in credits.
const GUESTS: [&str; 3] = ["feat", "ft", "featuring"];

/// Whether two names are the same but for case, accents and punctuation.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    Identifier::new(one).is_ok_and(|one| Identifier::new(other).is_ok_and(|other| one == other))
}

/// Whether two titles, or two credits, are the same but for that and for the guests they name.
pub(super) fn is_same_title(one: &str, other: &str) -> bool {
    is_same(one, other) || is_same(without_guests(one), without_guests(other))
}

/// `One More Time (feat. Romanthony)` without what is in the brackets.
fn without_guests(title: &str) -> &str {
    let lower = title.to_ascii_lowercase();
    let is_guest = |(at, _): &(usize, &str)| {
        let before = lower[..*at].chars().next_back();
        let after = &lower[*at..];
        let word: &str = after.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        // A word at the very beginning is the title.
        GUESTS.contains(&word) && before.is_some_and(|c| matches!(c, ' ' | '(' | '['))
    };
    let guest = lower.match_indices('f').find(is_guest);
    guest.map_or(title, |(at, _)| title[..at].trim_end_matches([' ', '(', '[']))
}

/// Whether two URLs lead to one page.
pub(super) fn is_same_page(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter_and_words_do() {
        for (one, other) in [("Beyoncé", "BEYONCE"), ("AC/DC", "ac-dc"), ("!!!", " !!! ")] {
            assert!(is_same(one, other), "{one} {other}");
        }
        for (one, other) in [("Nirvana", "Nirvana UK"), ("!!!", "!!"), ("", ""), ("ACDC", "AC/DC")]
        {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn guests_are_no_part_of_a_title() {
        for (title, plain) in [
            ("One More Time (feat. Romanthony)", "One More Time"),
            ("One More Time [Ft. Romanthony]", "One More Time"),
            ("Daft Punk featuring Pharrell", "Daft Punk"),
            ("Feat", "Feat"),
            ("Defeat", "Defeat"),
            ("Defeat (Live)", "Defeat (Live)"),
            ("Straße feat. Ï", "Straße"),
        ] {
            assert_eq!(without_guests(title), plain);
        }
        assert!(is_same_title("One More Time", "One more time (Feat. Romanthony)"));
        assert!(!is_same_title("One More Time", "One More Time (Live)"));
    }
}
