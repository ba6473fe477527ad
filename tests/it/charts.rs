//! Last.fm, Wikimedia, Spotify, Songlink and Deezer from the command line, with APIs on loopback.

use std::fs;

use datacache::testing::{Origin, Received, Reply};
use datacache_tests::{Folder, Run, run, write};

const SECRET: &str = "S3CRETVALUE";

/// `me:S3CRETVALUE`, and what is had for it.
const BASIC: &str = "Basic bWU6UzNDUkVUVkFMVUU=";
const BEARER: &str = "Bearer S3CRETVALUETOKEN";

/// Where the keys of those are found who want one.
const VARIABLE: &str = "CHARTS_KEY";

const TRACK: &str = "0DiWol3AO6WpXZgp0goxAV";
const ARTIST: &str = r#"{"artist": {"name": "!!!\u001b[2J", "stats": {"listeners": "412345"},
    "tags": {"tag": {"name": "dance-punk"}}, "bio": {"content": "Eine Band."}}}"#;
const UNKNOWN: &str = r#"{"error": 6, "message": "The artist you supplied could not be found"}"#;
const BUSY: &str = r#"{"error": 29, "message": "Rate Limit Exceeded"}"#;
const ENTITY: &str = r#"{"entities": {"Q185828": {"id": "Q185828", "labels": {"de": {"value": "Daft Punk"}},
    "claims": {"P18": [{"mainsnak": {"datavalue": {"value": "Daft Punk.jpg"}}}]}, "sitelinks": []}}}"#;
const SUMMARY: &str = r#"{"query": {"pages": [{"title": "Daft Punk", "extract": "Ein Duo.",
    "thumbnail": {"source": "https://upload.example/330.jpg", "width": 330, "height": 220}}]}}"#;
const MISSING: &str = r#"{"query": {"pages": [{"title": "Nobody", "missing": true}]}}"#;
const TRACKS: &str = r#"{"tracks": {"total": 7, "offset": 0, "items": [{"id": "0DiWol3AO6WpXZgp0goxAV",
    "name": "One More Time", "duration_ms": 320357, "artists": [{"id": "4tZwfgrHOc3mvqYlEYSvVi",
    "name": "Daft Punk"}]}]}}"#;
const LINKS: &str = r#"{"entityUniqueId": "a", "linksByPlatform": {"tidal":
    {"url": "https://listen.tidal.com/track/1550546"}}, "entitiesByUniqueId": {"a": {"title": "One More Time"}}}"#;
const ARTISTS: &str =
    r#"{"total": 1, "data": [{"id": 27, "name": "Daft Punk", "nb_fan": 4887262}]}"#;

fn lastfm(Received { path, .. }: &Received) -> Reply {
    match path {
        path if !path.ends_with(&format!("&api_key={SECRET}")) => Reply::status(403),
        path if path.contains("artist=nobody") => Reply::ok(UNKNOWN),
        path if path.contains("artist=busy") => Reply::ok(BUSY),
        _ => Reply::ok(ARTIST),
    }
}

fn wikimedia(Received { path, .. }: &Received) -> Reply {
    match path {
        path if path.starts_with("/www.wikidata.org/w/api.php?") => Reply::ok(ENTITY),
        path if !path.starts_with("/de.wikipedia.org/w/api.php?") => Reply::status(403),
        path if path.contains("titles=Nobody") => Reply::ok(MISSING),
        _ => Reply::ok(SUMMARY),
    }
}

fn spotify(Received { path, headers, .. }: &Received) -> Reply {
    match (&**path, headers.get("authorization").map(String::as_str)) {
        ("/token", Some(BASIC)) => Reply::ok(format!(
            r#"{{"access_token": "{SECRET}TOKEN", "token_type": "Bearer", "expires_in": 3600}}"#
        )),
        (path, Some(BEARER)) if path.starts_with("/search?") => Reply::ok(TRACKS),
        _ => Reply::status(403),
    }
}

/// Answers what begins like this.
fn only(start: &'static str, body: &'static str) -> impl Fn(&Received) -> Reply {
    move |request| {
        if request.path.starts_with(start) { Reply::ok(body) } else { Reply::status(403) }
    }
}

struct Shop {
    folder: Folder,
    origins: [Origin; 5],
}

impl Shop {
    fn open() -> Self {
        let env = format!("api_key_env = '{VARIABLE}'\n");
        let client = format!("client_id = 'me'\nclient_secret_env = '{VARIABLE}'\n");
        let mut config = "[http]\ncontact = 'dj@example.org'\n".to_owned();
        let origins = [
            ("lastfm", &*env, Origin::start(lastfm)),
            ("wikimedia", "", Origin::start(wikimedia)),
            ("spotify", &*client, Origin::start(spotify)),
            ("songlink", "", Origin::start(only("/links?", LINKS))),
            ("deezer", "", Origin::start(only("/search/artist?q=", ARTISTS))),
        ];
        let origins = origins.map(|(provider, settings, origin)| {
            let origin = origin.unwrap();
            let base_url = origin.url("/");
            let section = format!("[providers.{provider}]\nbase_url = '{base_url}'\n");
            let token_url = format!("token_url = '{base_url}token'\n");
            let token_url = if provider == "spotify" { &*token_url } else { "" };
            config.extend([&section, "budget = 'none'\n", settings, token_url]);
            origin
        });
        let folder = Folder::new();
        write(folder.beside("datacache.toml"), config);
        Self { folder, origins }
    }

    /// How many questions were asked, of anybody.
    fn asked(&self) -> usize {
        let received = self.origins.iter().flat_map(Origin::received);
        received.filter(|request| request.path != "/token").count()
    }

    fn run_with(&self, key: Option<&str>, args: &[&str]) -> Run {
        let mut command = self.folder.program(args);
        command.arg("--config").arg(self.folder.beside("datacache.toml"));
        match key {
            Some(key) => command.env(VARIABLE, key),
            None => command.env_remove(VARIABLE),
        };
        run(&mut command)
    }

    fn run(&self, args: &[&str]) -> Run {
        let run = self.run_with(Some(SECRET), args);
        let shown = format!("{} {}", run.text(), run.stderr);
        assert!(!shown.contains(SECRET), "{run:?}");
        for file in self.folder.files() {
            let bytes = fs::read(self.folder.dir().join(&file)).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{}", file.display());
        }
        run
    }
}

#[test]
fn each_provider_has_a_table_for_people_and_an_object_for_programs() {
    let shop = Shop::open();
    let song = format!("https://open.spotify.com/track/{TRACK}");
    for (args, shown, pointer, value) in [
        (
            &["lastfm", "artist", "!!!", "--lang", "de"][..],
            &["listeners  412345", "tags       dance-punk", "about      Eine Band."][..],
            "/value/listeners",
            "412345",
        ),
        (
            &["wikimedia", "entity", "Q185828", "--lang", "de"],
            &["label  Daft Punk", "image  Daft Punk.jpg"],
            "/value/images/0",
            "\"Daft Punk.jpg\"",
        ),
        (
            &["wikimedia", "summary", "Daft Punk", "--lang", "de", "--width", "330"],
            &["about          Ein Duo.", "image 330x220  https://upload.example/330.jpg"],
            "/value/thumbnail/width",
            "330",
        ),
        (
            &["spotify", "search-tracks", "One More Time"],
            &["0DiWol3AO6WpXZgp0goxAV  5:20    One More Time  Daft Punk"],
            "/value/tracks/0/length_ms",
            "320357",
        ),
        (
            &["songlink", &song],
            &["title  One More Time", "tidal  https://listen.tidal.com/track/1550546"],
            "/value/links/0/platform",
            "\"tidal\"",
        ),
        (
            &["songlink", "--platform", "spotify", "--id", TRACK],
            &["tidal  https://listen.tidal.com/track/1550546"],
            "/value/song/title",
            "\"One More Time\"",
        ),
        (
            &["deezer", "search-artists", "Daft Punk"],
            &["27  4887262  Daft Punk"],
            "/value/artists/0/fans",
            "4887262",
        ),
    ] {
        let asked = shop.asked();
        let told = shop.run(args);
        assert_eq!(told.status, 0, "{told:?}");
        let text = told.text();
        assert!(shown.iter().all(|line| text.contains(line)), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        let told = shop.run(&[args, &["--json"]].concat()).json();
        assert_eq!(told["outcome"], "fresh", "{told}");
        assert_eq!(told.pointer(pointer).unwrap().to_string(), value, "{told}");
        assert_eq!(shop.asked(), asked + 1, "{args:?}");
    }
}

#[test]
fn what_a_provider_does_not_know_is_remembered_and_a_throttle_is_not() {
    let shop = Shop::open();
    for args in
        [&["lastfm", "artist", "nobody"][..], &["wikimedia", "summary", "Nobody", "--lang", "de"]]
    {
        let asked = shop.asked();
        for _ in 0..2 {
            let absent = shop.run(args);
            assert_eq!(absent.status, 3, "{absent:?}");
            assert!(absent.stderr.starts_with("there is none: "), "{absent:?}");
        }
        assert_eq!(shop.asked(), asked + 1);
    }
    shop.run(&["lastfm", "artist", "busy"]).assert_failed(1, &["error 29"]);
    let offline = shop.run(&["lastfm", "artist", "busy", "--offline"]);
    assert!(offline.stderr.starts_with("not in the cache: "), "{offline:?}");
}

#[test]
fn without_a_key_the_cache_answers_and_nobody_is_asked() {
    let shop = Shop::open();
    for (args, section) in [
        (&["lastfm", "artist", "!!!"][..], "[providers.lastfm]"),
        (&["spotify", "search-tracks", "x"], "[providers.spotify]"),
    ] {
        let asked = shop.asked();
        shop.run_with(None, args).assert_failed(1, &[section, VARIABLE]);
        assert_eq!(shop.asked(), asked);
        assert_eq!(shop.run(args).status, 0);
        assert_eq!(shop.run_with(None, args).status, 0);
        assert_eq!(shop.run_with(None, &[args, &["--offline"]].concat()).status, 0);
    }
    shop.run_with(Some("another"), &["lastfm", "artist", "x"]).assert_failed(1, &["403"]);
}

#[test]
fn what_cannot_be_asked_is_told_in_one_line() {
    let shop = Shop::open();
    for (args, words) in [
        (&["lastfm", "artist"][..], &["missing"][..]),
        (&["lastfm", "artist", " "], &["empty"]),
        (&["lastfm", "artist", "x", "--lang", "english"], &["two letters"]),
        (&["lastfm", "album", "x"], &["missing"]),
        (&["wikimedia", "entity", "P18"], &["Q185828"]),
        (&["wikimedia", "summary", "a|b"], &["title"]),
        (&["wikimedia", "summary", "x", "--lang", "en.evil.example"], &["language"]),
        (&["spotify", "track", "7"], &["22 letters"]),
        (&["spotify", "search-tracks", "x", "--limit", "51"], &["1 to 50"]),
        (&["songlink", "One More Time"], &["URL"]),
        (&["songlink"], &["missing"]),
        (&["songlink", "--id", "7"], &["missing", "--platform"]),
        (&["songlink", "https://a.example/", "--country", "Germany"], &["two letters"]),
    ] {
        shop.run(args).assert_failed(2, words);
    }
    assert_eq!(shop.asked(), 0);
}
