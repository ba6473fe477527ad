//! API keys, and where on its hosts a provider wants its own; or the client that obtains its
//! tokens. Pure.
//!
//! A key is put into a request when it is sent, never before: rows, keys and errors have only the
//! address of the place.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::{Url, form_urlencoded};

use super::token_client::TokenClient;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::{self, PATH_PLACEHOLDER, SecretRules};

/// Where the key stands in the value of a header.
const KEY: &str = "{key}";

/// What a header's name may have beside letters and digits (RFC 9110, section 5.6.2).
const HEADER_NAME_MARKS: &str = "!#$%&'*+-.^_`|~";

/// A credential. It is configured and sent, and never shown: `Debug` prints `***`, and there is no
/// `Display` and no way to serialize it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Secret(String);

impl Secret {
    /// A credential that reads `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A credential as it was written. A number in its place would be repeated by the usual error.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Other(IgnoredAny),
}

impl TryFrom<Written> for Secret {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::Text(text) => Ok(Self(text)),
            Written::Other(_) => Err("a credential is text, written in quotes"),
        }
    }
}

/// Where a provider wants its API key: `query NAME`, `path /PREFIX/` or `header NAME: VALUE`.
///
/// ```
/// # use datacache::ApiKeyPlace;
/// // A parameter of the query.
/// let fanarttv: ApiKeyPlace = "query api_key".parse()?;
/// // The path segment after a prefix, where a URL without its key has `_`.
/// let theaudiodb: ApiKeyPlace = "path /api/v1/json/".parse()?;
/// // A header; `{key}` stands for the key.
/// let discogs: ApiKeyPlace = "header Authorization: Discogs token={key}".parse()?;
/// # Ok::<(), datacache::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ApiKeyPlace(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Query(String),
    /// Begins and ends with `/`.
    Path(String),
    /// The value has `{key}` in it.
    Header {
        name: String,
        value: String,
    },
}

impl FromStr for ApiKeyPlace {
    type Err = Error;

    /// # Errors
    /// [`Config`](ErrorKind::Config) when it is none of the three forms. The error does not repeat
    /// the text, in which somebody may have written the key itself.
    fn from_str(text: &str) -> Result<Self> {
        let (form, rest) = text.trim().split_once(' ').unwrap_or_default();
        let read = match form {
            "query" => query(rest.trim()),
            "path" => path(rest.trim()),
            "header" => header(rest),
            _ => Err("it is written 'query NAME', 'path /PREFIX/' or 'header NAME: VALUE'"),
        };
        read.map(Self).map_err(|reason| Error::new(ErrorKind::Config, "read", "api_key_in", reason))
    }
}

fn query(name: &str) -> Result<Form, &'static str> {
    if !is_visible(name) {
        return Err("'query' is followed by the name of a parameter");
    }
    Ok(Form::Query(name.to_owned()))
}

fn path(prefix: &str) -> Result<Form, &'static str> {
    let is_prefix = prefix.starts_with('/') && !prefix.contains(['?', '#']);
    if !is_prefix || !is_visible(prefix) || prefix.contains("//") {
        return Err("'path' is followed by a path prefix such as /api/");
    }
    Ok(Form::Path(format!("{}/", prefix.trim_end_matches('/'))))
}

fn header(text: &str) -> Result<Form, &'static str> {
    let (name, value) = text.split_once(':').unwrap_or_default();
    let (name, value) = (name.trim(), value.trim());
    let is_mark = |c: char| c.is_ascii_alphanumeric() || HEADER_NAME_MARKS.contains(c);
    if name.is_empty() || !name.chars().all(is_mark) {
        return Err("'header' is followed by a header's name, a colon and its value");
    }
    if !value.contains(KEY) || !value.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Err("the header's value is one line of plain text with '{key}' in it");
    }
    Ok(Form::Header { name: name.to_owned(), value: value.to_owned() })
}

/// Whether a text is not empty and needs no care in a URL's path, a query or a header.
pub(super) fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())
}

impl TryFrom<String> for ApiKeyPlace {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl ApiKeyPlace {
    /// Whatever stands at this place is a secret.
    pub(super) fn hide_in(&self, rules: &mut SecretRules) {
        let (hidden, name) = match &self.0 {
            Form::Query(name) => (&mut rules.params, name),
            Form::Path(prefix) => (&mut rules.path_prefixes, prefix),
            Form::Header { name, .. } => (&mut rules.headers, name),
        };
        if !hidden.contains(name) {
            hidden.push(name.clone());
        }
    }
}

/// What the requests to a provider's hosts are sent with.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// It is in the request.
    ApiKey(ApiKey),
    /// A token that this client obtains, in the header `Authorization`.
    Token(Arc<TokenClient>),
}

impl Credential {
    /// Who obtains tokens, if it is that.
    pub(crate) fn token_client(&self) -> Option<&Arc<TokenClient>> {
        match self {
            Self::Token(client) => Some(client),
            Self::ApiKey(_) => None,
        }
    }

    /// Whether it can go with `url`.
    pub(crate) fn has_place_in(&self, url: &Url) -> bool {
        match self {
            Self::Token(_) => true,
            Self::ApiKey(key) => key.header().is_some() || key.put_into(&mut url.clone()),
        }
    }
}

/// The key of a provider, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct ApiKey {
    key: Secret,
    place: ApiKeyPlace,
}

impl ApiKey {
    /// Refuses a key that could not be sent as it is. `Err` says why, without the key.
    pub(super) fn new(key: Secret, place: ApiKeyPlace) -> Result<Self, &'static str> {
        // These are no path segments but ways through the path.
        if !is_visible(&key.0) || [".", ".."].contains(&key.0.as_str()) {
            return Err("api_key has a space, a line break or another character that no key has");
        }
        Ok(Self { key, place })
    }

    /// Puts the key where `url` is to have it, unless something is there already. Says whether
    /// there is something now; a path that does not have the place has no room for a key.
    pub(crate) fn put_into(&self, url: &mut Url) -> bool {
        match &self.place.0 {
            Form::Query(name) => {
                if !has_param(url, name) {
                    url.query_pairs_mut().append_pair(name, &self.key.0);
                }
                true
            }
            Form::Path(prefix) => self.put_into_path(url, prefix),
            Form::Header { .. } => false,
        }
    }

    fn put_into_path(&self, url: &mut Url, prefix: &str) -> bool {
        let path = redact::collapsed(url.path());
        let Some(rest) = path.strip_prefix(prefix) else { return false };
        let (segment, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if segment == PATH_PLACEHOLDER {
            // Without spaces, a form's escapes are those of a path.
            let key: String = form_urlencoded::byte_serialize(self.key.0.as_bytes()).collect();
            url.set_path(&format!("{prefix}{key}{tail}"));
        }
        !segment.is_empty()
    }

    /// The header in which the key goes, if it goes in one.
    pub(crate) fn header(&self) -> Option<(&str, String)> {
        match &self.place.0 {
            Form::Header { name, value } => Some((name, value.replace(KEY, &self.key.0))),
            Form::Query(_) | Form::Path(_) => None,
        }
    }
}

fn has_param(url: &Url, name: &str) -> bool {
    let pairs = url.query().unwrap_or_default().split(['&', ';']);
    let mut params = pairs.flat_map(|pair| form_urlencoded::parse(pair.as_bytes()));
    params.any(|(given, _)| given.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::Key;

    fn api_key(key: &str, place: &str) -> ApiKey {
        ApiKey::new(Secret::new(key), place.parse().unwrap()).unwrap()
    }

    fn put(place: &str, url: &str) -> (String, bool) {
        let mut url = Url::parse(url).unwrap();
        let is_there = api_key("s3/c+t", place).put_into(&mut url);
        (url.into(), is_there)
    }

    #[test]
    fn places_are_read_in_three_forms() {
        let read = |text: &str| text.parse::<ApiKeyPlace>().unwrap().0;
        assert_eq!(read("query api_key"), Form::Query("api_key".to_owned()));
        assert_eq!(read(" path  /api/v1 "), Form::Path("/api/v1/".to_owned()));
        let (name, value) = ("Authorization".to_owned(), "Discogs token={key}".to_owned());
        let discogs = read("header Authorization: Discogs token={key}");
        assert_eq!(discogs, Form::Header { name, value });
    }

    #[test]
    fn other_forms_are_refused_by_name_and_not_repeated() {
        for text in [
            "",
            "query",
            "query a b",
            "cookie s3cret",
            "s3cret",
            "path s3cret",
            "path /a//b/",
            "path /a?s3cret",
            "header s3cret",
            "header Authorization: s3cret",
            "header Auth orization: {key}",
            "header : {key}",
            "header X: {key}\r\nEvil: 1",
            "header X\nEvil: {key}",
        ] {
            let error = text.parse::<ApiKeyPlace>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{text}");
            assert!(error.to_string().contains("api_key_in"), "{error}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_key_is_put_where_nothing_is() {
        let (query, path) = ("query api_key", "path /v1/json/");
        for (place, url, expected, is_there) in [
            (query, "https://a.example/", "https://a.example/?api_key=s3%2Fc%2Bt", true),
            (query, "https://a.example/?q=1", "https://a.example/?q=1&api_key=s3%2Fc%2Bt", true),
            (query, "https://a.example/?a;API_KEY=1", "https://a.example/?a;API_KEY=1", true),
            (path, "https://a.example/v1/json/_/x", "https://a.example/v1/json/s3%2Fc%2Bt/x", true),
            (path, "https://a.example/v1/json/_", "https://a.example/v1/json/s3%2Fc%2Bt", true),
            (path, "https://a.example/v1/json/2/x", "https://a.example/v1/json/2/x", true),
            (path, "https://a.example/v1/json/", "https://a.example/v1/json/", false),
            (path, "https://a.example/_/x", "https://a.example/_/x", false),
            ("header A: {key}", "https://a.example/", "https://a.example/", false),
        ] {
            assert_eq!(put(place, url), (expected.to_owned(), is_there), "{place}");
        }
        let header = api_key("k", "header Authorization: Discogs token={key}");
        assert_eq!(header.header(), Some(("Authorization", "Discogs token=k".to_owned())));
    }

    #[test]
    fn a_key_that_could_not_be_sent_is_refused() {
        for key in ["", "a b", "a\r\nEvil: 1", "a\n", "ä", ".."] {
            let place = "query api_key".parse().unwrap();
            assert!(ApiKey::new(Secret::new(key), place).is_err(), "{key}");
        }
    }

    #[test]
    fn a_key_that_is_no_text_is_refused_and_not_repeated() {
        for json in ["523532", "true", "[523532]", "5.23532e5", r#"{"a": 523532}"#] {
            let error = serde_json::from_str::<Secret>(json).unwrap_err().to_string();
            assert!(error.contains("quotes"), "{error}");
            assert!(!error.contains("523532"), "{error}");
        }
        assert_eq!(serde_json::from_str::<Secret>(r#""523532""#).unwrap(), Secret::new("523532"));
    }

    proptest! {
        #[test]
        fn a_url_has_one_key_with_its_secret_and_without(
            secret in "[!-~]{3,20}",
            place in prop_oneof![Just("query zz"), Just("path /v1/")],
            path in "/v1/_(/[a-z]{0,3}){0,2}",
            query in "(\\?[a-y=&;]{0,9})?",
        ) {
            let api_key = api_key(&secret, place);
            let mut rules = SecretRules::default();
            api_key.place.hide_in(&mut rules);
            let bare = Url::parse(&format!("https://a.example{path}{query}")).unwrap();
            let mut with_key = bare.clone();
            prop_assert!(api_key.put_into(&mut with_key));
            prop_assert_ne!(&with_key, &bare);
            let keys = [bare, with_key].map(|url| Key::canonical(url, &rules).0);
            prop_assert_eq!(&keys[0], &keys[1]);
        }
    }
}
