//! `datacache import-wnp`: the cache of whats-now-playing, as its program leaves it or is using it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use datacache::Checksum;
use datacache_tests::{Folder, Run, body, write};
use image::ImageFormat;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::picture::picture;

const SCHEMA: &str = "CREATE TABLE cached_data (url TEXT PRIMARY KEY, cachekey TEXT UNIQUE, \
      identifier TEXT NOT NULL, data_type TEXT NOT NULL, provider TEXT NOT NULL, data_value BLOB, \
      file_path TEXT, metadata TEXT, created_at REAL NOT NULL, expires_at REAL NOT NULL, \
      access_count INTEGER DEFAULT 1, last_accessed REAL NOT NULL, data_size INTEGER NOT NULL, \
      status_code INTEGER NOT NULL DEFAULT 200, mime_type TEXT, content_checksum TEXT, \
      color_palette TEXT); \
    CREATE TABLE pending_requests (request_id TEXT PRIMARY KEY, provider TEXT NOT NULL, \
      request_key TEXT NOT NULL, data_type TEXT NOT NULL DEFAULT '', params TEXT NOT NULL, \
      priority INTEGER NOT NULL, created_at INTEGER NOT NULL, attempts INTEGER DEFAULT 0, \
      last_attempt INTEGER DEFAULT 0, status TEXT DEFAULT 'pending')";

const LARGE_URL: &str = "https://r2.theaudiodb.com/images/fanart.png";
const COVER_URL: &str = "https://a.example/cover.png";
const API_URL: &str = "https://www.theaudiodb.com/api/v1/json/523532/search.php?s=Daft+Punk";
const CACHEKEY: &str = "8c2e1a5e-1f0b-4a58-9c6f-0d9b8ac7a001";

/// A cache of that program.
struct Wnp {
    dir: PathBuf,
    connection: SqliteConnection,
}

impl Wnp {
    async fn new(folder: &Folder) -> Self {
        let dir = folder.beside("NowPlaying").join("datacache");
        fs::create_dir_all(&dir).unwrap();
        let options = SqliteConnectOptions::new().filename(dir.join("datacache.sqlite"));
        let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await.unwrap();
        Self { dir, connection }
    }

    /// An entry as that program stores it: up to 16 KiB in the row, else in a file.
    async fn store(&mut self, url: &str, data_type: &str, provider: &str, data: &[u8]) {
        let file = (data.len() > 16 * 1024).then(|| blob(url));
        if let Some(file) = &file {
            fs::create_dir_all(self.dir.join(file).parent().unwrap()).unwrap();
            write(self.dir.join(file), data);
        }
        let inline = file.is_none().then_some(data);
        let insert = "INSERT INTO cached_data VALUES (?1, ?2, 'daft_punk', ?3, ?4, ?5, ?6, \
            '{\"a\": 1}', 1700000000.25, 4000000000.5, 4, 1700000500.0, ?7, 200, NULL, ?8, \
            '{\"type\": \"vibrant\"}')";
        sqlx::query(insert)
            .bind(url)
            .bind(if url == COVER_URL { CACHEKEY } else { url })
            .bind(data_type)
            .bind(provider)
            .bind(inline)
            .bind(file.map(|file| file.to_str().unwrap().to_owned()))
            .bind(i64::try_from(data.len()).unwrap())
            .bind(Checksum::of(data).to_string())
            .execute(&mut self.connection)
            .await
            .unwrap();
    }

    async fn execute(&mut self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.connection).await.unwrap();
    }

    async fn queue(&mut self, id: &str, status: &str, priority: i64, params: &str) {
        let insert = "INSERT INTO pending_requests \
            VALUES (?1, 'theaudiodb', 'fetch_url', 'artistlogo', ?4, ?3, 1700000000, 0, 0, ?2)";
        let insert = sqlx::query(insert).bind(id).bind(status).bind(priority).bind(params);
        insert.execute(&mut self.connection).await.unwrap();
    }

    /// As far as that program has stored things: entries of all kinds, and requests.
    async fn filled(folder: &Folder) -> Self {
        let mut wnp = Self::new(folder).await;
        let png = picture(ImageFormat::Png);
        wnp.store(COVER_URL, "front_cover", "images", &png).await;
        wnp.store(API_URL, "api_response", "theaudiodb", b"{\"artists\": []}").await;
        wnp.store(LARGE_URL, "artistfanart", "cdn", &large()).await;
        let absent = "INSERT INTO cached_data VALUES ('https://a.example/none', 'n', 'x', \
            'artistlogo', 'cdn', x'', NULL, NULL, 1700000000, 4000000000, 1, 1700000000, 0, 404, \
            NULL, NULL, NULL)";
        wnp.execute(absent).await;
        let params = |url: &str| {
            let rest = r#""identifier": "daft_punk", "data_type": "artistlogo", "timeout": 30.0,
                "retries": 3, "ttl_seconds": 1209600, "metadata": null, "expected_checksum": null"#;
            format!(r#"{{"url": "{url}", {rest}}}"#)
        };
        wnp.queue("1", "pending", 1, &params("https://a.example/1.png")).await;
        wnp.queue("2", "processing", 3, &params("https://a.example/2.png")).await;
        wnp.queue("3", "failed", 1, &params("https://a.example/3.png")).await;
        wnp.queue("4", "completed", 1, &params("https://a.example/4.png")).await;
        wnp.queue("5", "pending", 2, &params(API_URL.replace("search", "album").as_str())).await;
        let known = params(COVER_URL).replace("artistlogo", "front_cover");
        wnp.queue("6", "pending", 2, &known).await;
        wnp
    }

    async fn close(self) -> PathBuf {
        self.connection.close().await.unwrap();
        self.dir
    }
}

/// A picture that does not fit in a row: what follows its end is nobody's business.
fn large() -> Vec<u8> {
    [picture(ImageFormat::Png), body(3, 50_000)].concat()
}

fn blob(url: &str) -> PathBuf {
    let name = Checksum::of(url.as_bytes()).to_string();
    Path::new("blobs").join(&name[..2]).join(&name[2..4]).join(format!("{}.bin", &name[4..]))
}

fn import(folder: &Folder, dir: &Path) -> Run {
    folder.run(["import-wnp", dir.to_str().unwrap(), "--json"])
}

fn shown(folder: &Folder, url: &str) -> Value {
    let shown = folder.run(["show", url, "--json"]);
    assert_eq!(shown.status, 0, "{shown:?}");
    shown.json()
}

/// Every file and folder below one: its bytes, and when it was changed.
fn snapshot(dir: &Path) -> Vec<(PathBuf, Option<Vec<u8>>, SystemTime)> {
    let mut found = Vec::new();
    let mut paths = vec![dir.to_owned()];
    while let Some(path) = paths.pop() {
        let about = fs::metadata(&path).unwrap();
        if about.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let bytes = about.is_file().then(|| fs::read(&path).unwrap());
        found.push((path, bytes, about.modified().unwrap()));
    }
    found.sort();
    found
}

#[tokio::test]
async fn entries_files_and_requests_are_taken_over() {
    let folder = Folder::new();
    let dir = Wnp::filled(&folder).await.close().await;
    let imported = import(&folder, &dir);
    assert_eq!(imported.status, 0, "{imported:?}");
    let imported = imported.json();
    for (name, count) in [("stored", 4), ("queued", 3), ("refused", 0), ("damaged", 0)] {
        assert_eq!(imported[name], count, "{name} of {imported}");
    }
    let cover = shown(&folder, COVER_URL);
    for (name, value) in [
        ("cachekey", Value::from(CACHEKEY)),
        ("identifier", "daft_punk".into()),
        ("data_type", "front_cover".into()),
        ("provider", "images".into()),
        ("mime_type", "image/png".into()),
        ("created_at", 1_700_000_000_250_i64.into()),
        ("expires_at", 4_000_000_000_500_i64.into()),
    ] {
        assert_eq!(cover[name], value, "{name} of {cover}");
    }
    assert_eq!(cover["metadata"]["a"], 1);
    let got = folder.run(["get", LARGE_URL, "--offline"]);
    assert_eq!(got.stdout, large());
    assert_eq!(folder.run(["get", "https://a.example/none", "--offline"]).status, 3);
    let cached = folder.run(["ls", "--json"]).text();
    assert!(!cached.contains("523532") && cached.contains("/json/_/search.php"), "{cached}");
    let palette = folder.run(["images", "palette", COVER_URL]);
    assert_eq!(palette.status, 0, "{palette:?}");

    let jobs: Vec<Value> = folder.run(["queue", "ls", "--json"]).text().lines().map(json).collect();
    let of = |part: &str| jobs.iter().find(|job| job["url"].as_str().unwrap().ends_with(part));
    assert_eq!(jobs.len(), 3);
    assert_eq!(of("/1.png").unwrap()["priority"], "immediate");
    assert_eq!(of("/2.png").unwrap()["priority"], "batch");
    assert_eq!(of("/2.png").unwrap()["identifier"], "daft_punk");
    assert!(of("/json/_/album.php?s=Daft+Punk").is_some(), "{jobs:?}");

    // The file itself may be named too, and a second time there is nothing to do.
    let again = import(&folder, &dir.join("datacache.sqlite")).json();
    assert_eq!(
        (&again["stored"], &again["known"], &again["queued"]),
        (&0.into(), &4.into(), &0.into())
    );
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// What the other program has committed, but not yet copied back from its log, is there too.
#[tokio::test]
async fn the_source_stays_as_it_is_while_its_program_has_it_open() {
    let folder = Folder::new();
    let wnp = Wnp::filled(&folder).await;
    assert!(fs::metadata(wnp.dir.join("datacache.sqlite-wal")).unwrap().len() > 0);
    let before = snapshot(&wnp.dir);
    let imported = import(&folder, &wnp.dir);
    assert_eq!((imported.status, &imported.json()["stored"]), (0, &4.into()), "{imported:?}");
    assert_eq!(snapshot(&wnp.dir), before);
    let dir = wnp.close().await;
    assert!(!dir.join("datacache.sqlite-shm").exists());
    // Neither does the copy stay, with the API keys in it.
    assert!(!folder.files().iter().any(|path| path.starts_with("blobs/tmp")));
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_may_not_be_written_can_be_taken_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let dir = Wnp::filled(&folder).await.close().await;
    let chmod = |mode_of_dirs, mode_of_files| {
        for (path, bytes, _) in snapshot(&dir).into_iter().rev() {
            let mode = if bytes.is_some() { mode_of_files } else { mode_of_dirs };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    chmod(0o555, 0o444);
    let before = snapshot(&dir);
    let imported = import(&folder, &dir);
    let after = snapshot(&dir);
    chmod(0o755, 0o644);
    assert_eq!((imported.status, &imported.json()["stored"]), (0, &4.into()), "{imported:?}");
    assert_eq!(after, before);
}

#[tokio::test]
async fn rows_and_files_that_are_damaged_or_toxic_are_counted_and_the_rest_is_taken_over() {
    let folder = Folder::new();
    let mut wnp = Wnp::filled(&folder).await;
    let url = |name: &str| format!("https://a.example/{name}");
    wnp.store(&url("toxic"), "artistlogo", "cdn", b"<html>").await;
    wnp.store("no url", "other", "cdn", b"hello").await;
    for name in ["gone", "torn", "linked", "elsewhere"] {
        wnp.store(&url(name), "artistlogo", "cdn", &large()).await;
    }
    for name in ["told", "other", "unreadable"] {
        wnp.store(&url(name), "other", "cdn", b"hello").await;
    }
    fs::remove_file(wnp.dir.join(blob(&url("gone")))).unwrap();
    write(wnp.dir.join(blob(&url("torn"))), &large()[..20_000]);
    let secret = folder.beside("secret.png");
    write(&secret, large());
    let linked = wnp.dir.join(blob(&url("linked")));
    fs::remove_file(&linked).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&secret, linked).unwrap();
    fs::remove_file(wnp.dir.join(blob(&url("elsewhere")))).unwrap();
    for damage in [
        "UPDATE cached_data SET file_path = '../../secret.png' WHERE url LIKE '%elsewhere'",
        "UPDATE cached_data SET metadata = '{' WHERE url LIKE '%told'",
        "UPDATE cached_data SET data_value = x'00' WHERE url LIKE '%other'",
        "UPDATE cached_data SET url = x'ff' WHERE url LIKE '%unreadable'",
    ] {
        wnp.execute(damage).await;
    }
    wnp.queue("7", "pending", 1, "{").await;
    wnp.queue("8", "pending", 1, r#"{"url": "ftp://a.example/"}"#).await;
    let dir = wnp.close().await;

    let imported = folder.run(["import-wnp", dir.to_str().unwrap(), "--json", "-v"]);
    assert_eq!(imported.status, 1, "{imported:?}");
    assert_eq!(imported.stderr.matches("not imported").count(), 3 + 8, "{imported:?}");
    // Each is named as its key, so that it can be found.
    assert!(
        imported.stderr.contains("import https://a.example/told: its metadata"),
        "{imported:?}"
    );
    let imported = imported.json();
    for (name, count) in [("stored", 4), ("refused", 3), ("damaged", 8), ("queued", 3)] {
        assert_eq!(imported[name], count, "{name} of {imported}");
    }
}

#[tokio::test]
async fn pages_that_are_damaged_cost_no_more_than_what_is_on_them_and_behind() {
    const ROWS: usize = 2_000;
    let folder = Folder::new();
    let mut wnp = Wnp::new(&folder).await;
    wnp.execute("BEGIN").await;
    for number in 0..ROWS {
        let url = format!("https://a.example/{number}");
        wnp.store(&url, "other", "cdn", &[b'x'; 1_000]).await;
    }
    wnp.queue("1", "pending", 1, r#"{"url": "https://a.example/queued"}"#).await;
    wnp.execute("COMMIT").await;
    let dir = wnp.close().await;
    let file = dir.join("datacache.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 40_960].fill(0xff);
    write(&file, bytes);
    let imported = import(&folder, &dir);
    assert_eq!(imported.status, 1, "{imported:?}");
    let imported = imported.json();
    let stored = imported["stored"].as_u64().unwrap();
    assert!((1..ROWS as u64).contains(&stored), "{imported}");
    assert!(imported["damaged"].as_u64().unwrap() > 0, "{imported}");
    assert_eq!(imported["queued"], 1, "{imported}");
}

#[tokio::test]
async fn what_is_no_cache_of_that_program_is_refused_in_one_line() {
    let folder = Folder::new();
    assert_eq!(folder.run(["stats"]).status, 0);
    let own = folder.run(["import-wnp", folder.dir().to_str().unwrap()]);
    own.assert_failed(2, &["imported to"]);
    let other = Folder::new();
    assert_eq!(other.run(["stats"]).status, 0);
    let theirs = folder.run(["import-wnp", other.dir().to_str().unwrap()]);
    theirs.assert_failed(2, &["use export and import"]);
    let file = folder.beside("file");
    for (bytes, words) in [(&b""[..], "no cache of"), (&[b'x'; 5_000], "not a database")] {
        write(&file, bytes);
        import(&folder, &file).assert_failed(1, &[words, "file"]);
    }
    import(&folder, &folder.beside("nowhere")).assert_failed(1, &["nowhere"]);
}
