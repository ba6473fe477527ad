//! The format of archives.
//!
//! An archive is a stream of zstd (RFC 8878). Unpacked, as by `zstd -dc`, it is
//! ```text
//! datacache archive 1
//! <seal> pin "daft_punk"
//! <seal> entry {"url":"https://a.example/","data_type":"other", … ,"data_size":5, … }
//! hello
//! <seal> end {"entries":1,"pinned":1}
//! ```
//! The first line has the version of the format. Each line after it is a seal, what kind of line it
//! is, and JSON, with one blank between them; a line feed ends it. After the line of an entry stand
//! as many bytes as it says, and another line feed. Nothing stands after the end.
//!
//! A seal is the SHA-256, in hexadecimal digits, of the seal before it followed by the rest of its
//! own line, from the kind on; the first one follows the SHA-256 of the first line. As the line of
//! an entry has the SHA-256 of its bytes, each seal vouches for all that stands before it: what is
//! changed, left out or moved is seen before anything of it is stored, and the last seal is the
//! checksum of the whole. It is no signature: who makes an archive can seal anything.
//!
//! It is no tar, because an archive has no files: there are no paths that could lead elsewhere, and
//! nothing that two readers could read in two ways.

mod read;
mod write;

use serde::{Deserialize, Serialize};

use crate::checksum::Checksum;
pub(super) use read::{Body, Reader, Record};
pub(super) use write::{Writer, Written};

/// What the first line has before the version.
const MAGIC: &str = "datacache archive ";

const VERSION: u32 = 1;

/// No line is longer; what would be is left out.
const MAX_LINE_BYTES: usize = 256 * 1024;

/// As a power of 2, how far back a packed archive may refer, and so how much memory it takes to
/// unpack it: 8 MiB. Those written here are content with less.
const WINDOW_LOG_BYTES: u32 = 23;

/// What kind of line it is.
const PIN: &str = "pin";
const ENTRY: &str = "entry";
const END: &str = "end";

/// What the last line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    entries: u64,
    pinned: u64,
}

/// The seal of a line, by the one before it.
pub(super) fn seal_of(before: Checksum, rest: &str) -> Checksum {
    Checksum::of(format!("{before}{rest}").as_bytes())
}

/// The seal that the first one follows.
pub(super) fn first_seal() -> Checksum {
    Checksum::of(format!("{MAGIC}{VERSION}").as_bytes())
}
