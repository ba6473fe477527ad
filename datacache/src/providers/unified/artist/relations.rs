//! Who an artist is elsewhere, from MusicBrainz' links. Pure.

use crate::providers::musicbrainz::Link;
use crate::providers::spotify::SpotifyId;
use crate::providers::unified::links::ids;
use crate::providers::wikimedia::EntityId;

/// An artist's ids elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Relations {
    pub(super) deezer: Option<u64>,
    pub(super) discogs: Option<u64>,
    /// It may have several, such as one for each part of the world.
    pub(super) spotify: Vec<SpotifyId>,
    pub(super) wikidata: Option<EntityId>,
}

impl Relations {
    pub(super) fn of(links: &[Link]) -> Self {
        Self {
            deezer: ids(links, "deezer.com", "artist").next(),
            discogs: ids(links, "discogs.com", "artist").next(),
            spotify: ids(links, "open.spotify.com", "artist").collect(),
            wikidata: ids(links, "wikidata.org", "wiki").next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_links_to_their_sites_only() {
        let links = [
            "https://www.discogs.com/artist/1289-Daft-Punk",
            "https://www.wikidata.org/wiki/Q185828",
            "https://open.spotify.com/artist/4tZwfgrHOc3mvqYlEYSvVi",
            "https://www.deezer.com/fr/artist/27",
            "https://www.deezer.com/artist/28",
            "https://discogs.com.example/artist/1",
            "https://open.spotify.com/album/4tZwfgrHOc3mvqYlEYSvVx",
            "https://www.discogs.com/artist",
            "nonsense",
        ];
        let links = links.map(|url| serde_json::json!({ "type": "x", "url": { "resource": url } }));
        let links: Vec<Link> = serde_json::from_value(links.into()).unwrap();
        let expected = Relations {
            deezer: Some(27),
            discogs: Some(1289),
            spotify: vec!["4tZwfgrHOc3mvqYlEYSvVi".parse().unwrap()],
            wikidata: Some("Q185828".parse().unwrap()),
        };
        assert_eq!(Relations::of(&links), expected);
        assert_eq!(Relations::of(&links[5..]), Relations::default());
    }
}
