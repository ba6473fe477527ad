//! `datacache verify`, with the faults that files and rows can have.

use std::fs;
use std::path::{Path, PathBuf};

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Peer, body, write};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

/// What somebody does to a path behind the cache's back.
type Damage = fn(&Path);

/// What has a file of its own.
const SIZE: usize = 100_000;

fn large() -> Vec<u8> {
    body(1, SIZE)
}

fn origin() -> Origin {
    Origin::start(|_| Reply::ok(large())).unwrap()
}

/// A cache with an entry that was fetched; returns its file, too.
fn filled(origin: &Origin) -> (Folder, PathBuf) {
    let folder = Folder::new();
    let get = ["get", &origin.url("/x"), "--identifier", "Daft Punk", "--type", "concert_photo"];
    assert_eq!(folder.run(get).status, 0);
    let [blob] = &folder.blobs()[..] else { panic!("{:?}", folder.blobs()) };
    let blob = folder.dir().join(blob);
    (folder, blob)
}

/// Asserts that the folder is in order.
fn assert_sound(folder: &Folder) {
    let verify = folder.run(["verify", "--json"]);
    assert_eq!((verify.status, &verify.json()["is_sound"]), (0, &json!(true)), "{verify:?}");
}

async fn execute(folder: &Folder, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.dir().join("datacache.sqlite"));
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[test]
fn a_sound_cache_is_said_to_be_sound() {
    let (folder, _) = filled(&origin());
    let verify = folder.run(["verify"]);
    assert_eq!((verify.status, verify.text().as_str()), (0, ""));
    assert_eq!(verify.stderr, "1 entries and 1 files (97.66 KiB): nothing is wrong\n");
    let report = folder.run(["--json", "verify", "--repair"]).json();
    let expected = json!({
        "is_sound": true, "is_repaired": true, "entries": 1, "files": 1, "bytes": SIZE,
        "counts": {}, "requeued": 0, "findings": [], "findings_left_out": 0, "moved_aside": null,
        "kept_aside": [],
    });
    assert_eq!(report, expected);
}

#[test]
fn a_lost_file_is_told_then_removed_and_fetched_again_as_what_it_was() {
    let damages: &[(&str, &str, Damage)] = &[
        ("missing_file", "", |blob| fs::remove_file(blob).unwrap()),
        ("wrong_size", "50000 bytes instead of 100000", |blob| write(blob, &large()[..50_000])),
        ("wrong_size", "0 bytes instead of 100000", |blob| write(blob, "")),
        ("damaged_file", "", |blob| {
            let mut bytes = large();
            bytes[70_000] ^= 1;
            write(blob, bytes);
        }),
        ("not_a_file", "", |blob| {
            fs::remove_file(blob).unwrap();
            fs::create_dir_all(blob.join("below")).unwrap();
        }),
    ];
    for (kind, detail, damage) in damages {
        let origin = origin();
        let (folder, blob) = filled(&origin);
        damage(&blob);
        let url = origin.url("/x");
        let count = |repaired: u64| json!({ *kind: { "found": 1, "repaired": repaired } });
        let finding = |state: &str| json!([{ "kind": kind, "subject": url, "detail": detail, "state": state }]);

        let told = folder.run(["--json", "verify"]);
        assert_eq!((told.status, &told.json()["counts"]), (1, &count(0)), "{told:?}");
        assert_eq!(told.json()["findings"], finding("found"));
        let again = folder.run(["verify"]);
        assert_eq!(again.status, 1, "only told, it is still there: {again:?}");
        assert!(again.text().starts_with(&format!("found         {kind}")), "{again:?}");

        let repaired = folder.run(["--json", "verify", "--repair"]);
        assert_eq!((repaired.status, &repaired.json()["counts"]), (0, &count(1)), "{repaired:?}");
        assert_eq!(repaired.json()["findings"], finding("requeued"));
        assert_sound(&folder);
        folder.assert_empty();
        let job = folder.run(["queue", "ls", "--json"]).json();
        let expected = [&job["url"], &job["identifier"], &job["data_type"], &job["priority"]];
        assert_eq!(
            expected,
            ["url", "daft_punk", "concert_photo", "batch"]
                .map(|text| { if text == "url" { json!(url) } else { json!(text) } })
                .each_ref()
        );
        assert_eq!(folder.run(["worker", "--drain"]).status, 0);
        assert!(folder.run(["get", &url, "--offline"]).stdout == large(), "{kind}");
        assert_sound(&folder);
    }
}

/// Neither what a link stands for nor what is behind one in place of a folder is touched.
#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_file_is_removed_and_what_it_leads_to_is_not() {
    let origin = origin();
    let (folder, blob) = filled(&origin);
    let precious = folder.beside("precious");
    fs::rename(&blob, &precious).unwrap();
    std::os::unix::fs::symlink(&precious, &blob).unwrap();
    assert_eq!(folder.run(["--json", "verify"]).json()["counts"]["not_a_file"]["found"], 1);
    assert_eq!(folder.run(["verify", "--repair"]).status, 0);
    assert!(fs::read(&precious).unwrap() == large());
    assert!(fs::symlink_metadata(&blob).is_err());
    assert_sound(&folder);
}

#[tokio::test]
async fn what_cannot_be_fetched_is_removed_and_not_queued() {
    let folder = Folder::new();
    let file = folder.beside("file");
    write(&file, large());
    for url in ["embedded://album/1", "note:1"] {
        assert_eq!(folder.run(["put", url, file.to_str().unwrap()]).status, 0);
    }
    execute(&folder, "UPDATE cached_data SET data_size = 1").await;
    let repaired = folder.run(["--json", "verify", "--repair"]).json();
    assert_eq!((&repaired["requeued"], &repaired["is_repaired"]), (&json!(0), &json!(true)));
    assert_eq!(folder.run(["queue", "ls", "--json"]).text(), "");
    folder.assert_empty();
}

#[tokio::test]
async fn rows_without_files_files_without_rows_and_wrong_numbers_are_mended_at_once() {
    let (folder, blob) = filled(&origin());
    let orphan = "12".repeat(32);
    let at = folder.dir().join("blobs/v1/12/12");
    fs::create_dir_all(&at).unwrap();
    write(at.join(&orphan), "orphan");
    let strays = [blob.with_file_name("note.txt"), folder.dir().join("notes.txt")];
    for stray in &strays {
        write(stray, "stray");
    }
    execute(
        &folder,
        "DROP INDEX cached_data_by_rank; DROP INDEX cached_data_by_expiry; \
         DELETE FROM subjects; UPDATE cached_data SET is_pinned = 1; \
         UPDATE provider_usage SET size_bytes = 1; \
         UPDATE upkeep SET value = 2 WHERE name = 'file_bytes'",
    )
    .await;
    let told = folder.run(["--json", "verify"]);
    let expected = json!({
        "orphaned_file": { "found": 1, "repaired": 0 },
        "schema": { "found": 2, "repaired": 0 },
        "stray_file": { "found": 2, "repaired": 0 },
        "wrong_counter": { "found": 2, "repaired": 0 },
        "wrong_pin": { "found": 1, "repaired": 0 },
        "wrong_subject": { "found": 1, "repaired": 0 },
    });
    assert_eq!((told.status, &told.json()["counts"]), (1, &expected), "{told:?}");
    let text = folder.run(["verify", "--repair"]);
    assert_eq!(text.status, 0, "{text:?}");
    for part in [
        format!("orphaned_file     blobs/v1/12/12/{orphan}"),
        "found         stray_file        blobs/v1/".to_owned(),
        "found         stray_file        notes.txt  (it is not the cache's and is left".to_owned(),
        "repaired      schema            index cached_data_by_rank  (it is missing)".to_owned(),
        "repaired      wrong_subject     http".to_owned(),
        "(2 instead of 100000)".to_owned(),
        "(1 instead of 1000".to_owned(),
    ] {
        assert!(text.text().contains(&part), "{part}: {text:?}");
    }
    assert_sound(&folder);
    // What is not the cache's is told again and again, and left to whoever put it there.
    assert!(strays.iter().all(|stray| stray.exists()));
    assert_eq!(folder.run(["maintain"]).status, 0);
    assert!(strays.iter().all(|stray| stray.exists()));
    assert_eq!(folder.blobs().len(), 2);
}

/// A table that is gone is made anew, and one that was changed keeps what it holds.
#[tokio::test]
async fn a_schema_that_cannot_be_mended_is_said_to_be_so() {
    let (folder, _) = filled(&origin());
    execute(&folder, "DROP TABLE last_picks").await;
    let told = folder.run(["verify"]);
    assert_eq!(told.status, 1, "{told:?}");
    assert!(
        told.text().contains("schema            table last_picks  (it is missing)"),
        "{told:?}"
    );
    assert_eq!(folder.run(["verify", "--repair"]).status, 0);
    assert_sound(&folder);
    execute(&folder, "ALTER TABLE pins ADD COLUMN why TEXT").await;
    for args in [&["verify"][..], &["verify", "--repair"]] {
        let told = folder.run(args);
        assert_eq!(told.status, 1, "{told:?}");
        let advice =
            "table pins  (it is not as this version makes it: export the entries, and import";
        assert!(told.text().contains(advice), "{told:?}");
    }
}

/// Without the index nothing can be stored, and it cannot be made while anything is there twice.
#[tokio::test]
async fn an_index_against_doubles_is_made_again_when_they_have_gone() {
    let (folder, _) = filled(&origin());
    execute(
        &folder,
        "DROP INDEX subjects_by_entry; INSERT INTO subjects \
           SELECT identifier, data_type, ordinal + 100, entry_id FROM subjects",
    )
    .await;
    let repair = folder.run(["verify", "--repair"]);
    assert_eq!(repair.status, 0, "{repair:?}");
    assert!(repair.text().contains("index subjects_by_entry  (it is missing)"), "{repair:?}");
    assert_sound(&folder);
    let mut put = folder.program(["put", "a://new", "-", "--identifier", "somebody"]);
    let put = datacache_tests::run(put.stdin(std::process::Stdio::null()));
    assert_eq!(put.status, 0, "{put:?}");
}

/// What others do meanwhile is no fault, and repairing takes nothing from them.
#[test]
fn nothing_is_wrong_while_others_write_replace_and_remove() {
    let folder = Folder::new();
    let mut writers: Vec<Peer> = (1..=3)
        .map(|seed| {
            let mut peer = Peer::start(&folder.dir());
            peer.tell(&format!("write {seed}"));
            peer
        })
        .collect();
    for round in 0..12 {
        let repair: &[&str] = if round % 2 == 0 { &["--repair"] } else { &[] };
        let verify = folder.run([&["--json", "verify"], repair].concat());
        assert_eq!((verify.status, &verify.json()["is_sound"]), (0, &json!(true)), "{verify:?}");
        // Each has written since.
        for writer in &mut writers {
            assert!(writer.answer().is_some());
        }
    }
    drop(writers);
    // What the killed have left is no damage.
    assert_eq!(folder.run(["verify", "--repair"]).status, 0);
    assert_sound(&folder);
}

/// Whenever it is killed, nothing is lost that was sound, and the next one finishes.
#[test]
fn a_repair_that_is_killed_at_any_moment_is_finished_by_the_next() {
    const ENTRIES: usize = 40;
    let folder = Folder::new();
    let mut peer = Peer::start(&folder.dir());
    for number in 0..ENTRIES {
        peer.order(&format!("put http://127.0.0.1:1/{number} {number} 70000"));
    }
    drop(peer);
    let blobs = folder.blobs();
    for blob in blobs.iter().step_by(2) {
        write(folder.dir().join(blob), "damaged");
    }
    let mut rng = fastrand::Rng::with_seed(3);
    for _ in 0..8 {
        let mut repair = folder.program(["verify", "--repair"]);
        let mut repair = repair.stderr(std::process::Stdio::null()).spawn().unwrap();
        for _ in 0..rng.u32(..60_000_000) {
            std::hint::spin_loop();
        }
        let _ = repair.kill();
        repair.wait().unwrap();
    }
    assert_eq!(folder.run(["verify", "--repair"]).status, 0);
    assert_sound(&folder);
    assert_eq!(folder.blobs().len(), ENTRIES / 2);
    let count = |args: &[&str]| folder.run(args).text().lines().count();
    assert_eq!(count(&["ls", "--json"]), ENTRIES / 2);
    assert_eq!(count(&["queue", "ls", "--json"]), ENTRIES / 2);
}
