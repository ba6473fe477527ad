//! The whole of it, with an API on loopback for every source.

mod works;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::cache::Cache;
use crate::config::Config;
use crate::error::ErrorKind;
use crate::testing::{Origin, Reply};

const DAFT_PUNK: &str = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";
const NAMESAKE: &str = "d1c2ed7f-22ef-4a77-a4c1-d91a1ba36a0e";

/// Who wants a key.
const KEYED: [&str; 4] = ["theaudiodb", "fanarttv", "lastfm", "spotify"];
/// Who does not.
const KEYLESS: [&str; 6] =
    ["musicbrainz", "coverartarchive", "discogs", "wikimedia", "songlink", "deezer"];

/// A cache, all of whose sources are on loopback.
struct Sources {
    cache: Cache,
    origins: BTreeMap<&'static str, Origin>,
    _dir: tempfile::TempDir,
}

impl Sources {
    /// What source and path lead to; what is nothing is a 404.
    async fn answering(
        answer: impl Fn(&str, &str) -> Option<Reply> + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::configured(answer, &KEYED).await
    }

    /// Only these have the key that they want.
    async fn configured(
        answer: impl Fn(&str, &str) -> Option<Reply> + Clone + Send + Sync + 'static,
        keyed: &[&str],
    ) -> Self {
        let (mut origins, mut providers) = (BTreeMap::new(), json!({}));
        for name in KEYED.into_iter().chain(KEYLESS) {
            let answer = answer.clone();
            let origin = Origin::start(move |request| {
                answer(name, &request.path).unwrap_or_else(|| Reply::status(404))
            });
            let origin = origin.unwrap();
            let path = if name == "theaudiodb" { "/api/v1/json/" } else { "/" };
            let mut settings = json!({ "base_url": origin.url(path), "budget": "none" });
            if keyed.contains(&name) {
                settings["api_key"] = json!("KEY");
            }
            if name == "spotify" {
                settings["api_key_in"] = json!("header Authorization: Bearer {key}");
            }
            providers[name] = settings;
            origins.insert(name, origin);
        }
        let config = json!({ "http": { "contact": "dj@example.org" }, "providers": providers });
        let mut config: Config = serde_json::from_value(config).unwrap();
        let dir = tempfile::tempdir().unwrap();
        config.cache.dir = Some(dir.path().join("cache"));
        Self { cache: Cache::open(config).await.unwrap(), origins, _dir: dir }
    }

    fn unified(&self) -> Unified {
        self.cache.providers().unified()
    }

    /// How many questions were asked, of anybody.
    fn asked(&self) -> usize {
        self.origins.values().map(|origin| origin.received().len()).sum()
    }

    fn asked_of(&self, name: &str) -> Vec<String> {
        self.origins[name].received().into_iter().map(|request| request.path).collect()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where there may be none")]
fn ok(value: &Value) -> Option<Reply> {
    Some(Reply::ok(value.to_string()))
}

fn states<T>(merged: &Merged<T>) -> Vec<(&str, &str, SourceState)> {
    let state = |source: &SourceReport| source.state;
    merged.sources.iter().map(|it| (it.from.as_str(), it.question, state(it))).collect()
}

fn state_of<T>(merged: &Merged<T>, name: &str) -> Vec<SourceState> {
    states(merged).into_iter().filter(|it| it.0 == name).map(|it| it.2).collect()
}

fn artist(source: &str, path: &str) -> Option<Reply> {
    match (source, path) {
        ("musicbrainz", path) if path.starts_with("/artist?query=Daft+Punk&") => ok(&json!({
            "count": 2, "offset": 0, "artists": [
                { "id": DAFT_PUNK, "name": "Daft Punk", "score": 100 },
                { "id": NAMESAKE, "name": "Daft Punk", "score": 41 },
            ] })),
        ("musicbrainz", path) if path.starts_with(&format!("/artist/{DAFT_PUNK}?inc=")) => {
            ok(&json!({ "id": DAFT_PUNK, "name": "Daft Punk", "country": "FR",
                "genres": [{ "name": "house", "count": 1 }], "relations": [
                { "type": "discogs", "url": { "resource": "https://www.discogs.com/artist/1289" } },
                { "type": "wikidata", "url": { "resource": "https://www.wikidata.org/wiki/Q185828" } },
                { "type": "free streaming", "url": { "resource":
                    "https://open.spotify.com/artist/4tZwfgrHOc3mvqYlEYSvVi" } },
                { "type": "free streaming", "url": { "resource": "https://www.deezer.com/artist/27" } },
            ] }))
        }
        ("lastfm", path) if path.contains("artist.getInfo") => ok(&json!({ "artist": {
            "name": "Daft Punk", "mbid": NAMESAKE, "stats": { "listeners": "1" } } })),
        ("theaudiodb", path) if path.contains("search.php") || path.contains("artist-mb.php") => {
            ok(&json!({ "artists": [{ "idArtist": "1", "strArtist": "Daft Punk",
                "strMusicBrainzID": DAFT_PUNK, "strBiographyDE": "Ein Duo." }] }))
        }
        ("fanarttv", _) => ok(&json!({ "mbid_id": DAFT_PUNK,
            "musicbanner": [{ "url": "https://f.example/b.jpg", "likes": "1" }] })),
        ("discogs", "/artists/1289") => ok(&json!({ "id": 1289, "name": "Daft Punk",
            "uri": "https://www.discogs.com/artist/1289-Daft-Punk" })),
        ("wikimedia", path) if path.contains("wbgetentities") => {
            ok(&json!({ "entities": { "Q185828": {
            "id": "Q185828", "claims": { "P18": [{ "mainsnak": { "datavalue": { "value": "D.jpg" } } }],
            "P434": [{ "mainsnak": { "datavalue": { "value": DAFT_PUNK } } }] },
            "sitelinks": { "dewiki": { "title": "Daft Punk" } } } } }))
        }
        ("wikimedia", path) if path.contains("titles=Daft+Punk") => {
            ok(&json!({ "query": { "pages": [
            { "title": "Daft Punk", "extract": "Daft Punk war ein Duo." }] } }))
        }
        ("wikimedia", path) if path.contains("titles=File%3AD.jpg") => ok(&json!({ "query": {
            "pages": [{ "imageinfo": [{ "url": "https://u.example/D.jpg" }] }] } })),
        ("spotify", "/artists/4tZwfgrHOc3mvqYlEYSvVi") => ok(&json!({
            "id": "4tZwfgrHOc3mvqYlEYSvVi", "name": "Daft Punk", "genres": ["filter house"] })),
        ("deezer", path)
            if path.starts_with("/artist/27") || path.starts_with("/search/artist") =>
        {
            let artist = json!({ "id": 27, "name": "Daft Punk", "nb_fan": 7,
                "picture_xl": "https://d.example/xl.jpg" });
            if path.starts_with("/search") {
                return ok(&json!({ "total": 1, "data": [artist] }));
            }
            ok(&artist)
        }
        ("spotify", path) if path.starts_with("/search?") => {
            ok(&json!({ "artists": { "total": 0, "offset": 0, "items": [] } }))
        }
        _ => None,
    }
}

#[tokio::test]
async fn an_artist_is_asked_for_everywhere_by_its_id_and_then_answered_by_the_cache() {
    let sources = Sources::answering(artist).await;
    let unified = sources.unified().language("de".parse().unwrap());
    let query = ArtistQuery::named("Daft Punk");
    let merged = unified.artist(&query).await.unwrap();
    let of = merged.value.as_ref().unwrap();
    assert_eq!(of.mbid.as_ref().unwrap().value.to_string(), DAFT_PUNK);
    assert_eq!(of.genres.as_ref().unwrap().from.as_str(), "musicbrainz");
    assert_eq!(of.biography.as_ref().unwrap().value.text, "Ein Duo.");
    let types: Vec<_> = of.images.keys().map(crate::DataType::as_str).collect();
    assert_eq!(types, ["artistbanner", "artistthumbnail"]);
    let expected = [
        ("deezer", "artist", SourceState::Fetched),
        ("discogs", "artist", SourceState::Fetched),
        ("fanarttv", "artist", SourceState::Fetched),
        ("lastfm", "artist", SourceState::LeftOut),
        ("musicbrainz", "artist", SourceState::Fetched),
        ("musicbrainz", "search artists", SourceState::Fetched),
        ("spotify", "artist", SourceState::Fetched),
        ("theaudiodb", "artist", SourceState::Fetched),
        ("wikimedia", "entity", SourceState::Fetched),
        ("wikimedia", "file", SourceState::Fetched),
        ("wikimedia", "summary", SourceState::Fetched),
    ];
    assert_eq!(states(&merged), expected);
    let attributions: Vec<_> = merged.sources.iter().filter_map(|it| it.attribution).collect();
    assert_eq!(attributions, [crate::providers::discogs::ATTRIBUTION]);

    let asked = sources.asked();
    for unified in [unified.clone(), unified.offline()] {
        let again = unified.artist(&query).await.unwrap();
        assert_eq!(again.value, merged.value);
        assert_eq!(state_of(&again, "deezer"), [SourceState::Fresh]);
    }
    assert_eq!(sources.asked(), asked);
}

#[tokio::test]
async fn a_source_that_fails_is_named_and_one_that_is_not_configured_is_not_asked() {
    let answer = |source: &str, path: &str| match source {
        "fanarttv" => Some(Reply::status(403)),
        _ => artist(source, path),
    };
    let sources = Sources::configured(answer, &["fanarttv", "theaudiodb"]).await;
    let query = ArtistQuery::identified(DAFT_PUNK.parse().unwrap());
    let merged = sources.unified().artist(&query).await.unwrap();
    assert_eq!(merged.value.as_ref().unwrap().country.as_ref().unwrap().value, "FR");
    assert_eq!(state_of(&merged, "fanarttv"), [SourceState::Failed]);
    let failed = merged.sources.iter().find(|it| it.from.as_str() == "fanarttv").unwrap();
    assert_eq!(failed.error.as_ref().unwrap().kind(), ErrorKind::Unauthorized);
    for name in ["lastfm", "spotify"] {
        assert_eq!(state_of(&merged, name), [SourceState::NotConfigured]);
        assert_eq!(sources.asked_of(name).len(), 0);
    }
    let told = serde_json::to_string(&merged).unwrap();
    assert!(told.contains("not_configured") && told.contains("403"), "{told}");
}

#[tokio::test]
async fn at_the_deadline_what_is_there_is_merged_and_the_rest_left_to_a_worker() {
    let is_silent = Arc::new(AtomicBool::new(false));
    let silent = Arc::clone(&is_silent);
    let answer = move |source: &str, path: &str| match source {
        "lastfm" | "deezer" if silent.load(Ordering::Acquire) => Some(Reply::silence()),
        "lastfm" | "deezer" => Some(Reply::status(403)),
        _ => artist(source, path),
    };
    let sources = Sources::answering(answer).await;
    let query = ArtistQuery::identified(DAFT_PUNK.parse().unwrap());
    // So that the cache has the answers of all others, and the deadline is theirs only.
    let merged = sources.unified().artist(&query).await.unwrap();
    assert_eq!(state_of(&merged, "deezer"), [SourceState::Failed]);
    is_silent.store(true, Ordering::Release);
    let unified = sources.unified().deadline(Duration::from_millis(100));
    let merged = unified.artist(&query).await.unwrap();
    assert!(merged.value.is_some());
    for name in ["lastfm", "deezer"] {
        assert_eq!(state_of(&merged, name), [SourceState::Pending], "{name}");
    }
    assert_eq!(state_of(&merged, "musicbrainz"), [SourceState::Fresh]);
    let queue = sources.cache.stats().await.unwrap().queue;
    assert_eq!(queue.leased + queue.immediate, 2);
}

#[tokio::test]
async fn without_musicbrainz_the_others_agree_on_whom_they_mean() {
    let answer = |source: &str, path: &str| match source {
        "musicbrainz" => Some(Reply::status(403)),
        _ => artist(source, path),
    };
    let sources = Sources::answering(answer).await;
    let merged = sources.unified().artist(&ArtistQuery::named("daft punk")).await.unwrap();
    let of = merged.value.as_ref().unwrap();
    assert_eq!(of.mbid.as_ref().unwrap().from.as_str(), "theaudiodb");
    // Last.fm means somebody else, so that Deezer may as well.
    assert_eq!(state_of(&merged, "lastfm"), [SourceState::LeftOut]);
    assert_eq!(state_of(&merged, "deezer"), [SourceState::LeftOut]);
    assert_eq!(state_of(&merged, "spotify"), [SourceState::Absent]);
    assert_eq!(state_of(&merged, "musicbrainz"), [SourceState::Failed]);
}

#[tokio::test]
async fn who_was_found_is_known_even_if_no_more_is_told() {
    let answer = |source: &str, path: &str| match (source, path) {
        ("musicbrainz", path) if path.starts_with("/artist?") => artist(source, path),
        _ => Some(Reply::status(403)),
    };
    let sources = Sources::answering(answer).await;
    let merged = sources.unified().artist(&ArtistQuery::named("Daft Punk")).await.unwrap();
    assert_eq!(merged.value.unwrap().mbid.unwrap().value.to_string(), DAFT_PUNK);
}

#[tokio::test]
async fn an_ambiguous_name_is_nobody_and_the_candidates_are_told() {
    let answer = |source: &str, path: &str| match source {
        "musicbrainz" if path.starts_with("/artist?") => ok(&json!({
            "count": 2, "offset": 0, "artists": [
                { "id": DAFT_PUNK, "name": "Daft Punk", "score": 100, "country": "FR" },
                { "id": NAMESAKE, "name": "Daft Punk", "score": 100, "disambiguation": "tribute" },
            ] })),
        _ => artist(source, path),
    };
    let sources = Sources::answering(answer).await;
    let merged = sources.unified().artist(&ArtistQuery::named("Daft Punk")).await.unwrap();
    assert!(merged.value.is_none());
    let told: Vec<_> = merged.candidates.iter().map(|it| it.about.as_deref().unwrap()).collect();
    assert_eq!(told, ["FR", "tribute"]);
    for name in ["deezer", "spotify", "fanarttv"] {
        assert_eq!(sources.asked_of(name).len(), 0, "{name}");
    }
}

#[tokio::test]
async fn what_says_nothing_is_refused() {
    let sources = Sources::answering(|_, _| None).await;
    let unified = sources.unified();
    let kinds = [
        unified.artist(&ArtistQuery::default()).await.map(drop),
        unified.artist(&ArtistQuery::named(" ")).await.map(drop),
        unified.album(&AlbumQuery::default()).await.map(drop),
        unified.album(&AlbumQuery::titled("x", "")).await.map(drop),
        unified.track(&TrackQuery::default()).await.map(drop),
        unified.track(&TrackQuery::titled("x".repeat(2_000_000), "y")).await.map(drop),
        unified.track(&TrackQuery::default().isrc("GB")).await.map(drop),
    ];
    for result in kinds {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(sources.asked(), 0);
    let nobody = unified.artist(&ArtistQuery::named("nobody")).await.unwrap();
    assert!(nobody.value.is_none() && nobody.candidates.is_empty());
    assert!(states(&nobody).iter().all(|it| it.2 == SourceState::Absent), "{:?}", states(&nobody));
}
