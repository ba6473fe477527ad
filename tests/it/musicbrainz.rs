//! `datacache musicbrainz …` with an API on loopback.

use datacache::testing::{Origin, Received, Reply};
use datacache_tests::{Folder, Run, run, write};

const ARTISTS: &str = r#"{"count": 2, "offset": 0, "artists": [
    {"id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56", "name": "Daft Punk", "score": 100, "country": "FR"},
    {"id": "d1c2ed7f-22ef-4a77-a4c1-d91a1ba36a0e", "name": "!!!\u001b[2J", "score": "41"}]}"#;
const NOBODY: &str = r#"{"count": 0, "offset": 0, "artists": []}"#;
const ID: &str = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";
const ARTIST: &str = r#"{"id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56", "name": "Daft Punk",
    "relations": [{"type": "discogs", "url": {"resource": "https://www.discogs.com/artist/1289"}}]}"#;

fn api(request: &Received) -> Reply {
    match &request.path {
        path if path.starts_with("/ws/2/artist?query=nobody") => Reply::ok(NOBODY),
        path if path.starts_with("/ws/2/artist?query=busy") => Reply::status(503),
        path if path.starts_with("/ws/2/artist?query=Daft+Punk&") => Reply::ok(ARTISTS),
        path if path.starts_with(&format!("/ws/2/artist/{ID}?inc=genres+url-rels")) => {
            Reply::ok(ARTIST)
        }
        _ => Reply::status(404),
    }
}

struct Shop {
    folder: Folder,
    origin: Origin,
}

impl Shop {
    fn open() -> Self {
        let (folder, origin) = (Folder::new(), Origin::start(api).unwrap());
        let base_url = origin.url("/ws/2");
        let config = format!(
            "[http]\ncontact = 'dj@example.org'\n[providers.musicbrainz]\nbase_url = '{base_url}'\n\
             budget = 'none'\n"
        );
        write(folder.beside("datacache.toml"), config);
        Self { folder, origin }
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut command = self.folder.program(["musicbrainz"]);
        run(command.args(args).arg("--config").arg(self.folder.beside("datacache.toml")))
    }
}

#[test]
fn a_search_is_a_table_for_people_and_an_object_for_programs() {
    let shop = Shop::open();
    let found = shop.run(&["search-artists", "Daft Punk", "--limit", "2"]);
    assert_eq!(found.status, 0, "{found:?}");
    let text = found.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("MBID ") && lines[0].contains("SCORE  NAME"), "{text}");
    assert!(lines[1].starts_with(ID) && lines[1].contains("100    Daft Punk  FR"), "{text}");
    assert!(lines[2].contains("!!! [2J") && !text.contains('\u{1b}'), "{text}");

    let told = shop.run(&["search-artists", "Daft Punk", "--limit", "2", "--json"]).json();
    assert_eq!((&told["outcome"], &told["source"]), (&"fresh".into(), &"store".into()));
    assert_eq!(told["value"]["artists"][0]["name"], "Daft Punk");
    assert_eq!(shop.origin.received().len(), 1);
    assert!(shop.origin.received()[0].headers["user-agent"].contains("dj@example.org"));
}

#[test]
fn an_artist_is_looked_up_with_what_was_asked_for() {
    let shop = Shop::open();
    let artist = shop.run(&["artist", ID, "--inc", "url-rels,genres"]);
    assert_eq!(artist.status, 0, "{artist:?}");
    assert!(artist.text().contains("discogs  https://www.discogs.com/artist/1289"), "{artist:?}");
    let raw = shop.run(&["artist", ID, "--inc", "url-rels,genres", "--raw", "--json"]);
    assert_eq!(raw.text(), ARTIST);
    let unknown = shop.run(&["artist", ID]);
    assert_eq!(unknown.status, 3, "{unknown:?}");
    assert!(unknown.stderr.starts_with("there is none: "), "{unknown:?}");
}

#[test]
fn a_throttled_search_is_no_absence_and_one_that_finds_nothing_is() {
    let shop = Shop::open();
    shop.run(&["search-artists", "busy"]).assert_failed(1, &["503"]);
    assert_eq!(shop.run(&["search-artists", "busy", "--offline"]).status, 3);
    run(shop.folder.program(["limits", "clear", "musicbrainz"]).args(["--json"]));
    for _ in 0..2 {
        assert_eq!(shop.run(&["search-artists", "nobody"]).status, 3);
    }
    assert_eq!(shop.origin.received().len(), 2);
}

#[test]
fn what_cannot_be_asked_is_told_in_one_line() {
    let shop = Shop::open();
    shop.run(&["artist", "7"]).assert_failed(2, &["UUID"]);
    shop.run(&["artist", ID, "--inc", "everything"]).assert_failed(2, &["url-rels"]);
    shop.run(&["search-artists", " "]).assert_failed(2, &["empty"]);
    shop.run(&["search-artists", "x", "--limit", "101"]).assert_failed(2, &["1 to 100"]);
    write(shop.folder.beside("datacache.toml"), "");
    shop.run(&["search-artists", "x"]).assert_failed(1, &["contact", "DATACACHE_HTTP_CONTACT"]);
}
