use serde_json::{Value, json};

use super::*;
use crate::providers::Mbid;
use crate::providers::unified::Candidate;

const DAFT_PUNK: &str = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";
const NAMESAKE: &str = "d1c2ed7f-22ef-4a77-a4c1-d91a1ba36a0e";

fn mbid(text: &str) -> Mbid {
    text.parse().unwrap()
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn musicbrainz(id: &str) -> musicbrainz::Artist {
    read(json!({
        "id": id, "name": "Daft Punk", "country": "FR", "disambiguation": "French duo",
        "life-span": { "begin": "1993", "end": "2021" },
        "genres": [{ "name": "house", "count": 3 }, { "name": "electronic", "count": 24 },
                   { "name": "polka", "count": -1 }],
        "relations": [{ "type": "official homepage", "url": { "resource": "https://daftpunk.com/" } }],
    }))
}

fn theaudiodb(id: Option<&str>) -> theaudiodb::Artist {
    read(json!({
        "idArtist": 1, "strArtist": "Daft Punk", "strMusicBrainzID": id, "strCountry": "France",
        "strGenre": "House", "strBiographyEN": "A duo.", "strArtistThumb": "https://a.example/t.jpg",
        "strArtistBanner": "https://a.example/b.jpg",
    }))
}

fn lastfm(id: &str) -> lastfm::Artist {
    read(json!({
        "name": "DAFT PUNK", "mbid": id, "url": "https://www.last.fm/music/Daft+Punk",
        "stats": { "listeners": "412345" }, "tags": { "tag": [{ "name": "dance" }] },
        "bio": { "content": "Ein Duo." },
    }))
}

fn spotify() -> spotify::Artist {
    read(json!({
        "id": "4tZwfgrHOc3mvqYlEYSvVi", "name": "Daft Punk", "genres": ["filter house"],
        "images": [{ "url": "https://i.example/640" }],
        "external_urls": { "spotify": "https://open.spotify.com/artist/4tZwfgrHOc3mvqYlEYSvVi" },
    }))
}

fn deezer(id: u64, name: &str) -> deezer::Artist {
    read(json!({ "id": id, "name": name, "nb_fan": 7, "picture_xl": "https://d.example/xl.jpg" }))
}

fn named() -> Identity {
    Identity::asked(Some("daft punk"), None)
}

fn identified() -> Identity {
    let mut identity = Identity::asked(None, Some(mbid(DAFT_PUNK)));
    identity.learn(&musicbrainz(DAFT_PUNK));
    identity
}

fn from<T>(sourced: Option<&Sourced<T>>) -> Option<&str> {
    sourced.map(|sourced| sourced.from.as_str())
}

fn left_out(left_out: &[LeftOut]) -> Vec<&str> {
    left_out.iter().map(|it| it.from).collect()
}

#[test]
fn each_field_is_of_the_best_source_that_knows_it() {
    let answers = Answers {
        musicbrainz: Some(musicbrainz(DAFT_PUNK)),
        theaudiodb: Some(Claim::ById(theaudiodb(Some(DAFT_PUNK)))),
        lastfm: Some(Claim::ById(lastfm(DAFT_PUNK))),
        spotify: Some(Claim::ById(spotify())),
        ..Answers::default()
    };
    let (artist, others) = merged(identified(), answers.clone(), &"de".parse().unwrap());
    let artist = artist.unwrap();
    assert!(others.is_empty());
    assert_eq!(
        (artist.name.value.as_str(), artist.name.from.as_str()),
        ("Daft Punk", "musicbrainz")
    );
    let genres = artist.genres.unwrap();
    assert_eq!(genres.value, ["electronic", "house"]);
    assert_eq!(artist.country.unwrap().value, "FR");
    assert_eq!(from(artist.tags.as_ref()), Some("lastfm"));
    assert_eq!(artist.listeners.unwrap().value, 412_345);
    // TheAudioDB has no German text, Last.fm has.
    let biography = artist.biography.unwrap();
    assert_eq!((biography.from.as_str(), &*biography.value.text), ("lastfm", "Ein Duo."));
    let thumbnails = &artist.images[&DataType::ARTIST_THUMBNAIL];
    let thumbnails: Vec<_> = thumbnails.iter().map(|it| it.from.as_str()).collect();
    assert_eq!(thumbnails, ["theaudiodb", "spotify"]);
    let links: Vec<_> = artist.links.iter().map(|it| &*it.value.kind).collect();
    assert_eq!(links, ["official homepage", "lastfm", "spotify"]);

    let (artist, _) = merged(identified(), answers, &Language::ENGLISH);
    assert_eq!(from(artist.unwrap().biography.as_ref()), Some("theaudiodb"));
}

#[test]
fn what_is_there_is_merged_whoever_is_silent() {
    let answers = Answers { theaudiodb: Some(Claim::ById(theaudiodb(None))), ..Answers::default() };
    let asked = Identity::asked(None, Some(mbid(DAFT_PUNK)));
    let (artist, others) = merged(asked, answers, &"de".parse().unwrap());
    let artist = artist.unwrap();
    assert!(others.is_empty());
    assert_eq!(artist.country.unwrap().value, "France");
    assert_eq!(artist.genres.unwrap().from.as_str(), "theaudiodb");
    // Rather an English text than none.
    assert_eq!(artist.biography.unwrap().value.language, Language::ENGLISH);
    assert_eq!(merged(named(), Answers::default(), &Language::ENGLISH).0, None);
}

#[test]
fn an_answer_about_another_id_is_left_out() {
    let entity = json!({ "entities": { "Q1": { "id": "Q1", "claims": { "P434": [
        { "mainsnak": { "datavalue": { "value": NAMESAKE } } }] } } } });
    let entity = wikimedia::read_entity(entity.to_string().as_bytes()).unwrap();
    let answers = Answers {
        musicbrainz: Some(musicbrainz(DAFT_PUNK)),
        entity: Some(entity),
        theaudiodb: Some(Claim::ByName(vec![theaudiodb(Some(NAMESAKE))])),
        lastfm: Some(Claim::ById(lastfm(NAMESAKE))),
        fanarttv: Some(read(json!({ "mbid_id": NAMESAKE,
            "artistthumb": [{ "url": "https://f.example/1.jpg" }] }))),
        ..Answers::default()
    };
    let (artist, others) = merged(identified(), answers, &Language::ENGLISH);
    let artist = artist.unwrap();
    let wikimedia = wikimedia::NAME;
    let expected = ["theaudiodb", "lastfm", "fanarttv", wikimedia, wikimedia, wikimedia];
    assert_eq!(left_out(&others), expected);
    assert!(others[0].reason.contains(NAMESAKE), "{}", others[0].reason);
    assert!(artist.images.is_empty() && artist.listeners.is_none() && artist.biography.is_none());
}

#[test]
fn an_artist_that_was_merged_into_another_is_known_by_both_ids() {
    let mut identity = Identity::asked(None, Some(mbid(NAMESAKE)));
    identity.learn(&musicbrainz(DAFT_PUNK));
    for id in [NAMESAKE, DAFT_PUNK] {
        let lastfm = Some(Claim::ById(lastfm(id)));
        let answers = Answers { lastfm, ..Answers::default() };
        let (artist, others) = merged(identity.clone(), answers, &Language::ENGLISH);
        assert!(artist.is_some() && others.is_empty(), "{id}");
    }
}

#[test]
fn of_two_artists_of_one_name_only_one_is_told_of() {
    // Nobody has asked MusicBrainz, and the others mean different artists.
    let answers = Answers {
        theaudiodb: Some(Claim::ByName(vec![theaudiodb(Some(DAFT_PUNK))])),
        lastfm: Some(Claim::ByName(vec![lastfm(NAMESAKE)])),
        spotify: Some(Claim::ByName(vec![spotify()])),
        deezer: Some(Claim::ByName(vec![deezer(27, "Daft Punk")])),
        ..Answers::default()
    };
    let (artist, others) = merged(named(), answers, &Language::ENGLISH);
    let artist = artist.unwrap();
    assert_eq!(artist.mbid.unwrap().value, mbid(DAFT_PUNK));
    assert!(artist.listeners.is_none());
    assert_eq!(left_out(&others), ["lastfm", "spotify", "deezer"]);

    // Deezer itself has two.
    let two = vec![deezer(27, "Daft Punk"), deezer(28, "DAFT PUNK")];
    let answers = Answers { deezer: Some(Claim::ByName(two)), ..Answers::default() };
    let (artist, others) = merged(named(), answers, &Language::ENGLISH);
    assert_eq!((artist, left_out(&others)), (None, vec!["deezer"]));
}

#[test]
fn a_name_alone_is_not_believed_beside_an_id_while_musicbrainz_is_not_heard() {
    let answers = || Answers {
        theaudiodb: Some(Claim::ByName(vec![theaudiodb(Some(DAFT_PUNK))])),
        spotify: Some(Claim::ByName(vec![spotify()])),
        ..Answers::default()
    };
    let (_, others) = merged(named(), answers(), &Language::ENGLISH);
    assert!(others.is_empty());
    let mut unconfirmed = named();
    unconfirmed.is_unconfirmed = true;
    let (artist, others) = merged(unconfirmed.clone(), answers(), &Language::ENGLISH);
    assert_eq!((artist.is_some(), left_out(&others)), (true, vec!["spotify"]));
    let nameless = Answers { theaudiodb: None, ..answers() };
    assert!(merged(unconfirmed, nameless, &Language::ENGLISH).0.is_some(), "nobody has an id");
}

#[test]
fn a_page_that_lists_several_is_no_biography() {
    let summary = |kind: &str, entity: &str| {
        let page = json!({ "title": "Daft Punk", "extract": "Daft Punk may refer to:",
            "pageprops": { "wikibase_item": entity, kind: "" } });
        let page = json!({ "query": { "pages": [page] } });
        wikimedia::read_summary(page.to_string().as_bytes()).unwrap()
    };
    let entity = json!({ "entities": { "Q1": { "id": "Q1" } } });
    let entity = wikimedia::read_entity(entity.to_string().as_bytes()).unwrap();
    for (kind, of, is_used) in
        [("x", "Q1", true), ("disambiguation", "Q1", false), ("x", "Q2", false)]
    {
        let answers = Answers {
            musicbrainz: Some(musicbrainz(DAFT_PUNK)),
            entity: Some(entity.clone()),
            summary: Some(summary(kind, of)),
            ..Answers::default()
        };
        let (artist, others) = merged(identified(), answers, &Language::ENGLISH);
        assert_eq!(artist.unwrap().biography.is_some(), is_used, "{kind} {of}");
        assert_eq!(others.is_empty(), is_used);
    }
}

#[test]
fn a_name_that_nobody_else_has_is_believed() {
    let answers = Answers {
        spotify: Some(Claim::ByName(vec![spotify()])),
        deezer: Some(Claim::ByName(vec![deezer(1, "Daft Punk Tribute"), deezer(27, "Daft Punk")])),
        ..Answers::default()
    };
    let (artist, others) = merged(named(), answers, &Language::ENGLISH);
    let artist = artist.unwrap();
    assert!(others.is_empty() && artist.mbid.is_none());
    assert_eq!(artist.images[&DataType::ARTIST_THUMBNAIL].len(), 2);

    let answers = Answers {
        deezer: Some(Claim::ByName(vec![deezer(1, "Daft Punk Tribute")])),
        ..Answers::default()
    };
    let (artist, others) = merged(named(), answers, &Language::ENGLISH);
    assert_eq!((artist, left_out(&others)), (None, vec!["deezer"]));
}

fn found(id: &str, name: &str, score: u8) -> musicbrainz::Artist {
    read(json!({ "id": id, "name": name, "score": score, "aliases": [{ "name": "Daft-Punk" }],
        "disambiguation": format!("of score {score}") }))
}

#[test]
fn who_is_meant_has_the_name_rather_than_the_better_score() {
    let mut identity = named();
    let results = [found(NAMESAKE, "Punk, Daft", 100), found(DAFT_PUNK, "Daft Punk", 98)];
    assert_eq!(identity.learn_search(&results), []);
    assert_eq!((identity.mbid(), identity.is_shared), (Some(mbid(DAFT_PUNK)), true));

    let mut identity = named();
    assert_eq!(identity.learn_search(&results[..1]), []);
    assert_eq!(identity.mbid(), Some(mbid(NAMESAKE)), "an alias is a name");

    let mut identity = Identity::asked(Some("Punk, Daft"), None);
    assert_eq!(identity.learn_search(&results[1..]), []);
    assert_eq!((identity.mbid(), identity.is_shared), (None, false), "another name");
}

#[test]
fn of_several_of_the_best_score_none_is_meant() {
    let mut identity = named();
    let results = [found(NAMESAKE, "Daft Punk", 100), found(DAFT_PUNK, "Daft Punk", 100)];
    let candidates: Vec<Candidate> = identity.learn_search(&results);
    assert_eq!(candidates.len(), 2);
    assert_eq!(candidates[0].about.as_deref(), Some("of score 100"));
    assert_eq!(identity.mbid(), None);
    let answers = Answers {
        theaudiodb: Some(Claim::ByName(vec![theaudiodb(Some(DAFT_PUNK))])),
        lastfm: Some(Claim::ByName(vec![lastfm("")])),
        ..Answers::default()
    };
    let (artist, others) = merged(identity, answers, &Language::ENGLISH);
    assert_eq!((artist, left_out(&others)), (None, vec!["theaudiodb", "lastfm"]));
}
