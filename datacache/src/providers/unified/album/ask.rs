//! Who is asked about an album, and after whom.

use super::merge::{self, Answers, Group};
use super::{Album, AlbumQuery};
use crate::error::Result;
use crate::providers::musicbrainz::{Include, ReleaseGroup};
use crate::providers::unified::choice::{Choice, Others};
use crate::providers::unified::claim::Claim;
use crate::providers::unified::links;
use crate::providers::unified::round::Round;
use crate::providers::unified::work::{self, Work};
use crate::providers::unified::{Candidate, Merged, Unified};
use crate::providers::{
    Mbid, coverart, discogs, fanarttv, lastfm, musicbrainz, spotify, theaudiodb,
};

const INCLUDES: &[Include] =
    &[Include::ArtistCredits, Include::Genres, Include::Tags, Include::UrlRels];

impl Unified {
    /// An album, as the configured sources describe it.
    ///
    /// MusicBrainz says which release group is meant, unless the caller does; with its id the Cover
    /// Art Archive and fanart.tv are asked, and Discogs by MusicBrainz' link. Last.fm, TheAudioDB
    /// and Spotify are asked by title and artist, Spotify by its id where the caller has one; both
    /// must be those of the album that is meant.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a query without title and id, and for a
    /// title or artist that is empty or has more than 1 000 bytes. What fails at a source is told
    /// in [`Merged::sources`].
    ///
    /// # Cancel safety
    /// That of [`Cache::fetch`](crate::Cache::fetch).
    pub async fn album(&self, asked: &AlbumQuery) -> Result<Merged<Album>> {
        asked.check()?;
        let round = self.round();
        let ((group, others), by_name) = if let Some((title, artist)) = &asked.names {
            let by_name = self.album_by_name(&round, asked, title, artist);
            tokio::join!(self.release_group(&round, asked), by_name)
        } else {
            let (group, others) = self.release_group(&round, asked).await;
            let by_name = match group.names() {
                Some((title, artist)) => self.album_by_name(&round, asked, title, &artist).await,
                None => Answers::default(),
            };
            ((group, others), by_name)
        };
        let work = work_of(asked, group.it.as_ref()).shared(others.is_shared);
        let answers = Answers { group, ..by_name };
        let (album, left_out) = merge::merged(&work, answers, &self.language);
        Ok(round.end(album, others.candidates, &left_out))
    }

    /// What is asked by MusicBrainz id, and what else may be meant.
    async fn release_group(&self, round: &Round, asked: &AlbumQuery) -> (Group, Others) {
        let (found, others) = match (asked.mbid, &asked.names) {
            (None, Some((title, artist))) => {
                let search =
                    self.providers.musicbrainz().search_release_groups(title, Some(artist));
                let found = round.ask(musicbrainz::NAME, "search release groups", search).await;
                let found = found.unwrap_or_default().release_groups;
                chosen(found, &Work::named(title, artist)).split(candidate)
            }
            _ => (None, Others::default()),
        };
        let mbid = asked.mbid.or(found.as_ref().map(|group| group.id));
        let Some(mbid) = mbid else { return (Group::default(), others) };
        let covers = self.providers.coverart().release_group(mbid);
        let (group, covers) = tokio::join!(
            self.described_group(round, mbid, found),
            round.ask(coverart::NAME, "release group", covers),
        );
        (Group { covers, ..group }, others)
    }

    async fn described_group(
        &self,
        round: &Round,
        mbid: Mbid,
        found: Option<ReleaseGroup>,
    ) -> Group {
        let lookup = self.providers.musicbrainz().release_group(mbid, INCLUDES);
        let release_group = round.ask(musicbrainz::NAME, "release group", lookup).await.or(found);
        let links = release_group.iter().flat_map(|group| &group.links);
        let master_id = links::ids(links, "discogs.com", "master").next();
        let mut credits = release_group.iter().flat_map(|group| &group.artist_credit);
        let artist = credits.find_map(|credit| credit.artist.as_ref());
        let artist = artist.map(|artist| artist.id);
        let (discogs, fanart) = (self.providers.discogs(), self.providers.fanarttv());
        let master = async { round.ask(discogs::NAME, "master", discogs.master(master_id?)).await };
        let fanarttv = async { round.ask(fanarttv::NAME, "artist", fanart.artist(artist?)).await };
        let (master, fanarttv) = tokio::join!(master, fanarttv);
        let is_it = |album: &fanarttv::Album| album.release_group_id == mbid;
        let fanarttv = fanarttv.and_then(|artist| artist.albums.into_iter().find(is_it));
        Group { it: release_group, master, fanarttv, covers: None }
    }

    async fn album_by_name(
        &self,
        round: &Round,
        asked: &AlbumQuery,
        title: &str,
        artist: &str,
    ) -> Answers {
        let spotify = async {
            let it = self.providers.spotify();
            if let Some(id) = &asked.spotify_id {
                return round.ask(spotify::NAME, "album", it.album(id)).await.map(Claim::ById);
            }
            let search = it.search_albums(&format!("album:{title} artist:{artist}"));
            let found = round.ask(spotify::NAME, "album", search).await;
            found.map(|found| Claim::ByName(found.albums))
        };
        let theaudiodb = self.providers.theaudiodb().search_album(artist, title);
        let (spotify, theaudiodb, lastfm) = tokio::join!(
            spotify,
            round.ask(theaudiodb::NAME, "album", theaudiodb),
            round.ask(lastfm::NAME, "album", self.lastfm().album(artist, title)),
        );
        let theaudiodb = theaudiodb.unwrap_or_default();
        Answers { spotify, theaudiodb, lastfm, group: Group::default() }
    }
}

/// What answers have to be about: what an id stands for, rather than what it is called by.
fn work_of(asked: &AlbumQuery, group: Option<&ReleaseGroup>) -> Work {
    let names = asked.names.as_ref().map(|(title, artist)| Work::named(title, artist));
    let mbids = asked.mbid.into_iter().chain(group.map(|group| group.id));
    let group = group.map(|group| Work::credited(&group.title, &group.artist_credit));
    let work = match (names, group) {
        (_, None) if asked.mbid.is_some() => Work::unsaid(),
        (Some(names), Some(group)) if asked.mbid.is_none() => group.or(names),
        (names, group) => group.or(names).unwrap_or_default(),
    };
    work.identified(mbids)
}

/// Albums before singles and compilations, and what came out first.
fn chosen(mut found: Vec<ReleaseGroup>, work: &Work) -> Choice<ReleaseGroup> {
    found
        .retain(|group| work.check(&group.title, &work::names(&group.artist_credit), None).is_ok());
    let rank = |group: &ReleaseGroup| {
        let is_other = group.primary_type.as_deref() != Some("Album");
        let date = group.first_release_date.clone();
        (group.secondary_types.len(), is_other, date.is_none(), date)
    };
    Choice::of(found, |group| work.whose(&group.artist_credit), |group| group.score, rank)
}

fn candidate(group: &ReleaseGroup) -> Candidate {
    Candidate {
        mbid: group.id,
        name: group.title.clone(),
        by: Some(work::joined(&group.artist_credit)),
        about: group.first_release_date.clone(),
    }
}
