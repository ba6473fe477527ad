//! Settings that cannot be used: the file, the line, the key or the variable is named.

use std::ffi::OsStr;

use datacache_tests::{Folder, run, write};

#[test]
fn a_configuration_that_cannot_be_used_names_its_file_and_line() {
    let folder = Folder::new();
    let file = folder.beside("datacache.toml");
    let shown = file.to_str().unwrap();
    for (text, words) in [
        (&b"[http]\nspeed = 1\n"[..], &["line 2", "speed"][..]),
        (b"\n\nspeed = 1\n", &["line 3", "speed"]),
        (b"[providers.cdn]\nttl = \"1d\"\nspeed = 1\n", &["line 3", "speed"]),
        (b"[http]\nmax_body_bytes = \"lots\"\n", &["line 2", "lots"]),
        (b"[http]\nconnect_timeout = \"soon\"\n", &["line 2", "soon"]),
        (b"[http\n", &["line 1"]),
        (b"[http]\ncontact = \"abc\n", &["line 2"]),
        (b"[http]\ncontact =\n", &["line 2"]),
        (b"\xff", &["UTF-8"]),
    ] {
        write(&file, text);
        let failed = folder.run(["--config", shown, "ls"]);
        failed.assert_failed(1, &[words, &[shown]].concat());
    }
    assert!(!folder.dir().exists());
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let folder = Folder::new();
    let missing = folder.beside("missing.toml");
    let missing = missing.to_str().unwrap();
    folder.run(["--config", missing, "ls"]).assert_failed(1, &["configuration", missing]);
    let no_file = folder.beside("");
    let no_file = no_file.to_str().unwrap();
    folder.run(["--config", no_file, "ls"]).assert_failed(1, &["configuration", no_file]);
    assert!(!folder.dir().exists());
}

#[test]
fn a_variable_that_cannot_be_used_is_named() {
    let folder = Folder::new();
    for (name, value) in [
        ("DATACACHE_SPEED", "1"),
        ("DATACACHE_HTTP_MAX_BODY_BYTES", "lots"),
        ("DATACACHE_HTTP_MAX_BODY_BYTES", "-1"),
        ("DATACACHE_HTTP_CONNECT_TIMEOUT", "5"),
    ] {
        let failed = run(folder.program(["ls"]).env(name, value));
        failed.assert_failed(1, &[name]);
    }
    let failed = run(folder.program(["ls"]).env("DATACACHE_TWO\nLINES", "1"));
    failed.assert_failed(1, &["DATACACHE_TWO LINES"]);
    let failed = run(folder.program(["ls"]).env("DATACACHE_HTTP_USER_AGENT", "a\r\nEvil: 1"));
    failed.assert_failed(1, &["http.user_agent"]);
    assert!(!folder.dir().exists());
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_no_text_is_named() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new();
    let failed =
        run(folder.program(["ls"]).env("DATACACHE_HTTP_CONTACT", OsStr::from_bytes(b"\xff")));
    failed.assert_failed(1, &["DATACACHE_HTTP_CONTACT", "UTF-8"]);
}
