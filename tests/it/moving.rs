//! `datacache export` and `import`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use datacache::{Filter, Page, Request};
use datacache_tests::{Folder, PATIENCE, Run, body, run, write};

const ENTRIES: u64 = 300;

/// A folder with entries of all sizes.
async fn full() -> Folder {
    let folder = Folder::new();
    let cache = folder.open().await;
    for number in 0..ENTRIES {
        let size = usize::try_from(number * 331 % 40_000).unwrap();
        let request = Request::new(url(number)).identifier(format!("artist {}", number % 7));
        cache.put(request, body(number, size)).await.unwrap();
    }
    cache.close().await;
    folder
}

fn url(number: u64) -> String {
    format!("https://a.example/{number}")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What `ls` says of every entry, in the order of their URLs.
fn listed(folder: &Folder) -> Vec<String> {
    let listed = folder.run(["ls", "--json"]);
    assert_eq!(listed.status, 0, "{listed:?}");
    let mut lines: Vec<String> = listed.text().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn exported(folder: &Folder) -> PathBuf {
    let archive = folder.beside("cache.dca");
    let export = folder.run(["export", text(&archive), "--json"]);
    assert_eq!(export.status, 0, "{export:?}");
    assert_eq!(export.json()["entries"], ENTRIES);
    archive
}

#[tokio::test]
async fn what_is_exported_is_the_same_after_the_import() {
    let source = full().await;
    let archive = exported(&source);
    let target = Folder::new();
    let import = target.run(["import", text(&archive), "--own", "--json"]);
    assert_eq!(import.status, 0, "{import:?}");
    assert_eq!((&import.json()["stored"], &import.json()["known"]), (&ENTRIES.into(), &0.into()));
    assert_eq!(listed(&target), listed(&source));
    for number in [0, 1, 100] {
        let got = target.run(["get", &url(number), "--offline"]);
        assert_eq!(got.stdout, source.run(["get", &url(number), "--offline"]).stdout);
    }
    let again = target.run(["import", text(&archive)]);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.stderr.contains("0 stored"), "{again:?}");
}

#[tokio::test]
async fn archives_go_through_pipes() {
    let source = full().await;
    let target = Folder::new();
    let mut export = source.program(["export", "-", "--identifier", "artist 3"]);
    let mut export = export.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut import = target.program(["import", "-", "--json"]);
    let import = run(import.stdin(export.stdout.take().unwrap()));
    assert!(export.wait().unwrap().success());
    let expected = (0..ENTRIES).filter(|number| number % 7 == 3).count();
    assert_eq!((import.status, &import.json()["stored"]), (0, &expected.into()), "{import:?}");

    // A reader that has seen enough makes no error.
    let mut export = source.program(["export", "-"]);
    let mut export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(export.stdout.take());
    let export = export.wait_with_output().unwrap();
    assert!(export.status.success() && export.stderr.is_empty(), "{export:?}");
}

/// The import is fed until it has stored something more, and waits for the rest when it is killed,
/// or is still at what it has.
#[tokio::test]
async fn an_import_that_is_killed_is_begun_again() {
    let source = full().await;
    let whole = std::fs::read(exported(&source)).unwrap();
    let target = Folder::new();
    let mut stored = 0;
    for tenths in [1, 3, 5, 7, 9] {
        let mut import = target.program(["import", "-"]);
        let import = import.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut import = import.spawn().unwrap();
        let part = &whole[..whole.len() * tenths / 10];
        import.stdin.as_mut().unwrap().write_all(part).unwrap();
        stored = entries_beyond(&target, stored).await;
        import.kill().unwrap();
        import.wait().unwrap();
    }
    assert!((5..ENTRIES).contains(&stored), "{stored} of {ENTRIES}");
    let archive = source.beside("cache.dca");
    let import = target.run(["import", text(&archive), "--json"]).json();
    let count = |name: &str| import[name].as_u64().unwrap();
    assert!(count("known") >= stored);
    assert_eq!(count("stored") + count("known"), ENTRIES);
    assert_eq!(listed(&target), listed(&source));
    let temporary = |path: &&PathBuf| path.starts_with("blobs/tmp");
    assert_eq!(target.blobs().iter().find(temporary), None);
}

/// Waits until there are more entries than `stored`, each with its bytes; returns how many.
async fn entries_beyond(folder: &Folder, stored: u64) -> u64 {
    let cache = folder.open().await;
    let listed = async {
        loop {
            let (entries, _) = cache.list(&Filter::all(), Page::default()).await.unwrap();
            if entries.len() as u64 > stored {
                return entries;
            }
        }
    };
    let entries = tokio::time::timeout(PATIENCE, listed).await.unwrap();
    for info in &entries {
        let entry = cache.show(info.url.as_str()).await.unwrap();
        assert!(entry.is_some(), "the bytes of {} are damaged", info.url);
    }
    cache.close().await;
    entries.len() as u64
}

/// It is killed when it has begun a temporary file. Should it be done before that is heard of, the
/// archive is whole.
#[tokio::test]
async fn an_export_that_is_killed_leaves_no_half_archive_and_the_former_one_alone() {
    const FORMER: &[u8] = b"the former one";
    let source = full().await;
    let folder = source.beside("archives");
    let mut interrupted = 0;
    for _ in 0..5 {
        std::fs::create_dir(&folder).unwrap();
        let archive = folder.join("cache.dca");
        write(&archive, FORMER);
        let mut export = source.program(["export", text(&archive)]);
        let mut export = export.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let is_at_it = || std::fs::read_dir(&folder).unwrap().count() > 1;
        while !is_at_it() && export.try_wait().unwrap().is_none() {}
        export.kill().unwrap();
        export.wait().unwrap();
        if std::fs::read(&archive).unwrap() == FORMER {
            interrupted += 1;
            // Who finds what was left knows of what it is a part.
            let left = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name());
            let left: Vec<String> = left.filter_map(|name| name.into_string().ok()).collect();
            let is_part = |name: &String| {
                name.starts_with(".cache.dca.") && name.rsplit('.').next() == Some("part")
            };
            assert!(left.len() == 2 && left.iter().any(is_part), "{left:?}");
        } else {
            let import = Folder::new().run(["import", text(&archive), "--json"]);
            assert_eq!(import.json()["stored"], ENTRIES, "{import:?}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
    assert!(interrupted > 0, "no export was under way when it was killed: the test shows nothing");
}

#[tokio::test]
async fn what_an_export_has_left_that_was_killed_goes_with_the_next_of_that_name() {
    let source = full().await;
    let folder = source.beside("archives");
    std::fs::create_dir(&folder).unwrap();
    let archive = folder.join("cache.dca");
    let names = || {
        let files = std::fs::read_dir(&folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.collect::<BTreeSet<String>>()
    };
    let (at_work, other) = (".cache.dca.aaaaaa.part", ".other.dca.aaaaaa.part");
    write(folder.join(other), "of another archive");
    // As somebody has it who is writing the same archive now.
    let held = File::create(folder.join(at_work)).unwrap();
    held.try_lock().unwrap();
    let mut is_left = false;
    for _ in 0..20 {
        let mut export = source.program(["export", text(&archive)]);
        let mut export = export.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let before = names();
        while names().is_subset(&before) && export.try_wait().unwrap().is_none() {}
        export.kill().unwrap();
        export.wait().unwrap();
        is_left = names().iter().any(|name| name.starts_with(".cache.dca.") && name != at_work);
        if is_left {
            break;
        }
    }
    assert!(is_left, "no export was under way when it was killed: the test shows nothing");
    let export = || assert_eq!(source.run(["export", text(&archive)]).status, 0);
    export();
    assert_eq!(names(), [at_work, other, "cache.dca"].map(str::to_owned).into());
    drop(held);
    export();
    assert_eq!(names(), [other, "cache.dca"].map(str::to_owned).into());
}

#[cfg(unix)]
#[tokio::test]
async fn an_export_that_is_told_to_stop_takes_away_what_it_has_written() {
    use std::os::unix::fs::FileTypeExt as _;
    let source = full().await;
    let archive = source.beside("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&archive).status().unwrap().success());
    assert!(std::fs::metadata(&archive).unwrap().file_type().is_fifo());
    let mut export = source.program(["export", text(&archive)]);
    let mut export = export.stderr(Stdio::piped()).spawn().unwrap();
    // It has begun when it opens the pipe; nobody reads what it writes there.
    let pipe = File::open(&archive).unwrap();
    let mut kill = std::process::Command::new("kill");
    let told = kill.args(["-s", "TERM", &export.id().to_string()]).status();
    assert!(told.unwrap().success());
    assert!(!export.wait().unwrap().success());
    drop(pipe);
}

/// Both damages are told, with what was kept, and the exit status is that of a failure.
#[tokio::test]
async fn a_damaged_archive_is_told_in_one_line_and_what_came_before_is_kept() {
    let source = full().await;
    let whole = std::fs::read(exported(&source)).unwrap();
    let half = source.beside("half.dca");
    write(&half, &whole[..whole.len() / 2]);
    let target = Folder::new();
    let import = target.run(["import", text(&half), "--json"]);
    assert_eq!(import.status, 1, "{import:?}");
    assert!(import.error().contains("cut short, after"), "{import:?}");
    let stored = import.json()["stored"].as_u64().unwrap();
    assert!((1..ENTRIES).contains(&stored));
    assert_eq!(listed(&target).len() as u64, stored);

    for (bytes, words) in [(&b"no archive"[..], "no archive"), (b"", "no archive")] {
        write(&half, bytes);
        target.run(["import", text(&half)]).assert_failed(1, &[words]);
    }
    let newer = zstd::encode_all(&b"datacache archive 7\n"[..], 1).unwrap();
    write(&half, newer);
    target.run(["import", text(&half)]).assert_failed(1, &["format 7", "update"]);
    target.run(["import", "/nowhere/x.dca"]).assert_failed(1, &["/nowhere/x.dca"]);
    target.run(["export", "/nowhere/x.dca"]).assert_failed(1, &["/nowhere/x.dca"]);
}

/// Damage of one body costs that entry alone.
#[tokio::test]
async fn an_entry_with_other_bytes_is_counted_and_makes_a_failure() {
    let source = Folder::new();
    let cache = source.open().await;
    cache.put(Request::new("a://1"), "hello").await.unwrap();
    cache.put(Request::new("a://2"), "other").await.unwrap();
    cache.close().await;
    let archive = source.beside("cache.dca");
    assert_eq!(source.run(["export", text(&archive)]).status, 0);
    let text_of = zstd::decode_all(File::open(&archive).unwrap()).unwrap();
    let damaged = String::from_utf8(text_of).unwrap().replace("hello", "jello");
    write(&archive, zstd::encode_all(damaged.as_bytes(), 1).unwrap());
    let target = Folder::new();
    let import: Run = target.run(["-v", "import", text(&archive)]);
    assert_eq!(import.status, 1, "{import:?}");
    for words in ["1 stored", "1 damaged", "a://1", "its bytes are not those"] {
        assert!(import.stderr.contains(words), "{import:?}");
    }
}
