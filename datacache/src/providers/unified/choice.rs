//! Which of those that fit is meant. Pure.

use super::Candidate;
use super::work::{SHARED, Work};

/// Which of those that fit is meant.
pub(super) struct Choice<T> {
    /// It is this, if it becomes clear.
    pub(super) meant: Option<T>,
    /// Else it may be any of these, which fit equally.
    may_be: Vec<T>,
    /// Whether those that fit, be it less, are different artists, or by different ones.
    pub(super) is_shared: bool,
}

/// What else there is beside what is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Others {
    /// Which it may be, where that does not become clear.
    pub(super) candidates: Vec<Candidate>,
    /// Whether others are called the same.
    pub(super) is_shared: bool,
}

impl<T> Choice<T> {
    /// Of those that fit best, the first by `rank`, if these are all the same artist's. Those that
    /// fit less well still tell that there are others.
    pub(super) fn of<W: PartialEq, F: Ord, R: Ord>(
        fitting: Vec<T>,
        whose: impl Fn(&T) -> W,
        fit: impl Fn(&T) -> F,
        rank: impl Fn(&T) -> R,
    ) -> Self {
        let are_several = |of: &[T]| {
            of.split_first().is_some_and(|(first, rest)| {
                let first = whose(first);
                rest.iter().any(|it| whose(it) != first)
            })
        };
        let is_shared = are_several(&fitting);
        let best_fit = fitting.iter().map(&fit).max();
        let is_best = |it: &T| Some(fit(it)) == best_fit;
        let best: Vec<T> = fitting.into_iter().filter(is_best).collect();
        if are_several(&best) {
            return Self { meant: None, may_be: best, is_shared };
        }
        Self { meant: best.into_iter().min_by_key(rank), may_be: Vec::new(), is_shared }
    }

    /// What is meant, and what else there is.
    pub(super) fn split(self, candidate: impl Fn(&T) -> Candidate) -> (Option<T>, Others) {
        let candidates = self.may_be.iter().map(candidate).collect();
        (self.meant, Others { candidates, is_shared: self.is_shared })
    }

    /// What is meant; an error says why it is none of those there were.
    pub(super) fn or_reason(self, work: &Work) -> Result<Option<T>, String> {
        match (self.meant, work.doubt()) {
            (Some(it), _) => Ok(Some(it)),
            (None, Some(doubt)) => Err(doubt.to_owned()),
            (None, None) if self.is_shared => Err(SHARED.to_owned()),
            (None, None) => Err("it is about others".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whose it is, how well it fits, and its year.
    type It = (char, u8, u16);

    fn choice(fitting: &[It]) -> (Option<It>, usize, bool) {
        let Choice { meant, may_be, is_shared } =
            Choice::of(fitting.to_vec(), |it| it.0, |it| it.1, |it| it.2);
        (meant, may_be.len(), is_shared)
    }

    #[test]
    fn the_best_is_meant_and_the_others_are_not_forgotten() {
        assert_eq!(choice(&[]), (None, 0, false));
        assert_eq!(
            choice(&[('a', 100, 2002), ('a', 100, 2001)]),
            (Some(('a', 100, 2001)), 0, false)
        );
        assert_eq!(
            choice(&[('a', 99, 2001), ('a', 100, 2002)]),
            (Some(('a', 100, 2002)), 0, false)
        );
        assert_eq!(choice(&[('a', 100, 2002), ('b', 99, 1968)]), (Some(('a', 100, 2002)), 0, true));
        assert_eq!(choice(&[('a', 100, 1), ('b', 100, 2), ('c', 9, 3)]), (None, 2, true));
    }
}
