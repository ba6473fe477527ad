//! What the program says about itself.

#![expect(clippy::unwrap_used, reason = "a test ends at a failure")]

use std::process::{Command, Output};

fn datacache(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_datacache")).args(args).output().unwrap()
}

fn text(args: &[&str]) -> String {
    let output = datacache(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

const COMMANDS: &[&str] = &[
    "get",
    "put",
    "show",
    "ls",
    "rm",
    "random",
    "keys",
    "pin",
    "unpin",
    "images",
    "enqueue",
    "queue",
    "limits",
    "worker",
    "artist",
    "album",
    "track",
    "musicbrainz",
    "coverart",
    "theaudiodb",
    "fanarttv",
    "discogs",
    "lastfm",
    "wikimedia",
    "spotify",
    "songlink",
    "deezer",
    "stats",
    "maintain",
    "export",
    "import",
    "import-wnp",
    "verify",
    "completions",
    "man",
];

#[test]
fn help_names_every_command_the_exit_statuses_and_examples() {
    let help = text(&["--help"]);
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is missing in {help}");
        assert!(text(&["help", command]).contains("Usage:"));
    }
    for part in ["Examples:", "Exit status:", "--cache-dir", "--json"] {
        assert!(help.contains(part), "{part} is missing in {help}");
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&["completions", shell]);
        for command in COMMANDS {
            assert!(script.contains(command), "{command} is missing for {shell}");
        }
    }
}

#[test]
fn the_manual_is_one_page_or_one_per_command() {
    assert!(text(&["man"]).contains(".TH datacache 1"));
    let dir = tempfile::tempdir().unwrap();
    text(&["man", dir.path().to_str().unwrap()]);
    for command in COMMANDS {
        let page = dir.path().join(format!("datacache-{command}.1"));
        assert!(page.exists(), "{} is missing", page.display());
    }
}

#[test]
fn wrong_usage_is_exit_status_2() {
    for args in [
        &["nonsense"][..],
        &["get"],
        &["get", "https://a.example/", "--cachekey", "nonsense"],
        &["get", "https://a.example/", "--ttl", "soon"],
        &["put", "https://a.example/"],
        &["rm"],
        &["rm", "https://a.example/", "--all"],
        &["random", "Daft Punk"],
        &["limits", "clear"],
        &["images", "fill", "Daft Punk", "artistlogo"],
        &["images", "resize", "https://a.example/"],
        &["export"],
        &["import", "a", "b"],
        &["import-wnp"],
        &["completions", "dos"],
    ] {
        assert_usage_error(args);
    }
}

fn assert_usage_error(args: &[&str]) {
    let output = datacache(args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{args:?}: {stderr}");
    assert!(!stderr.contains("S3CRET"), "{args:?}: {stderr}");
}

#[test]
fn a_name_may_begin_with_a_hyphen_behind_two() {
    let output = datacache(&["artist", "-M-"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("stands behind --"), "{stderr}");
    assert!(text(&["help", "artist"]).contains("[default: 15s]"));
}

#[test]
fn nothing_asked_is_answered_with_help_and_exit_status_2() {
    let output = datacache(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage:"));
}

#[test]
fn wrong_usage_repeats_no_value() {
    for args in [
        &["http://h/?token=S3CRET"][..],
        &["get", "http://h/", "http://h/?token=S3CRET"],
        &["get", "http://h/", "--S3CRET"],
        &["get", "http://h/", "--json=S3CRET"],
        &["get", "http://h/", "--header", "Authorization Bearer S3CRET"],
        &["get", "http://h/", "--checksum", "http://u:S3CRET@h"],
        &["get", "http://h/", "--metadata", "{\"a\": S3CRET"],
        &["get", "http://h/", "--metadata", "\"S3CRET\""],
        &["get", "http://h/", "--ttl", "S3CRET"],
        &["get", "http://h/", "--ttl", "5S3CRET"],
        &["get", "http://h/", "--retries", "S3CRET"],
        &["get", "http://h/", "--type", "S3CRET!"],
        &["get", "http://h/", "--provider", "S3CRET!"],
        &["get", "--cachekey", "S3CRET"],
        &["limits", "clear", "S3CRET!"],
        &["ls", "--identifier", &"S3CRET".repeat(500)],
        &["completions", "S3CRET"],
    ] {
        assert_usage_error(args);
    }
}
