use super::*;
use crate::moving::archive::{first_seal, seal_of};
use crate::moving::entry_line::Gate;
use crate::moving::import::Arrival;

/// An archive whose lines have good seals, whatever they say; what has no kind is bytes.
fn sealed(parts: &[&str]) -> Vec<u8> {
    let mut seal = first_seal();
    let mut text = b"datacache archive 1\n".to_vec();
    for part in parts {
        let is_line =
            ["pin ", "entry ", "end ", "magic "].iter().any(|kind| part.starts_with(kind));
        if is_line {
            seal = seal_of(seal, part);
            text.extend(format!("{seal} ").bytes());
        }
        text.extend(part.bytes());
        text.push(b'\n');
    }
    packed(&text)
}

fn entry(line: &EntryLine) -> String {
    format!("entry {}", serde_json::to_string(line).unwrap())
}

const END: &str = r#"end {"entries":1,"pinned":0}"#;

/// What an import of a damaged archive says, and what came of it before.
async fn failure(archive: &[u8]) -> (Imported, String) {
    let target = Folder::new().await;
    let mut imported = Imported::default();
    let from = Cursor::new(archive.to_vec());
    let error =
        target.cache.import(from, Author::Stranger, |so_far| imported = so_far).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert_eq!(imported.stored, target.entries().await.len() as u64);
    (imported, error.to_string())
}

#[tokio::test]
async fn what_is_no_archive_is_not_taken_for_one() {
    for no_archive in [
        &b""[..],
        b"hello",
        b"SQLite format 3\0",
        &packed(b""),
        &packed(b"hello\n"),
        &packed(&vec![b'x'; 100_000]),
        &packed(b"datacache archive one\n"),
        &packed(b"datacache archive 0\n"),
        &packed(b"datacache archive 1"),
    ] {
        let (_, error) = failure(no_archive).await;
        assert_eq!(error, "import archive: it is no archive of a datacache");
    }
}

#[tokio::test]
async fn a_later_format_is_refused() {
    let target = Folder::new().await;
    let error = target.import(&packed(b"datacache archive 2\nwhatever")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerSchema);
    assert!(error.to_string().contains("format 2, this one knows 1"), "{error}");
}

#[tokio::test]
async fn of_an_archive_that_is_cut_short_what_was_complete_is_kept() {
    let whole = archive([(line("a", b"hello"), &b"hello"[..]), (line("b", b"b"), b"b")]);
    let text = unpacked(&whole);
    let entry_ends = ["hello\n", "}\nb\n"].map(|end| {
        let mut windows = text.windows(end.len());
        windows.position(|window| window == end.as_bytes()).unwrap() + end.len()
    });
    for length in (b"datacache archive 1\n".len()..text.len()).step_by(41) {
        let (imported, error) = failure(&packed(&text[..length])).await;
        let complete = entry_ends.iter().filter(|end| **end <= length).count() as u64;
        assert_eq!(imported.stored, complete, "{length}: {error}");
        let expected =
            format!("it is cut short, after {complete} entries; what came before is kept");
        assert!(error.contains(&expected), "{length}: {error}");
    }
    let (_, error) = failure(&whole[..whole.len() - 1]).await;
    assert!(error.contains("it is cut short"), "{error}");
}

#[tokio::test]
async fn every_lie_has_its_message_and_stores_nothing() {
    let honest = line("a", b"hello");
    let with_size = |data_size| entry(&EntryLine { data_size, ..line("a", b"hello") });
    let not_sealed = packed(b"datacache archive 1\nend {\"entries\":0,\"pinned\":0}\n");
    let endless = packed(&[&b"datacache archive 1\n"[..], &vec![b'x'; 5 << 20]].concat());
    let two_ends = [&sealed(&[END.replace('1', "0").as_str()])[..], &packed(b"more")].concat();
    for (archive, words) in [
        (sealed(&[&with_size(4), "hello", END]), "another length than it says"),
        (sealed(&[&with_size(6), "hello", END]), "another length than it says"),
        (sealed(&[&with_size(u64::MAX), "hello", END]), "it is cut short"),
        (sealed(&[r#"entry {"url":"https://a.example/"}"#, "hello", END]), "says nothing"),
        (sealed(&["entry nonsense", "hello", END]), "says nothing"),
        (sealed(&["pin 5", END]), "says nothing"),
        (sealed(&["magic {}", END]), "no known kind"),
        (sealed(&[r#"end {"entries":2,"pinned":0}"#]), "as much as it says"),
        (not_sealed, "seal is broken"),
        (endless, "endless line"),
        (two_ends, "after its end"),
        (packed(b"datacache archive 1\n\xff\n"), "no text"),
    ] {
        let (imported, error) = failure(&archive).await;
        assert!(error.contains(words), "{error} has no '{words}'");
        assert_eq!(imported.stored, 0);
    }
    let (imported, error) = failure(&sealed(&[&entry(&honest), "hello", &entry(&honest)])).await;
    assert_eq!(imported.stored, 1);
    assert!(error.contains("after 1 entries"), "{error}");
}

#[tokio::test]
async fn lines_cannot_be_moved_changed_or_left_out() {
    let whole = archive([(line("a", b"a"), &b"a"[..]), (line("b", b"b"), b"b")]);
    let text = String::from_utf8(unpacked(&whole)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [first, a, data_a, b, data_b, end] = lines[..] else { panic!("{text}") };
    let changed = a.replace("daft_punk", "daft_junk");
    for (lines, stored) in [
        (vec![first, b, data_b, a, data_a, end], 0),
        (vec![first, b, data_b, end], 0),
        (vec![first, a, data_a, end], 1),
        (vec![first, a, data_a, a, data_a, b, data_b, end], 1),
        (vec![first, &changed, data_a, b, data_b, end], 0),
    ] {
        let (imported, error) = failure(&packed((lines.join("\n") + "\n").as_bytes())).await;
        assert_eq!(imported.stored, stored);
        assert!(error.contains("seal is broken"), "{error}");
    }
}

#[tokio::test]
async fn what_could_not_be_put_is_refused_and_the_rest_imported() {
    let png = picture();
    let other = |change: &dyn Fn(&mut EntryLine)| {
        let mut line = line("bad", b"hello");
        change(&mut line);
        line
    };
    let refused = [
        other(&|line| line.data_type = "front_cover".to_owned()),
        other(&|line| line.data_type = "api_response".to_owned()),
        other(&|line| line.data_type = "derived".to_owned()),
        other(&|line| line.data_type = "../../x".to_owned()),
        other(&|line| line.provider = String::new()),
        other(&|line| line.identifier = Some("x".repeat(5_000))),
        other(&|line| line.url = "derived:palette-1/https://a.example/".to_owned()),
        other(&|line| line.url = "../../etc/passwd".to_owned()),
        other(&|line| line.status_code = 404),
        other(&|line| line.status_code = 500),
    ];
    let cover = EntryLine {
        data_type: "front_cover".to_owned(),
        mime_type: "text/html".to_owned(),
        ..line("cover", &png)
    };
    let bad = refused.iter().map(|line| (line.clone(), &b"hello"[..]));
    let archive = archive(bad.chain([(cover, &png[..])]));
    let target = Folder::new().await;
    let imported = target.import(&archive).await.unwrap();
    assert_eq!((imported.stored, imported.refused), (1, refused.len() as u64), "{imported:?}");
    // What its line calls it counts for nothing.
    assert_eq!(target.entries().await[0].mime_type, "image/png");
}

/// Whatever is wrong with an entry, it is told of which, and without its secrets.
#[tokio::test]
async fn what_is_refused_is_named_by_its_key() {
    let target = Folder::new().await;
    let gate = Gate::new(&target.cache, Author::Stranger).await.unwrap();
    let named = |change: &dyn Fn(&mut EntryLine), body: Body| {
        let mut line = line("x?api_key=s3cret&size=2", b"hello");
        change(&mut line);
        match Arrival::of(&gate, line, body) {
            Arrival::Refused(error) | Arrival::Damaged(error) => error.to_string(),
            _ => panic!("it is no entry"),
        }
    };
    let hello = || Body::Intact(Bytes::from_static(b"hello"));
    for (told, words) in [
        (named(&|line| line.data_type = "../../x".to_owned(), hello()), "data type"),
        (named(&|line| line.provider = String::new(), hello()), "provider"),
        (named(&|line| line.status_code = 500, hello()), "500"),
        (named(&|_| {}, Body::Damaged), "bytes"),
        (named(&|_| {}, Body::TooLarge), "max_body_bytes"),
    ] {
        assert!(told.starts_with("import https://a.example/x?size=2: "), "{told}");
        assert!(told.contains(words), "{told}");
    }
}

/// What is too long is not given; but an answer that depends on more than can be kept is for
/// nobody.
#[tokio::test]
async fn terms_that_are_too_long_are_not_kept() {
    let long = |length| Some(format!("\"{}\"", "x".repeat(length - 2)));
    let with = |path: &str, length| EntryLine {
        etag: long(length),
        last_modified: long(length),
        varies_on: "x".repeat(length),
        ..line(path, b"x")
    };
    let archive = archive([(with("fits", 1_024), &b"x"[..]), (with("long", 1_025), b"x")]);
    let target = Folder::new().await;
    target.import(&archive).await.unwrap();
    let entries = target.entries().await;
    let [fits, long] = &entries[..] else { panic!("{entries:?}") };
    assert!(fits.terms.etag.is_some() && fits.terms.last_modified.is_some());
    assert_eq!(fits.terms.varies_on.len(), 1_024);
    assert_eq!((&long.terms.etag, &long.terms.last_modified), (&None, &None));
    assert_eq!(long.terms.varies_on, "*");
}

#[tokio::test]
async fn bytes_with_another_checksum_are_not_stored_and_the_rest_is() {
    let text = unpacked(&archive([(line("a", b"hello"), &b"hello"[..]), (line("b", b"b"), b"b")]));
    let text = String::from_utf8(text).unwrap().replace("hello", "jello");
    let target = Folder::new().await;
    let imported = target.import(&packed(text.as_bytes())).await.unwrap();
    assert_eq!((imported.stored, imported.damaged), (1, 1));
    assert_eq!(&target.data("https://a.example/b").await[..], b"b");
}

#[tokio::test]
async fn secrets_are_taken_out_of_what_comes_in() {
    let mut with_secrets = line("", b"x");
    with_secrets.url = "https://user:s3cret@www.theaudiodb.com/api/v1/json/s3cret/x?s=a".to_owned();
    let told =
        serde_json::json!({"a": ["https://a.example/?api_key=s3cret", "https://b.example/#x"]});
    with_secrets.metadata = Metadata::from_iter([("from".to_owned(), told)]);
    let target = Folder::new().await;
    target.import(&archive([(with_secrets, &b"x"[..])])).await.unwrap();
    let entries = target.entries().await;
    assert_eq!(entries[0].url.as_str(), "https://www.theaudiodb.com/api/v1/json/_/x?s=a");
    let metadata = serde_json::to_string(&entries[0].metadata).unwrap();
    assert_eq!(metadata, r#"{"from":{"a":["https://a.example/","https://b.example/#x"]}}"#);
    let exported = unpacked(&target.export(&Filter::all()).await);
    assert!(!String::from_utf8(exported).unwrap().contains("s3cret"));
}

const YEAR_MS: i64 = 365 * 24 * 3_600 * 1_000;

#[tokio::test]
async fn no_moment_and_no_count_goes_beyond_what_can_be() {
    let odd = EntryLine {
        created_at: i64::MAX,
        expires_at: i64::MAX,
        last_accessed: i64::MIN,
        access_count: u64::MAX,
        provider: "discogs".to_owned(),
        cachekey: "../../x".to_owned(),
        ..line("odd", b"x")
    };
    let target = Folder::new().await;
    target.import(&archive([(odd, &b"x"[..])])).await.unwrap();
    let entries = target.entries().await;
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.created_at, entry.last_accessed.as_millis()), (START, 0));
    // What its provider allows holds here too.
    assert_eq!(entry.expires_at, START.checked_add(6 * HOUR).unwrap());
    assert_eq!(entry.access_count, u64::from(u32::MAX));
    // Nobody else than who has made it knows how long it is to be fresh; a year is what he may say.
    let ever =
        EntryLine { expires_at: i64::MAX, created_at: START.as_millis(), ..line("ever", b"x") };
    let ever = archive([(ever, &b"x"[..])]);
    for (import, most) in [(Author::Myself, i64::MAX), (Author::Stranger, YEAR_MS)] {
        let target = Folder::new().await;
        target.cache.import(Cursor::new(ever.clone()), import, |_| {}).await.unwrap();
        let most = most.min(i64::MAX - START.as_millis()) + START.as_millis();
        assert_eq!(target.entries().await[0].expires_at.as_millis(), most);
    }
    // What is put later is newer.
    target.put(request("odd"), "y").await;
    assert_eq!(&target.data("https://a.example/odd").await[..], b"y");
}

#[tokio::test]
async fn a_bomb_is_passed_over_and_takes_no_room() {
    const BOMB_BYTES: usize = 64 << 20;
    let bomb = vec![0; BOMB_BYTES];
    let archive = archive([(line("bomb", &bomb), &bomb[..]), (line("a", b"hello"), b"hello")]);
    assert!(archive.len() < 20_000, "{}", archive.len());
    let target = Folder::with(|config| config.http.max_body_bytes = 1_000).await;
    let imported = target.import(&archive).await.unwrap();
    assert_eq!((imported.stored, imported.refused), (1, 1));
    assert_eq!(target.entries().await[0].data_size, 5);
}

/// The window of a frame is what its reader has to keep in memory.
#[tokio::test]
async fn an_archive_that_wants_much_memory_is_refused() {
    let text = unpacked(&archive([(line("a", b"hello"), &b"hello"[..])]));
    let mut packing = zstd::Encoder::new(Vec::new(), 1).unwrap();
    packing.window_log(27).unwrap();
    packing.write_all(&text).unwrap();
    let (_, error) = failure(&packing.finish().unwrap()).await;
    assert!(error.contains("no archive"), "{error}");
}

/// Whoever makes an archive must not decide what stays here, nor what this machine asks of its own
/// services.
#[tokio::test]
async fn a_stranger_pins_nothing_and_is_not_believed_about_uses_or_renewals() {
    let hello = line("a", b"hello");
    let identifier = Identifier::new("daft_punk").unwrap();
    let mut writer = Writer::new(Vec::new()).unwrap();
    writer.pin(&identifier).unwrap();
    writer.entry(&hello, b"hello").unwrap();
    let archive = writer.finish().unwrap();

    let target = Folder::new().await;
    let imported = target.import_of_a_stranger(&archive).await.unwrap();
    assert_eq!((imported.stored, imported.pinned, imported.pins_ignored), (1, 0, 1));
    let entries = target.entries().await;
    assert_eq!((entries[0].access_count, entries[0].terms.is_untrusted), (0, true));
    assert_eq!(target.cache.0.store.pinned().await.unwrap(), []);

    let own = Folder::new().await;
    let imported = own.import(&archive).await.unwrap();
    assert_eq!((imported.stored, imported.pinned, imported.pins_ignored), (1, 1, 0));
    let entries = own.entries().await;
    assert_eq!((entries[0].access_count, entries[0].terms.is_untrusted), (3, false));
}

#[tokio::test]
async fn metadata_over_its_bound_is_refused() {
    let told = Metadata::from_iter([("a".to_owned(), "x".repeat(64 << 10).into())]);
    let told = EntryLine { metadata: told, ..line("told", b"x") };
    let target = Folder::new().await;
    let imported = target.import(&archive([(told, &b"x"[..])])).await.unwrap();
    assert_eq!((imported.stored, imported.refused), (0, 1));
}

#[tokio::test]
async fn secrets_that_were_stored_are_not_exported() {
    let source = Folder::new().await;
    source.put(request("a"), "x").await;
    let told = r#"UPDATE cached_data SET metadata = '{"a": "https://b.example/?token=s3cret"}'"#;
    let mut tx = source.cache.0.db.write("test").await.unwrap();
    sqlx::raw_sql(told).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let exported = unpacked(&source.export(&Filter::all()).await);
    let exported = String::from_utf8(exported).unwrap();
    assert!(exported.contains("https://b.example/") && !exported.contains("s3cret"), "{exported}");
}
