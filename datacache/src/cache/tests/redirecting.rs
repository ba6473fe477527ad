//! Redirects cost what they ask for.

use super::*;

/// A cache that knows two origins as the providers `here` and `there`, under these budgets.
async fn open(folder: &Folder, here: (&Origin, &str), there: (&Origin, &str)) -> Cache {
    let provider = |(origin, budget): (&Origin, &str)| {
        let host = origin.url("").replace("http://", "");
        serde_json::json!({"hosts": [host], "budget": budget})
    };
    let providers = serde_json::json!({"here": provider(here), "there": provider(there)});
    let mut config = folder.config();
    config.providers = serde_json::from_value(providers).unwrap();
    folder.open_with(config).await
}

/// How much of the longest window of a provider is used, and why it rests.
async fn noted(cache: &Cache, name: &str) -> (u32, Option<String>) {
    let limits = cache.limits().await.unwrap();
    let limits = limits.into_iter().find(|limits| limits.provider.as_str() == name).unwrap();
    (limits.windows.last().unwrap().used, limits.cooldown_reason)
}

#[tokio::test]
async fn every_redirect_takes_a_slot_of_whom_it_asks() {
    let folder = Folder::new();
    let there = origin([Reply::redirect("/y"), Reply::ok("one")]);
    let redirects =
        [Reply::redirect("/b"), Reply::redirect("/c"), Reply::redirect(there.url("/x"))];
    let here = origin(redirects);
    let budget = "1/ms, 100/d";
    let cache = open(&folder, (&here, budget), (&there, budget)).await;
    assert_eq!(fetch(&cache, request(&here.url("/a"))).await.1, "one");
    assert_eq!((noted(&cache, "here").await.0, noted(&cache, "there").await.0), (3, 2));
}

#[tokio::test]
async fn a_redirect_to_whom_the_budget_forbids_to_ask_is_not_followed() {
    let folder = Folder::new();
    let there = origin([Reply::ok("one")]);
    let target = there.url("/x");
    let here = origin([Reply::redirect(&target)]);
    let cache = open(&folder, (&here, "none"), (&there, "1/15min")).await;
    assert_eq!(fetch(&cache, request(&here.url("/1"))).await.1, "one");
    assert_eq!(failure(&cache, request(&here.url("/2"))).await, ErrorKind::RateLimited);
    assert_eq!((here.received().len(), there.received().len()), (2, 1));
}

/// Nor is what was not asked taken for a sign of life.
#[tokio::test]
async fn a_placeholder_that_its_url_tells_costs_no_slot() {
    let folder = Folder::new();
    let star = "/2a96cbd8b46e442fc41c2b86b821562f.png";
    let there = origin([Reply::ok("one")]);
    let here = origin([Reply::redirect(there.url(star))]);
    let cache = open(&folder, (&here, "1000/s"), (&there, "1000/s")).await;
    for url in [there.url(star), here.url("/x")] {
        assert!(matches!(cache.fetch(request(&url)).await.unwrap(), Answer::Absent(_)));
    }
    assert_eq!((noted(&cache, "here").await.0, noted(&cache, "there").await.0), (1, 0));
}

#[tokio::test]
async fn who_asks_to_be_left_alone_at_the_end_of_a_redirect_is_and_not_who_led_there() {
    let folder = Folder::new();
    let there = origin([Reply::status(429).header("Retry-After", "3600")]);
    let target = there.url("/x");
    let here = origin([Reply::redirect(&target)]);
    let cache = open(&folder, (&here, "1000/s"), (&there, "1000/s")).await;
    for path in ["/1", "/2"] {
        assert_eq!(failure(&cache, request(&here.url(path))).await, ErrorKind::RateLimited);
    }
    assert_eq!((here.received().len(), there.received().len()), (2, 1));
    assert_eq!(noted(&cache, "here").await.1, None);
    assert!(noted(&cache, "there").await.1.unwrap().contains("429"));
}
