use serde_json::{Value, json};

use super::*;

const GROUP: &str = "48117b90-a16e-34ca-a514-19c702df1158";
const OTHER: &str = "d1c2ed7f-22ef-4a77-a4c1-d91a1ba36a0e";

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn group() -> musicbrainz::ReleaseGroup {
    read(json!({
        "id": GROUP, "title": "Discovery", "primary-type": "Album", "first-release-date": "2001-03-07",
        "artist-credit": [{ "name": "Daft Punk", "artist": { "name": "Daft Punk",
            "id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56" } }],
    }))
}

fn theaudiodb(mbid: Option<&str>, artist: &str, artist_mbid: Option<&str>) -> theaudiodb::Album {
    read(json!({ "idAlbum": 1, "strAlbum": "Discovery", "strArtist": artist, "strGenre": "House",
        "strMusicBrainzID": mbid, "strMusicBrainzArtistID": artist_mbid,
        "strAlbumThumb": "https://a.example/t.jpg" }))
}

fn spotify(artist: &str, id: &str) -> spotify::Album {
    read(json!({ "id": "2noRn2Aes5aoNVsU6iWThc", "name": "Discovery", "release_date": "2001-03-12",
        "artists": [{ "id": id, "name": artist }], "images": [{ "url": "https://i.example/640" }] }))
}

fn lastfm() -> lastfm::Album {
    read(json!({ "name": "Discovery", "artist": "Daft Punk", "listeners": "7", "playcount": "9",
        "tracks": { "track": [{ "name": "One More Time", "duration": 320 }] } }))
}

fn of_group() -> Group {
    let covers = json!({ "images": [{ "front": true, "image": "https://c.example/1.jpg" }] });
    Group { it: Some(group()), covers: Some(read(covers)), ..Group::default() }
}

fn work() -> Work {
    Work::credited("Discovery", &group().artist_credit).identified([GROUP.parse().unwrap()])
}

#[test]
fn each_field_is_of_the_best_source_that_knows_it() {
    let answers = Answers {
        group: of_group(),
        theaudiodb: vec![theaudiodb(Some(GROUP), "Daft Punk", None)],
        lastfm: Some(lastfm()),
        spotify: Some(Claim::ByName(vec![spotify("Daft Punk", "4tZwfgrHOc3mvqYlEYSvVi")])),
    };
    let (album, others) = merged(&work(), answers, &Language::ENGLISH);
    let album = album.unwrap();
    assert!(others.is_empty());
    assert_eq!(album.first_release_date.unwrap().value, "2001-03-07");
    assert_eq!(album.genres.unwrap().from.as_str(), "theaudiodb");
    assert_eq!(album.play_count.unwrap().value, 9);
    let tracks = album.tracks.unwrap();
    assert_eq!((tracks.from.as_str(), tracks.value[0].length_ms), ("lastfm", Some(320_000)));
    let covers: Vec<_> = album.covers.iter().map(|it| it.from.as_str()).collect();
    assert_eq!(covers, ["coverartarchive", "theaudiodb", "spotify"]);
    assert!(album.artists.unwrap().value[0].mbid.is_some());
}

#[test]
fn an_album_of_another_artist_is_left_out() {
    let answers = Answers {
        group: of_group(),
        theaudiodb: vec![
            theaudiodb(None, "Electric Light Orchestra", None),
            theaudiodb(None, "Daft Punk", Some(OTHER)),
            theaudiodb(Some(OTHER), "Daft Punk", None),
        ],
        lastfm: Some(lastfm::Album { artist: Some("Nobody".to_owned()), ..lastfm() }),
        spotify: Some(Claim::ByName(vec![
            spotify("Daft Punk", "4tZwfgrHOc3mvqYlEYSvVi"),
            spotify("Daft Punk", "4tZwfgrHOc3mvqYlEYSvVx"),
        ])),
    };
    let (album, others) = merged(&work(), answers, &Language::ENGLISH);
    let left_out: Vec<_> = others.iter().map(|it| it.from).collect();
    assert_eq!(left_out, ["theaudiodb", "lastfm", "spotify"]);
    assert!(album.unwrap().genres.is_none());
}

#[test]
fn by_name_nothing_is_taken_where_several_artists_have_one() {
    let answers = || Answers {
        theaudiodb: vec![theaudiodb(None, "Daft Punk", None)],
        lastfm: Some(lastfm()),
        ..Answers::default()
    };
    let work = Work::named("Discovery", "Daft Punk");
    assert!(merged(&work, answers(), &Language::ENGLISH).0.is_some());
    let (album, others) = merged(&work.shared(true), answers(), &Language::ENGLISH);
    assert_eq!((album, others.len()), (None, 2));
    assert!(others.iter().all(|it| it.reason.contains("several artists")));
}

#[test]
fn without_musicbrainz_only_what_has_the_id_that_was_asked_for_is_used() {
    let answers = |mbid| Answers {
        theaudiodb: vec![theaudiodb(Some(mbid), "Daft Punk", None)],
        lastfm: Some(lastfm()),
        ..Answers::default()
    };
    let work = Work::unsaid().identified([GROUP.parse().unwrap()]);
    let (album, others) = merged(&work, answers(GROUP), &Language::ENGLISH);
    assert_eq!((album.unwrap().title.from.as_str(), others.len()), ("theaudiodb", 1));
    let (album, others) = merged(&work, answers(OTHER), &Language::ENGLISH);
    assert_eq!((album, others.len()), (None, 2));
}

#[test]
fn where_others_have_one_of_this_name_the_artist_has_to_be_known_by_id() {
    let artist = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";
    let answers = Answers {
        group: of_group(),
        theaudiodb: vec![theaudiodb(None, "Daft Punk", Some(artist))],
        lastfm: Some(lastfm()),
        ..Answers::default()
    };
    let (album, others) = merged(&work().shared(true), answers, &Language::ENGLISH);
    assert_eq!(album.unwrap().genres.unwrap().from.as_str(), "theaudiodb");
    assert_eq!(others.iter().map(|it| it.from).collect::<Vec<_>>(), ["lastfm"]);
}

#[test]
fn durations_are_read_as_discogs_writes_them() {
    for (text, length_ms) in [
        ("5:20", Some(320_000)),
        ("1:05:20", Some(3_920_000)),
        ("", None),
        ("5'20", None),
        ("99999999999999999999", None),
        ("18446744073709551615:00", None),
    ] {
        assert_eq!(millis(text), length_ms, "{text}");
    }
}
