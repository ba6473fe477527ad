//! Who is asked about a track, and after whom.

use super::merge::{self, Answers};
use super::{Track, TrackQuery};
use crate::error::Result;
use crate::providers::musicbrainz::{Include, Recording};
use crate::providers::songlink::{Kind, Links};
use crate::providers::spotify::SpotifyId;
use crate::providers::unified::choice::{Choice, Others};
use crate::providers::unified::claim::Claim;
use crate::providers::unified::round::Round;
use crate::providers::unified::work::{self, Work};
use crate::providers::unified::{Candidate, Merged, Unified};
use crate::providers::{coverart, lastfm, musicbrainz, songlink, spotify};

const INCLUDES: &[Include] = &[
    Include::ArtistCredits,
    Include::Genres,
    Include::Isrcs,
    Include::ReleaseGroups,
    Include::Releases,
    Include::Tags,
];

/// What Spotify says, and where else that can be listened to.
type Listening = (Option<Claim<spotify::Track>>, Option<Links>);

/// What MusicBrainz says, and where its cover is.
type Recorded = (Option<Recording>, Option<coverart::Covers>);

impl Unified {
    /// A track, as the configured sources describe it, with its play counts.
    ///
    /// MusicBrainz says which recording is meant, by its MBID, its ISRC, or else title and artist;
    /// Spotify which track, by its id, the ISRC, or else title and artist. The Cover Art Archive is
    /// asked about an album of the recording, Songlink about Spotify's track, Last.fm by title and
    /// artist, which the caller says, or else MusicBrainz or Spotify.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a query that says nothing of which
    /// track it is, for a title or artist that is empty or has more than 1 000 bytes, and for what
    /// is no ISRC. What fails at a source is told in [`Merged::sources`].
    ///
    /// # Cancel safety
    /// That of [`Cache::fetch`](crate::Cache::fetch).
    pub async fn track(&self, asked: &TrackQuery) -> Result<Merged<Track>> {
        let asked = asked.checked()?;
        let round = self.round();
        let names = asked.names.as_ref().map(|(title, artist)| (&**title, &**artist));
        let (recorded, mut listening, mut lastfm) = tokio::join!(
            self.recording(&round, &asked),
            self.listening(&round, &asked, names),
            self.track_of_lastfm(&round, names),
        );
        let ((recording, covers), others) = recorded;
        let told = told_names(&asked, recording.as_ref(), &listening).filter(|_| names.is_none());
        if let Some((title, artist)) = &told {
            let names = Some((&**title, &**artist));
            let is_asked = asked.isrc.is_some() || asked.spotify_id.is_some();
            let more = async {
                if is_asked { (None, None) } else { self.listening(&round, &asked, names).await }
            };
            let found = tokio::join!(more, self.track_of_lastfm(&round, names));
            lastfm = found.1;
            if !is_asked {
                listening = found.0;
            }
        }
        let work = work_of(&asked, recording.as_ref(), &listening).shared(others.is_shared);
        let (spotify, links) = listening;
        let answers = Answers { recording, covers, spotify, links, lastfm };
        let (track, left_out) = merge::merged(&work, answers, &asked);
        Ok(round.end(track, others.candidates, &left_out))
    }

    async fn track_of_lastfm(
        &self,
        round: &Round,
        names: Option<(&str, &str)>,
    ) -> Option<lastfm::Track> {
        let (title, artist) = names?;
        round.ask(lastfm::NAME, "track", self.lastfm().track(artist, title)).await
    }

    /// What MusicBrainz says, and what else may be meant.
    async fn recording(&self, round: &Round, asked: &TrackQuery) -> (Recorded, Others) {
        let (found, others) = self.found_recording(round, asked).await;
        let mbid = asked.mbid.or(found.as_ref().map(|recording| recording.id));
        let Some(mbid) = mbid else { return ((None, None), others) };
        let lookup = self.providers.musicbrainz().recording(mbid, INCLUDES);
        let recording = round.ask(musicbrainz::NAME, "recording", lookup).await.or(found);
        let group = recording.as_ref().and_then(merge::album_of);
        let group = group.and_then(|release| release.release_group.as_ref()).map(|group| group.id);
        let coverart = self.providers.coverart();
        let covers = match group {
            Some(id) => {
                round.ask(coverart::NAME, "release group", coverart.release_group(id)).await
            }
            None => None,
        };
        ((recording, covers), others)
    }

    async fn found_recording(
        &self,
        round: &Round,
        asked: &TrackQuery,
    ) -> (Option<Recording>, Others) {
        let (it, from) = (self.providers.musicbrainz(), musicbrainz::NAME);
        if asked.mbid.is_some() {
            return (None, Others::default());
        }
        let found = match (&asked.isrc, &asked.names) {
            (Some(isrc), _) => {
                let lookup = it.isrc(isrc, &[Include::ArtistCredits]);
                let found = round.ask(from, "isrc", lookup).await;
                chosen(found.map(|isrc| isrc.recordings), &Work::default())
            }
            (None, Some((title, artist))) => {
                let search = it.search_recordings(title, Some(artist));
                let found = round.ask(from, "search recordings", search).await;
                chosen(found.map(|found| found.recordings), &Work::named(title, artist))
            }
            (None, None) => chosen(None, &Work::default()),
        };
        found.split(candidate)
    }

    /// Spotify's track, by the best that is known of it, and the links to it elsewhere.
    async fn listening(
        &self,
        round: &Round,
        asked: &TrackQuery,
        names: Option<(&str, &str)>,
    ) -> Listening {
        if let Some(id) = &asked.spotify_id {
            let lookup = self.providers.spotify().track(id);
            let spotify = round.ask(spotify::NAME, "track", lookup);
            let (spotify, links) = tokio::join!(spotify, self.links_of(round, id));
            return (spotify.map(Claim::ById), links);
        }
        let text = match (&asked.isrc, names) {
            (Some(isrc), _) => format!("isrc:{isrc}"),
            (None, Some((title, artist))) => format!("track:{title} artist:{artist}"),
            (None, None) => return (None, None),
        };
        let search = self.providers.spotify().search_tracks(&text);
        let found = round.ask(spotify::NAME, "track", search).await;
        let Some(found) = found else { return (None, None) };
        let mut tracks = found.tracks;
        if asked.isrc.is_some() {
            tracks.retain(|track| track.isrc == asked.isrc);
        }
        let claim = Some(Claim::ByName(tracks));
        let names = names.filter(|_| asked.isrc.is_none());
        let work = names.map(|(title, artist)| Work::named(title, artist)).unwrap_or_default();
        let track = merge::own_spotify(&work, claim.clone(), asked).ok().flatten();
        let links = match track {
            Some(track) => self.links_of(round, &track.id).await,
            None => None,
        };
        (claim, links)
    }

    async fn links_of(&self, round: &Round, id: &SpotifyId) -> Option<Links> {
        let links = self.providers.songlink().links_of("spotify", Kind::Song, id.as_str());
        round.ask(songlink::NAME, "links", links).await
    }
}

/// Spotify's track, if it was found by an id or a code.
fn listened<'a>(asked: &TrackQuery, listening: &'a Listening) -> Option<&'a spotify::Track> {
    match listening.0.as_ref()? {
        Claim::ById(track) => Some(track),
        Claim::ByName(found) => found.first().filter(|_| asked.isrc.is_some()),
    }
}

/// Title and artist of what was found by an id or a code.
fn told_names(
    asked: &TrackQuery,
    recording: Option<&Recording>,
    listening: &Listening,
) -> Option<(String, String)> {
    let of_recording = recording.map(|it| (it.title.clone(), work::joined(&it.artist_credit)));
    of_recording.or_else(|| {
        let track = listened(asked, listening)?;
        Some((track.name.clone(), track.artists.first()?.name.clone()))
    })
}

/// What answers have to be about: what an id stands for, rather than what it is called by. What was
/// found by a code has to be what MusicBrainz says of it.
fn work_of(asked: &TrackQuery, recording: Option<&Recording>, listening: &Listening) -> Work {
    let names = asked.names.as_ref().map(|(title, artist)| Work::named(title, artist));
    let recorded = recording.map(|it| Work::credited(&it.title, &it.artist_credit));
    let is_identified = asked.mbid.is_some() || asked.isrc.is_some() || asked.spotify_id.is_some();
    let is_believed = recorded.is_none() || asked.spotify_id.is_some();
    let listened = listened(asked, listening).filter(|_| is_believed).map(merge::work_of);
    let work = match (recorded, listened, names) {
        (None, _, _) if asked.mbid.is_some() => Work::unsaid(),
        (Some(recorded), None, Some(names)) if !is_identified => recorded.or(names),
        (Some(recorded), Some(listened), _) => recorded.or(listened),
        (recorded, listened, names) => recorded.or(listened).or(names).unwrap_or_default(),
    };
    work.identified(asked.mbid.into_iter().chain(recording.map(|it| it.id)))
}

/// What came out first.
fn chosen(found: Option<Vec<Recording>>, work: &Work) -> Choice<Recording> {
    let mut found = found.unwrap_or_default();
    found.retain(|it| work.check(&it.title, &work::names(&it.artist_credit), None).is_ok());
    let rank = |it: &Recording| {
        let date = it.first_release_date.clone();
        (date.is_none(), date)
    };
    Choice::of(found, |it| work.whose(&it.artist_credit), |it| it.score, rank)
}

fn candidate(recording: &Recording) -> Candidate {
    Candidate {
        mbid: recording.id,
        name: recording.title.clone(),
        by: Some(work::joined(&recording.artist_credit)),
        about: recording.first_release_date.clone(),
    }
}
