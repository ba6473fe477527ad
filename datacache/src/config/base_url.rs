//! Where a provider's API begins. Pure.

use std::str::FromStr;

use serde::Deserialize;
use url::Url;

use crate::redact;

/// The URL that the paths of a provider's API are appended to. It has a host, and neither user,
/// query nor fragment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// How much of its path `url` begins with, in bytes; `None` where that does not lie below it.
    pub(super) fn depth_of(&self, url: &Url) -> Option<usize> {
        let host = |url: &Url| url.host_str().map(|host| host.trim_end_matches('.').to_owned());
        let is_there = host(&self.0) == host(url)
            && self.0.port_or_known_default() == url.port_or_known_default();
        let (root, path) = (redact::collapsed(self.0.path()), redact::collapsed(url.path()));
        let root = root.trim_end_matches('/');
        let rest = path.strip_prefix(root).filter(|_| is_there)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(root.len())
    }

    /// Whether both begin at one place.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.depth_of(&other.0).is_some() && other.depth_of(&self.0).is_some()
    }

    /// The URL of what lies at these path segments, asked with these parameters.
    pub(crate) fn endpoint(&self, segments: &[&str], params: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !params.is_empty() {
            url.query_pairs_mut().extend_pairs(params);
        }
        url
    }
}

impl FromStr for BaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "a base_url is written https://host/path/")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("a base_url begins with http:// or https://");
        }
        let has_more = url.query().is_some() || url.fragment().is_some();
        if has_more || !url.username().is_empty() || url.password().is_some() {
            return Err("a base_url has neither user, query nor fragment: keys stand in api_key");
        }
        Ok(Self(url))
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_appended_and_escaped() {
        for base in ["https://a.example/ws/2", "https://a.example/ws/2/"] {
            let base: BaseUrl = base.parse().unwrap();
            let url = base.endpoint(&["artist", "AC/DC ?"], &[("query", "a b&c"), ("inc", "x y")]);
            assert_eq!(
                url.as_str(),
                "https://a.example/ws/2/artist/AC%2FDC%20%3F?query=a+b%26c&inc=x+y"
            );
        }
        let bare: BaseUrl = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(bare.endpoint(&["x"], &[]).as_str(), "http://127.0.0.1:8080/x");
    }

    #[test]
    fn what_lies_below_it_is_told_from_its_neighbours() {
        let base: BaseUrl = "https://a.example/ws/2/".parse().unwrap();
        for (url, depth) in [
            ("https://a.example/ws/2/artist", Some(5)),
            ("https://A.example.:443//ws//2", Some(5)),
            ("https://a.example/ws/23", None),
            ("https://a.example/ws/2/../3", None),
            ("https://a.example/", None),
            ("https://a.example:81/ws/2/x", None),
            ("https://b.example/ws/2/x", None),
        ] {
            assert_eq!(base.depth_of(&Url::parse(url).unwrap()), depth, "{url}");
        }
    }

    #[test]
    fn what_is_no_beginning_is_refused() {
        for text in [
            "",
            "a.example",
            "ftp://a.example/",
            "https://u:p@a.example/",
            "https://a.example/?key=x",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_built_in_one_can_be_read() {
        for row in super::super::built_in::TABLE {
            assert!(row.base_url.is_none_or(|url| url.parse::<BaseUrl>().is_ok()), "{}", row.name);
        }
    }
}
