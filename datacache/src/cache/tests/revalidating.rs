//! How origins are asked whether a stale entry still holds.

use super::*;
use crate::config::ProviderConfig;

const DATE: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";

/// A request that takes nothing stale.
fn anew(url: &str) -> Request {
    request(url).must_be_fresh()
}

/// The states in which a request was answered, an hour lying between each and the next.
async fn states(cache: &Cache, clock: &Clock, url: &str, times: usize) -> Vec<FoundState> {
    let mut states = Vec::new();
    for _ in 0..times {
        states.push(fetch(cache, anew(url)).await.0);
        clock.advance(HOUR);
    }
    states
}

#[tokio::test]
async fn a_stale_entry_that_its_origin_confirms_is_renewed_without_its_body() {
    for (validators, expected) in [
        (TAGGED, &["\"a\""][..]),
        (r#"ETag: W/"a""#, &["W/\"a\""]),
        (DATE, &["Sun, 06 Nov 1994 08:49:37 GMT"]),
        (
            r#"ETag: "a"; Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"#,
            &["\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT"],
        ),
    ] {
        for body in [b"one".to_vec(), vec![7; 100 * 1024]] {
            let folder = Folder::new();
            let cache = folder.open().await;
            let confirmed = not_modified(validators);
            let origin = origin([with(Reply::ok(body.clone()), validators), confirmed]);
            let url = origin.url("/x");
            let old = found(cache.fetch(anew(&url)).await.unwrap()).entry.info;
            folder.clock.advance(HOUR);
            let renewed = found(cache.fetch(anew(&url)).await.unwrap());
            assert_eq!((renewed.state, renewed.source), (FoundState::Revalidated, Source::Origin));
            assert_eq!(renewed.entry.data, body);
            let new = renewed.entry.info;
            assert_eq!((new.created_at, new.cachekey), (old.created_at, old.cachekey));
            assert_eq!(new.expires_at, old.expires_at.checked_add(HOUR).unwrap());
            assert_eq!(new, found(cache.fetch(anew(&url)).await.unwrap()).entry.info);
            folder.clock.advance(HOUR);
            assert_eq!(states(&cache, &folder.clock, &url, 2).await, [FoundState::Revalidated; 2]);
            let received = origin.received();
            assert_eq!(conditions(&received[0]), [""; 0]);
            assert!(received[1..].iter().all(|request| conditions(request) == expected));
        }
    }
}

#[tokio::test]
async fn a_tag_that_changes_each_time_brings_the_new_body_each_time() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let tags = ["a", "b", "c"].map(|tag| Reply::ok(tag).header("ETag", format!("\"{tag}\"")));
    let origin = origin(tags);
    let url = origin.url("/x");
    assert_eq!(states(&cache, &folder.clock, &url, 3).await, [FoundState::Fetched; 3]);
    let received = origin.received();
    let asked: Vec<_> = received.iter().flat_map(conditions).collect();
    assert_eq!(asked, ["\"a\"", "\"b\""]);
    assert_eq!(fetch(&cache, request(&url).offline()).await.1, "c");
}

#[tokio::test]
async fn a_304_that_answers_another_condition_is_asked_about_once_more_and_then_an_error() {
    let other = not_modified(r#"ETag: "b""#);
    for (known, replies, is_answered, requests) in [
        (false, vec![not_modified(TAGGED), Reply::ok("two")], false, 1),
        (false, vec![not_modified(TAGGED)], false, 1),
        (true, vec![other.clone(), Reply::ok("two")], true, 2),
        (true, vec![other], false, 2),
    ] {
        let folder = Folder::new();
        let cache = folder.open().await;
        let first = known.then(|| with(Reply::ok("one"), TAGGED));
        let origin = origin(first.clone().into_iter().chain(replies));
        let url = origin.url("/x");
        if known {
            fetch(&cache, anew(&url)).await;
            folder.clock.advance(HOUR);
        }
        let answered = cache.fetch(anew(&url)).await;
        match answered {
            Ok(answer) if is_answered => assert_eq!(found(answer).entry.data, "two"),
            Err(error) if !is_answered => {
                assert_eq!((error.kind(), error.status()), (ErrorKind::Upstream, Some(304)));
            }
            other => panic!("{other:?}"),
        }
        let received = &origin.received()[usize::from(known)..];
        assert_eq!(received.len(), requests);
        assert!(conditions(received.last().unwrap()).is_empty());
    }
}

#[tokio::test]
async fn an_entry_that_is_gone_when_its_origin_confirms_it_is_fetched_after_all() {
    let folder = Folder::new();
    let (cache, other) = (folder.open().await, folder.open().await);
    let (asked, asks) = tokio::sync::mpsc::unbounded_channel();
    let (answer, answers) = std::sync::mpsc::channel();
    let answers = Mutex::new(answers);
    let origin = Origin::start(move |request| {
        if conditions(request).is_empty() {
            return with(Reply::ok("one"), TAGGED);
        }
        asked.send(()).unwrap();
        answers.lock().unwrap().recv().unwrap();
        not_modified(TAGGED)
    })
    .unwrap();
    let url = origin.url("/x");
    fetch(&cache, anew(&url)).await;
    folder.clock.advance(HOUR);
    let mut asks = asks;
    let remove = async {
        asks.recv().await.unwrap();
        assert!(other.remove(&url).await.unwrap());
        answer.send(()).unwrap();
    };
    let (fetched, ()) = tokio::join!(fetch(&cache, anew(&url)), remove);
    assert_eq!(fetched, (FoundState::Fetched, Bytes::from_static(b"one")));
    assert!(conditions(origin.received().last().unwrap()).is_empty());
    assert!(matches!(cache.lookup(&url).await.unwrap(), Lookup::Fresh(_)));
}

#[tokio::test]
async fn no_condition_is_made_of_what_a_redirect_led_to() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = Origin::start(|request| match request.path.as_str() {
        "/x" => Reply::redirect("/y"),
        _ => with(Reply::ok("one"), TAGGED),
    })
    .unwrap();
    states(&cache, &folder.clock, &origin.url("/x"), 2).await;
    assert_eq!(origin.received().len(), 4);
    assert!(origin.received().iter().all(|request| conditions(request).is_empty()));
}

#[tokio::test]
async fn a_condition_goes_to_the_url_itself_and_not_to_where_it_redirects() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let replies = [with(Reply::ok("one"), TAGGED), Reply::redirect("/y"), Reply::ok("two")];
    let origin = origin(replies);
    states(&cache, &folder.clock, &origin.url("/x"), 2).await;
    let received = origin.received();
    let asked: Vec<_> = received.iter().map(|request| conditions(request).len()).collect();
    assert_eq!(asked, [0, 1, 0]);
}

#[tokio::test]
async fn who_is_not_to_be_asked_on_condition_is_not() {
    for (revalidate, header, expected) in [
        (true, None, &["\"a\""][..]),
        (false, None, &[]),
        (true, Some(("if-none-match", "\"own\"")), &["\"own\""]),
    ] {
        let folder = Folder::new();
        let mut config = folder.config();
        config.providers.insert(
            Provider::new("mine").unwrap(),
            ProviderConfig {
                hosts: Some(vec!["127.0.0.1".to_owned()]),
                revalidate: Some(revalidate),
                ..ProviderConfig::default()
            },
        );
        let cache = folder.open_with(config).await;
        let origin = origin([with(Reply::ok("one"), TAGGED)]);
        let url = origin.url("/x");
        fetch(&cache, anew(&url)).await;
        folder.clock.advance(HOUR);
        let again = header
            .into_iter()
            .fold(anew(&url), |request, (name, value)| request.header(name, value));
        fetch(&cache, again).await;
        assert_eq!(conditions(&origin.received()[1]), expected, "{revalidate}");
    }
}

#[tokio::test]
async fn a_confirmation_gives_an_entry_the_names_of_the_request() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([with(Reply::ok(png()), TAGGED), not_modified(TAGGED)]);
    let url = origin.url("/x");
    fetch(&cache, anew(&url)).await;
    folder.clock.advance(HOUR);
    let named = anew(&url).identifier("Daft Punk").data_type(DataType::ARTIST_LOGO);
    let renewed = found(cache.fetch(named).await.unwrap());
    assert_eq!(renewed.state, FoundState::Revalidated);
    let identifier = Identifier::new("Daft Punk").unwrap();
    let keys = cache.keys(&identifier, &DataType::ARTIST_LOGO).await.unwrap();
    assert_eq!(keys, [renewed.entry.info.cachekey]);
    let picked = cache.random_image(&identifier, &DataType::ARTIST_LOGO, None).await.unwrap();
    assert_eq!(picked.unwrap().data, png());
}
