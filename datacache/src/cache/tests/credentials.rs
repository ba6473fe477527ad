use super::*;
use crate::config::{ProviderConfig, Secret};
use crate::queue::JobState;

/// A configuration whose provider `mine` has the hosts of the tests' origins.
fn config(folder: &Folder, place: &str, key: Option<&str>) -> Config {
    let mut config = folder.config();
    let mine = ProviderConfig {
        hosts: Some(vec!["127.0.0.1".to_owned()]),
        api_key: key.map(Secret::new),
        api_key_env: Some("MINE_KEY".to_owned()),
        api_key_in: Some(place.parse().unwrap()),
        ..ProviderConfig::default()
    };
    config.providers.insert(Provider::new("mine").unwrap(), mine);
    config
}

async fn open(folder: &Folder, place: &str, key: Option<&str>) -> Cache {
    folder.open_with(config(folder, place, key)).await
}

/// Does what there is to do now.
async fn job(cache: &Cache, url: &str) -> crate::JobInfo {
    cache.0.queue.get(&cache.key(url).unwrap()).await.unwrap().unwrap()
}

const QUERY: &str = "query api_key";

/// Each place, with what is asked for and what arrives: path, and header `X-Client`.
const PLACES: [(&str, &str, &str, Option<&str>); 3] = [
    (QUERY, "/x?q=1", "/x?q=1&api_key=s3cret", None),
    ("path /v1/", "/v1/_/x", "/v1/s3cret/x", None),
    ("header X-Client: id={key}", "/x", "/x", Some("id=s3cret")),
];

#[tokio::test]
async fn the_configured_key_is_sent_and_the_entry_found_with_it_and_without() {
    for (place, asked, path, header) in PLACES {
        let folder = Folder::new();
        let cache = open(&folder, place, Some("s3cret")).await;
        let origin = origin([Reply::ok("one")]);
        assert_eq!(fetch(&cache, request(&origin.url(asked))).await.0, FoundState::Fetched);
        let received = &origin.received()[0];
        let sent = received.headers.get("x-client").map(String::as_str);
        assert_eq!((received.path.as_str(), sent), (path, header));
        assert_eq!(cache.key(&origin.url(path)).unwrap().as_str(), origin.url(asked));
        assert_eq!(fetch(&cache, request(&origin.url(path))).await.0, FoundState::Fresh);
        let without_key = open(&folder, place, None).await;
        assert_eq!(fetch(&without_key, request(&origin.url(asked))).await.0, FoundState::Fresh);
    }
}

#[tokio::test]
async fn what_is_queued_with_the_key_of_one_process_is_asked_with_that_of_another() {
    for (place, asked, path, header) in PLACES {
        let folder = Folder::new();
        let (client, worker) =
            (open(&folder, place, Some("s3cret")).await, open(&folder, place, Some("n3w")).await);
        let origin = origin([Reply::ok("one")]);
        let mut carrying = request(&origin.url(path));
        if let Some(value) = header {
            carrying = carrying.header("X-Client", value);
        }
        assert_eq!(client.enqueue([carrying]).await.unwrap().new, 1);
        assert_eq!(drain(&worker).await.done, 1);
        let received = &origin.received()[0];
        assert_eq!(received.path, path.replace("s3cret", "n3w"));
        let sent = received.headers.get("x-client").map(String::as_str);
        assert_eq!(sent, header.map(|_| "id=n3w"));
        assert_eq!(fetch(&worker, request(&origin.url(asked))).await.0, FoundState::Fresh);
    }
}

#[tokio::test]
async fn a_worker_without_the_key_asks_nobody_and_says_what_it_lacks() {
    let folder = Folder::new();
    let client = open(&folder, QUERY, Some("s3cret")).await;
    let (keyless, keyed) =
        (open(&folder, QUERY, None).await, open(&folder, QUERY, Some("s3cret")).await);
    let origin = origin([Reply::ok("one")]);
    let [url, other] = ["/x?api_key=s3cret", "/y?api_key=s3cret"].map(|path| origin.url(path));
    client.enqueue([request(&url)]).await.unwrap();
    for attempt in 1..=4 {
        assert_eq!(drain(&keyless).await.retried, 1);
        let job = job(&client, &url).await;
        assert_eq!((job.status, job.attempts), (JobState::Pending, attempt));
        let reason = job.last_error.unwrap();
        for word in ["api_key", "[providers.mine]", "MINE_KEY"] {
            assert!(reason.contains(word), "{reason}");
        }
        folder.clock.advance(HOUR);
    }
    assert_eq!(drain(&keyless).await.dead, 1);
    client.enqueue([request(&other)]).await.unwrap();
    assert_eq!(drain(&keyless).await.retried, 1);
    assert_eq!(origin.received().len(), 0);
    folder.clock.advance(HOUR);
    assert_eq!(drain(&keyed).await.done, 1);
}

#[tokio::test]
async fn a_caller_without_the_key_leaves_the_job_to_a_worker_that_has_it() {
    let folder = Folder::new();
    let client = open(&folder, QUERY, Some("s3cret")).await;
    let keyless = open(&folder, QUERY, None).await;
    let origin = origin([Reply::ok("one")]);
    client.enqueue([request(&origin.url("/x"))]).await.unwrap();
    assert_eq!(failure(&keyless, request(&origin.url("/x"))).await, ErrorKind::Config);
    assert_eq!(queued(&keyless).await, (1, 0));
    assert_eq!(job(&client, &origin.url("/x")).await.attempts, 0);
    assert_eq!(origin.received().len(), 0);
    // One that brings a key of its own may ask.
    let own = request(&origin.url("/x?api_key=own"));
    assert_eq!(fetch(&keyless, own).await.0, FoundState::Fetched);
}

#[tokio::test]
async fn a_key_neither_follows_a_redirect_elsewhere_nor_goes_to_a_stranger() {
    for (place, asked, ..) in PLACES {
        let folder = Folder::new();
        let stranger = origin([Reply::ok("one")]);
        let elsewhere = stranger.url("/elsewhere");
        let origin = origin([Reply::redirect(elsewhere)]);
        let cache = open(&folder, place, Some("s3cret")).await;
        fetch(&cache, request(&origin.url(asked))).await;
        // Of the names of this machine, `mine` has but one.
        let other_host = stranger.url(asked).replace("127.0.0.1", "localhost");
        let mine = Provider::new("mine").unwrap();
        fetch(&cache, request(&other_host).provider(mine)).await;
        let received = stranger.received();
        assert_eq!(received.len(), 2);
        assert!(!format!("{received:?}").contains("s3cret"), "{received:?}");
        assert!(format!("{:?}", origin.received()).contains("s3cret"));
    }
}

#[tokio::test]
async fn a_row_of_an_older_program_is_still_read() {
    let folder = Folder::new();
    let cache = open(&folder, QUERY, Some("s3cret")).await;
    let origin = origin([Reply::ok("one")]);
    cache.enqueue([request(&origin.url("/x"))]).await.unwrap();
    let mut tx = cache.0.db.write("test").await.unwrap();
    let older = "UPDATE pending_requests SET params = json_remove(params, '$.credential')";
    sqlx::query(older).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(drain(&cache).await.done, 1);
}

#[tokio::test]
async fn a_key_without_a_place_is_found_out_before_a_folder_is_made() {
    let folder = Folder::new();
    let mut config = config(&folder, QUERY, Some("s3cret"));
    config.providers.values_mut().for_each(|mine| mine.api_key_in = None);
    let error = Cache::open(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("[providers.mine]: "), "{error}");
    assert!(error.to_string().contains("api_key_in"), "{error}");
    assert!(std::fs::read_dir(folder.dir.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn a_url_from_the_cache_is_not_asked_without_its_key_and_never_becomes_an_absence() {
    let folder = Folder::new();
    let keyless = open(&folder, "path /v1/", None).await;
    let origin = origin([Reply::ok("one"), Reply::status(404)]);
    fetch(&keyless, request(&origin.url("/v1/own/x"))).await;
    folder.clock.advance(HOUR);
    let stale = found(keyless.fetch(request(&origin.url("/v1/_/x"))).await.unwrap());
    assert_eq!(
        (stale.state, stale.warning.unwrap().kind()),
        (FoundState::Stale, ErrorKind::Expired)
    );
    assert_eq!(failure(&keyless, request(&origin.url("/v1/_/y"))).await, ErrorKind::Config);
    let batch = request(&origin.url("/v1/_/y")).priority(Priority::Batch);
    assert!(matches!(keyless.fetch(batch).await.unwrap(), Answer::Queued));
    assert_eq!(drain(&keyless).await.retried, 2);
    assert_eq!(origin.received().len(), 1);
}
