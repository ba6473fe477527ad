//! Which album or track is meant, and which answers are about it. Pure.

use super::Candidate;
use super::names::is_same_title;
use super::sourced::Credit;
use crate::providers::Mbid;
use crate::providers::musicbrainz::ArtistCredit;

const SHARED: &str = "several artists of this name have one";

/// An album or a track, and who it is by. Where nothing is known of it, everything may be about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    titles: Vec<String>,
    artists: Vec<String>,
    artist_mbids: Vec<Mbid>,
    /// Whether several artists of that name have one of that title.
    is_shared: bool,
}

impl Work {
    pub(super) fn named(title: &str, artist: &str) -> Self {
        Self { titles: vec![title.to_owned()], artists: vec![artist.to_owned()], ..Self::default() }
    }

    /// As MusicBrainz knows it.
    pub(super) fn credited(title: &str, credits: &[ArtistCredit]) -> Self {
        let artists = credits.iter().filter_map(|credit| credit.artist.as_ref());
        Self {
            titles: vec![title.to_owned()],
            artists: names(credits),
            artist_mbids: artists.map(|artist| artist.id).collect(),
            is_shared: false,
        }
    }

    /// What is called like either.
    pub(super) fn or(mut self, other: Self) -> Self {
        self.titles.extend(other.titles);
        self.artists.extend(other.artists);
        self.artist_mbids.extend(other.artist_mbids);
        self
    }

    /// The same, of which several artists of that name may have one.
    pub(super) fn shared(self, is_shared: bool) -> Self {
        Self { is_shared, ..self }
    }

    /// Says what else something is about that was found by its name.
    pub(super) fn check(
        &self,
        title: &str,
        artists: &[impl AsRef<str>],
        artist_mbid: Option<Mbid>,
    ) -> Result<(), String> {
        let is_titled = self.titles.iter().any(|own| is_same_title(own, title));
        let is_by = |artist: &str| self.artists.iter().any(|own| is_same_title(own, artist));
        if self.is_shared {
            return Err(SHARED.to_owned());
        }
        if !self.titles.is_empty() && !is_titled {
            return Err("it is about another title".to_owned());
        }
        if !self.artists.is_empty() && !artists.iter().any(|artist| is_by(artist.as_ref())) {
            return Err("it is about a work of another artist".to_owned());
        }
        match artist_mbid {
            Some(mbid) if !self.artist_mbids.is_empty() && !self.artist_mbids.contains(&mbid) => {
                Err(format!("it is about a work of another artist: {mbid}"))
            }
            _ => Ok(()),
        }
    }
}

/// What of many is meant.
pub(super) enum Picked<T> {
    /// It is this.
    One(T),
    /// It may be any of these, which are by different artists.
    Several(Vec<T>),
    /// It is none of them.
    Nothing,
}

impl<T> Picked<T> {
    /// The first by `rank` of those that are found, if they are by the same artists.
    pub(super) fn of<A: PartialEq, K: Ord>(
        found: Vec<T>,
        artists: impl Fn(&T) -> A,
        rank: impl Fn(&T) -> K,
    ) -> Self {
        let Some(first) = found.first() else { return Self::Nothing };
        let by = artists(first);
        if found.iter().any(|it| artists(it) != by) {
            return Self::Several(found);
        }
        found.into_iter().min_by_key(rank).map_or(Self::Nothing, Self::One)
    }

    /// What is meant, else what may be.
    pub(super) fn or_candidates(
        self,
        candidate: impl Fn(&T) -> Candidate,
    ) -> (Option<T>, Vec<Candidate>) {
        match self {
            Self::One(it) => (Some(it), Vec::new()),
            Self::Several(them) => (None, them.iter().map(candidate).collect()),
            Self::Nothing => (None, Vec::new()),
        }
    }

    /// What is meant; an error says why it is none of those there were.
    pub(super) fn or_reason(self, work: &Work) -> Result<Option<T>, String> {
        match self {
            Self::One(it) => Ok(Some(it)),
            Self::Nothing if !work.is_shared => Err("it is about others".to_owned()),
            Self::Several(_) | Self::Nothing => Err(SHARED.to_owned()),
        }
    }
}

/// Those of the best score.
pub(super) fn best<T>(mut found: Vec<T>, score: impl Fn(&T) -> Option<u8>) -> Vec<T> {
    let best = found.iter().map(&score).max();
    found.retain(|it| Some(score(it)) == best);
    found
}

/// All names that something is credited to: each of them, and all together.
pub(super) fn names(credits: &[ArtistCredit]) -> Vec<String> {
    let mut names = vec![joined(credits)];
    for credit in credits {
        names.push(credit.name.clone());
        if let Some(artist) = &credit.artist {
            names.push(artist.name.clone());
            names.extend(artist.aliases.iter().map(|alias| alias.name.clone()));
        }
    }
    names
}

/// `Daft Punk feat. Romanthony`
pub(super) fn joined(credits: &[ArtistCredit]) -> String {
    let parts = credits.iter().flat_map(|credit| [&*credit.name, &*credit.join_phrase]);
    parts.collect::<String>().trim().to_owned()
}

/// The ids of those something is by, or else their names.
pub(super) fn artists(credits: &[ArtistCredit]) -> Vec<String> {
    let of = |credit: &ArtistCredit| {
        credit.artist.as_ref().map_or_else(|| credit.name.clone(), |artist| artist.id.to_string())
    };
    credits.iter().map(of).collect()
}

pub(super) fn credits(credits: &[ArtistCredit]) -> Vec<Credit> {
    let of = |credit: &ArtistCredit| Credit {
        name: credit.name.clone(),
        mbid: credit.artist.as_ref().map(|artist| artist.id),
    };
    credits.iter().map(of).collect()
}
