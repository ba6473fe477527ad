//! One track of many answers. Pure.

use super::{Track, TrackQuery};
use crate::providers::coverart::{self, Size};
use crate::providers::musicbrainz::{Recording, Release};
use crate::providers::songlink::Links as Listening;
use crate::providers::unified::choice::Choice;
use crate::providers::unified::claim::Claim;
use crate::providers::unified::plays::PlayCounts;
use crate::providers::unified::round::LeftOut;
use crate::providers::unified::sourced::{
    Credit, Link, Links, Sourced, add_urls, first, list_of, of, tags,
};
use crate::providers::unified::work::{self, Work};
use crate::providers::{lastfm, musicbrainz, songlink, spotify};

/// What the sources have said, whatever it may be about.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) recording: Option<Recording>,
    pub(super) covers: Option<coverart::Covers>,
    pub(super) spotify: Option<Claim<spotify::Track>>,
    pub(super) links: Option<Listening>,
    pub(super) lastfm: Option<lastfm::Track>,
}

/// What they have said of the track that is meant.
struct Known {
    recording: Option<Recording>,
    covers: Option<coverart::Covers>,
    spotify: Option<spotify::Track>,
    links: Option<Listening>,
    lastfm: Option<lastfm::Track>,
}

/// The track that is meant, if anybody knows it, and what was said of others.
pub(super) fn merged(
    work: &Work,
    answers: Answers,
    asked: &TrackQuery,
) -> (Option<Track>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let mut note = |from, question, reason| left_out.push(LeftOut { from, question, reason });
    let Answers { recording, covers, spotify, mut links, lastfm } = answers;
    let spotify = own_spotify(work, spotify, asked).unwrap_or_else(|reason| {
        if links.take().is_some() {
            note(songlink::NAME, "links", "it is about Spotify's track".to_owned());
        }
        note(spotify::NAME, "track", reason);
        None
    });
    let lastfm = own_lastfm(work, lastfm).unwrap_or_else(|reason| {
        note(lastfm::NAME, "track", reason);
        None
    });
    let known = Known { recording, covers, spotify, links, lastfm };
    (known.into_track(asked), left_out)
}

pub(super) fn own_spotify(
    work: &Work,
    claim: Option<Claim<spotify::Track>>,
    asked: &TrackQuery,
) -> Result<Option<spotify::Track>, String> {
    let mut found = match claim {
        None => return Ok(None),
        Some(Claim::ById(track)) => return Ok(Some(track)),
        Some(Claim::ByName(found)) if found.is_empty() => return Ok(None),
        Some(Claim::ByName(found)) => found,
    };
    found.retain(|track| {
        let artists: Vec<&str> = track.artists.iter().map(|artist| &*artist.name).collect();
        // Under one code titles differ, as by "Radio Edit", and artists do not.
        let is_coded = asked.isrc.is_some() && track.isrc == asked.isrc;
        let checked = if is_coded {
            work.check_artists(&artists, None)
        } else {
            work.check(&track.name, &artists, None)
        };
        checked.is_ok()
    });
    let first_by = |track: &spotify::Track| track.artists.first().map(|artist| artist.id.clone());
    // All the same to the order of Spotify, which knows what is listened to.
    Choice::of(found, first_by, |_| (), |_| ()).or_reason(work)
}

fn own_lastfm(work: &Work, track: Option<lastfm::Track>) -> Result<Option<lastfm::Track>, String> {
    let Some(track) = track else { return Ok(None) };
    if !work.is(track.mbid) {
        // Its own id is often that of another edition.
        work.check(&track.title, track.artist.as_slice(), track.artist_mbid)?;
    }
    Ok(Some(track))
}

/// What Spotify calls a track.
pub(super) fn work_of(track: &spotify::Track) -> Work {
    let by = track.artists.iter().map(|artist| Work::named(&track.name, &artist.name));
    by.reduce(Work::or).unwrap_or_default()
}

/// The album that a recording is on: the first that came out and is no single or compilation.
pub(super) fn album_of(recording: &Recording) -> Option<&Release> {
    recording.releases.iter().min_by_key(|release| {
        let group = release.release_group.as_ref();
        let is_album = group.is_some_and(|group| group.primary_type.as_deref() == Some("Album"));
        let others = group.map_or(0, |group| group.secondary_types.len());
        (!is_album, others, release.date.is_none(), release.date.as_deref())
    })
}

impl Known {
    fn into_track(self, asked: &TrackQuery) -> Option<Track> {
        let Self { recording: mb, spotify, lastfm: fm, .. } = &self;
        let album = spotify.as_ref().and_then(|track| track.album.as_ref());
        let plays = fm.as_ref().and_then(|track| track.play_count);
        Some(Track {
            title: first([
                of!(mb, musicbrainz, |it| Some(it.title.clone())),
                of!(spotify, spotify, |it| Some(it.name.clone())),
                of!(fm, lastfm, |it| Some(it.title.clone())),
                of!(self.links, songlink, |it| it.song.as_ref()?.title.clone()),
            ])?,
            artists: first([
                list_of!(mb, musicbrainz, |it| work::credits(&it.artist_credit)),
                list_of!(spotify, spotify, |it| {
                    it.artists.iter().map(|artist| Credit::named(&artist.name)).collect()
                }),
                list_of!(fm, lastfm, |it| {
                    let artist = it.artist.iter();
                    artist
                        .map(|name| Credit { mbid: it.artist_mbid, ..Credit::named(name) })
                        .collect()
                }),
            ]),
            album: first([
                of!(mb, musicbrainz, |it| album_of(it).map(|release| release.title.clone())),
                of!(album, spotify, |it| Some(it.name.clone())),
                of!(fm, lastfm, |it| it.album.as_ref().map(|album| album.title.clone())),
            ]),
            mbid: of!(mb, musicbrainz, |it| Some(it.id)),
            isrc: first([
                of!(mb, musicbrainz, |it| isrc_of(it, asked)),
                of!(spotify, spotify, |it| it.isrc.clone()),
            ]),
            spotify_id: of!(spotify, spotify, |it| Some(it.id.clone())),
            length_ms: first([
                of!(mb, musicbrainz, |it| it.length_ms),
                of!(spotify, spotify, |it| it.length_ms),
                of!(fm, lastfm, |it| it.length_ms),
            ]),
            first_release_date: first([
                of!(mb, musicbrainz, |it| it.first_release_date.clone()),
                of!(album, spotify, |it| it.release_date.clone()),
            ]),
            genres: list_of!(mb, musicbrainz, |it| tags(&it.genres)),
            tags: first([
                list_of!(mb, musicbrainz, |it| tags(&it.tags)),
                list_of!(fm, lastfm, |it| it.tags.clone()),
            ]),
            listeners: of!(fm, lastfm, |it| it.listeners),
            plays: PlayCounts::new(asked.local_plays, asked.spotify_plays, plays),
            covers: self.covers(),
            links: self.links(),
        })
    }

    fn covers(&self) -> Vec<Sourced<String>> {
        let mut covers = Vec::new();
        let front = self.covers.as_ref().and_then(coverart::Covers::front);
        let front = front.map(|image| image.url_of(Size::Px1200).to_owned());
        add_urls(&mut covers, coverart::NAME, &front);
        let album = self.spotify.as_ref().and_then(|track| track.album.as_ref());
        let widest = album.and_then(|album| album.images.first());
        add_urls(&mut covers, spotify::NAME, widest.map(|image| &image.url));
        let album = self.lastfm.as_ref().and_then(|track| track.album.as_ref());
        let largest = album.and_then(|album| album.images.first());
        add_urls(&mut covers, lastfm::NAME, largest.map(|image| &image.url));
        covers
    }

    fn links(&self) -> Vec<Sourced<Link>> {
        let mut links = Links::default();
        for link in self.links.iter().flat_map(|it| &it.links) {
            links.add(songlink::NAME, &link.platform, Some(&link.url));
        }
        let pages = [
            (songlink::NAME, self.links.as_ref().and_then(|it| it.page_url.as_ref())),
            (spotify::NAME, self.spotify.as_ref().and_then(|it| it.url.as_ref())),
            (lastfm::NAME, self.lastfm.as_ref().and_then(|it| it.url.as_ref())),
        ];
        for (from, url) in pages {
            links.add(from, from, url);
        }
        links.into_vec()
    }
}

/// The code that was asked for, if it is one of those the recording has, else the first.
fn isrc_of(recording: &Recording, asked: &TrackQuery) -> Option<String> {
    let is_asked = |isrc: &&String| asked.isrc.as_ref() == Some(*isrc);
    let asked = recording.isrcs.iter().find(is_asked);
    asked.or(recording.isrcs.first()).cloned()
}

#[cfg(test)]
mod tests;
