//! Requests, from the options of `get`, `put` and `enqueue`.

use datacache::{Priority, Request};

use crate::args::{AskOptions, Get, RequestOptions};

pub(crate) fn new(url: &str, options: RequestOptions) -> Request {
    describe(Request::new(url), options)
}

/// Adds what is said about the entry.
pub(crate) fn describe(mut request: Request, options: RequestOptions) -> Request {
    if let Some(identifier) = options.identifier {
        request = request.identifier(identifier);
    }
    if let Some(data_type) = options.data_type {
        request = request.data_type(data_type);
    }
    if let Some(provider) = options.provider {
        request = request.provider(provider);
    }
    if let Some(ttl) = options.ttl {
        request = request.ttl(ttl);
    }
    if let Some(ttl) = options.negative_ttl {
        request = request.negative_ttl(ttl);
    }
    if let Some(checksum) = options.checksum {
        request = request.expected_checksum(checksum);
    }
    if let Some(metadata) = options.metadata {
        request = request.metadata(metadata);
    }
    request
}

/// Adds how the origin is asked.
pub(crate) fn ask(mut request: Request, asking: AskOptions) -> Request {
    if let Some(timeout) = asking.timeout {
        request = request.timeout(timeout);
    }
    if let Some(retries) = asking.retries {
        request = request.retries(retries);
    }
    if asking.untrusted {
        request = request.untrusted();
    }
    for (name, value) in asking.headers {
        request = request.header(name, value);
    }
    request
}

pub(crate) fn of_get(url: &str, get: Get) -> Request {
    let mut request = ask(new(url, get.options), get.asking);
    if let Some(deadline) = get.deadline {
        request = request.deadline(deadline);
    }
    if get.batch {
        request = request.priority(Priority::Batch);
    }
    if get.fresh {
        request = request.must_be_fresh();
    }
    if get.offline {
        request = request.offline();
    }
    request
}
