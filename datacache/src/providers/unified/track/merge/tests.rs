use serde_json::{Value, json};

use super::*;

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn release(title: &str, kind: &str, others: &[&str], date: &str) -> Value {
    let id = "48117b90-a16e-34ca-a514-19c702df1158";
    json!({ "id": id, "title": title, "date": date, "release-group": { "id": id, "title": title,
        "primary-type": kind, "secondary-types": others } })
}

fn recording() -> Recording {
    read(json!({
        "id": "d3fe3e4d-4ba8-43bb-85b6-4b2a4d1b1d4e", "title": "One More Time", "length": 320_000,
        "artist-credit": [{ "name": "Daft Punk", "artist": { "name": "Daft Punk",
            "id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56", "aliases": [{ "name": "Daft-Punk" }] } }],
        "genres": [{ "name": "house", "count": 5 }], "isrcs": ["GBDUW0000053", "GBDUW0000059"],
        "releases": [
            release("One More Time", "Single", &[], "2000-11-13"),
            release("Musique", "Album", &["Compilation"], "2000-01-01"),
            release("Discovery", "Album", &[], "2001-03-07"),
            release("Discovery (again)", "Album", &[], "2021-03-07"),
        ],
    }))
}

fn spotify(title: &str, artist: &str) -> spotify::Track {
    read(json!({ "id": "0DiWol3AO6WpXZgp0goxAV", "name": title, "duration_ms": 320_357,
        "artists": [{ "id": "4tZwfgrHOc3mvqYlEYSvVi", "name": artist }],
        "external_ids": { "isrc": "GBDUW0000053" } }))
}

fn lastfm(artist: &str) -> lastfm::Track {
    read(json!({ "name": "One More Time", "artist": { "name": artist }, "playcount": "98765",
        "listeners": "7" }))
}

fn links() -> Listening {
    read(json!({ "entityUniqueId": "a", "linksByPlatform": {
        "tidal": { "url": "https://listen.tidal.com/track/1550546" },
        "spotify": { "url": "https://open.spotify.com/track/0DiWol3AO6WpXZgp0goxAV" } } }))
}

fn asked() -> TrackQuery {
    TrackQuery::titled("One More Time", "Daft Punk")
}

#[test]
fn what_all_say_is_one_track_with_all_its_plays() {
    let answers = Answers {
        recording: Some(recording()),
        spotify: Some(Claim::ByName(vec![spotify(
            "One More Time (feat. Romanthony)",
            "Daft Punk",
        )])),
        links: Some(links()),
        lastfm: Some(lastfm("Daft Punk")),
        ..Answers::default()
    };
    let work = Work::named("One More Time", "Daft Punk");
    let asked = asked().local_plays(156).isrc("GBDUW0000059");
    let (track, others) = merged(&work, answers, &asked);
    let track = track.unwrap();
    assert!(others.is_empty());
    let plays = PlayCounts::new(Some(156), None, Some(98_765));
    assert_eq!((track.plays, track.plays.total), (plays, 98_921));
    assert_eq!(track.isrc.unwrap().value, "GBDUW0000059");
    assert_eq!(track.album.unwrap().value, "Discovery");
    assert_eq!(track.length_ms.unwrap().from.as_str(), "musicbrainz");
    assert_eq!(track.genres.unwrap().value, ["house"]);
    let links: Vec<_> = track.links.iter().map(|it| &*it.value.kind).collect();
    assert_eq!(links, ["spotify", "tidal"]);
}

#[test]
fn plays_are_not_invented() {
    let answers = Answers {
        spotify: Some(Claim::ById(spotify("One More Time", "Daft Punk"))),
        ..Answers::default()
    };
    let (track, _) = merged(&Work::default(), answers, &asked());
    assert_eq!(track.unwrap().plays, PlayCounts::default());
}

#[test]
fn a_track_of_another_artist_is_left_out_and_so_are_the_links_to_it() {
    let answers = Answers {
        recording: Some(recording()),
        spotify: Some(Claim::ByName(vec![spotify("One More Time", "Britney Spears")])),
        links: Some(links()),
        lastfm: Some(lastfm("Laura Pausini")),
        ..Answers::default()
    };
    let work = Work::credited("One More Time", &recording().artist_credit);
    let (track, others) = merged(&work, answers, &asked().local_plays(u64::MAX).spotify_plays(1));
    let track = track.unwrap();
    let left_out: Vec<_> = others.iter().map(|it| it.from).collect();
    assert_eq!(left_out, ["songlink", "spotify", "lastfm"]);
    assert!(track.links.is_empty() && track.spotify_id.is_none() && track.plays.lastfm.is_none());
    assert_eq!(track.plays.total, u64::MAX);
}

#[test]
fn last_fm_is_judged_by_the_id_of_its_artist() {
    let work = Work::credited("One More Time", &recording().artist_credit);
    for (mbid, is_used) in [
        ("056e4f3e-d505-4dad-8ec1-d04f521cbb56", true),
        ("d1c2ed7f-22ef-4a77-a4c1-d91a1ba36a0e", false),
    ] {
        let lastfm: lastfm::Track = read(json!({ "name": "One More Time",
            "artist": { "name": "Daft Punk", "mbid": mbid } }));
        let answers = || Answers { lastfm: Some(lastfm.clone()), ..Answers::default() };
        assert_eq!(merged(&work, answers(), &asked()).0.is_some(), is_used);
        assert_eq!(merged(&work.clone().shared(true), answers(), &asked()).0.is_some(), is_used);
    }
}

#[test]
fn a_code_does_not_make_it_the_track_of_another_artist() {
    let asked = TrackQuery::default().isrc("GBDUW0000053");
    let work = Work::credited("One More Time", &recording().artist_credit);
    for (title, artist, is_used) in
        [("One More Time - Radio Edit", "Daft Punk", true), ("One More Time", "Nobody", false)]
    {
        let spotify = Some(Claim::ByName(vec![spotify(title, artist)]));
        let answers = Answers { recording: Some(recording()), spotify, ..Answers::default() };
        let (track, others) = merged(&work, answers, &asked);
        assert_eq!((track.unwrap().spotify_id.is_some(), others.is_empty()), (is_used, is_used));
    }
}

#[test]
fn another_name_of_the_artist_is_its_name() {
    let work = Work::credited("One More Time", &recording().artist_credit);
    let answers = Answers { lastfm: Some(lastfm("DAFT-PUNK")), ..Answers::default() };
    assert!(merged(&work, answers, &asked()).0.is_some());
}
