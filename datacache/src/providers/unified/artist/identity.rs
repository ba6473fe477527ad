//! Which artist is meant, and which answers are about it. Pure.

use crate::providers::unified::Candidate;
use crate::providers::unified::choice::{Choice, Others};
use crate::providers::unified::claim::Claim;
use crate::providers::unified::names::is_same;
use crate::providers::{Mbid, musicbrainz};

/// Whom an answer is about.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) mbid: Option<Mbid>,
}

/// Which artist is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    /// Its ids: the one that was asked for, and the one it was merged into.
    mbids: Vec<Mbid>,
    names: Vec<String>,
    /// Whether others are known to have its name.
    pub(super) is_shared: bool,
    /// Whether MusicBrainz could not be asked who has its name.
    pub(super) is_unconfirmed: bool,
}

impl Identity {
    pub(super) fn asked(name: Option<&str>, mbid: Option<Mbid>) -> Self {
        let names = name.map(str::to_owned).into_iter().collect();
        Self { mbids: mbid.into_iter().collect(), names, ..Self::default() }
    }

    pub(super) fn mbid(&self) -> Option<Mbid> {
        self.mbids.first().copied()
    }

    /// Learns from a search by name: a name goes before an alias, and a score before a lower one.
    pub(super) fn learn_search(&mut self, found: &[musicbrainz::Artist]) -> Vec<Candidate> {
        let is_called = |artist: &&musicbrainz::Artist| {
            let mut aliases = artist.aliases.iter();
            self.has_name(&artist.name) || aliases.any(|alias| self.has_name(&alias.name))
        };
        let fit = |it: &&musicbrainz::Artist| (self.has_name(&it.name), it.score);
        let called = found.iter().filter(is_called).collect();
        let (meant, others) = Choice::of(called, |it| it.id, fit, |_| ()).split(|it| candidate(it));
        let Others { candidates, is_shared } = others;
        self.is_shared = is_shared;
        self.mbids.extend(meant.map(|artist| artist.id));
        candidates
    }

    /// Learns from what MusicBrainz says of the artist.
    pub(super) fn learn(&mut self, artist: &musicbrainz::Artist) {
        if !self.mbids.contains(&artist.id) {
            self.mbids.push(artist.id);
        }
        self.names.push(artist.name.clone());
        self.names.extend(artist.aliases.iter().map(|alias| alias.name.clone()));
    }

    /// Where MusicBrainz does not say who is meant: what those say who were asked by name. If they
    /// mean different artists, the first is believed.
    pub(super) fn learn_subjects<'a>(&mut self, found: impl Iterator<Item = Subject<'a>>) {
        if !self.mbids.is_empty() || self.is_shared {
            return;
        }
        let named = found.filter(|subject| self.has_name(subject.name));
        let mut mbids: Vec<Mbid> = named.filter_map(|subject| subject.mbid).collect();
        mbids.dedup();
        self.is_shared = mbids.iter().any(|mbid| *mbid != mbids[0]);
        self.mbids.extend(mbids.first());
    }

    /// The answer that is about the artist; an error says why there is none among those there are.
    pub(super) fn own<T>(
        &self,
        claim: Option<Claim<T>>,
        subject: impl Fn(&T) -> Subject<'_>,
    ) -> Result<Option<T>, String> {
        match claim {
            None => Ok(None),
            Some(Claim::ById(answer)) => match subject(&answer).mbid {
                Some(mbid) if !self.mbids.is_empty() && !self.mbids.contains(&mbid) => {
                    Err(format!("it is about another artist: {mbid}"))
                }
                _ => Ok(Some(answer)),
            },
            Some(Claim::ByName(found)) if found.is_empty() => Ok(None),
            Some(Claim::ByName(found)) => self.own_by_name(found, subject).map(Some),
        }
    }

    fn own_by_name<T>(
        &self,
        found: Vec<T>,
        subject: impl Fn(&T) -> Subject<'_>,
    ) -> Result<T, String> {
        let is_ours = |it: &T| subject(it).mbid.is_some_and(|mbid| self.mbids.contains(&mbid));
        let (mut ours, others): (Vec<T>, Vec<T>) = found.into_iter().partition(is_ours);
        if !ours.is_empty() {
            return Ok(ours.swap_remove(0));
        }
        let others: Vec<T> =
            others.into_iter().filter(|it| self.has_name(subject(it).name)).collect();
        let stranger = others.iter().find_map(|it| subject(it).mbid);
        let mut unknown: Vec<T> =
            others.into_iter().filter(|it| subject(it).mbid.is_none()).collect();
        match (unknown.pop(), stranger) {
            (Some(_), None) if self.is_unconfirmed && !self.mbids.is_empty() => {
                Err("MusicBrainz could not be asked who else has this name".to_owned())
            }
            (Some(only), None) if unknown.is_empty() && !self.is_shared => Ok(only),
            (None, Some(mbid)) if !self.mbids.is_empty() => {
                Err(format!("it is about another artist of this name: {mbid}"))
            }
            (None, None) => Err("it is about an artist of another name".to_owned()),
            _ => Err("several artists have this name".to_owned()),
        }
    }

    /// Whether its id is among these, as far as there are any on either side.
    pub(super) fn has_one(&self, mbids: &[Mbid]) -> bool {
        let is_known = !self.mbids.is_empty() && !mbids.is_empty();
        !is_known || mbids.iter().any(|mbid| self.mbids.contains(mbid))
    }

    fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|own| is_same(own, name))
    }
}

fn candidate(artist: &musicbrainz::Artist) -> Candidate {
    Candidate {
        mbid: artist.id,
        name: artist.name.clone(),
        by: None,
        about: artist.disambiguation.clone().or_else(|| artist.country.clone()),
    }
}
