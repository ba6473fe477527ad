//! Names of untrusted URLs, resolved to public addresses only.
//!
//! What is checked here is what is connected to: nobody resolves the name again in between, so that
//! a name whose address changes ("DNS rebinding") gains nothing.

use std::net::{SocketAddr, ToSocketAddrs as _};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Check, NotPublic};

/// The system's resolver, without what `Check` refuses.
pub(super) struct PublicOnly(pub(super) Check);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let check = self.0;
        let resolving = tokio::task::spawn_blocking(move || {
            let host = name.as_str();
            // The port is that of the URL, which is put in later.
            Ok(Box::new(public_among(host, (host, 0).to_socket_addrs()?, check)?) as Addrs)
        });
        Box::pin(async { resolving.await? })
    }
}

/// The addresses of `host` that are public; an error when others are all it has.
fn public_among(
    host: &str,
    found: impl Iterator<Item = SocketAddr>,
    check: Check,
) -> Result<std::vec::IntoIter<SocketAddr>, NotPublic> {
    let mut public = Vec::new();
    let mut refused = None;
    for address in found {
        match check(address.ip()) {
            Ok(()) => public.push(address),
            Err(range) => refused = Some(NotPublic { host: host.to_owned(), range }),
        }
    }
    match refused {
        Some(refused) if public.is_empty() => Err(refused),
        _ => Ok(public.into_iter()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::check_public;
    use super::*;

    #[test]
    fn a_name_leads_to_its_public_addresses_only() {
        let among = |addresses: &[&str]| {
            let found =
                addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
            let public = public_among("a.example", found, check_public)?;
            Ok(public.map(|address| address.ip().to_string()).collect::<Vec<_>>())
        };
        let mixed: Result<_, NotPublic> = among(&["10.0.0.1", "1.1.1.1", "::1", "2a00::1"]);
        assert_eq!(mixed.unwrap(), ["1.1.1.1", "2a00::1"]);
        let refused = among(&["fe80::1", "10.0.0.1"]).unwrap_err().to_string();
        assert!(refused.contains("a.example is private"), "{refused}");
        assert_eq!(among(&[]).unwrap(), [""; 0]);
    }
}
