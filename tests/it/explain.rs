//! `get --explain`: how an answer came about.

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, run, write};

#[test]
fn each_step_is_told_on_standard_error_or_as_json() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::ok("hello")).unwrap());
    let config = folder.beside("datacache.toml");
    write(&config, "[providers.mine]\nhosts = ['127.0.0.1']\nbudget = '1/50ms'\nttl = '1h'\n");
    let get = |path: &str, more: &[&str]| {
        let mut command = folder.program(["get", &origin.url(path), "--explain"]);
        run(command.args(more).arg("--config").arg(&config))
    };
    let fetched = get("/x", &[]);
    assert_eq!((fetched.status, &fetched.stdout[..]), (0, &b"hello"[..]), "{fetched:?}");
    let lines: Vec<&str> = fetched.stderr.lines().map(str::trim_start).collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert_eq!(lines[0], "0 ms  store: nothing is known");
    for (line, words) in lines[1..].iter().zip([
        "budget of mine (1/50ms): waited ",
        "origin: answered 200 OK",
        "kept for 1h, because its provider's policy says so",
    ]) {
        assert!(line.contains(words), "{lines:#?}");
    }
    let told = get("/x", &["--json"]);
    assert_eq!((told.status, told.stderr.as_str()), (0, ""), "{told:?}");
    let steps = &told.json()["steps"];
    assert_eq!(steps.as_array().unwrap().len(), 1);
    assert!(steps[0]["what"].as_str().unwrap().starts_with("store: a fresh entry"), "{steps}");
    assert!(steps[0]["at"].is_i64(), "{steps}");
}
