//! Keys: URLs made canonical and free of secrets.
//!
//! Two spellings of one address share one entry, and an entry survives a change of API key.
//! Scheme and host are lower-cased, the default port and the fragment are dropped, the query keeps
//! its order, and secrets are removed (see `redact.rs`). Schemes other than http and https are
//! legal keys (`embedded://album/1`); they can be stored and looked up, not fetched.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use url::Url;

use crate::error::{Error, Result};
use crate::redact::{self, SecretRules, Stripped};

/// The scheme of what the cache makes from entries itself.
const DERIVED: &str = "derived";

/// The longest URL that is accepted, in bytes.
const MAX_URL_BYTES: usize = 8 * 1024;

/// The canonical URL of an entry, without secrets: safe to log, store and show.
///
/// ```
/// # use datacache::Key;
/// let key = Key::parse("HTTPS://Example.com:443/a?api_key=s3cret&size=2#top")?;
/// assert_eq!(key.as_str(), "https://example.com/a?size=2");
/// # Ok::<(), datacache::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Key(#[serde(serialize_with = "serialize_str")] Arc<str>);

fn serialize_str<S: serde::Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

impl Key {
    /// The key of `url` where no provider's own rules for secrets apply.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `url` is not an absolute URL, has
    /// control characters in it, is longer than 8 KiB, or of the scheme `derived`, which the cache
    /// keeps to itself.
    pub fn parse(url: &str) -> Result<Self> {
        let url = parse_url(url)?;
        Ok(Self::canonical(url, &SecretRules::default()).0)
    }

    /// The key of an already parsed URL, and whether secrets were taken out on the way.
    pub(crate) fn canonical(mut url: Url, rules: &SecretRules) -> (Self, Stripped) {
        url.set_fragment(None);
        // The parser lower-cases hosts of http and https only.
        if let Some(host) = url.host_str().map(str::to_lowercase) {
            let _ = url.set_host(Some(&host));
        }
        let stripped = rules.strip(&mut url);
        (Self(String::from(url).into()), stripped)
    }

    /// A key read back from a row, where only canonical keys are ever written.
    pub(crate) fn from_row(url: String) -> Self {
        Self(url.into())
    }

    /// The key of what the cache makes from the entry `source` itself: no URL has it.
    pub(crate) fn derived(what: impl fmt::Display, source: &Self) -> Self {
        Self(format!("{DERIVED}:{what}/{source}").into())
    }

    /// The key of the entry that one of [`derived`](Self::derived) is of.
    pub(crate) fn source(&self) -> Option<Self> {
        let derived = self.0.strip_prefix(DERIVED)?.strip_prefix(':')?;
        let (_what, source) = derived.split_once('/')?;
        Some(Self(source.into()))
    }

    /// The canonical URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An absolute URL, or an error that shows no more of the text than its scheme and host.
pub(crate) fn parse_url(raw: &str) -> Result<Url> {
    let refuse =
        |reason: &dyn fmt::Display| Err(Error::invalid("read URL", redact::outline(raw), reason));
    if raw.len() > MAX_URL_BYTES {
        return refuse(&format_args!("longer than {MAX_URL_BYTES} bytes"));
    }
    // The WHATWG parser drops line breaks silently; nobody means such a URL.
    if raw.chars().any(char::is_control) {
        return refuse(&"control characters are not allowed");
    }
    let url = Url::parse(raw).or_else(|source| refuse(&source))?;
    // `user:password@host` reads as the scheme `user`; a secret would become part of the key.
    if url.cannot_be_a_base() && url.path().contains('@') {
        return refuse(&"there is no scheme before the user's name");
    }
    if url.scheme() == DERIVED {
        return refuse(&"the cache keeps this scheme to itself");
    }
    Ok(url)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_made_of_an_entry_leads_back_to_it() {
        let source = Key::parse("https://a.example/b/c").unwrap();
        assert_eq!(Key::derived("50x50", &source).source(), Some(source.clone()));
        assert_eq!(source.source(), None);
    }

    fn key(url: &str) -> String {
        Key::parse(url).unwrap().as_str().to_owned()
    }

    #[test]
    fn spellings_of_one_address_share_a_key() {
        for (url, expected) in [
            ("HTTP://EXAMPLE.com", "http://example.com/"),
            ("https://example.com:443/a", "https://example.com/a"),
            ("https://example.com:8443/a", "https://example.com:8443/a"),
            ("https://example.com/a/../b", "https://example.com/b"),
            ("https://example.com/a#part", "https://example.com/a"),
            ("https://example.com/?b=2&a=1", "https://example.com/?b=2&a=1"),
            ("https://example.com/?", "https://example.com/"),
            ("https://bücher.example/", "https://xn--bcher-kva.example/"),
            ("Embedded://Album_One/provided_1", "embedded://album_one/provided_1"),
            ("urn:isbn:0451450523", "urn:isbn:0451450523"),
        ] {
            assert_eq!(key(url), expected, "{url}");
        }
    }

    #[test]
    fn what_is_not_an_absolute_url_is_refused() {
        let long = format!("https://example.com/{}", "x".repeat(MAX_URL_BYTES));
        for url in [
            "",
            "a.com",
            "/a/b",
            "http://",
            "https://a b/",
            "https://a/\r\nX: y",
            "Derived:x/y",
            &long,
        ] {
            let error = Key::parse(url).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidInput, "{url}");
            assert_eq!(error.to_string().lines().count(), 1);
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(
            host in "[a-zA-Z][a-zA-Z0-9]{0,8}(\\.[a-z]{2,3})?",
            port in proptest::option::of(1u16..),
            path in "(/[a-zA-Z0-9%._~-]{0,6}){0,4}",
            query in proptest::option::of("[a-zA-Z0-9=&%._+-]{0,20}"),
        ) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            let url = format!("hTTps://{host}{port}{path}{query}#frag");
            if let Ok(first) = Key::parse(&url) {
                prop_assert_eq!(Key::parse(first.as_str()).unwrap(), first);
            }
        }

        #[test]
        fn any_text_gives_a_key_or_a_clear_error(text in "\\PC{0,200}") {
            if let Err(error) = Key::parse(&text) {
                prop_assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
            }
        }

        #[test]
        fn no_secret_survives_in_a_key(secret in "[A-Z]{3}[a-z0-9]{13}", which in 0usize..8) {
            let url = match which {
                0 => format!("https://{secret}@example.com/x"),
                1 => format!("https://user:{secret}@example.com/x"),
                2 => format!("https://example.com/x?api_key={secret}&q=1"),
                3 => format!("https://example.com/x?q=1&Access_Token={secret}#{secret}"),
                4 => format!("https://example.com/x?a=1;id_token={secret};b=2"),
                5 => format!("ftp://user:{secret}@example.com/x?oauth_signature={secret}"),
                6 => format!("embedded://{secret}@album/x?aws_secret={secret}"),
                _ => format!("https://example.com/?client%5Fsecret={secret}&%74oken={secret}"),
            };
            let key = Key::parse(&url).unwrap();
            prop_assert!(!key.to_string().contains(&secret));
            let key = format!("{key:?}");
            prop_assert!(!key.contains(&secret));
        }

        #[test]
        fn no_secret_survives_in_the_error_for_a_bad_url(secret in "[A-Z]{3}[a-z0-9]{13}") {
            for url in [
                format!("https://user:{secret}@exa mple.com/x"),
                format!("https://:99999/x/{secret}?token={secret}"),
                format!("//example.com/?api_key={secret}"),
                format!("user:{secret}@example.com/x"),
                format!("http://user:{secret}/x@exa mple.com"),
                format!("http://user:{secret}#x@example.com:port"),
            ] {
                let error = Key::parse(&url).unwrap_err();
                prop_assert!(!error.to_string().contains(&secret), "{}", error);
                let error = format!("{error:?}");
                prop_assert!(!error.contains(&secret));
            }
        }
    }
}
