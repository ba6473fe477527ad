//! Where a provider's API begins. Pure.

use std::str::FromStr;

use serde::Deserialize;
use url::Url;

/// The URL that the paths of a provider's API are appended to. It has a host, and neither user, query
/// nor fragment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The host, and the port where it is not the usual one.
    pub(super) fn authority(&self) -> &str {
        self.0.authority()
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
            assert_eq!(base.authority(), "a.example");
        }
        let bare: BaseUrl = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(bare.endpoint(&["x"], &[]).as_str(), "http://127.0.0.1:8080/x");
        assert_eq!(bare.authority(), "127.0.0.1:8080");
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
