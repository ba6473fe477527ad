use std::time::Duration;

use super::*;
use crate::name::DataType;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn policies(json: &str) -> Policies {
    Policies::new(&serde_json::from_str(json).unwrap()).unwrap()
}

fn provider_of(policies: &Policies, url: &str) -> String {
    policies.provider_of(&Url::parse(url).unwrap()).to_string()
}

#[test]
fn a_url_belongs_to_the_provider_of_its_host() {
    let built_in = policies("{}");
    for (url, provider) in [
        ("https://musicbrainz.org/ws/2/artist", "musicbrainz"),
        ("https://en.wikipedia.org/wiki/X", "wikimedia"),
        ("https://wikipedia.org.evil.example/", "wikipedia.org.evil.example"),
        ("https://notwikipedia.org/", "notwikipedia.org"),
        ("http://127.0.0.1:8080/x", "127.0.0.1"),
    ] {
        assert_eq!(provider_of(&built_in, url), provider, "{url}");
    }
    let mirrored = policies(r#"{"musicbrainz": {"hosts": ["MB.example"]}}"#);
    for url in ["https://mb.example/ws/2", "https://musicbrainz.org./ws/2"] {
        assert_eq!(provider_of(&mirrored, url), "musicbrainz");
    }
    let mine = policies(r#"{"zz": {"hosts": ["musicbrainz.org"]}}"#);
    assert_eq!(provider_of(&mine, "https://musicbrainz.org/ws/2"), "zz");
}

#[test]
fn settings_that_can_mean_nothing_are_named() {
    for (json, word) in [
        (r#"{"mine": {"hosts": ["a.example", "http://x/"]}}"#, "hosts"),
        (r#"{"mine": {"hosts": ["*"]}}"#, "hosts"),
        (r#"{"mine": {"hosts": [""]}}"#, "hosts"),
        (r#"{"mine": {"timeout": "0s"}}"#, "timeout"),
    ] {
        let error = Policies::new(&serde_json::from_str(json).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let error = error.to_string();
        assert!(error.contains("[providers.mine]") && error.contains(word), "{error}");
    }
}

#[test]
fn a_mirror_belongs_to_its_provider_on_its_port() {
    let policies = policies(
        r#"{"musicbrainz": {"base_url": "http://localhost:81/ws/2"},
            "spotify": {"base_url": "http://localhost:82/"}}"#,
    );
    for (url, provider) in [
        ("http://localhost:81/ws/2/artist", "musicbrainz"),
        ("http://localhost:82/v1/search", "spotify"),
        ("http://localhost/", "localhost"),
        ("https://musicbrainz.org/", "musicbrainz"),
    ] {
        assert_eq!(provider_of(&policies, url), provider, "{url}");
    }
    let at = |provider| policies.base_url(provider).unwrap().endpoint(&["x"], &[]).to_string();
    assert_eq!(at("musicbrainz"), "http://localhost:81/ws/2/x");
    assert_eq!(at("lastfm"), "https://ws.audioscrobbler.com/2.0/x");
}

#[test]
fn of_mirrors_on_one_host_each_has_what_lies_below_it() {
    let policies = policies(
        r#"{"musicbrainz": {"base_url": "http://localhost:81/"},
            "lastfm": {"base_url": "http://localhost:81/fm/2.0/", "api_key": "s3cret"},
            "songlink": {"base_url": "http://localhost:81/fm", "api_key": "other"}}"#,
    );
    for (url, provider) in [
        ("http://localhost:81/ws/2/artist", "musicbrainz"),
        ("http://localhost:81/fm/2.0/?method=x", "lastfm"),
        ("http://localhost:81/fm/2.00/", "songlink"),
        ("http://localhost:82/fm/2.0/", "localhost"),
    ] {
        assert_eq!(provider_of(&policies, url), provider, "{url}");
    }
    let key = |url| policies.credential_of(&Url::parse(url).unwrap()).is_some();
    assert!(key("http://localhost:81/fm/2.0/x") && !key("http://localhost:81/x"));
    let same = r#"{"lastfm": {"base_url": "http://a.example/x"},
        "songlink": {"base_url": "http://a.example:80/x/"}}"#;
    let error = Policies::new(&serde_json::from_str(same).unwrap()).unwrap_err().to_string();
    assert!(error.contains("[providers.lastfm]") && error.contains("songlink"), "{error}");
}

#[test]
fn no_name_goes_round_the_budget_of_a_host() {
    let policies = policies(
        r#"{"mine": {"budget": "7/s"}, "free": {"budget": "none"}, "127.0.0.1": {"budget": "1/2s"},
            "b.example": {"budget": "2/s"}}"#,
    );
    for (url, named, provider, budget) in [
        ("https://musicbrainz.org/ws/2", "musicbrainz", "musicbrainz", "1/s"),
        ("https://musicbrainz.org/ws/2", "mine", "musicbrainz", "1/s"),
        ("https://a.example/", "mine", "mine", "7/s"),
        ("https://a.example/", "free", "free", "none"),
        ("https://a.example/", "unknown", "a.example", "1/s"),
        ("https://b.example/", "free", "b.example", "2/s"),
        ("http://127.0.0.1:8000/", "cdn", "127.0.0.1", "1/2s"),
        ("http://127.0.0.2:8000/", "unknown", "127.0.0.2:8000", "none"),
        ("http://localhost/", "mine", "mine", "7/s"),
    ] {
        let payer = policies.payer_of(&Url::parse(url).unwrap(), &Provider::new(named).unwrap());
        assert_eq!(payer.provider.as_str(), provider, "{url} {named}");
        assert_eq!(payer.budget.to_string(), budget, "{url} {named}");
    }
}

#[test]
fn who_rests_is_a_provider_that_is_one_service_and_else_the_host() {
    let policies = policies(r#"{"mine": {"hosts": ["127.0.0.2"]}, "127.0.0.1": {}}"#);
    for (url, named, origin) in [
        ("https://musicbrainz.org/ws/2", "images", "musicbrainz"),
        ("https://en.wikipedia.org/wiki/X", "wikimedia", "wikimedia"),
        ("https://i.scdn.co/image/x", "cdn", "i.scdn.co"),
        ("https://a.example:81/", "images", "a.example"),
        ("https://a.example/", "musicbrainz", "a.example"),
        ("http://127.0.0.1:81/", "images", "127.0.0.1:81"),
        ("http://127.0.0.2:81/", "images", "mine"),
        ("http://[::1]:81/", "images", "::1:81"),
        ("http://localhost/", "localhost", "localhost"),
    ] {
        let named = Provider::new(named).unwrap();
        let payer = policies.payer_of(&Url::parse(url).unwrap(), &named);
        assert_eq!(payer.origin.as_str(), origin, "{url} {named}");
    }
}

#[test]
fn a_name_alone_tells_the_budget() {
    let policies = policies(r#"{"127.0.0.1": {"budget": "1/2s"}}"#);
    for (name, budget) in [
        ("spotify", "1/2s, 1000/h"),
        ("127.0.0.1", "1/2s"),
        ("127.0.0.1:81", "none"),
        ("a.example", "1/s"),
    ] {
        let found = policies.budget_of(&Provider::new(name).unwrap());
        assert_eq!(found.to_string(), budget, "{name}");
    }
}

#[test]
fn settings_replace_only_what_they_name() {
    let policies = policies(
        r#"{"musicbrainz": {"ttl": "1h", "max_ttl": "30m", "budget": "1/3s"},
            "mine": {"timeout": "2s"}}"#,
    );
    let musicbrainz = policies.get(&Provider::new("musicbrainz").unwrap());
    assert_eq!(musicbrainz.lifetimes.ttl(None, None, &DataType::API_RESPONSE).0, HOUR / 2);
    assert_eq!(musicbrainz.lifetimes.absent_ttl(None).0, DAY);
    assert_eq!(musicbrainz.timeout, 15 * SECOND);
    assert_eq!(musicbrainz.budget.to_string(), "1/3s");
    let mine = policies.get(&Provider::new("mine").unwrap());
    assert_eq!((mine.timeout, mine.budget.to_string().as_str()), (2 * SECOND, "1/s"));
}

#[test]
fn everybody_but_musicbrainz_is_asked_on_condition() {
    let revalidates =
        |policies: &Policies, provider| policies.get(&Provider::new(provider).unwrap()).revalidates;
    let built_in = policies("{}");
    assert!(revalidates(&built_in, "cdn") && revalidates(&built_in, "a.example"));
    assert!(!revalidates(&built_in, "musicbrainz"));
    let configured =
        policies(r#"{"musicbrainz": {"revalidate": true}, "cdn": {"revalidate": false}}"#);
    assert!(revalidates(&configured, "musicbrainz") && !revalidates(&configured, "cdn"));
}

#[test]
fn secrets_depend_on_the_host() {
    let policies = policies("{}");
    let key = |url: &str| {
        let url = Url::parse(url).unwrap();
        let rules = policies.secrets_of(&url).clone();
        crate::Key::canonical(url, &rules).0.to_string()
    };
    assert_eq!(
        key("https://www.theaudiodb.com/api/v1/json/523532/search.php?s=a"),
        "https://www.theaudiodb.com/api/v1/json/_/search.php?s=a"
    );
    assert_eq!(key("https://api.song.link/x?key=1"), "https://api.song.link/x");
    assert_eq!(key("https://api.discogs.com/x?key=1&secret=2"), "https://api.discogs.com/x");
    assert_eq!(
        key("https://www.theaudiodb.com.//api/v1/json/523532/x"),
        "https://www.theaudiodb.com./api/v1/json/_/x"
    );
    assert_eq!(key("https://a.example/x?key=1"), "https://a.example/x?key=1");
}

#[test]
fn every_built_in_place_can_be_read() {
    for row in built_in::TABLE {
        assert_eq!(Policy::from(row).api_key_in.is_some(), row.api_key_in.is_some());
    }
}

#[test]
fn a_key_needs_a_place_and_an_address() {
    for (json, words) in [
        (r#"{"mine": {"api_key": "s3cret"}}"#, ["[providers.mine]", "api_key_in"]),
        (r#"{"lastfm": {"api_key": "s3cret\n"}}"#, ["[providers.lastfm]", "line break"]),
    ] {
        let error = Policies::new(&serde_json::from_str(json).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let error = format!("{error} {error:?}");
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    policies(r#"{"mine": {"api_key": "", "api_key_env": "MINE"}}"#);
}

#[test]
fn a_key_belongs_to_the_hosts_of_its_provider() {
    let policies = policies(r#"{"lastfm": {"api_key": "s3cret", "hosts": ["a.example"]}}"#);
    let has_key = |url| policies.credential_of(&Url::parse(url).unwrap()).is_some();
    assert!(has_key("https://ws.audioscrobbler.com/2.0/") && has_key("http://A.example.:81/"));
    for url in ["https://lastfm/", "https://lastfm.example/", "https://b.a.example/", "lastfm:x"] {
        assert!(!has_key(url), "{url}");
    }
}

#[test]
fn what_is_missing_is_called_by_its_name() {
    let policies = policies(r#"{"lastfm": {"api_key_env": "LASTFM_KEY"}}"#);
    let setting = |url| policies.credential_setting(&Url::parse(url).unwrap());
    let lastfm = setting("https://ws.audioscrobbler.com/");
    assert!(lastfm.contains("[providers.lastfm]") && lastfm.contains("LASTFM_KEY"), "{lastfm}");
    assert!(setting("https://api.song.link/").contains("api_key_env in [providers.songlink]"));
    assert!(setting("https://a.example/").contains("hosts have a.example"));
}

#[test]
fn where_a_key_goes_is_a_secret_whatever_else_is_said_to_be_one() {
    let policies = policies(
        r#"{"songlink": {"secret_params": []},
            "mine": {"hosts": ["a.example"], "api_key_in": "path /v1"},
            "other": {"hosts": ["b.example"], "api_key_in": "header X-Client: {key}"}}"#,
    );
    let rules = |url| policies.secrets_of(&Url::parse(url).unwrap());
    assert_eq!(rules("https://api.song.link/").params, ["key"]);
    assert_eq!(rules("https://a.example/").path_prefixes, ["/v1/"]);
    assert!(rules("https://b.example/").is_secret_header("x-client"));
    assert!(!rules("https://a.example/").is_secret_header("x-client"));
}
