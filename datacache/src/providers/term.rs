//! What people type: names of artists, albums, tracks.

use crate::error::{Error, Result};

/// Nobody is called more than this, in bytes; URLs that are much longer are refused by servers.
const MAX_BYTES: usize = 1_000;

/// A name to look for, without the space around it.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) when nothing is left or it is longer than 1 000
/// bytes.
pub(super) fn checked<'a>(what: &'static str, name: &'a str) -> Result<&'a str> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::invalid("ask provider", what, "it is empty"));
    }
    if name.len() > MAX_BYTES {
        let reason = format_args!("it has {} bytes, of which {MAX_BYTES} are allowed", name.len());
        return Err(Error::invalid("ask provider", what, reason));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_something_and_not_too_much() {
        assert_eq!(checked("artist", "  !!! ").unwrap(), "!!!");
        assert_eq!(checked("artist", "Sigur Rós").unwrap(), "Sigur Rós");
        for name in ["", " \n", &"x".repeat(2_000_000)] {
            let error = checked("artist", name).unwrap_err().to_string();
            assert!(error.contains("artist") && error.len() < 200, "{error}");
        }
    }
}
