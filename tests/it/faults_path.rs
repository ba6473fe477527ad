//! Paths that are no text, and folders that may not be written.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run, body, run};

/// `nobody`, who owns nothing.
const NOBODY: u32 = 65_534;

fn large() -> Vec<u8> {
    body(1, 100_000)
}

fn origin() -> Origin {
    Origin::start(|_| Reply::ok(large())).unwrap()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn chmod_all(paths: &[PathBuf], mode: u32) {
    for path in paths {
        chmod(path, mode);
    }
}

/// The files of the cache folder and the folders they lie in.
fn tree(folder: &Folder) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let files: Vec<PathBuf> = folder.files().iter().map(|file| folder.dir().join(file)).collect();
    let root = folder.dir();
    let above = |file: &PathBuf| -> Vec<PathBuf> {
        file.ancestors().skip(1).take_while(|dir| dir.starts_with(&root)).map(Into::into).collect()
    };
    let mut dirs: Vec<PathBuf> = files.iter().flat_map(above).collect();
    dirs.sort();
    dirs.dedup();
    (files, dirs)
}

/// A run by somebody whom mode bits bind, which is not so for root.
fn run_unprivileged(folder: &Folder, args: &[&str]) -> Run {
    let root = folder.beside("");
    let mut command = folder.program(args);
    if fs::metadata(&root).unwrap().uid() != 0 {
        return run(&mut command);
    }
    let binary = folder.beside("datacache");
    if !binary.exists() {
        // Not by this process: a program cannot be started while anybody has it open for writing,
        // and what another test starts at this moment would inherit the handle.
        let copied = Command::new("cp").arg(command.get_program()).arg(&binary).status().unwrap();
        assert!(copied.success());
        chmod(&binary, 0o755);
        chmod(&root, 0o755);
    }
    let mut unprivileged = Command::new(binary);
    unprivileged.args(command.get_args()).uid(NOBODY).gid(NOBODY);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => unprivileged.env(name, value),
            None => unprivileged.env_remove(name),
        };
    }
    run(&mut unprivileged)
}

#[test]
fn a_cache_folder_whose_path_is_no_text_is_refused_and_not_made() {
    let folder = Folder::new();
    let dir = folder.beside(OsStr::from_bytes(b"not-\xff-text"));
    let flag = folder.run([OsStr::new("ls"), OsStr::new("--cache-dir"), dir.as_os_str()]);
    flag.assert_failed(2, &["not-\u{fffd}-text", "UTF-8"]);
    let mut variable = datacache_tests::program();
    run(variable.env("DATACACHE_DIR", &dir).arg("ls"))
        .assert_failed(2, &["not-\u{fffd}-text", "UTF-8"]);
    assert!(!dir.exists());
}

/// Where file names are bytes; macOS takes text only.
#[test]
#[cfg(target_os = "linux")]
fn an_output_and_an_input_whose_paths_are_no_text_work() {
    let (folder, origin) = (Folder::new(), origin());
    let file = folder.beside(OsStr::from_bytes(b"not-\xff-text"));
    let url = origin.url("/x");
    let get = folder.run([OsStr::new("get"), url.as_ref(), OsStr::new("-o"), file.as_os_str()]);
    assert_eq!(get.status, 0, "{get:?}");
    assert!(fs::read(&file).unwrap() == large());
    let put = folder.run([OsStr::new("put"), OsStr::new("a://b"), file.as_os_str()]);
    assert_eq!(put.status, 0, "{put:?}");
    assert!(folder.run(["get", "a://b"]).stdout == large());
}

#[test]
fn a_cache_below_a_folder_that_may_not_be_written_is_refused() {
    let folder = Folder::new();
    let locked = folder.beside("locked");
    fs::create_dir(&locked).unwrap();
    chmod(&locked, 0o555);
    let dir = locked.join("cache");
    let dir = dir.to_str().unwrap();
    for command in [&["ls"][..], &["get", "http://127.0.0.1:1/x"]] {
        let args = [command, &["--cache-dir", dir]].concat();
        run_unprivileged(&folder, &args).assert_failed(1, &[dir, "Permission denied"]);
    }
    assert_eq!(fs::read_dir(&locked).unwrap().count(), 0);
}

#[test]
fn a_cache_that_may_not_be_written_is_refused_and_left_alone() {
    let (folder, origin) = (Folder::new(), origin());
    let url = origin.url("/x");
    assert_eq!(folder.run(["get", &url]).status, 0);
    let (files, dirs) = tree(&folder);
    let bytes = || files.iter().map(|file| fs::read(file).unwrap()).collect::<Vec<_>>();
    let before = bytes();
    chmod_all(&files, 0o444);
    chmod_all(&dirs, 0o555);
    for args in [&["ls"][..], &["get", &url], &["get", &origin.url("/new")], &["rm", "--all"]] {
        let failed = run_unprivileged(&folder, args);
        failed.assert_failed(1, &[folder.dir().to_str().unwrap(), "cannot be written"]);
    }
    assert!(bytes() == before);
    assert_eq!(tree(&folder), (files.clone(), dirs.clone()));
    assert_eq!(origin.received().len(), 1);
    // So that the folder can be removed, and to see that nothing was lost.
    chmod_all(&dirs, 0o755);
    chmod_all(&files, 0o644);
    assert!(folder.run(["get", &url, "--offline"]).stdout == large());
}
