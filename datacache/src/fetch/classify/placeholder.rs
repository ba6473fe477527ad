//! Pictures that mean "there is none": absence, not an image.

use url::Url;

use crate::checksum::Checksum;
use crate::config::AnswerRules;

/// The star that Last.fm has shown for every artist since 2019
/// (<https://github.com/pylast/pylast/issues/317>), by its name, which is no other picture's.
const STAR: &str = "2a96cbd8b46e442fc41c2b86b821562f";

/// Where Deezer's pictures are.
const DEEZER: &str = ".dzcdn.net";

/// The silhouettes of Deezer, whose paths have nothing in place of an image's MD5, or the MD5 of
/// nothing (<https://github.com/swingmx/swingmusic/issues/500>).
const SILHOUETTES: &[&str] = &[
    "/images/artist//",
    "/images/cover//",
    "/images/artist/d41d8cd98f00b204e9800998ecf8427e/",
    "/images/cover/d41d8cd98f00b204e9800998ecf8427e/",
];

/// Whether `url` is that of a placeholder, so that it need not even be asked for. Those that are
/// known are so under every provider, as other hosts redirect to them; a text that is configured
/// may stand anywhere.
pub(in crate::fetch) fn leads_to_placeholder(rules: &AnswerRules, url: &Url) -> bool {
    is_known(url) || rules.placeholder_urls.iter().any(|text| url.as_str().contains(text))
}

/// Whether `url` is that of a known placeholder.
pub(crate) fn is_known_placeholder(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| is_known(&url))
}

fn is_known(url: &Url) -> bool {
    let has = |text: &&str| url.path().contains(text);
    let is_deezers = url.host_str().is_some_and(|host| host.ends_with(DEEZER));
    has(&STAR) || (is_deezers && SILHOUETTES.iter().any(has))
}

/// Whether `data` are the bytes of a placeholder.
pub(in crate::fetch) fn is_placeholder(rules: &AnswerRules, data: &[u8]) -> bool {
    let known = &rules.placeholder_checksums;
    !known.is_empty() && known.contains(&Checksum::of(data))
}
