//! The hosts that belong to a provider, as settings name them. Pure.

use url::Url;

/// `example.org`, `*.example.org` for every host below it, or `localhost:8080` for one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPattern(String);

impl HostPattern {
    /// A pattern of a built-in row, or what a URL names.
    pub(super) fn of_host(host: &str) -> Self {
        Self(host.to_owned())
    }

    /// `None` for what no URL's host could match.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('.').to_lowercase();
        let host = text.strip_prefix("*.").unwrap_or(&text);
        let url = Url::parse(&format!("http://{host}")).ok()?;
        // As URLs are written: names in Unicode have another form there. Only a port may follow.
        let name = url.host_str()?;
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let is_bare = !host.contains(['/', '?', '#', '@', '\\', '*']) && !host.ends_with(':');
        let star = &text[..text.len() - host.len()];
        let is_usable = is_bare && (star.is_empty() || port.is_empty());
        is_usable.then(|| Self(format!("{star}{name}{port}")))
    }

    /// Whether it is meant by a URL with this host and port.
    pub(super) fn has(&self, host: &str, port: Option<u16>) -> bool {
        let Self(pattern) = self;
        if let Some(domain) = pattern.strip_prefix("*.") {
            return host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.'));
        }
        let of = pattern.strip_prefix(host).and_then(|rest| rest.strip_prefix(':'));
        host == pattern || of.is_some_and(|of| port.is_some_and(|port| of == port.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_have_a_port_or_a_star_before_its_first_dot() {
        for (text, host, port, expected) in [
            ("a.example", "a.example", Some(443), true),
            ("A.Example.", "a.example", None, true),
            ("a.example", "b.a.example", Some(443), false),
            ("*.a.example", "b.a.example", Some(443), true),
            ("*.a.example", "a.example", Some(443), false),
            ("*.a.example", "ba.example", Some(443), false),
            ("localhost:81", "localhost", Some(81), true),
            ("localhost:81", "localhost", Some(80), false),
            ("localhost:443", "localhost", Some(443), true),
            ("[::1]", "[::1]", Some(80), true),
            ("[::1]:81", "[::1]", Some(81), true),
            ("bücher.example", "xn--bcher-kva.example", Some(80), true),
        ] {
            let found = HostPattern::read(text).unwrap().has(host, port);
            assert_eq!(found, expected, "{text} {host} {port:?}");
        }
    }

    #[test]
    fn what_no_host_matches_is_refused() {
        for text in [
            "",
            "*",
            "*.",
            ".",
            "http://x/",
            "x/",
            "x/y",
            "x?y",
            "x#y",
            "me@x",
            "a b",
            "x:",
            "x:0x1",
            "x:99999",
            "a.*.example",
            "*.*.example",
            "*.a.example:81",
            "::1",
        ] {
            assert_eq!(HostPattern::read(text), None, "{text}");
        }
    }
}
