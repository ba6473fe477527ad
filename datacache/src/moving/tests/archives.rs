use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use super::*;
use crate::store::{NewEntry, Subject, Terms};

const URLS: [&str; 4] = ["small", "large", "picture", "json"];

/// A cache with an entry of every kind.
async fn full() -> Folder {
    let folder = Folder::new().await;
    let about = |path| request(path).identifier("Daft Punk");
    let told = Metadata::from_iter([("a".to_owned(), serde_json::json!({"b": [1, "ä"]}))]);
    folder.put(about("small").metadata(told), "hello").await;
    folder.put(about("large"), vec![7; 100_000]).await;
    let image = about("picture").data_type(DataType::FRONT_COVER);
    folder.put(image, picture()).await;
    let json = request("json").data_type(DataType::API_RESPONSE).ttl(HOUR);
    folder.put(json, r#"{"a": 1}"#).await;
    folder.cache.put_absence(request("absent")).await.unwrap();
    put_with_terms(&folder).await;
    folder.cache.0.store.pin(&Identifier::new("Daft Punk").unwrap()).await.unwrap();
    folder.clock.advance(2 * HOUR);
    for url in URLS {
        folder.data(&format!("https://a.example/{url}")).await;
    }
    folder.reopened().await
}

/// An entry with all that an origin can say of it.
async fn put_with_terms(folder: &Folder) {
    let terms = Terms {
        etag: Some("\"a\"".to_owned()),
        last_modified: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
        varies_on: "accept-language".to_owned(),
        may_be_stale: false,
        is_untrusted: true,
    };
    let data = Bytes::from_static(b"terms");
    let entry = NewEntry {
        key: folder.cache.key("https://a.example/terms").unwrap(),
        identifier: None,
        data_type: DataType::OTHER,
        provider: Provider::new("cdn").unwrap(),
        metadata: Metadata::new(),
        status_code: 200,
        mime_type: "text/plain".to_owned(),
        checksum: Checksum::of(&data),
        data,
        created_at: START,
        expires_at: START.checked_add(HOUR).unwrap(),
        terms,
        derived_from: None,
    };
    folder.cache.0.store.put(entry).await.unwrap();
}

#[tokio::test]
async fn an_archive_carries_everything_and_makes_the_same_archive_again() {
    let source = full().await;
    let archive = source.export(&Filter::all()).await;
    let target = Folder::new().await;
    target.clock.advance(2 * HOUR);
    let imported = target.import(&archive).await.unwrap();
    let size_bytes = 5 + 100_000 + picture().len() as u64 + 8 + 5;
    let expected = Imported { stored: 6, pinned: 1, size_bytes, ..Imported::default() };
    assert_eq!(imported, expected);

    let entries = source.entries().await;
    assert_eq!(target.entries().await, entries);
    assert_eq!(entries.iter().filter(|info| info.access_count == 1).count(), 4, "{entries:?}");
    for url in URLS {
        let url = format!("https://a.example/{url}");
        assert_eq!(target.data(&url).await, source.data(&url).await);
    }
    let pinned = target.cache.0.store.pinned().await.unwrap();
    assert_eq!(pinned, [Identifier::new("daft_punk").unwrap()]);
    assert!(target.export(&Filter::all()).await == archive, "another archive");
}

#[tokio::test]
async fn an_import_that_is_begun_again_changes_nothing() {
    let archive = full().await.export(&Filter::all()).await;
    let target = Folder::new().await;
    target.clock.advance(2 * HOUR);
    target.import(&archive).await.unwrap();
    let database = target.cache.dir().join("datacache.sqlite-wal");
    let before = database.metadata().unwrap().len();
    let imported = target.import(&archive).await.unwrap();
    assert_eq!(imported, Imported { known: 6, ..Imported::default() });
    assert!(target.export(&Filter::all()).await == archive, "another archive");
    // The one write is the pin that was there already.
    let written = database.metadata().unwrap().len() - before;
    assert!(written < 64 * 1024, "{written}");
}

#[tokio::test]
async fn of_two_entries_the_newer_is_kept_and_the_handle_in_use_here_stays() {
    let target = Folder::new().await;
    let here = target.put(request("a"), "here").await;
    let with_times = |created_at: i64, expires_at: i64| EntryLine {
        created_at: START.as_millis() + created_at,
        expires_at: START.as_millis() + expires_at,
        ..line("a", b"there")
    };
    target.clock.advance(HOUR);
    for (created_at, expires_at, stored) in
        [(-1, 9_000_000_000, 0), (0, 5, 0), (1, 5, 1), (1, 6, 1)]
    {
        let archive = archive([(with_times(created_at, expires_at), &b"there"[..])]);
        let imported = target.import(&archive).await.unwrap();
        assert_eq!((imported.stored, imported.known), (stored, 1 - stored), "{created_at}");
    }
    let entries = target.entries().await;
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(entry.cachekey, here.cachekey);
    assert_eq!((entry.data_size, entry.access_count), (5, 3));
    assert_eq!(entry.expires_at.as_millis(), START.as_millis() + 6);
    // It was last read here.
    assert_eq!(entry.last_accessed, START);
}

#[tokio::test]
async fn a_handle_that_is_taken_is_not_given_twice() {
    let target = Folder::new().await;
    let archive = archive([(line("a", b"a"), &b"a"[..]), (line("b", b"b"), b"b")]);
    assert_eq!(target.import(&archive).await.unwrap().stored, 2);
    let entries = target.entries().await;
    let handles: Vec<String> = entries.iter().map(|info| info.cachekey.to_string()).collect();
    assert_eq!(handles[0], line("a", b"").cachekey);
    assert_ne!(handles[0], handles[1]);
}

#[tokio::test]
async fn only_what_is_selected_is_exported_and_nothing_that_was_made_from_entries() {
    let source = full().await;
    source.cache.palette("https://a.example/picture").await.unwrap().unwrap();
    let identifier = || Filter::all().identifier(Identifier::new("Daft Punk").unwrap());
    for (filter, entries, pins) in [
        (Filter::all(), 6, 1),
        (identifier(), 3, 1),
        (identifier().data_type(DataType::FRONT_COVER), 1, 0),
        (Filter::all().provider(Provider::new("cdn").unwrap()), 1, 0),
        (Filter::all().identifier(Identifier::new("nobody").unwrap()), 0, 0),
    ] {
        let file = File::default();
        let exported = source.cache.export(&filter, file.clone(), |_| {}).await.unwrap();
        assert_eq!((exported.entries, exported.pinned), (entries, pins), "{filter:?}");
        let (records, ended) = read(&file.bytes());
        ended.unwrap();
        assert_eq!(records.len() as u64, entries + pins);
    }
}

#[tokio::test]
async fn what_is_pinned_is_pinned_again_before_its_entries_come() {
    let target = Folder::new().await;
    let archive = full().await.export(&Filter::all()).await;
    let text = unpacked(&archive);
    let first = text.split(|byte| *byte == b'\n').nth(1).unwrap();
    assert!(first.ends_with(b"pin \"daft_punk\""), "{}", String::from_utf8_lossy(first));
    target.put(request("before").identifier("Daft Punk"), "x").await;
    target.import(&archive).await.unwrap();
    let mut connection = target.cache.0.db.read("test").await.unwrap();
    let pinned = "SELECT COUNT(*) FROM cached_data WHERE is_pinned";
    let pinned: i64 = sqlx::query_scalar(pinned).fetch_one(&mut *connection).await.unwrap();
    assert_eq!(pinned, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_come_to_the_same_as_one() {
    let source = full().await;
    let archive = source.export(&Filter::all()).await;
    let target = Folder::new().await;
    target.clock.advance(2 * HOUR);
    let other = Cache::open_with_clock(target.config.clone(), target.clock.clone()).await.unwrap();
    let (one, two) = tokio::join!(
        target.import(&archive),
        other.import(Cursor::new(archive.clone()), Author::Myself, |_| {})
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.stored + two.stored, one.known + two.known), (6, 6), "{one:?} {two:?}");
    let mut entries = target.entries().await;
    entries.sort_by(|one, other| one.url.cmp(&other.url));
    let mut expected = source.entries().await;
    expected.sort_by(|one, other| one.url.cmp(&other.url));
    assert_eq!(entries, expected);
}

/// A file that takes what it is given only when it is told to.
struct Slow {
    reached: mpsc::Sender<()>,
    go_on: mpsc::Receiver<()>,
}

impl Write for Slow {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        // Once the test has seen enough, nobody waits and nobody listens.
        let _ = self.reached.send(());
        let _ = self.go_on.recv();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_waits_for_its_file_reads_no_further_and_holds_nothing() {
    const ENTRIES: usize = 60;
    let source = Folder::new().await;
    for number in 0..ENTRIES {
        let body: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(200_000).collect();
        source.put(request(&number.to_string()), body).await;
    }
    let (reached, begun) = mpsc::channel();
    let (go_on, going) = mpsc::channel();
    let (tell, told) = tokio::sync::watch::channel(0);
    let slow = Slow { reached, go_on: going };
    let cache = source.cache.clone();
    let exporting = tokio::spawn(async move {
        let progress = |so_far: Exported| {
            tell.send_replace(so_far.entries);
        };
        cache.export(&Filter::all(), slow, progress).await
    });
    tokio::task::spawn_blocking(move || begun.recv()).await.unwrap().unwrap();
    // One is being written, one waits in the channel, one waits for its place there.
    source.put(request("while it waits"), "x").await;
    let mut connection = source.cache.0.db.read("test").await.unwrap();
    let checkpoint = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)");
    let (busy, left, _): (i64, i64, i64) = checkpoint.fetch_one(&mut *connection).await.unwrap();
    assert_eq!((busy, left), (0, 0));
    assert!(*told.borrow() <= 3, "{} were read", *told.borrow());
    drop(go_on);
    let exported = exporting.await.unwrap().unwrap();
    assert_eq!(exported.entries, ENTRIES as u64);
}

/// An archive that tells how far it was read.
struct Counted {
    archive: Cursor<Vec<u8>>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.archive.read(buffer);
        self.read.store(self.archive.position(), Ordering::Release);
        read
    }
}

#[tokio::test]
async fn an_import_reads_no_further_than_it_stores() {
    const BODY_BYTES: usize = 300_000;
    let bodies: Vec<Vec<u8>> = (0..60)
        .map(|_| std::iter::repeat_with(|| fastrand::u8(..)).take(BODY_BYTES).collect())
        .collect();
    let entries = bodies.iter().enumerate();
    let archive = archive(entries.map(|(at, data)| (line(&at.to_string(), data), &data[..])));
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted { archive: Cursor::new(archive), read: Arc::clone(&read) };
    let target = Folder::new().await;
    let mut most_ahead = 0;
    let import = target.cache.import(counted, Author::Myself, |so_far| {
        let ahead = read.load(Ordering::Acquire).saturating_sub(so_far.size_bytes);
        most_ahead = most_ahead.max(ahead);
    });
    assert_eq!(import.await.unwrap().stored, 60);
    // One is judged, one waits in the channel, and zstd has a buffer of its own.
    assert!(most_ahead < 4 * BODY_BYTES as u64, "{most_ahead} bytes ahead");
}

/// A file that fails, as one on a full disk does.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_export_to_a_full_disk_says_so() {
    let source = full().await;
    let error = source.cache.export(&Filter::all(), Full, |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().starts_with("export archive: the disk is full"), "{error}");
}

#[tokio::test]
async fn an_entry_whose_line_would_be_endless_is_left_out_and_counted() {
    let source = Folder::new().await;
    source.put(request("told"), "x").await;
    // As a former version could have stored it.
    let told = "UPDATE cached_data SET metadata = json_object('a', printf('%.*c', 300000, 'x'))";
    let tx = source.cache.0.db.write("test").await;
    let mut tx = tx.unwrap();
    sqlx::raw_sql(told).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    source.put(request("other"), "y").await;
    let file = File::default();
    let exported = source.cache.export(&Filter::all(), file.clone(), |_| {}).await.unwrap();
    assert_eq!((exported.entries, exported.left_out), (1, 1));
    let (records, ended) = read(&file.bytes());
    ended.unwrap();
    assert_eq!(records.len(), 1);
}

#[tokio::test]
async fn a_picture_of_two_artists_is_found_under_both_after_the_import() {
    let source = Folder::new().await;
    let cover = request("cover").data_type(DataType::FRONT_COVER).identifier("Daft Punk");
    let info = source.put(cover, picture()).await;
    for name in ["Stardust", "Cassius"] {
        let identifier = Identifier::new(name).unwrap();
        let subject = Subject { identifier, data_type: DataType::FRONT_COVER };
        source.cache.0.store.describe(&info, &subject).await.unwrap();
    }
    let archive = source.export(&Filter::all()).await;
    let target = Folder::new().await;
    target.import(&archive).await.unwrap();
    for name in ["Daft Punk", "Stardust", "Cassius"] {
        let filter = Filter::all().identifier(Identifier::new(name).unwrap());
        let (found, _) = target.cache.list(&filter, Page::default()).await.unwrap();
        assert_eq!(found.len(), 1, "{name}");
        let (records, ended) = read(&source.export(&filter).await);
        ended.unwrap();
        let [Record::Entry(line, _)] = &records[..] else { panic!("{name}: {records:?}") };
        let besides: Vec<&str> = line.subjects.iter().map(|subject| &*subject.identifier).collect();
        assert_eq!(besides, ["cassius", "stardust"]);
    }
    assert!(target.export(&Filter::all()).await == archive, "another archive");
}

#[tokio::test]
async fn what_is_imported_counts_for_its_provider_as_what_is_stored() {
    let source = Folder::new().await;
    for number in 0..4 {
        source.put(request(&number.to_string()), "hello").await;
    }
    let archive = source.export(&Filter::all()).await;
    let target = Folder::new().await;
    target.put(request("0"), "older").await;
    target.import(&archive).await.unwrap();
    assert_eq!(target.cache.0.store.wrong_counters().await.unwrap(), []);
    target.cache.remove_matching(&Filter::all()).await.unwrap();
    assert_eq!(target.cache.0.store.wrong_counters().await.unwrap(), []);
}
