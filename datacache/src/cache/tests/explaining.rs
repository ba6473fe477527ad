//! How an answer came about, told step by step.

use super::*;

async fn steps(cache: &Cache, request: Request) -> Vec<String> {
    let explained = cache.explain(request).await;
    explained.steps.into_iter().map(|step| step.what).collect()
}

/// Asserts that the steps begin with these words, in this order.
#[track_caller]
fn assert_told(steps: &[String], words: &[&str]) {
    assert_eq!(steps.len(), words.len(), "{steps:#?}");
    for (step, words) in steps.iter().zip(words) {
        assert!(step.starts_with(words), "{step:?} does not begin with {words:?}");
    }
}

#[tokio::test]
async fn an_answer_of_the_origin_is_told_from_the_store_to_the_rule_by_which_it_is_kept() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([
        Reply::status(503),
        Reply::redirect("/elsewhere"),
        with(Reply::ok("one"), "Cache-Control: max-age=60"),
        Reply::status(404),
    ]);
    let fetched = steps(&cache, Request::new(origin.url("/x"))).await;
    assert_told(
        &fetched,
        &[
            "store: nothing is known",
            "budget of 127.0.0.1:",
            "origin: answered 503",
            "origin: attempt 1 failed: ",
            "budget of 127.0.0.1:",
            "origin: answered 302",
            "budget of 127.0.0.1:",
            "origin: answered 200",
            "kept for 1m, because its headers say so",
        ],
    );
    let absent = steps(&cache, request(&origin.url("/y"))).await;
    assert_eq!(absent.last().unwrap(), "kept for 1h, because the request says so");
}

#[tokio::test]
async fn an_answer_of_the_store_is_told_with_what_comes_of_it() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::ok("one")]);
    let url = origin.url("/x");
    fetch(&cache, request(&url)).await;
    assert_told(&steps(&cache, request(&url)).await, &["store: a fresh entry of provider 127"]);
    folder.clock.advance(HOUR);
    let anew = steps(&cache, request(&url).must_be_fresh().offline()).await;
    assert_told(&anew, &["store: an entry that will not do of provider", "the request may not"]);
    let stale = [
        "store: a stale entry of provider 127.0.0.1, which expired 0s ago",
        "the stale entry is the answer; its renewal is queued",
    ];
    assert_told(&steps(&cache, request(&url)).await, &stale);
    let offline = ["store: a stale entry", "the request may not leave the machine"];
    assert_told(&steps(&cache, request(&url).offline()).await, &offline);
}

#[tokio::test]
async fn the_wait_for_a_slot_is_told_with_the_budget() {
    let folder = Folder::new();
    let mut config = folder.config();
    let settings = r#"{"slow": {"hosts": ["127.0.0.1"], "budget": "1/50ms"}}"#;
    config.providers = serde_json::from_str(settings).unwrap();
    let cache = folder.open_with(config).await;
    let origin = origin([Reply::ok("one")]);
    fetch(&cache, request(&origin.url("/1"))).await;
    let waited = steps(&cache, request(&origin.url("/2"))).await;
    // The clock of this test stands still, so that the wait is that of the booking.
    assert!(waited[1].starts_with("budget of slow (1/50ms): waited "), "{waited:#?}");
}

#[tokio::test]
async fn what_is_told_is_no_secret() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::redirect("/y?api_key=s3cret"), Reply::status(401)]);
    let secret = request(&origin.url("/x?api_key=s3cret")).header("Authorization", "s3cret");
    let explained = cache.explain(secret).await;
    assert!(explained.answer.is_err() && !explained.steps.is_empty());
    assert!(!format!("{explained:?}").contains("s3cret"), "{explained:#?}");
}
