//! The built-in provider policies: what the providers themselves publish.
//!
//! MusicBrainz wants its answers kept rather than asked for again; Discogs forbids showing content
//! older than six hours (Discogs API Terms of Use); new fanart.tv images are hidden for seven days
//! anyway. Image hosts serve what never changes under one URL.
//!
//! How often they may be asked:
//! - MusicBrainz, once a second: <https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting>
//! - TheAudioDB, 30 times a minute: <https://www.theaudiodb.com/free_music_api>
//! - Discogs, 60 times a minute with a key and 25 times without, in a moving window:
//!   <https://www.discogs.com/developers/#page:home,header:home-rate-limiting>
//! - Last.fm, 5 times a second: <https://www.last.fm/api/tos>
//! - Spotify counts over half a minute and publishes no number, but locks out for a day who goes
//!   on: <https://developer.spotify.com/documentation/web-api/concepts/rate-limits>
//! - Songlink, 10 times a minute without a key, of which one is left for others behind the same
//!   address: <https://www.notion.so/d0ebe08a5e304a55928405eb682f6741>
//! - Wikimedia limits by behaviour and asks for a contact:
//!   <https://www.mediawiki.org/wiki/Wikimedia_APIs/Rate_limits>
//!
//! fanart.tv publishes no number and gets that of TheAudioDB; nor does the Cover Art Archive, which
//! gets that of MusicBrainz, its operator. Image hosts are made for many requests.
//! MusicBrainz counts requests, one a second, however little it answers
//! (<https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting>): a 304 saves nothing there. All
//! others are asked on the condition that their answer has changed.
//!
//! Where they want their keys:
//! - TheAudioDB: <https://www.theaudiodb.com/free_music_api>
//! - fanart.tv: <https://fanart.tv/api-docs/api-v3/>
//! - Discogs: <https://www.discogs.com/developers/#page:authentication>
//! - Last.fm: <https://www.last.fm/api/rest>
//! - Songlink: <https://www.notion.so/d0ebe08a5e304a55928405eb682f6741>
//! - Spotify has no keys but tokens:
//!   <https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow>
//!
//! How they say that they are asked too often, where it is not by 429 (RFC 6585): MusicBrainz by
//! 503 (<https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting>), Last.fm, Deezer and Wikimedia
//! within bodies. Discogs says how many requests are left in its window, and not when there will be
//! more (<https://www.discogs.com/developers/#page:home,header:home-rate-limiting>).

use std::time::Duration;

use super::Dialect;
use super::budget::Window;
use super::lifetimes::Authority;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// One row of the table.
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) hosts: &'static [&'static str],
    /// Whether the hosts are those of one service, of which none is asked while another asks to be
    /// left alone; else they only share a budget.
    pub(super) is_one_service: bool,
    /// Where its API begins.
    pub(super) base_url: Option<&'static str>,
    /// The shortest window first.
    pub(super) budget: &'static [Window],
    /// What a configured API key makes of it.
    pub(super) budget_with_key: Option<&'static [Window]>,
    pub(super) ttl: Duration,
    pub(super) absent_ttl: Duration,
    pub(super) max_ttl: Option<Duration>,
    /// Whether an answer past its time may be shown.
    pub(super) serves_stale: bool,
    pub(super) authority: Authority,
    pub(super) revalidates: bool,
    pub(super) timeout: Duration,
    pub(super) dialect: Dialect,
    pub(super) throttle_statuses: &'static [u16],
    /// The header that says how many requests it takes for now.
    pub(super) remaining_header: Option<&'static str>,
    pub(super) secret_params: &'static [&'static str],
    pub(super) secret_path_prefixes: &'static [&'static str],
    /// As it would be written in the configuration.
    pub(super) api_key_in: Option<&'static str>,
    /// Who has one is not asked without a token.
    pub(super) token_url: Option<&'static str>,
}

/// Everybody who has no row.
pub(super) const OTHER: BuiltIn = BuiltIn {
    name: "",
    hosts: &[],
    is_one_service: true,
    base_url: None,
    budget: &[per_second(1)],
    budget_with_key: None,
    ttl: Duration::from_hours(7 * 24),
    absent_ttl: HOUR,
    max_ttl: None,
    serves_stale: true,
    authority: Authority::Headers,
    revalidates: true,
    timeout: Duration::from_secs(30),
    dialect: Dialect::Plain,
    throttle_statuses: &[],
    remaining_header: None,
    secret_params: &[],
    secret_path_prefixes: &[],
    api_key_in: None,
    token_url: None,
};

/// An API whose "there is none" holds for a day.
const API: BuiltIn = BuiltIn { absent_ttl: DAY, authority: Authority::Policy, ..OTHER };

/// Hosts of pictures, of many services.
const IMAGES: BuiltIn = BuiltIn {
    is_one_service: false,
    budget: &[per_second(10)],
    ttl: Duration::from_hours(14 * 24),
    authority: Authority::Policy,
    ..OTHER
};

const MONTH: Duration = Duration::from_hours(30 * 24);

const fn per_second(count: u32) -> Window {
    Window { count, period_ms: 1_000 }
}

const fn per_minute(count: u32) -> Window {
    Window { count, period_ms: 60_000 }
}

const fn per_hour(count: u32) -> Window {
    Window { count, period_ms: 3_600_000 }
}

pub(super) const TABLE: &[BuiltIn] = &[
    BuiltIn {
        name: "musicbrainz",
        hosts: &["musicbrainz.org"],
        base_url: Some("https://musicbrainz.org/ws/2/"),
        dialect: Dialect::MusicBrainz,
        ttl: MONTH,
        revalidates: false,
        timeout: Duration::from_secs(15),
        throttle_statuses: &[503],
        ..API
    },
    BuiltIn {
        name: "coverartarchive",
        hosts: &["coverartarchive.org"],
        base_url: Some("https://coverartarchive.org/"),
        dialect: Dialect::CoverArt,
        ttl: MONTH,
        ..API
    },
    BuiltIn {
        name: "theaudiodb",
        hosts: &["theaudiodb.com", "www.theaudiodb.com"],
        base_url: Some("https://www.theaudiodb.com/api/v1/json/"),
        dialect: Dialect::TheAudioDb,
        budget: &[per_minute(30)],
        secret_path_prefixes: &["/api/v1/json/"],
        api_key_in: Some("path /api/v1/json/"),
        ..API
    },
    BuiltIn {
        name: "fanarttv",
        hosts: &["webservice.fanart.tv"],
        base_url: Some("https://webservice.fanart.tv/v3.2/"),
        dialect: Dialect::FanartTv,
        budget: &[per_minute(30)],
        ttl: MONTH,
        api_key_in: Some("query api_key"),
        ..API
    },
    BuiltIn {
        name: "discogs",
        hosts: &["api.discogs.com", "i.discogs.com"],
        base_url: Some("https://api.discogs.com/"),
        dialect: Dialect::Discogs,
        budget: &[per_minute(25)],
        budget_with_key: Some(&[per_minute(60)]),
        ttl: Duration::from_hours(6),
        max_ttl: Some(Duration::from_hours(6)),
        serves_stale: false,
        remaining_header: Some("x-discogs-ratelimit-remaining"),
        secret_params: &["key"],
        api_key_in: Some("header Authorization: Discogs token={key}"),
        ..API
    },
    BuiltIn {
        name: "lastfm",
        hosts: &["ws.audioscrobbler.com"],
        base_url: Some("https://ws.audioscrobbler.com/2.0/"),
        dialect: Dialect::LastFm,
        budget: &[per_second(5)],
        secret_params: &["api_sig", "sk"],
        api_key_in: Some("query api_key"),
        ..API
    },
    BuiltIn {
        name: "deezer",
        hosts: &["api.deezer.com"],
        base_url: Some("https://api.deezer.com/"),
        budget: &[per_second(5)],
        dialect: Dialect::Deezer,
        ..API
    },
    BuiltIn {
        name: "spotify",
        hosts: &["api.spotify.com"],
        base_url: Some("https://api.spotify.com/v1/"),
        dialect: Dialect::Spotify,
        budget: &[Window { count: 1, period_ms: 2_000 }, per_hour(1_000)],
        ttl: Duration::from_hours(12),
        token_url: Some("https://accounts.spotify.com/api/token"),
        ..API
    },
    BuiltIn {
        name: "songlink",
        hosts: &["api.song.link"],
        base_url: Some("https://api.song.link/v1-alpha.1/"),
        dialect: Dialect::Songlink,
        budget: &[per_minute(9)],
        api_key_in: Some("query key"),
        ..API
    },
    BuiltIn {
        name: "wikimedia",
        hosts: &["*.wikidata.org", "*.wikimedia.org", "*.wikipedia.org"],
        dialect: Dialect::Wikimedia,
        budget: &[per_second(10)],
        ..API
    },
    BuiltIn {
        name: "cdn",
        hosts: &[
            "*.dzcdn.net",
            "assets.fanart.tv",
            "i.scdn.co",
            "lastfm.freetls.fastly.net",
            "r2.theaudiodb.com",
        ],
        ..IMAGES
    },
    BuiltIn { name: "images", ..IMAGES },
];

#[cfg(test)]
mod tests {
    use super::super::{Budget, Policies};
    use super::*;
    use crate::name::Provider;

    #[test]
    fn budgets_are_the_settings_then_the_providers_then_once_a_second() {
        let with_key = r#"{"discogs": {"api_key": "k"}}"#;
        let set = r#"{"discogs": {"api_key": "k", "budget": ["1/s", "9/min"]}}"#;
        for (json, provider, budget) in [
            ("{}", "musicbrainz", "1/s"),
            ("{}", "spotify", "1/2s, 1000/h"),
            ("{}", "nobody.example", "1/s"),
            ("{}", "discogs", "25/min"),
            (with_key, "discogs", "60/min"),
            (set, "discogs", "1/s, 9/min"),
        ] {
            let policies = Policies::new(&serde_json::from_str(json).unwrap()).unwrap();
            let policy = policies.get(&Provider::new(provider).unwrap());
            assert_eq!(policy.budget.to_string(), budget, "{provider}");
        }
        for row in TABLE.iter().chain([&OTHER]) {
            let budget = Budget::built_in(row.budget);
            assert_eq!(budget.to_string().parse::<Budget>().unwrap(), budget, "{}", row.name);
        }
    }
}
