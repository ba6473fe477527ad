//! Redirects, one hop at a time.

use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use super::OPERATION;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// Where the answer of `current` sends us. The target may carry secrets, so that no error shows it.
pub(super) fn next(key: &Key, current: &Url, headers: &HeaderMap) -> Result<Url> {
    let refuse = |reason| Error::new(ErrorKind::Refused, OPERATION, key, reason);
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| refuse("a redirect without a readable Location"))?;
    let target = current.join(location);
    let target = target.map_err(|_| refuse("a redirect to what is not a URL"))?;
    match target.scheme() {
        "http" | "https" => Ok(target),
        _ => Err(refuse("a redirect to something other than http or https")),
    }
}

/// Refuses the redirect number `count`, counted from 1, when it is one too many.
pub(super) fn check_count(key: &Key, count: usize, max: usize) -> Result<()> {
    if count > max {
        let reason = format_args!("more than {max} redirects (http.max_redirects)");
        return Err(Error::new(ErrorKind::Refused, OPERATION, key, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(from: &str, location: &[u8]) -> Result<String> {
        let key = Key::parse("https://a.example/").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.try_into().unwrap());
        next(&key, &Url::parse(from).unwrap(), &headers).map(String::from)
    }

    #[test]
    fn targets_are_relative_to_where_they_came_from() {
        for (from, location, target) in [
            ("https://a.example/x/y", "z", "https://a.example/x/z"),
            ("https://a.example/x", "/z?q=1", "https://a.example/z?q=1"),
            ("http://a.example/x", "https://b.example/", "https://b.example/"),
            ("http://a.example/x", "//b.example/y", "http://b.example/y"),
        ] {
            assert_eq!(hop(from, location.as_bytes()).unwrap(), target);
        }
    }

    #[test]
    fn other_targets_are_refused_without_being_shown() {
        for location in
            [&b"ftp://b.example/s3cret"[..], b"file:///s3cret", b"http://s3cret:99999/", b"\xff"]
        {
            let error = hop("https://a.example/x", location).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let key = Key::parse("https://a.example/").unwrap();
        let current = Url::parse("https://a.example/").unwrap();
        assert!(next(&key, &current, &HeaderMap::new()).is_err());
        assert!(check_count(&key, 10, 10).is_ok());
        assert!(check_count(&key, 11, 10).is_err());
    }
}
