//! Which addresses the URLs of strangers may lead to: those of the public internet. Pure.
//!
//! Whoever may name a URL, as the web page of an overlay may, could otherwise have this machine ask
//! its own services, its neighbours, or its cloud for what the stranger cannot reach.
//!
//! The ranges are those of the registries of special-purpose addresses
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>), be they globally reachable in
//! part or not. A network of its own that translates public-looking addresses cannot be told.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::OPERATION;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// Whose idea a URL was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The user's, or the program's.
    #[default]
    Trusted,
    /// A stranger's: it leads to the public internet only, without proxies and API keys.
    Untrusted,
}

/// Says what an address is, unless it is public.
pub(super) type Check = fn(IpAddr) -> Result<(), &'static str>;

/// A host that an untrusted URL may not lead to.
#[derive(Debug)]
pub(super) struct NotPublic {
    pub(super) host: String,
    /// What its address is.
    pub(super) range: &'static str,
}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, range } = self;
        write!(f, "the address of {host} is {range}, and the URL is untrusted")
    }
}

impl std::error::Error for NotPublic {}

impl NotPublic {
    pub(super) fn refusal(&self, key: &Key) -> Error {
        Error::new(ErrorKind::Refused, OPERATION, key, self)
    }
}

/// Refuses a URL whose host is an address that is not public, in whichever notation. A name is
/// checked where it is resolved.
pub(super) fn check_host(key: &Key, url: &Url, check: Check) -> Result<()> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    check(address).map_err(|range| {
        let host = url.host_str().unwrap_or_default().to_owned();
        NotPublic { host, range }.refusal(key)
    })
}

/// Says what `address` is, unless it is public.
pub(super) fn check_public(address: IpAddr) -> Result<(), &'static str> {
    match address {
        IpAddr::V4(address) => check_v4(address),
        IpAddr::V6(address) => check_v6(address),
    }
}

/// The first that matches counts.
const V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::UNSPECIFIED, 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "private to a carrier"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    // Azure's own service, which only its machines reach.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "private to a cloud"),
    // The services of most clouds are at 169.254.169.254.
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::BROADCAST, 32, "broadcast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// The first that matches counts.
const V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique-local"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
];

/// All public addresses are among these (RFC 4291, section 2.4).
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

fn check_v4(address: Ipv4Addr) -> Result<(), &'static str> {
    let is_within = |network: &Ipv4Addr, bits: &u32| {
        (u32::from(address) ^ u32::from(*network)).leading_zeros() >= *bits
    };
    let found = V4.iter().find(|(network, bits, _)| is_within(network, bits));
    found.map_or(Ok(()), |(_, _, range)| Err(*range))
}

/// Some addresses have others within, and lead there: those mapped from IPv4, NAT64 (RFC 6052),
/// 6to4 (RFC 3056), and Teredo (RFC 4380), which has a server's and, inverted, a client's.
fn check_v6(address: Ipv6Addr) -> Result<(), &'static str> {
    let check =
        |high: u16, low: u16| check_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => check(high, low),
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            check(server_high, server_low).and(check(!high, !low))
        }
        _ => check_plain_v6(address),
    }
}

fn check_plain_v6(address: Ipv6Addr) -> Result<(), &'static str> {
    let is_within = |network: &Ipv6Addr, bits: &u32| {
        (u128::from(address) ^ u128::from(*network)).leading_zeros() >= *bits
    };
    if let Some((_, _, range)) = V6.iter().find(|(network, bits, _)| is_within(network, bits)) {
        return Err(range);
    }
    let (network, bits) = GLOBAL_UNICAST;
    if is_within(&network, &bits) { Ok(()) } else { Err("reserved") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for (range, addresses) in [
            ("unspecified", &["0.0.0.0", "0.255.255.255", "::"][..]),
            ("private", &["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255"]),
            ("private", &["192.168.0.1", "192.168.255.255"]),
            ("private to a carrier", &["100.64.0.0", "100.127.255.255", "100.100.100.200"]),
            ("private to a cloud", &["168.63.129.16"]),
            ("loopback", &["127.0.0.1", "127.255.255.255", "::1"]),
            ("link-local", &["169.254.0.1", "169.254.169.254", "fe80::1", "febf::1"]),
            ("reserved", &["192.0.0.1", "192.0.0.192", "192.88.99.1", "240.0.0.1"]),
            ("for documentation", &["192.0.2.1", "198.51.100.1", "203.0.113.1"]),
            ("for documentation", &["2001:db8::1", "3fff::1", "3fff:fff::1"]),
            ("for benchmarks", &["198.18.0.1", "198.19.255.255"]),
            ("multicast", &["224.0.0.1", "239.255.255.255", "ff02::1"]),
            ("broadcast", &["255.255.255.255"]),
            ("unique-local", &["fc00::1", "fdff::1", "fd00:ec2::254"]),
            ("site-local", &["fec0::1"]),
            // Compatible with IPv4, for use within a network, discarded, routed by segments.
            ("reserved", &["::127.0.0.1", "::8.8.8.8", "64:ff9b:1::1", "100::1", "5f00::1"]),
            ("reserved", &["2001:2::1", "2001:20::1", "2001:1ff::1", "1fff::1", "4000::1"]),
            // With another address within.
            ("loopback", &["::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::1"]),
            ("private", &["::ffff:10.0.0.1", "64:ff9b::192.168.1.1", "2002:a00:1::"]),
            ("link-local", &["::ffff:169.254.169.254", "2002:a9fe:a9fe::1"]),
            // Teredo: a private client, a private server.
            ("private", &["2001:0:808:808::f5ff:fffe", "2001:0:a00:1::f7f7:f7f7"]),
        ] {
            for address in addresses {
                assert_eq!(check_public(address.parse().unwrap()), Err(range), "{address}");
            }
        }
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2606:4700:4700::1111",
            "2a00::1",
            "3fff:1000::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:0:808:808::f7f7:f7f7",
        ] {
            assert_eq!(check_public(address.parse().unwrap()), Ok(()), "{address}");
        }
    }

    #[test]
    fn every_notation_of_an_address_is_known() {
        let key = Key::parse("https://a.example/").unwrap();
        let check = |url: &str| check_host(&key, &Url::parse(url).unwrap(), check_public);
        for (url, host) in [
            ("http://127.0.0.1/", "127.0.0.1"),
            ("http://127.0.0.1.:8080/", "127.0.0.1"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://0177.0.0.01/", "127.0.0.1"),
            ("http://127.1/", "127.0.0.1"),
            ("http://１２７.０.０.１/", "127.0.0.1"),
            ("http://%31%32%37.1/", "127.0.0.1"),
            ("http://user:s3cret@10.0.0.1/s3cret", "10.0.0.1"),
            ("https://[::1]/", "[::1]"),
            ("https://[0:0::ffff:7f00:1]/", "[::ffff:7f00:1]"),
        ] {
            let error = check(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused, "{url}");
            let error = error.to_string();
            assert!(error.contains(&format!("address of {host} is ")), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        for url in ["http://1.1.1.1/", "https://a.example/", "http://localhost/", "urn:x"] {
            assert!(check(url).is_ok(), "{url}");
        }
    }
}
