//! The archives of pictures and facts by name, with an API on loopback: `coverart`, `theaudiodb`,
//! `fanarttv`, `discogs`.

use std::fs;
use std::process::Command;

use datacache::testing::{Origin, Received, Reply};
use datacache_tests::{Folder, Run, run, write};

const SECRET: &str = "S3CRETVALUE";
const ID: &str = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";
const COVERS: &str = r#"{"images": [{"id": "7", "types": ["Front", "Booklet"], "front": true,
    "approved": true, "image": "https://coverartarchive.org/7.jpg", "thumbnails": {}}]}"#;
const ARTISTS: &str = r#"{"artists": [{"idArtist": "111239", "strArtist": "Daft Punk",
    "strArtistThumb": "https://r2.theaudiodb.com/t.jpg", "intFormedYear": "1993",
    "strBiography": "French duo", "strBiographyDE": "Französisches Duo\u001b[2J"}]}"#;
const FANART: &str = r#"{"name": "Daft Punk", "mbid_id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56",
    "artistthumb": [{"url": "https://assets.fanart.tv/1.jpg", "likes": "2", "lang": "en"},
    {"url": "https://assets.fanart.tv/2.jpg", "likes": "10"}], "albums": []}"#;
const RELEASE: &str = r#"{"id": 19187, "title": "Discovery", "artists": [{"name": "Daft Punk"}],
    "tracklist": [{"position": "A1", "title": "One More Time", "duration": "5:20"}]}"#;
const RESULTS: &str = r#"{"pagination": {"page": 1, "pages": 2, "items": 60},
    "results": [{"id": 19187, "title": "Daft Punk - Discovery", "year": "2001"}]}"#;
const NO_RESULTS: &str = r#"{"pagination": {"page": 1, "pages": 0, "items": 0}, "results": []}"#;

fn api(request: &Received) -> Reply {
    let token = request.headers.get("authorization");
    let has_token = token.is_some_and(|token| *token == format!("Discogs token={SECRET}"));
    let path = request.path.replace(SECRET, "KEY");
    match path.as_str() {
        "/api/v1/json/KEY/search.php?s=Daft+Punk" => Reply::ok(ARTISTS),
        "/api/v1/json/KEY/search.php?s=nobody" => Reply::ok(r#"{"artists": null}"#),
        "/v3.2/music/056e4f3e-d505-4dad-8ec1-d04f521cbb56?api_key=KEY" => Reply::ok(FANART),
        "/releases/19187" => Reply::ok(RELEASE),
        path if path == format!("/release/{ID}") => Reply::ok(COVERS),
        path if path.contains("/database/search?") && !has_token => Reply::status(401),
        path if path.contains("release_title=nothing&") => Reply::ok(NO_RESULTS),
        path if path.contains("release_title=Discovery&") => Reply::ok(RESULTS),
        _ => Reply::status(404),
    }
}

/// Where the API of each begins.
const PATHS: &[(&str, &str)] = &[
    ("coverartarchive", "/"),
    ("theaudiodb", "/api/v1/json/"),
    ("fanarttv", "/v3.2/"),
    ("discogs", "/"),
];

/// Where the key is found.
const VARIABLE: &str = "KEY_OF_SHOP";

struct Shop {
    folder: Folder,
    origin: Origin,
}

impl Shop {
    /// One of the four, on loopback.
    fn open(provider: &str) -> Self {
        let (folder, origin) = (Folder::new(), Origin::start(api).unwrap());
        let (_, path) = PATHS.iter().find(|(name, _)| *name == provider).unwrap();
        let base_url = origin.url(path);
        let config = format!(
            "[providers.{provider}]\nbase_url = '{base_url}'\nbudget = 'none'\n\
             api_key_env = '{VARIABLE}'\n"
        );
        write(folder.beside("datacache.toml"), config);
        Self { folder, origin }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.folder.program(args);
        command.arg("--config").arg(self.folder.beside("datacache.toml"));
        command
    }

    /// A run without key.
    fn run(&self, args: &[&str]) -> Run {
        run(self.command(args).env_remove(VARIABLE))
    }

    /// A run with the key, which it keeps for itself.
    fn run_with_key(&self, args: &[&str]) -> Run {
        let run = run(self.command(args).env(VARIABLE, SECRET));
        self.assert_kept(&run);
        run
    }

    /// Asserts that no file has the secret, nor what a run has said.
    fn assert_kept(&self, run: &Run) {
        let has_it = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(SECRET);
        assert!(!has_it(&run.stdout) && !has_it(run.stderr.as_bytes()), "{run:?}");
        for file in self.folder.files() {
            let bytes = fs::read(self.folder.dir().join(&file)).unwrap();
            assert!(!has_it(&bytes), "{} has the secret", file.display());
        }
    }
}

#[test]
fn covers_are_listed_and_what_has_none_is_absent() {
    let shop = Shop::open("coverartarchive");
    let listed = shop.run(&["coverart", "release", ID]);
    assert_eq!(listed.status, 0, "{listed:?}");
    let text = listed.text();
    assert!(text.contains("front     Front, Booklet  yes"), "{text}");
    assert!(text.contains("https://coverartarchive.org/7.jpg"), "{text}");
    let told = shop.run(&["coverart", "release", ID, "--json"]).json();
    assert_eq!(told["value"]["images"][0]["front"], true);
    assert_eq!(told["provider"], "coverartarchive");
    assert!(told.get("attribution").is_none(), "{told}");
    for _ in 0..2 {
        assert_eq!(shop.run(&["coverart", "release-group", ID]).status, 3);
    }
    assert_eq!(shop.origin.received().len(), 2);
}

#[test]
fn an_artist_is_shown_in_the_language_that_is_wanted() {
    let shop = Shop::open("theaudiodb");
    let search = ["theaudiodb", "search-artists", "Daft Punk"];
    let found = shop.run_with_key(&[&search[..], &["--lang", "de"]].concat());
    assert_eq!(found.status, 0, "{found:?}");
    let text = found.text();
    assert!(text.contains("formed     1993\n"), "{text}");
    assert!(text.contains("thumb      https://r2.theaudiodb.com/t.jpg\n"), "{text}");
    assert!(text.contains("biography  Französisches Duo [2J\n"), "{text}");
    let told = shop.run_with_key(&[&search[..], &["--json"]].concat());
    assert_eq!(told.json()["value"][0]["biographies"]["en"], "French duo");
    for _ in 0..2 {
        let nobody = shop.run_with_key(&["theaudiodb", "search-artists", "nobody"]);
        assert_eq!(nobody.status, 3, "{nobody:?}");
    }
    assert_eq!(shop.origin.received().len(), 2);
}

#[test]
fn the_pictures_that_most_people_like_come_first() {
    let shop = Shop::open("fanarttv");
    let found = shop.run_with_key(&["fanarttv", "artist", ID]);
    assert_eq!(found.status, 0, "{found:?}");
    let text = found.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "thumb  10               https://assets.fanart.tv/2.jpg", "{text}");
    assert_eq!(lines[2], "thumb  2      en        https://assets.fanart.tv/1.jpg", "{text}");
    let unknown = "76df3287-6cda-33eb-8e9a-044b5e15ffdd";
    assert_eq!(shop.run_with_key(&["fanarttv", "artist", unknown]).status, 3);
}

#[test]
fn what_comes_from_discogs_says_so() {
    let shop = Shop::open("discogs");
    let release = shop.run(&["discogs", "release", "19187"]);
    assert_eq!(release.status, 0, "{release:?}");
    assert!(release.text().contains("A1  5:20    One More Time"), "{release:?}");
    assert_eq!(release.stderr, "Data provided by Discogs.\n");
    let told = shop.run(&["discogs", "release", "19187", "--json"]).json();
    assert_eq!(told["attribution"], "Data provided by Discogs.");
    assert_eq!(told["value"]["title"], "Discovery");

    let search = ["discogs", "search-releases", "Discovery", "--artist", "Daft Punk"];
    let found = shop.run_with_key(&search);
    assert!(found.text().contains("Daft Punk - Discovery"), "{found:?}");
    assert!(found.stderr.starts_with("page 1 of 2; more with --page 2\n"), "{found:?}");
    let nothing = shop.run_with_key(&["discogs", "search-releases", "nothing", "--json"]);
    assert_eq!(nothing.status, 3, "{nothing:?}");
    assert!(nothing.json().get("attribution").is_none(), "{nothing:?}");
}

#[test]
fn what_needs_a_key_says_where_it_is_missing() {
    for (provider, call) in [
        ("theaudiodb", &["search-artists", "!!!"][..]),
        ("fanarttv", &["artist", ID]),
        ("discogs", &["search-artists", "!!!"]),
    ] {
        let shop = Shop::open(provider);
        let failed = shop.run(&[&[provider], call].concat());
        let section = format!("[providers.{provider}]");
        failed.assert_failed(1, &["api_key", &section, VARIABLE]);
        assert_eq!(shop.origin.received(), []);
    }
}

#[test]
fn what_cannot_be_asked_is_told_in_one_line() {
    let shop = Shop::open("discogs");
    shop.run(&["coverart", "release", "7"]).assert_failed(2, &["UUID"]);
    shop.run(&["fanarttv", "artist", "7"]).assert_failed(2, &["UUID"]);
    shop.run(&["discogs", "artist", "x"]).assert_failed(2, &["<ID>"]);
    shop.run(&["theaudiodb", "search-artists", " "]).assert_failed(2, &["empty"]);
    shop.run(&["theaudiodb", "search-albums", "x", ""]).assert_failed(2, &["empty"]);
    shop.run(&["discogs", "search-artists", " "]).assert_failed(2, &["empty"]);
    let page_0 = ["discogs", "search-artists", "x", "--page", "0"];
    shop.run(&page_0).assert_failed(2, &["from 1"]);
    assert_eq!(shop.origin.received(), []);
}
