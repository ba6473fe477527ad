//! How often a track was played, by everybody who counts. Pure.

use serde::Serialize;

/// How often a track was played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlayCounts {
    /// By the caller's own users, as the caller says.
    pub local: Option<u64>,
    /// On Spotify, as the caller says: Spotify's API does not tell.
    pub spotify: Option<u64>,
    /// By the users of Last.fm, as Last.fm says.
    pub lastfm: Option<u64>,
    /// All that are known together, or [`u64::MAX`] if they are more.
    pub total: u64,
}

impl PlayCounts {
    pub(super) fn new(local: Option<u64>, spotify: Option<u64>, lastfm: Option<u64>) -> Self {
        let known = [local, spotify, lastfm].into_iter().flatten();
        Self { local, spotify, lastfm, total: known.fold(0, u64::saturating_add) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_of_those_that_are_known() {
        for (local, spotify, lastfm, total) in [
            (Some(156), Some(180_530), Some(98_765), 279_451),
            (Some(156), None, Some(98_765), 98_921),
            (None, None, None, 0),
            (Some(0), None, None, 0),
            (Some(u64::MAX), None, Some(1), u64::MAX),
        ] {
            assert_eq!(PlayCounts::new(local, spotify, lastfm).total, total);
        }
    }
}
