//! How what was found, or was not, reaches the user.

use std::fs;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, write};

fn folder_with_entry() -> Folder {
    let folder = Folder::new();
    write(folder.beside("in"), "bytes");
    let put = folder.run(["put", "note:1", folder.beside("in").to_str().unwrap()]);
    assert_eq!(put.status, 0, "{put:?}");
    folder
}

fn get_to(folder: &Folder, file: &str) -> Run {
    folder.run(["get", "note:1", "-o", folder.beside(file).to_str().unwrap()])
}

#[test]
fn json_is_one_object_whatever_is_not_there() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::status(404)).unwrap());
    let unknown = "00000000-0000-4000-8000-000000000000";
    let absent = origin.url("/x");
    folder.run(["get", &absent]);
    let handle = folder.run(["--json", "get", &absent]).json()["cachekey"].clone();
    for (args, status, outcome) in [
        (&["get", "note:1", "--offline"][..], 3, "miss"),
        (&["get", "--cachekey", unknown], 3, "miss"),
        (&["get", "--cachekey", handle.as_str().unwrap()], 3, "absent"),
        (&["get", "not a url"], 2, "miss"),
        (&["show", "note:1"], 3, "miss"),
        (&["random", "Daft Punk", "artistlogo"], 3, "miss"),
    ] {
        let run = folder.run([&["--json"], args].concat());
        assert_eq!(run.status, status, "{run:?}");
        assert_eq!(run.json()["outcome"], outcome, "{run:?}");
        assert_eq!(run.json()["error"].is_null(), status != 2, "{run:?}");
    }
}

#[test]
fn nothing_is_removed_when_one_url_is_malformed() {
    let folder = folder_with_entry();
    folder.run(["rm", "note:1", "not a url"]).assert_failed(2, &["not a url"]);
    assert_eq!(get_to(&folder, "out").status, 0);
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_permissions_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = folder_with_entry();
    write(folder.beside("private"), "old");
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.beside("private"), private.clone()).unwrap();
    symlink(folder.beside("private"), folder.beside("link")).unwrap();
    assert_eq!(get_to(&folder, "link").status, 0);
    assert!(folder.beside("link").is_symlink());
    assert_eq!(fs::read(folder.beside("private")).unwrap(), b"bytes");
    let mode = fs::metadata(folder.beside("private")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_output_that_is_there_is_replaced_whole() {
    let folder = folder_with_entry();
    write(folder.beside("out"), "something longer than before");
    assert_eq!(get_to(&folder, "out").status, 0);
    assert_eq!(fs::read(folder.beside("out")).unwrap(), b"bytes");
}

#[test]
fn a_handle_delivers_what_has_expired_and_says_so() {
    let folder = Folder::new();
    write(folder.beside("in"), "bytes");
    folder.run(["put", "note:1", folder.beside("in").to_str().unwrap(), "--ttl", "0s"]);
    let handle = folder.run(["--json", "show", "note:1"]).json()["cachekey"].clone();
    let get = ["get", "--cachekey", handle.as_str().unwrap()];
    let stale = folder.run(get);
    assert_eq!((stale.status, stale.text().as_str()), (0, "bytes"), "{stale:?}");
    assert!(stale.stderr.starts_with("warning: ") && stale.stderr.contains("expired"), "{stale:?}");
    let told = folder.run(get.into_iter().chain(["--json"])).json();
    assert_eq!(told["outcome"], "stale");
    assert!(told["warning"].is_string(), "{told}");
}
