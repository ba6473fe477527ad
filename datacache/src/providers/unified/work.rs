//! Which album or track is meant, and which answers are about it. Pure.

use super::names::is_same_title;
use super::sourced::Credit;
use crate::providers::Mbid;
use crate::providers::musicbrainz::ArtistCredit;

pub(super) const SHARED: &str = "several artists of this name have one";
const UNSAID: &str = "MusicBrainz has not said what has this id";

/// An album or a track, and who it is by. Where nothing is known of it, everything may be about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    titles: Vec<String>,
    artists: Vec<String>,
    artist_mbids: Vec<Mbid>,
    /// Its ids: the one that was asked for, and the one it was merged into.
    mbids: Vec<Mbid>,
    /// Why a name is not believed alone, if so.
    doubt: Option<&'static str>,
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
            ..Self::default()
        }
    }

    /// Something of which nothing is known but its id.
    pub(super) fn unsaid() -> Self {
        Self { doubt: Some(UNSAID), ..Self::default() }
    }

    /// With these ids.
    pub(super) fn identified(self, mbids: impl IntoIterator<Item = Mbid>) -> Self {
        Self { mbids: mbids.into_iter().collect(), ..self }
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
        Self { doubt: self.doubt.or(is_shared.then_some(SHARED)), ..self }
    }

    /// Why a name is not believed alone, if so.
    pub(super) fn doubt(&self) -> Option<&'static str> {
        self.doubt
    }

    /// Whether something with this id is it.
    pub(super) fn is(&self, mbid: Option<Mbid>) -> bool {
        mbid.is_some_and(|mbid| self.mbids.contains(&mbid))
    }

    /// Whether something with this id is another, as far as there are any on either side.
    pub(super) fn is_not(&self, mbid: Option<Mbid>) -> bool {
        mbid.is_some_and(|mbid| !self.mbids.is_empty() && !self.mbids.contains(&mbid))
    }

    /// The ids of those credited who have the name of its artist, else of all.
    pub(super) fn whose(&self, credits: &[ArtistCredit]) -> Vec<String> {
        let is_by = |credit: &&ArtistCredit| {
            names(std::slice::from_ref(*credit)).iter().any(|name| self.is_by(name))
        };
        let its: Vec<ArtistCredit> = credits.iter().filter(is_by).cloned().collect();
        artists(if its.is_empty() { credits } else { &its })
    }

    fn is_by(&self, artist: &str) -> bool {
        self.artists.iter().any(|own| is_same_title(own, artist))
    }

    /// Says what else something is about that was found by its name.
    pub(super) fn check(
        &self,
        title: &str,
        artists: &[impl AsRef<str>],
        artist_mbid: Option<Mbid>,
    ) -> Result<(), String> {
        let is_titled = self.titles.iter().any(|own| is_same_title(own, title));
        self.check_artists(artists, artist_mbid)?;
        if !self.titles.is_empty() && !is_titled {
            return Err("it is about another title".to_owned());
        }
        Ok(())
    }

    /// The same of something whose title may be written otherwise.
    pub(super) fn check_artists(
        &self,
        artists: &[impl AsRef<str>],
        artist_mbid: Option<Mbid>,
    ) -> Result<(), String> {
        let is_known = artist_mbid.is_some_and(|mbid| self.artist_mbids.contains(&mbid));
        if let Some(doubt) = self.doubt.filter(|_| !is_known) {
            return Err(doubt.to_owned());
        }
        if !self.artists.is_empty() && !artists.iter().any(|artist| self.is_by(artist.as_ref())) {
            return Err("it is about a work of another artist".to_owned());
        }
        match artist_mbid {
            Some(mbid) if !self.artist_mbids.is_empty() && !is_known => {
                Err(format!("it is about a work of another artist: {mbid}"))
            }
            _ => Ok(()),
        }
    }
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
fn artists(credits: &[ArtistCredit]) -> Vec<String> {
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
