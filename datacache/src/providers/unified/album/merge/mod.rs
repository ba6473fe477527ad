//! One album of many answers. Pure.

use super::{Album, AlbumTrack};
use crate::providers::coverart::Size;
use crate::providers::unified::choice::Choice;
use crate::providers::unified::claim::Claim;
use crate::providers::unified::lastfm_language;
use crate::providers::unified::round::LeftOut;
use crate::providers::unified::sourced::{
    Credit, Link, Links, Sourced, Text, add_urls, first, list_of, of, tags,
};
use crate::providers::unified::work::{self, Work};
use crate::providers::{
    Language, coverart, discogs, fanarttv, lastfm, musicbrainz, spotify, theaudiodb,
};

/// What is known by MusicBrainz id, and by links from there.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) it: Option<musicbrainz::ReleaseGroup>,
    pub(super) covers: Option<coverart::Covers>,
    pub(super) master: Option<discogs::Master>,
    pub(super) fanarttv: Option<fanarttv::Album>,
}

impl Group {
    /// The title, and who it is by.
    pub(super) fn names(&self) -> Option<(&str, String)> {
        let group = self.it.as_ref()?;
        Some((&group.title, work::joined(&group.artist_credit)))
    }
}

/// What the sources have said, whatever it may be about.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) group: Group,
    pub(super) theaudiodb: Vec<theaudiodb::Album>,
    pub(super) lastfm: Option<lastfm::Album>,
    pub(super) spotify: Option<Claim<spotify::Album>>,
}

/// What they have said of the album that is meant.
struct Known {
    group: Group,
    theaudiodb: Option<theaudiodb::Album>,
    lastfm: Option<lastfm::Album>,
    spotify: Option<spotify::Album>,
}

/// The album that is meant, if anybody knows it, and what was said of others.
pub(super) fn merged(
    work: &Work,
    answers: Answers,
    language: &Language,
) -> (Option<Album>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let mut note = |from, reason| left_out.push(LeftOut { from, question: "album", reason });
    let Answers { group, theaudiodb, lastfm, spotify } = answers;
    let theaudiodb = own_theaudiodb(work, theaudiodb).unwrap_or_else(|reason| {
        note(theaudiodb::NAME, reason);
        None
    });
    let lastfm = own_lastfm(work, lastfm).unwrap_or_else(|reason| {
        note(lastfm::NAME, reason);
        None
    });
    let spotify = own_spotify(work, spotify).unwrap_or_else(|reason| {
        note(spotify::NAME, reason);
        None
    });
    let known = Known { group, theaudiodb, lastfm, spotify };
    (known.into_album(language), left_out)
}

fn own_theaudiodb(
    work: &Work,
    mut found: Vec<theaudiodb::Album>,
) -> Result<Option<theaudiodb::Album>, String> {
    if found.is_empty() {
        return Ok(None);
    }
    if let Some(at) = found.iter().position(|it| work.is(it.mbid)) {
        return Ok(Some(found.swap_remove(at)));
    }
    found.retain(|it| {
        !work.is_not(it.mbid) && work.check(&it.title, it.artist.as_slice(), it.artist_mbid).is_ok()
    });
    Choice::of(found, |it| it.artist_mbid, |_| (), |it| it.year).or_reason(work)
}

fn own_lastfm(work: &Work, album: Option<lastfm::Album>) -> Result<Option<lastfm::Album>, String> {
    let Some(album) = album else { return Ok(None) };
    work.check(&album.title, album.artist.as_slice(), None)?;
    Ok(Some(album))
}

fn own_spotify(
    work: &Work,
    claim: Option<Claim<spotify::Album>>,
) -> Result<Option<spotify::Album>, String> {
    let mut found = match claim {
        None => return Ok(None),
        Some(Claim::ById(album)) => return Ok(Some(album)),
        Some(Claim::ByName(found)) => found,
    };
    if found.is_empty() {
        return Ok(None);
    }
    found.retain(|album| {
        let artists: Vec<&str> = album.artists.iter().map(|artist| &*artist.name).collect();
        work.check(&album.name, &artists, None).is_ok()
    });
    let by = |album: &spotify::Album| album.artists.clone();
    Choice::of(found, by, |_| (), |album| album.release_date.clone()).or_reason(work)
}

impl Known {
    fn into_album(self, language: &Language) -> Option<Album> {
        let Self { group: Group { it: mb, master, .. }, lastfm: fm, .. } = &self;
        let (adb, spotify) = (&self.theaudiodb, &self.spotify);
        let year = |year: Option<u16>| year.map(|year| year.to_string());
        Some(Album {
            title: first([
                of!(mb, musicbrainz, |it| Some(it.title.clone())),
                of!(spotify, spotify, |it| Some(it.name.clone())),
                of!(adb, theaudiodb, |it| Some(it.title.clone())),
                of!(fm, lastfm, |it| Some(it.title.clone())),
                of!(master, discogs, |it| Some(it.title.clone())),
            ])?,
            artists: first([
                list_of!(mb, musicbrainz, |it| work::credits(&it.artist_credit)),
                list_of!(spotify, spotify, |it| {
                    it.artists.iter().map(|artist| Credit::named(&artist.name)).collect()
                }),
                list_of!(adb, theaudiodb, |it| {
                    let artist = it.artist.iter();
                    artist
                        .map(|name| Credit { mbid: it.artist_mbid, ..Credit::named(name) })
                        .collect()
                }),
                list_of!(fm, lastfm, |it| it.artist.iter().map(|it| Credit::named(it)).collect()),
            ]),
            mbid: first([
                of!(mb, musicbrainz, |it| Some(it.id)),
                of!(adb, theaudiodb, |it| it.mbid),
            ]),
            kind: first([
                of!(mb, musicbrainz, |it| it.primary_type.clone()),
                of!(spotify, spotify, |it| it.kind.clone()),
            ]),
            first_release_date: first([
                of!(mb, musicbrainz, |it| it.first_release_date.clone()),
                of!(spotify, spotify, |it| it.release_date.clone()),
                of!(adb, theaudiodb, |it| year(it.year)),
                of!(master, discogs, |it| year(it.year)),
            ]),
            genres: first([
                list_of!(mb, musicbrainz, |it| tags(&it.genres)),
                list_of!(master, discogs, |it| it.genres.clone()),
                list_of!(adb, theaudiodb, |it| it.genre.iter().cloned().collect()),
            ]),
            tags: first([
                list_of!(mb, musicbrainz, |it| tags(&it.tags)),
                list_of!(fm, lastfm, |it| it.tags.clone()),
            ]),
            description: self.description(language),
            tracks: self.tracks(),
            listeners: of!(fm, lastfm, |it| it.listeners),
            play_count: of!(fm, lastfm, |it| it.play_count),
            covers: self.covers(),
            links: self.links(),
        })
    }

    fn description(&self, language: &Language) -> Option<Sourced<Text>> {
        let theaudiodb = |language: &Language| {
            of!(self.theaudiodb, theaudiodb, |it| {
                let text = it.descriptions.get(language.as_str());
                text.map(|text| Text { language: language.clone(), text: text.clone() })
            })
        };
        let lastfm = of!(self.lastfm, lastfm, |it| {
            let language = lastfm_language(language);
            it.summary.as_ref().map(|text| Text { language, text: text.clone() })
        });
        first([theaudiodb(language), lastfm, theaudiodb(&Language::ENGLISH)])
    }

    fn tracks(&self) -> Option<Sourced<Vec<AlbumTrack>>> {
        let spotify = list_of!(self.spotify, spotify, |it| {
            let of = |track: &spotify::AlbumTrack| (track.name.clone(), track.length_ms);
            tracks(it.tracks.iter().map(of))
        });
        let lastfm = list_of!(self.lastfm, lastfm, |it| {
            let millis = |seconds: u64| seconds.saturating_mul(1_000);
            let of = |track: &lastfm::AlbumTrack| (track.title.clone(), track.length_s.map(millis));
            tracks(it.tracks.iter().map(of))
        });
        let discogs = list_of!(self.group.master, discogs, |it| {
            let is_track = |track: &&discogs::Track| track.kind.as_deref() == Some("track");
            let of = |track: &discogs::Track| {
                (track.title.clone(), track.duration.as_deref().and_then(millis))
            };
            tracks(it.tracks.iter().filter(is_track).map(of))
        });
        first([spotify, lastfm, discogs])
    }

    fn covers(&self) -> Vec<Sourced<String>> {
        let mut covers = Vec::new();
        let front = self.group.covers.as_ref().and_then(coverart::Covers::front);
        let front = front.map(|image| image.url_of(Size::Px1200).to_owned());
        add_urls(&mut covers, coverart::NAME, &front);
        let fanarttv = self.group.fanarttv.iter().flat_map(|album| &album.covers);
        add_urls(&mut covers, fanarttv::NAME, fanarttv.map(|image| &image.url));
        if let Some(theaudiodb::Album { images, .. }) = &self.theaudiodb {
            add_urls(
                &mut covers,
                theaudiodb::NAME,
                images.cover_hq.as_ref().or(images.cover.as_ref()),
            );
        }
        let widest = self.spotify.as_ref().and_then(|album| album.images.first());
        add_urls(&mut covers, spotify::NAME, widest.map(|image| &image.url));
        let largest = self.lastfm.as_ref().and_then(|album| album.images.first());
        add_urls(&mut covers, lastfm::NAME, largest.map(|image| &image.url));
        let discogs = self.group.master.iter().flat_map(|master| &master.images);
        let primary = discogs.filter(|image| image.kind.as_deref() == Some("primary"));
        add_urls(&mut covers, discogs::NAME, primary.map(|image| &image.url));
        covers
    }

    fn links(&self) -> Vec<Sourced<Link>> {
        let mut links = Links::default();
        for link in self.group.it.iter().flat_map(|it| &it.links) {
            links.add(musicbrainz::NAME, &link.kind, Some(&link.url));
        }
        let pages = [
            (discogs::NAME, self.group.master.as_ref().and_then(|it| it.url.as_ref())),
            (lastfm::NAME, self.lastfm.as_ref().and_then(|it| it.url.as_ref())),
            (spotify::NAME, self.spotify.as_ref().and_then(|it| it.url.as_ref())),
        ];
        for (from, url) in pages {
            links.add(from, from, url);
        }
        links.into_vec()
    }
}

fn tracks(named: impl Iterator<Item = (String, Option<u64>)>) -> Vec<AlbumTrack> {
    named.map(|(title, length_ms)| AlbumTrack { title, length_ms }).collect()
}

/// The milliseconds that `5:20` or `1:05:20` is.
fn millis(duration: &str) -> Option<u64> {
    let seconds = duration.split(':').try_fold(0_u64, |seconds, part| {
        seconds.checked_mul(60)?.checked_add(part.trim().parse().ok()?)
    });
    seconds?.checked_mul(1_000)
}

#[cfg(test)]
mod tests;
