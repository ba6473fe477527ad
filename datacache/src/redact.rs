//! Secrets in URLs and headers: what they are called, and how they are taken out.
//!
//! A [`Key`](crate::Key) is a URL that went through [`SecretRules::strip`], and keys are all that
//! rows, logs and errors ever see of a URL. User information is always a secret. Parameters are
//! secrets by name: a few names everywhere, more on the hosts of a provider that uses them
//! (Discogs sends its credentials as `key` and `secret`). TheAudioDB carries its key in the path.
//! Where the configuration puts a provider's key (`api_key_in`), there is a secret too.

use std::fmt;

use url::{Url, form_urlencoded};

/// Parts of parameter names that mark a credential wherever they appear; compared without case.
const SECRET_PARAM_PARTS: &[&str] = &[
    "access_key",
    "accesskey",
    "api-key",
    "api_key",
    "apikey",
    "client-key",
    "client_key",
    "credential",
    "jwt",
    "passwd",
    "password",
    "private_key",
    "secret",
    "signature",
    "token",
];

/// Names too short to be looked for inside others.
const SECRET_PARAMS: &[&str] = &["auth", "pass", "pwd", "sig"];

/// Parts of header names that mark a credential; compared without case.
const SECRET_HEADER_PARTS: &[&str] = &["auth", "cookie", "key", "password", "secret", "token"];

/// What a secret path segment is replaced by, so that the path keeps its shape.
pub(crate) const PATH_PLACEHOLDER: &str = "_";

/// Which parts of a request are secrets on the hosts of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecretRules {
    /// Parameter names, beyond those that are secret everywhere.
    pub(crate) params: Vec<String>,
    /// Path prefixes, each ending in `/`, after which one segment is a secret.
    pub(crate) path_prefixes: Vec<String>,
    /// Header names, beyond those that are secret everywhere.
    pub(crate) headers: Vec<String>,
}

/// Whether a URL had secrets in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stripped {
    Nothing,
    Secrets,
}

impl SecretRules {
    /// Takes user information, secret parameters and secret path segments out of `url`.
    pub(crate) fn strip(&self, url: &mut Url) -> Stripped {
        let before = url.clone();
        // These fail only for URLs that cannot have user information.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        self.strip_path(url);
        self.strip_query(url);
        if *url == before { Stripped::Nothing } else { Stripped::Secrets }
    }

    /// Whether a secret is missing from the path of `url`, as in a URL that went through
    /// [`strip`](Self::strip).
    pub(crate) fn leave_gap_in(&self, url: &Url) -> bool {
        let path = collapsed(url.path());
        let mut rests = self.path_prefixes.iter().filter_map(|prefix| path.strip_prefix(prefix));
        rests.any(|rest| rest.split('/').next() == Some(PATH_PLACEHOLDER))
    }

    /// Whether a header of this name carries a credential.
    pub(crate) fn is_secret_header(&self, name: &str) -> bool {
        is_secret_header(name) || self.headers.iter().any(|own| name.eq_ignore_ascii_case(own))
    }

    fn strip_path(&self, url: &mut Url) {
        for prefix in &self.path_prefixes {
            // Servers take a doubled slash for a single one.
            let path = collapsed(url.path());
            let Some(rest) = path.strip_prefix(prefix.as_str()) else { continue };
            let tail = rest.find('/').map_or("", |end| &rest[end..]);
            url.set_path(&format!("{prefix}{PATH_PLACEHOLDER}{tail}"));
        }
    }

    fn strip_query(&self, url: &mut Url) {
        let separators = ['&', ';'];
        let Some(query) = url.query() else { return };
        let kept: String = query
            .split_inclusive(separators)
            .filter(|pair| !self.is_secret_pair(pair.trim_end_matches(separators)))
            .collect();
        let kept = kept.trim_matches(separators);
        let kept = (!kept.is_empty()).then(|| kept.to_owned());
        url.set_query(kept.as_deref());
    }

    fn is_secret_pair(&self, pair: &str) -> bool {
        form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| {
            let name = name.to_ascii_lowercase();
            SECRET_PARAM_PARTS.iter().any(|part| name.contains(part))
                || SECRET_PARAMS.contains(&name.as_str())
                || self.params.iter().any(|own| name.eq_ignore_ascii_case(own))
        })
    }
}

/// A path without doubled slashes.
pub(crate) fn collapsed(path: &str) -> String {
    let mut collapsed = path.to_owned();
    while collapsed.contains("//") {
        collapsed = collapsed.replace("//", "/");
    }
    collapsed
}

fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_HEADER_PARTS.iter().any(|part| name.contains(part))
}

/// What of an unreadable text may be shown, be it meant as a URL or as something else: scheme and
/// host, as far as they can be told, and nothing that stands where a credential may stand.
pub(crate) fn outline(raw: &str) -> String {
    let (scheme, rest) = raw.split_once("://").unwrap_or(("", raw));
    let after_user = rest.rsplit('@').next().unwrap_or_default();
    let authority = after_user.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_port = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let shown = if is_port { authority } else { host };
    let shown: String = format!("{scheme}://{shown}")
        .trim_start_matches("://")
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect();
    format!("'{shown}'")
}

/// Headers with the values of credentials hidden, for `Debug`.
pub(crate) struct SafeHeaders<'a>(pub(crate) &'a [(String, String)]);

impl fmt::Debug for SafeHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(name, value)| {
                let shown = if is_secret_header(name) { "***" } else { value };
                (name, shown)
            }))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(url: &str, rules: &SecretRules) -> String {
        let mut url = Url::parse(url).unwrap();
        rules.strip(&mut url);
        url.into()
    }

    #[test]
    fn parameters_that_are_credentials_everywhere() {
        let none = SecretRules::default();
        for (url, expected) in [
            ("https://a.example/?api_key=x&q=1", "https://a.example/?q=1"),
            ("https://a.example/?q=1&API_KEY=x", "https://a.example/?q=1"),
            ("https://a.example/?token=x", "https://a.example/"),
            ("https://a.example/?refresh_token=x&X-Goog-Signature=y&pwd=z", "https://a.example/"),
            ("https://a.example/?a=1;token=x;b=2", "https://a.example/?a=1;b=2"),
            ("https://a.example/?%61pi_key=x&b=%20", "https://a.example/?b=%20"),
            ("https://user:pw@a.example/x", "https://a.example/x"),
            ("https://a.example/?key=c-major", "https://a.example/?key=c-major"),
        ] {
            assert_eq!(stripped(url, &none), expected);
        }
    }

    #[test]
    fn parameters_and_path_segments_of_a_provider() {
        let rules = SecretRules {
            params: vec!["key".to_owned()],
            path_prefixes: vec!["/api/v1/json/".to_owned()],
            ..SecretRules::default()
        };
        for (url, expected) in [
            (
                "https://a.example/api/v1/json/523532/search.php?s=x&key=1",
                "https://a.example/api/v1/json/_/search.php?s=x",
            ),
            ("https://a.example/api/v1/json/5", "https://a.example/api/v1/json/_"),
            ("https://a.example//api/v1//json/5/x", "https://a.example/api/v1/json/_/x"),
            ("https://a.example/other/5/x", "https://a.example/other/5/x"),
        ] {
            assert_eq!(stripped(url, &rules), expected);
        }
    }

    #[test]
    fn an_unreadable_url_is_shown_without_what_may_be_secret() {
        for (raw, shown) in [
            ("htp//nowhere", "'htp'"),
            ("http://user:pw@:99999/path?api_key=1", "'http://:99999'"),
            ("not a url", "'not a url'"),
            ("http://h\r\nx/", "'http://hx'"),
            ("http://user:S3/CRET@h/x", "'http://h'"),
            ("http://user:S3#CRET@h/x", "'http://h'"),
            ("http://user:S3CRET", "'http://user'"),
            ("user:S3CRET@h/x", "'h'"),
        ] {
            assert_eq!(outline(raw), shown);
        }
    }

    #[test]
    fn credentials_in_headers_are_hidden() {
        let headers = [
            ("Authorization".to_owned(), "Bearer abc".to_owned()),
            ("X-Api-Key".to_owned(), "abc".to_owned()),
            ("Accept".to_owned(), "text/html".to_owned()),
        ];
        let shown = format!("{:?}", SafeHeaders(&headers));
        assert!(!shown.contains("abc"), "{shown}");
        assert!(shown.contains("text/html"));
    }
}
