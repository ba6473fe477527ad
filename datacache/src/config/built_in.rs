//! The built-in provider policies: what the providers themselves publish.
//!
//! MusicBrainz wants its answers kept rather than asked for again; Discogs forbids showing content
//! older than six hours (Discogs API Terms of Use); new fanart.tv images are hidden for seven days
//! anyway. Image hosts serve what never changes under one URL.
//!
//! Where they want their keys:
//! - TheAudioDB: <https://www.theaudiodb.com/free_music_api>
//! - fanart.tv: <https://fanart.tv/api-docs/api-v3/>
//! - Discogs: <https://www.discogs.com/developers/#page:authentication>
//! - Last.fm: <https://www.last.fm/api/rest>
//! - Songlink: <https://www.notion.so/d0ebe08a5e304a55928405eb682f6741>
//!
//! How they say that they are asked too often, where it is not by 429 (RFC 6585): MusicBrainz by 503
//! (<https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting>), Last.fm and Deezer within bodies.

use std::time::Duration;

use super::ErrorBodies;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// One row of the table.
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) hosts: &'static [&'static str],
    pub(super) ttl: Duration,
    pub(super) absent_ttl: Duration,
    pub(super) max_ttl: Option<Duration>,
    pub(super) timeout: Duration,
    pub(super) error_bodies: ErrorBodies,
    pub(super) throttle_statuses: &'static [u16],
    pub(super) placeholder_urls: &'static [&'static str],
    pub(super) secret_params: &'static [&'static str],
    pub(super) secret_path_prefixes: &'static [&'static str],
    /// As it would be written in the configuration.
    pub(super) api_key_in: Option<&'static str>,
}

/// What stands in the URLs of pictures that mean "there is none".
///
/// - The star that Last.fm has shown for every artist since 2019
///   (<https://github.com/pylast/pylast/issues/317>).
/// - The silhouettes of Deezer, whose URLs have nothing in place of an image's MD5, or the MD5 of
///   nothing (<https://github.com/swingmx/swingmusic/issues/500>).
///
/// They are the same under every provider, as other hosts redirect to them.
const PLACEHOLDERS: &[&str] = &[
    "2a96cbd8b46e442fc41c2b86b821562f",
    "/images/artist//",
    "/images/cover//",
    "/images/artist/d41d8cd98f00b204e9800998ecf8427e/",
    "/images/cover/d41d8cd98f00b204e9800998ecf8427e/",
];

/// Everybody who has no row.
pub(super) const OTHER: BuiltIn = BuiltIn {
    name: "",
    hosts: &[],
    ttl: Duration::from_hours(7 * 24),
    absent_ttl: HOUR,
    max_ttl: None,
    timeout: Duration::from_secs(30),
    error_bodies: ErrorBodies::Nothing,
    throttle_statuses: &[],
    placeholder_urls: PLACEHOLDERS,
    secret_params: &[],
    secret_path_prefixes: &[],
    api_key_in: None,
};

/// An API whose "there is none" holds for a day.
const API: BuiltIn = BuiltIn { absent_ttl: DAY, ..OTHER };

/// A host of pictures.
const IMAGES: BuiltIn = BuiltIn { ttl: Duration::from_hours(14 * 24), ..OTHER };

const MONTH: Duration = Duration::from_hours(30 * 24);

pub(super) const TABLE: &[BuiltIn] = &[
    BuiltIn {
        name: "musicbrainz",
        hosts: &["musicbrainz.org"],
        ttl: MONTH,
        timeout: Duration::from_secs(15),
        throttle_statuses: &[503],
        ..API
    },
    BuiltIn { name: "coverartarchive", hosts: &["coverartarchive.org"], ttl: MONTH, ..API },
    BuiltIn {
        name: "theaudiodb",
        hosts: &["theaudiodb.com", "www.theaudiodb.com"],
        secret_path_prefixes: &["/api/v1/json/"],
        api_key_in: Some("path /api/v1/json/"),
        ..API
    },
    BuiltIn {
        name: "fanarttv",
        hosts: &["webservice.fanart.tv"],
        ttl: MONTH,
        api_key_in: Some("query api_key"),
        ..API
    },
    BuiltIn {
        name: "discogs",
        hosts: &["api.discogs.com", "i.discogs.com"],
        ttl: Duration::from_hours(6),
        max_ttl: Some(Duration::from_hours(6)),
        secret_params: &["key"],
        api_key_in: Some("header Authorization: Discogs token={key}"),
        ..API
    },
    BuiltIn {
        name: "lastfm",
        hosts: &["ws.audioscrobbler.com"],
        error_bodies: ErrorBodies::LastFm,
        secret_params: &["api_sig", "sk"],
        api_key_in: Some("query api_key"),
        ..API
    },
    BuiltIn {
        name: "deezer",
        hosts: &["api.deezer.com"],
        error_bodies: ErrorBodies::Deezer,
        ..API
    },
    BuiltIn { name: "spotify", hosts: &["api.spotify.com"], ttl: Duration::from_hours(12), ..API },
    BuiltIn { name: "songlink", hosts: &["api.song.link"], api_key_in: Some("query key"), ..API },
    BuiltIn {
        name: "wikimedia",
        hosts: &["*.wikidata.org", "*.wikimedia.org", "*.wikipedia.org"],
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
