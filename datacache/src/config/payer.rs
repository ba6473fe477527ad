//! Who pays for a request, and who is asked.

use url::{Host, Url};

use super::budget::Budget;
use crate::name::Provider;

/// Who pays for a request, and who is asked.
#[derive(Clone, Debug)]
pub(crate) struct Payer {
    pub(crate) provider: Provider,
    pub(crate) budget: Budget,
    /// Who rests when it asks to be left alone or fails: the provider, where its hosts are one
    /// service; else the host alone.
    pub(crate) origin: Provider,
}

pub(super) fn is_own_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The host of a URL as one who is asked. On the user's own machine each port is another service.
pub(super) fn origin_of(url: &Url) -> Provider {
    let host = Provider::of_url(url);
    match url.port().filter(|_| is_own_machine(url)) {
        Some(port) => Provider::from_row(format!("{host}:{port}")),
        None => host,
    }
}
