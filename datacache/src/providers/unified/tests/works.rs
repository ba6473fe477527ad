//! Albums and tracks.

use super::*;

const GROUP: &str = "48117b90-a16e-34ca-a514-19c702df1158";
const RECORDING: &str = "d3fe3e4d-4ba8-43bb-85b6-4b2a4d1b1d4e";
const LIVE: &str = "b84ee12a-09ef-421b-82de-0441a926375b";
const SPOTIFY_ID: &str = "0DiWol3AO6WpXZgp0goxAV";

fn credit(id: &str) -> Value {
    json!([{ "name": "Daft Punk", "artist": { "id": id, "name": "Daft Punk" } }])
}

fn recording(id: &str, date: &str) -> Value {
    json!({ "id": id, "title": "One More Time", "score": 100, "first-release-date": date,
        "artist-credit": credit(DAFT_PUNK) })
}

fn work(source: &str, path: &str) -> Option<Reply> {
    match (source, path) {
        ("musicbrainz", path) if path.starts_with("/recording?") => ok(&json!({
            "count": 2, "offset": 0,
            "recordings": [recording(LIVE, "2007"), recording(RECORDING, "2000-11-13")] })),
        ("musicbrainz", path) if path.starts_with("/isrc/GBDUW0000053?") => ok(&json!({
            "isrc": "GBDUW0000053", "recordings": [recording(RECORDING, "2000-11-13")] })),
        ("musicbrainz", path) if path.starts_with(&format!("/recording/{RECORDING}?inc=")) => {
            let mut recording = recording(RECORDING, "2000-11-13");
            recording["genres"] = json!([{ "name": "house", "count": 3 }]);
            recording["releases"] = json!([{ "id": LIVE, "title": "Discovery",
                "release-group": { "id": GROUP, "title": "Discovery", "primary-type": "Album" } }]);
            ok(&recording)
        }
        ("musicbrainz", path) if path.starts_with("/release-group?") => ok(&json!({
            "count": 1, "offset": 0, "release-groups": [{ "id": GROUP, "title": "Discovery",
                "score": 100, "artist-credit": credit(DAFT_PUNK) }] })),
        ("musicbrainz", path) if path.starts_with(&format!("/release-group/{GROUP}?inc=")) => {
            ok(&json!({ "id": GROUP, "title": "Discovery", "artist-credit": credit(DAFT_PUNK),
                "first-release-date": "2001-03-07", "relations": [{ "type": "discogs",
                    "url": { "resource": "https://www.discogs.com/master/26647" } }] }))
        }
        ("coverartarchive", path) if path == format!("/release-group/{GROUP}") => {
            ok(&json!({ "images": [{ "front": true, "image": "https://c.example/1.jpg" }] }))
        }
        ("discogs", "/masters/26647") => {
            ok(&json!({ "id": 26647, "title": "Discovery", "tracklist": [
            { "type_": "heading", "title": "A" },
            { "type_": "track", "title": "One More Time", "duration": "5:20" }] }))
        }
        ("fanarttv", _) => ok(&json!({ "mbid_id": DAFT_PUNK, "albums": { GROUP: {
            "albumcover": [{ "url": "https://f.example/c.jpg" }] } } })),
        ("spotify", path) if path.starts_with("/search?") && path.contains("type=track") => {
            ok(&json!({ "tracks": { "total": 1, "offset": 0, "items": [spotify_track()] } }))
        }
        ("spotify", path) if path == format!("/tracks/{SPOTIFY_ID}") => ok(&spotify_track()),
        ("lastfm", path) if path.contains("track.getInfo") => ok(&json!({ "track": {
            "name": "One More Time", "artist": { "name": "Daft Punk" }, "playcount": "98765" } })),
        ("lastfm", path) if path.contains("album.getInfo") => ok(&json!({ "album": {
            "name": "Discovery", "artist": "Daft Punk", "playcount": "9" } })),
        ("songlink", path)
            if path.contains(&format!("platform=spotify&type=song&id={SPOTIFY_ID}")) =>
        {
            ok(&json!({ "entityUniqueId": "a", "linksByPlatform": {
                "tidal": { "url": "https://listen.tidal.com/track/1550546" } } }))
        }
        _ => None,
    }
}

fn spotify_track() -> Value {
    json!({ "id": SPOTIFY_ID, "name": "One More Time", "duration_ms": 320_357,
        "artists": [{ "id": "4tZwfgrHOc3mvqYlEYSvVi", "name": "Daft Punk" }],
        "external_ids": { "isrc": "GBDUW0000053" } })
}

#[tokio::test]
async fn a_track_has_genres_links_a_cover_and_all_plays_however_it_is_known() {
    let titled = TrackQuery::titled("one more time", "Daft Punk");
    for query in [
        titled.clone(),
        titled.isrc("gb-duw-00-00053"),
        TrackQuery::default().isrc("GBDUW0000053"),
        TrackQuery::default().mbid(RECORDING.parse().unwrap()),
        TrackQuery::default()
            .mbid(RECORDING.parse().unwrap())
            .spotify_id(SPOTIFY_ID.parse().unwrap()),
    ] {
        let sources = Sources::answering(work).await;
        let query = query.local_plays(156);
        let merged = sources.unified().track(&query).await.unwrap();
        let track = merged.value.as_ref().unwrap_or_else(|| panic!("{merged:?}"));
        assert_eq!(track.mbid.as_ref().unwrap().value.to_string(), RECORDING, "the first of two");
        assert_eq!(track.genres.as_ref().unwrap().value, ["house"]);
        assert_eq!((track.plays.local, track.plays.lastfm), (Some(156), Some(98_765)));
        assert_eq!((track.plays.spotify, track.plays.total), (None, 98_921));
        assert_eq!(track.links[0].value.kind, "tidal");
        assert_eq!(track.covers[0].from.as_str(), "coverartarchive");
        assert_eq!(track.album.as_ref().unwrap().value, "Discovery");
        let asked = sources.asked();
        assert_eq!(sources.unified().track(&query).await.unwrap().value, merged.value);
        assert_eq!(sources.asked(), asked);
    }
}

#[tokio::test]
async fn a_track_that_spotify_alone_knows_is_asked_for_by_the_name_it_has_there() {
    let answer = |source: &str, path: &str| match source {
        "musicbrainz" => None,
        _ => work(source, path),
    };
    let sources = Sources::answering(answer).await;
    let query = TrackQuery::default().spotify_id(SPOTIFY_ID.parse().unwrap());
    let merged = sources.unified().track(&query).await.unwrap();
    let track = merged.value.unwrap();
    assert_eq!((track.title.from.as_str(), track.plays.total), ("spotify", 98_765));
    assert_eq!(sources.asked_of("musicbrainz").len(), 0);
}

#[tokio::test]
async fn tracks_of_two_artists_of_one_name_are_candidates() {
    let answer = |source: &str, path: &str| match source {
        "musicbrainz" if path.starts_with("/recording?") => {
            let mut other = recording(LIVE, "2007");
            other["artist-credit"] = credit(NAMESAKE);
            ok(&json!({ "count": 2, "offset": 0,
                "recordings": [recording(RECORDING, "2000"), other] }))
        }
        _ => work(source, path),
    };
    let sources = Sources::answering(answer).await;
    let query = TrackQuery::titled("One More Time", "Daft Punk");
    let merged = sources.unified().track(&query).await.unwrap();
    assert_eq!((merged.value, merged.candidates.len()), (None, 2));
    let by_id = sources.unified().track(&query.mbid(RECORDING.parse().unwrap())).await.unwrap();
    assert!(by_id.value.is_some() && by_id.candidates.is_empty());
}

#[tokio::test]
async fn a_second_artist_of_the_name_keeps_out_who_knows_names_only() {
    let answer = |source: &str, path: &str| match source {
        "musicbrainz" if path.starts_with("/recording?") => {
            let mut other = recording(LIVE, "1968");
            (other["artist-credit"], other["score"]) = (credit(NAMESAKE), json!(99));
            ok(&json!({ "count": 2, "offset": 0,
                "recordings": [recording(RECORDING, "2000"), other] }))
        }
        _ => work(source, path),
    };
    let sources = Sources::answering(answer).await;
    let query = TrackQuery::titled("One More Time", "Daft Punk");
    let merged = sources.unified().track(&query).await.unwrap();
    let track = merged.value.as_ref().unwrap();
    assert_eq!(track.mbid.as_ref().unwrap().value.to_string(), RECORDING);
    assert_eq!((track.plays.lastfm, track.spotify_id.as_ref()), (None, None));
    for name in ["lastfm", "spotify"] {
        assert_eq!(state_of(&merged, name), [SourceState::LeftOut]);
    }
}

#[tokio::test]
async fn an_id_that_musicbrainz_does_not_explain_is_nothing_of_the_same_name() {
    let answer = |source: &str, path: &str| match source {
        "musicbrainz" => Some(Reply::status(403)),
        _ => work(source, path),
    };
    let sources = Sources::answering(answer).await;
    let track = TrackQuery::titled("One More Time", "Daft Punk").mbid(LIVE.parse().unwrap());
    assert_eq!(sources.unified().track(&track).await.unwrap().value, None);
    let album = AlbumQuery::titled("Discovery", "Daft Punk").mbid(LIVE.parse().unwrap());
    assert_eq!(sources.unified().album(&album).await.unwrap().value, None);
}

#[tokio::test]
async fn an_album_has_its_cover_date_and_tracks_however_it_is_known() {
    for query in [
        AlbumQuery::titled("Discovery", "daft punk"),
        AlbumQuery::identified(GROUP.parse().unwrap()),
    ] {
        let sources = Sources::answering(work).await;
        let merged = sources.unified().album(&query).await.unwrap();
        let album = merged.value.as_ref().unwrap_or_else(|| panic!("{merged:?}"));
        assert_eq!(album.first_release_date.as_ref().unwrap().value, "2001-03-07");
        let covers: Vec<_> = album.covers.iter().map(|it| it.from.as_str()).collect();
        assert_eq!(covers, ["coverartarchive", "fanarttv"]);
        let tracks = album.tracks.as_ref().unwrap();
        assert_eq!((tracks.from.as_str(), tracks.value.len()), ("discogs", 1));
        assert_eq!(album.play_count.as_ref().unwrap().value, 9);
        let asked = sources.asked();
        assert_eq!(sources.unified().album(&query).await.unwrap().value, merged.value);
        assert_eq!(sources.asked(), asked);
    }
}
