//! Who is asked about an artist, and after whom.

use super::identity::Identity;
use super::merge::{self, Answers};
use super::relations::Relations;
use super::{Artist, ArtistQuery};
use crate::error::Result;
use crate::providers::musicbrainz::Include;
use crate::providers::spotify::SpotifyId;
use crate::providers::unified::claim::Claim;
use crate::providers::unified::round::Round;
use crate::providers::unified::{Candidate, Merged, Unified};
use crate::providers::wikimedia::EntityId;
use crate::providers::{
    Mbid, deezer, discogs, fanarttv, lastfm, musicbrainz, spotify, theaudiodb, wikimedia,
};

const INCLUDES: &[Include] = &[Include::Aliases, Include::Genres, Include::Tags, Include::UrlRels];

impl Unified {
    /// An artist, as the configured sources describe it.
    ///
    /// MusicBrainz says who is meant, unless the caller does. With its id it is asked for at
    /// TheAudioDB, fanart.tv and Last.fm, and by MusicBrainz' links at Discogs, Wikidata, Spotify
    /// and Deezer. By its name alone TheAudioDB and Last.fm are asked, whose answers have its id,
    /// and the others only if MusicBrainz does not know it or cannot be asked.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a query without name and id, and for a
    /// name that is empty or has more than 1 000 bytes. What fails at a source is told in
    /// [`Merged::sources`].
    ///
    /// # Cancel safety
    /// That of [`Cache::fetch`](crate::Cache::fetch).
    pub async fn artist(&self, asked: &ArtistQuery) -> Result<Merged<Artist>> {
        asked.check()?;
        let round = self.round();
        let (described, theaudiodb, lastfm) = tokio::join!(
            self.described_artist(&round, asked),
            self.artist_of_theaudiodb(&round, asked),
            self.artist_of_lastfm(&round, asked),
        );
        let (identity, candidates, answers) = described;
        let answers = Answers { theaudiodb, lastfm, ..answers };
        let (artist, left_out) = merge::merged(identity, answers, &self.language);
        Ok(round.end(artist, candidates, &left_out))
    }

    async fn artist_of_theaudiodb(
        &self,
        round: &Round,
        asked: &ArtistQuery,
    ) -> Option<Claim<theaudiodb::Artist>> {
        let (it, from) = (self.providers.theaudiodb(), theaudiodb::NAME);
        match (asked.mbid, &asked.name) {
            (Some(mbid), _) => round.ask(from, "artist", it.artist(mbid)).await.map(Claim::ById),
            (None, Some(name)) => {
                round.ask(from, "artist", it.search_artist(name)).await.map(Claim::ByName)
            }
            (None, None) => None,
        }
    }

    async fn artist_of_lastfm(
        &self,
        round: &Round,
        asked: &ArtistQuery,
    ) -> Option<Claim<lastfm::Artist>> {
        let (it, from) = (self.lastfm(), lastfm::NAME);
        match (asked.mbid, &asked.name) {
            (Some(mbid), _) => {
                round.ask(from, "artist", it.artist_by_mbid(mbid)).await.map(Claim::ById)
            }
            (None, Some(name)) => {
                let found = round.ask(from, "artist", it.artist(name)).await;
                found.map(|artist| Claim::ByName(vec![artist]))
            }
            (None, None) => None,
        }
    }

    /// Who is meant, who else may be, and what those say who are asked once that is known.
    async fn described_artist(
        &self,
        round: &Round,
        asked: &ArtistQuery,
    ) -> (Identity, Vec<Candidate>, Answers) {
        let mut identity = Identity::asked(asked.name.as_deref(), asked.mbid);
        let (mut candidates, mut hit) = (Vec::new(), None);
        if let (None, Some(name)) = (asked.mbid, &asked.name) {
            let search = self.providers.musicbrainz().search_artists(name);
            let found = round.ask(musicbrainz::NAME, "search artists", search).await;
            identity.is_unconfirmed = !round.was_answered(musicbrainz::NAME, "search artists");
            let found = found.unwrap_or_default().artists;
            candidates = identity.learn_search(&found);
            hit = found.into_iter().find(|artist| Some(artist.id) == identity.mbid());
        }
        let mut answers = match identity.mbid() {
            Some(mbid) => self.artist_by_id(round, asked, mbid).await,
            None => self.artist_by_name(round, asked, &identity).await,
        };
        answers.musicbrainz = answers.musicbrainz.or(hit);
        if let Some(artist) = &answers.musicbrainz {
            identity.learn(artist);
        }
        (identity, candidates, answers)
    }

    async fn artist_by_id(&self, round: &Round, asked: &ArtistQuery, mbid: Mbid) -> Answers {
        let fanart = self.providers.fanarttv().artist(mbid);
        let (answers, fanarttv) = tokio::join!(
            self.artist_by_links(round, asked, mbid),
            round.ask(fanarttv::NAME, "artist", fanart),
        );
        Answers { fanarttv, ..answers }
    }

    async fn artist_by_links(&self, round: &Round, asked: &ArtistQuery, mbid: Mbid) -> Answers {
        let lookup = self.providers.musicbrainz().artist(mbid, INCLUDES);
        let musicbrainz = round.ask(musicbrainz::NAME, "artist", lookup).await;
        let links = musicbrainz.as_ref().map(|artist| Relations::of(&artist.links));
        let links = links.unwrap_or_default();
        let spotify_id = asked.spotify_id.as_ref();
        let spotify_id = spotify_id
            .filter(|id| links.spotify.is_empty() || links.spotify.contains(id))
            .or(links.spotify.first());
        let (discogs, wikimedia, spotify, deezer) = tokio::join!(
            self.artist_of_discogs(round, links.discogs),
            self.artist_of_wikimedia(round, links.wikidata),
            self.artist_of_spotify(round, spotify_id),
            self.artist_of_deezer(round, links.deezer),
        );
        Answers { musicbrainz, discogs, spotify, deezer, ..wikimedia }
    }

    /// Whoever does not know MusicBrainz ids, unless several artists have the name.
    async fn artist_by_name(
        &self,
        round: &Round,
        asked: &ArtistQuery,
        identity: &Identity,
    ) -> Answers {
        let spotify_id = asked.spotify_id.as_ref();
        let name = asked.name.as_ref().filter(|_| !identity.is_shared);
        let Some(name) = name else {
            let spotify = self.artist_of_spotify(round, spotify_id).await;
            return Answers { spotify, ..Answers::default() };
        };
        let deezer = self.providers.deezer().search_artists(name);
        let deezer = round.ask(deezer::NAME, "artist", deezer);
        let spotify = async {
            if spotify_id.is_some() {
                return self.artist_of_spotify(round, spotify_id).await;
            }
            let search = self.providers.spotify().search_artists(name);
            let found = round.ask(spotify::NAME, "artist", search).await;
            found.map(|found| Claim::ByName(found.artists))
        };
        let (deezer, spotify) = tokio::join!(deezer, spotify);
        let deezer = deezer.map(|found| Claim::ByName(found.artists));
        Answers { spotify, deezer, ..Answers::default() }
    }

    async fn artist_of_discogs(&self, round: &Round, id: Option<u64>) -> Option<discogs::Artist> {
        round.ask(discogs::NAME, "artist", self.providers.discogs().artist(id?)).await
    }

    async fn artist_of_deezer(
        &self,
        round: &Round,
        id: Option<u64>,
    ) -> Option<Claim<deezer::Artist>> {
        let lookup = self.providers.deezer().artist(id?);
        round.ask(deezer::NAME, "artist", lookup).await.map(Claim::ById)
    }

    async fn artist_of_spotify(
        &self,
        round: &Round,
        id: Option<&SpotifyId>,
    ) -> Option<Claim<spotify::Artist>> {
        let lookup = self.providers.spotify().artist(id?);
        round.ask(spotify::NAME, "artist", lookup).await.map(Claim::ById)
    }

    async fn artist_of_wikimedia(&self, round: &Round, id: Option<EntityId>) -> Answers {
        let Some(id) = id else { return Answers::default() };
        let it = self.providers.wikimedia().language(self.language.clone());
        let entity = round.ask(wikimedia::NAME, "entity", it.entity(id)).await;
        let title = entity.as_ref().and_then(|entity| entity.wikipedia_title.as_deref());
        let picture = entity.as_ref().and_then(|entity| entity.images.first());
        let summary = async { round.ask(wikimedia::NAME, "summary", it.summary(title?)).await };
        let file = async { round.ask(wikimedia::NAME, "file", it.file(picture?)).await };
        let (summary, picture) = tokio::join!(summary, file);
        Answers { entity, summary, picture, ..Answers::default() }
    }
}
