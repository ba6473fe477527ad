//! Bodies, capped while they stream.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use super::{OPERATION, error};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// Reads a body of at most `max_bytes`, counted after decompression. A declared length over the
/// limit is refused unread; what is declared is never allocated on trust.
pub(super) async fn read(mut response: Response, max_bytes: usize, key: &Key) -> Result<Bytes> {
    if let Some(declared) = response.content_length()
        && declared > max_bytes as u64
    {
        return Err(too_large(key, format_args!("{declared} bytes"), max_bytes));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|source| error::reading(key, source))? {
        if chunk.len() > max_bytes - body.len() {
            return Err(too_large(key, format_args!("more than {max_bytes} bytes"), max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn too_large(key: &Key, size: std::fmt::Arguments<'_>, max_bytes: usize) -> Error {
    let reason =
        format_args!("the body has {size}, the limit (http.max_body_bytes) is {max_bytes}");
    Error::new(ErrorKind::TooLarge, OPERATION, key, reason)
}
