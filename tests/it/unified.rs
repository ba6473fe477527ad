//! `datacache artist`, `album` and `track`, with an API on loopback for every source.

use datacache::testing::{Origin, Received, Reply};
use datacache_tests::{Folder, Run, run, write};

const ID: &str = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";
const ARTISTS: &str = r#"{"count": 1, "offset": 0, "artists": [
    {"id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56", "name": "Daft Punk", "score": 100}]}"#;
const TWO: &str = r#"{"count": 2, "offset": 0, "artists": [
    {"id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56", "name": "Nova", "score": 100, "country": "FR"},
    {"id": "d1c2ed7f-22ef-4a77-a4c1-d91a1ba36a0e", "name": "Nova", "score": 100}]}"#;
const NOBODY: &str = r#"{"count": 0, "offset": 0, "artists": []}"#;
const ARTIST: &str = r#"{"id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56", "name": "Daft Punk",
    "genres": [{"name": "house\u001b[2J", "count": 2}], "relations": [{"type": "discogs",
    "url": {"resource": "https://www.discogs.com/artist/1289"}}]}"#;
const DISCOGS: &str = r#"{"id": 1289, "name": "Daft Punk", "images": [
    {"type": "primary", "uri": "https://i.discogs.com/1.jpeg"}]}"#;
const ALBUMS: &str = r#"{"count": 1, "offset": 0, "release-groups": [
    {"id": "48117b90-a16e-34ca-a514-19c702df1158", "title": "Discovery", "score": 100,
    "first-release-date": "2001-03-07", "artist-credit": [{"name": "Daft Punk"}]}]}"#;
const LASTFM: &str = r#"{"track": {"name": "One More Time", "artist": {"name": "Daft Punk"},
    "playcount": "98765"}}"#;
const LINKS: &str = r#"{"entityUniqueId": "a", "linksByPlatform": {"tidal":
    {"url": "https://listen.tidal.com/track/1550546"}}}"#;

/// What everybody answers: the paths tell who is asked.
fn api(request: &Received) -> Reply {
    match request.path.as_str() {
        path if path.starts_with("/mb/artist?query=Daft+Punk&") => Reply::ok(ARTISTS),
        path if path.starts_with("/mb/artist?query=Nova&") => Reply::ok(TWO),
        path if path.starts_with("/mb/artist?query=nobody&") => Reply::ok(NOBODY),
        path if path.starts_with("/mb/artist?query=refused&") => Reply::status(403),
        path if path.starts_with("/mb/artist?query=late&") => Reply::silence(),
        path if path.starts_with(&format!("/mb/artist/{ID}?inc=")) => Reply::ok(ARTIST),
        path if path.starts_with("/mb/release-group?") => Reply::ok(ALBUMS),
        "/discogs/artists/1289" => Reply::ok(DISCOGS),
        path if path.contains("method=track.getInfo") => Reply::ok(LASTFM),
        path if path.contains("platform=spotify&type=song&id=0DiWol3AO6WpXZgp0goxAV") => {
            Reply::ok(LINKS)
        }
        path if path.starts_with("/fanart/") => Reply::status(403),
        _ => Reply::status(404),
    }
}

/// What is said where nobody who was asked knows anything.
const NONE: &str = "there is none: no source that was asked knows it; without a key or contact \
    spotify, theaudiodb cannot be asked\n";

struct Shop {
    folder: Folder,
    /// A host of its own for each source, as who is asked is told from the host.
    origins: Vec<Origin>,
}

impl Shop {
    /// All sources but Spotify and TheAudioDB have what they want.
    fn open() -> Self {
        let (folder, mut origins) = (Folder::new(), Vec::new());
        let mut config = "[http]\ncontact = 'dj@example.org'\n".to_owned();
        for (provider, path, settings) in [
            ("musicbrainz", "/mb", ""),
            ("coverartarchive", "/covers", ""),
            ("theaudiodb", "/api/v1/json/", ""),
            ("fanarttv", "/fanart", "api_key = 'S3CRETVALUE'\n"),
            ("discogs", "/discogs", ""),
            ("lastfm", "/lastfm", "api_key = 'S3CRETVALUE'\n"),
            ("wikimedia", "/wiki", ""),
            ("spotify", "/spotify", ""),
            ("songlink", "/songlink", ""),
            ("deezer", "/deezer", ""),
        ] {
            let origin = Origin::start(api).unwrap();
            let base_url = origin.url(path);
            let section = format!("[providers.{provider}]\nbase_url = '{base_url}'\n");
            config.extend([&*section, "budget = 'none'\n", settings]);
            origins.push(origin);
        }
        write(folder.beside("datacache.toml"), config);
        Self { folder, origins }
    }

    /// How many questions were asked, of anybody.
    fn asked(&self) -> usize {
        self.origins.iter().map(|origin| origin.received().len()).sum()
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut command = self.folder.program(args);
        let run = run(command.arg("--config").arg(self.folder.beside("datacache.toml")));
        assert!(!format!("{} {}", run.text(), run.stderr).contains("S3CRETVALUE"), "{run:?}");
        run
    }
}

#[test]
fn an_artist_is_a_table_for_people_and_an_object_for_programs() {
    let shop = Shop::open();
    let found = shop.run(&["artist", "Daft Punk"]);
    assert_eq!(found.status, 0, "{found:?}");
    let text = found.text();
    for line in [
        "FIELD            FROM         VALUE\n",
        "name             musicbrainz  Daft Punk\n",
        "genres           musicbrainz  house [2J\n",
        "artistthumbnail  discogs      https://i.discogs.com/1.jpeg\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    // One line for the source that failed, none for those that are not configured.
    let told: Vec<&str> = found.stderr.lines().collect();
    let [failed, attribution] = told[..] else { panic!("{found:?}") };
    assert!(failed.starts_with("warning: fanarttv: ") && failed.contains("403"), "{found:?}");
    assert_eq!(attribution, "Data provided by Discogs.");

    let asked = shop.asked();
    let told = shop.run(&["artist", "Daft Punk", "--offline", "--json"]).json();
    assert_eq!(told["value"]["mbid"]["value"], ID);
    assert_eq!(told["value"]["name"]["from"], "musicbrainz");
    let sources = told["sources"].as_array().unwrap();
    let state_of = |name: &str| {
        let source = sources.iter().find(|source| source["from"] == name);
        source.map(|source| source["state"].as_str().unwrap())
    };
    assert_eq!(state_of("discogs"), Some("fresh"));
    assert_eq!(state_of("fanarttv"), Some("not_cached"));
    assert_eq!(shop.asked(), asked);
}

#[test]
fn a_track_has_the_plays_of_all_who_count() {
    let shop = Shop::open();
    let id = "0DiWol3AO6WpXZgp0goxAV";
    let args = [
        "track",
        "One More Time",
        "--artist",
        "Daft Punk",
        "--spotify-id",
        id,
        "--local-plays",
        "7",
    ];
    let found = shop.run(&args);
    assert_eq!(found.status, 0, "{found:?}");
    let text = found.text();
    for line in [
        "plays  local     7\n",
        "plays  lastfm    98765\n",
        "plays  all       98772\n",
        "tidal  songlink  https://listen.tidal.com/track/1550546\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let plays = &shop.run(&[&args[..], &["--json"]].concat()).json()["value"]["plays"];
    let expected =
        serde_json::json!({ "local": 7, "spotify": null, "lastfm": 98_765, "total": 98_772 });
    assert_eq!(*plays, expected);
}

#[test]
fn an_album_is_found_by_title_and_artist() {
    let shop = Shop::open();
    let found = shop.run(&["album", "discovery", "--artist", "Daft Punk"]);
    assert_eq!(found.status, 0, "{found:?}");
    assert!(found.text().contains("date   musicbrainz  2001-03-07\n"), "{found:?}");
}

#[test]
fn the_exit_status_tells_why_there_is_nothing() {
    let shop = Shop::open();
    let nobody = shop.run(&["artist", "nobody"]);
    assert_eq!((nobody.status, &*nobody.stderr), (3, NONE));

    let late = shop.run(&["artist", "late", "--deadline", "100ms"]);
    assert_eq!(late.status, 4, "{late:?}");
    assert!(late.stderr.contains("pending: musicbrainz: search artists\n"), "{late:?}");

    let refused = shop.run(&["artist", "refused"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("warning: musicbrainz: "), "{refused:?}");

    let several = shop.run(&["artist", "Nova"]);
    assert_eq!(several.status, 1, "{several:?}");
    assert!(several.stderr.contains(&format!("{ID}  Nova  FR\n")), "{several:?}");
    assert!(several.stderr.ends_with("choose one by --mbid\n"), "{several:?}");
}

#[test]
fn what_cannot_be_asked_is_told_in_one_line() {
    let shop = Shop::open();
    for (args, words) in [
        (&["artist"][..], &["missing"][..]),
        (&["artist", " "], &["empty"]),
        (&["artist", "--mbid", "7"], &["UUID"]),
        (&["album", "Discovery"], &["missing", "--artist"]),
        (&["track", "x", "--artist", "y", "--isrc", "GB"], &["ISRC"]),
        (&["track", "--local-plays", "7"], &["missing"]),
    ] {
        shop.run(args).assert_failed(2, words);
    }
    assert_eq!(shop.asked(), 0);
    let told = shop.run(&["artist", " ", "--json"]);
    assert!(told.json()["error"].as_str().unwrap().contains("empty"), "{told:?}");
}
