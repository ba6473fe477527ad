//! What is known elsewhere, from MusicBrainz' links. Pure.

use std::str::FromStr;

use url::Url;

use crate::providers::musicbrainz::Link;

/// The ids that stand behind `folder` in links to a site; one may be followed by a name.
pub(super) fn ids<'a, T: FromStr>(
    links: impl IntoIterator<Item = &'a Link>,
    site: &'static str,
    folder: &'static str,
) -> impl Iterator<Item = T> {
    links.into_iter().filter_map(move |link| {
        let url = Url::parse(&link.url).ok()?;
        let host = url.host_str()?;
        if host.strip_prefix("www.").unwrap_or(host) != site {
            return None;
        }
        let mut segments = url.path_segments()?.skip_while(|segment| *segment != folder);
        segments.nth(1)?.split('-').next()?.parse().ok()
    })
}
