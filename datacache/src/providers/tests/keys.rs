//! The keys of those providers that want one: sent, and not kept.

use super::*;
use crate::Request;

const ARTIST: &str = "056e4f3e-d505-4dad-8ec1-d04f521cbb56";

/// Who wants a key, and from where on.
const KEYED: &[(&str, &str)] =
    &[("theaudiodb", "/api/v1/json/"), ("fanarttv", "/v3.2/"), ("discogs", "/")];

/// A question that is not answered without a key.
fn request(provider: &str, providers: &Providers) -> Result<Request> {
    match provider {
        "theaudiodb" => providers.theaudiodb().search_artist("!!!").into_request(),
        "fanarttv" => providers.fanarttv().artist(ARTIST.parse().unwrap()).into_request(),
        _ => providers.discogs().search_artists("!!!").into_request(),
    }
}

fn with_key(base_url: &str) -> Value {
    json!({ "base_url": base_url, "api_key": KEY })
}

#[tokio::test]
async fn a_key_is_sent_and_neither_stored_nor_told() {
    for (provider, base_url) in KEYED {
        for reply in [Reply::ok("{}"), Reply::status(401), Reply::status(403), Reply::ok("<html>")]
        {
            let api = Api::answering(provider, with_key(base_url), reply).await;
            let request = request(provider, &api.providers()).unwrap().retries(0);
            let key = api.cache.key(request.url()).unwrap();
            let explained = api.cache.explain(request.clone()).await;
            let known = api.cache.lookup(request.url()).await;
            let [received] = &api.origin.received()[..] else { panic!("{explained:?}") };
            let sent = format!("{} {:?}", received.path, received.headers.get("authorization"));
            assert_eq!(sent.matches(KEY).count(), 1, "{sent}");
            let error = explained.answer.as_ref().err().map(ToString::to_string);
            let told = format!("{request:?} {key} {explained:?} {error:?} {known:?}");
            assert!(!told.contains(KEY), "{told}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_no_absence() {
    for (provider, base_url) in KEYED {
        for status in [401, 403] {
            let api = Api::answering(provider, with_key(base_url), Reply::status(status)).await;
            let request = request(provider, &api.providers()).unwrap();
            let error = api.cache.fetch(request.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized, "{provider} {status}");
            if *provider == "discogs" {
                let typed = api.providers().discogs().search_artists("!!!").await.unwrap_err();
                let told = typed.to_string();
                assert!(told.contains("api_key_env in [providers.discogs]"), "{told}");
            }
            let offline = api.cache.fetch(request.offline()).await.unwrap();
            assert!(matches!(offline, crate::Answer::Miss), "{provider} {status}");
        }
    }
}

#[tokio::test]
async fn nobody_is_asked_without_the_key_that_is_wanted() {
    for (provider, base_url) in KEYED {
        let settings = json!({ "base_url": base_url, "api_key_env": "MY_VARIABLE" });
        let api = Api::answering(provider, settings, Reply::ok("{}")).await;
        let error = request(provider, &api.providers()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let error = error.to_string();
        let section = format!("[providers.{provider}]");
        for word in ["api_key", "MY_VARIABLE", &section] {
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(api.asked().len(), 0);
    }
}

#[tokio::test]
async fn a_mirror_without_room_for_the_key_is_not_asked() {
    let api = Api::answering("theaudiodb", with_key("/mirror/"), Reply::ok("{}")).await;
    let error = request("theaudiodb", &api.providers()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("api_key_in of [providers.theaudiodb]"), "{error}");

    let mut settings = with_key("/mirror/");
    settings["api_key_in"] = json!("path /mirror/");
    let nothing = Reply::ok(r#"{"artists": null}"#);
    let api = Api::answering("theaudiodb", settings, nothing).await;
    let request = request("theaudiodb", &api.providers()).unwrap();
    api.cache.fetch(request).await.unwrap();
    assert_eq!(api.asked(), [format!("/mirror/{KEY}/search.php?s=%21%21%21")]);
}
