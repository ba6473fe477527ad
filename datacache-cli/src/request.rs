//! Requests, from the options of `get` and `put`.

use datacache::{Priority, Request};

use crate::args::{Get, RequestOptions};

pub(crate) fn new(url: &str, options: RequestOptions) -> Request {
    let mut request = Request::new(url);
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

pub(crate) fn of_get(url: &str, get: Get) -> Request {
    let mut request = new(url, get.options);
    if let Some(deadline) = get.deadline {
        request = request.deadline(deadline);
    }
    if let Some(timeout) = get.timeout {
        request = request.timeout(timeout);
    }
    if let Some(retries) = get.retries {
        request = request.retries(retries);
    }
    for (name, value) in get.headers {
        request = request.header(name, value);
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
