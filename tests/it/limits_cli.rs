//! The limits from the command line.

use datacache::testing::{Origin, Reply};
use datacache_tests::Folder;
use serde_json::Value;

fn limits(folder: &Folder) -> Vec<Value> {
    let listed = folder.run(["--json", "limits"]);
    assert_eq!((listed.status, listed.stderr.as_str()), (0, ""), "{listed:?}");
    listed.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of(folder: &Folder, provider: &str) -> Option<Value> {
    limits(folder).into_iter().find(|limits| limits["provider"] == provider)
}

#[test]
fn budgets_are_listed_whether_used_or_not() {
    let folder = Folder::new();
    let spotify = of(&folder, "spotify").unwrap();
    assert_eq!(spotify["budget"], "1/2s, 1000/h");
    assert_eq!(spotify["windows"][1]["used"], 0);
    assert_eq!((&spotify["circuit"], &spotify["is_paused"]), (&"closed".into(), &false.into()));
    let text = folder.run(["limits"]).text();
    assert!(text.starts_with("PROVIDER ") && text.contains("\nmusicbrainz "), "{text}");
}

#[test]
fn a_configured_budget_is_listed_and_a_wrong_one_named() {
    let folder = Folder::new();
    let file = folder.beside("datacache.toml");
    let config = file.to_str().unwrap();
    datacache_tests::write(&file, "[providers.mine]\nbudget = ['9/min', '1/2s']\n");
    let listed = folder.run(["--config", config, "--json", "limits"]).text();
    assert!(listed.contains(r#""budget":"1/2s, 9/min""#), "{listed}");
    datacache_tests::write(&file, "[providers.mine]\nbudget = 'often'\n");
    let run = folder.run(["--config", config, "limits"]);
    run.assert_failed(1, &["line 2", "'often'", "30/min"]);
}

#[test]
fn a_cooldown_is_shown_with_its_reason_until_it_is_cleared() {
    let folder = Folder::new();
    let throttle = |_: &_| Reply::status(429).header("Retry-After", "3600");
    let origin = Origin::start(throttle).unwrap();
    folder.run(["enqueue", &origin.url("/1"), "--retries", "0"]);
    folder.run(["queue", "pause", "other"]);
    folder.run(["worker", "--drain", "--patience", "0s"]);
    let host = origin.url("").replace("http://", "");
    let slow = of(&folder, &host).unwrap();
    assert!(slow["cooldown_reason"].as_str().unwrap().contains("429"), "{slow}");
    assert_eq!(slow["next_slot"], slow["cooldown_until"]);
    let text = folder.run(["limits"]).text();
    assert!(text.lines().any(|line| line.starts_with(&host) && line.contains("429")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("other ") && line.ends_with("paused")));

    let cleared = folder.run(["--json", "limits", "clear", &host]);
    assert_eq!((cleared.status, &cleared.json()["cleared"]), (0, &host.as_str().into()));
    assert_eq!(folder.run(["limits", "clear", &host]).status, 3);
    assert_eq!(of(&folder, &host), None);
}

#[test]
fn a_host_that_asks_to_be_left_alone_silences_no_other_under_the_same_provider() {
    let folder = Folder::new();
    let throttle = |_: &_| Reply::status(429).header("Retry-After", "86400");
    let (throttling, failing) = (Origin::start(throttle), Origin::start(|_| Reply::status(500)));
    let sound = Origin::start(|_| Reply::ok("x")).unwrap();
    let (throttling, failing) = (throttling.unwrap(), failing.unwrap());
    let get = |origin: &Origin, path| {
        folder.run(["get", &origin.url(path), "--provider", "images", "--retries", "5"]).status
    };
    assert_eq!((get(&throttling, "/1"), get(&failing, "/1")), (1, 1));
    assert_eq!((get(&throttling, "/2"), get(&failing, "/2"), get(&sound, "/x")), (1, 1, 0));
    assert_eq!((throttling.received().len(), failing.received().len()), (1, 5));
    assert_eq!(of(&folder, "images").unwrap()["cooldown_until"], Value::Null);
}
