//! How bytes are stored: text compressed where that saves room, everything else as it is.
//!
//! It depends on nothing but the bytes. So entries with the same content share a file, whatever
//! they are called. Checksums are those of the content: what comes out is verified, not what went
//! in. Pure, but that long work is done on a thread of its own.

use bytes::Bytes;
use serde::Serialize;

use crate::checksum::Checksum;
use crate::error::Result;
use crate::long_work::on_bytes;

/// Shorter texts save less than 200 bytes.
const MIN_BYTES: usize = 512;

/// Three quarters of a JSON answer are saved at any level; what higher ones add is little and takes
/// long: see ARCHITECTURE.md.
const LEVEL: i32 = 3;

/// How the stored bytes of an entry are made from its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Encoding {
    /// They are the content.
    Identity,
    /// One frame of Zstandard (RFC 8878), without a dictionary.
    Zstd,
}

impl Encoding {
    /// Its name in the database.
    pub(super) fn as_column(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Zstd => "zstd",
        }
    }

    pub(super) fn from_column(name: &str) -> Option<Self> {
        [Self::Identity, Self::Zstd].into_iter().find(|encoding| encoding.as_column() == name)
    }
}

/// Bytes as they are stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) encoding: Encoding,
    pub(super) bytes: Bytes,
    /// The checksum of the stored bytes.
    pub(super) checksum: Checksum,
}

/// What is known of a content, to tell it from others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub(super) checksum: Checksum,
    pub(super) size: u64,
}

/// The bytes as they are to be stored; `checksum` is theirs.
pub(super) async fn encoded(data: &Bytes, checksum: Checksum) -> Result<Stored> {
    let data = data.clone();
    on_bytes(data.len(), "store", move || encode(data, checksum)).await
}

/// The content that was stored so; `None` when the bytes are damaged.
pub(super) async fn decoded(
    stored: Bytes,
    encoding: Encoding,
    content: Content,
) -> Result<Option<Bytes>> {
    let size = usize::try_from(content.size).unwrap_or(usize::MAX);
    on_bytes(size, "look up", move || decode(stored, encoding, content)).await
}

fn encode(data: Bytes, checksum: Checksum) -> Stored {
    let is_text = data.len() >= MIN_BYTES && std::str::from_utf8(&data).is_ok();
    let compressed = is_text.then(|| zstd::bulk::compress(&data, LEVEL));
    match compressed {
        Some(Ok(bytes)) if bytes.len() <= worthwhile(data.len()) => {
            let checksum = Checksum::of(&bytes);
            Stored { encoding: Encoding::Zstd, bytes: bytes.into(), checksum }
        }
        // It fails without memory only, and does not have to be done.
        _ => Stored { encoding: Encoding::Identity, bytes: data, checksum },
    }
}

/// At most so long is what is worth the work of every reading.
fn worthwhile(size: usize) -> usize {
    size - size / 8
}

fn decode(stored: Bytes, encoding: Encoding, content: Content) -> Option<Bytes> {
    let decompressed = match encoding {
        Encoding::Identity => None,
        Encoding::Zstd => decompress(&stored, content.size),
    };
    // An older program replaces an entry without knowing of its encoding.
    let candidates = decompressed.into_iter().chain([stored]);
    candidates.into_iter().find(|bytes| Checksum::of(bytes) == content.checksum)
}

/// What was compressed, if it is as long as the entry says: no frame makes more of itself.
fn decompress(stored: &[u8], size: u64) -> Option<Bytes> {
    if zstd::zstd_safe::get_frame_content_size(stored).ok()? != Some(size) {
        return None;
    }
    let mut data = Vec::new();
    data.try_reserve_exact(usize::try_from(size).ok()?).ok()?;
    let mut decompressor = zstd::bulk::Decompressor::new().ok()?;
    decompressor.decompress_to_buffer(stored, &mut data).ok()?;
    Some(data.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::long_work::LONG_BYTES;

    fn content(data: &[u8]) -> Content {
        Content { checksum: Checksum::of(data), size: data.len() as u64 }
    }

    fn stored(data: impl Into<Bytes>) -> Stored {
        let data = data.into();
        let checksum = Checksum::of(&data);
        encode(data, checksum)
    }

    fn json(entries: usize) -> String {
        let entries: Vec<_> =
            (0..entries).map(|n| serde_json::json!({"id": n, "n": n * 7})).collect();
        serde_json::Value::Array(entries).to_string()
    }

    /// Bytes, texts and JSON, of sizes around every limit.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let sizes = [0, MIN_BYTES, LONG_BYTES].map(|size| size.saturating_sub(2)..size + 3);
        let sizes = prop::sample::select(sizes.into_iter().flatten().collect::<Vec<_>>());
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..5_000),
            "\\PC{0,3000}".prop_map(String::into_bytes),
            (0..3_000_usize).prop_map(|entries| json(entries).into_bytes()),
            (sizes, any::<u8>()).prop_map(|(size, byte)| vec![byte; size]),
        ]
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back_and_never_longer(data in bodies()) {
            let Stored { encoding, bytes, checksum } = stored(data.clone());
            prop_assert!(bytes.len() <= data.len());
            prop_assert_eq!(Checksum::of(&bytes), checksum);
            prop_assert_eq!(decode(bytes, encoding, content(&data)).unwrap(), data);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let text = json(100);
            let bytes = Bytes::from(bytes);
            prop_assert_eq!(decode(bytes.clone(), Encoding::Zstd, content(text.as_bytes())), None);
            // As an older program leaves it.
            prop_assert_eq!(decode(bytes.clone(), Encoding::Zstd, content(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn texts_are_compressed_where_that_saves_room() {
        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(10_000).collect();
        let letters = std::iter::repeat_with(fastrand::alphanumeric);
        let picture = [&b"\x89PNG\r\n\x1a\n"[..], &[0; 10_000]].concat();
        for (what, data, encoding) in [
            ("JSON", json(1_000).into_bytes(), Encoding::Zstd),
            ("a text of the least size", vec![b'a'; MIN_BYTES], Encoding::Zstd),
            ("a short text", vec![b'a'; MIN_BYTES - 1], Encoding::Identity),
            ("letters at random", letters.take(10_000).collect::<String>().into(), Encoding::Zstd),
            ("noise", noise, Encoding::Identity),
            ("no text", picture, Encoding::Identity),
            ("nothing", Vec::new(), Encoding::Identity),
        ] {
            let stored = stored(data.clone());
            assert_eq!(stored.encoding, encoding, "{what}");
            let is_shorter = stored.bytes.len() < data.len();
            assert_eq!(is_shorter, encoding == Encoding::Zstd, "{what}");
        }
    }

    #[test]
    fn damage_in_any_position_is_seen() {
        let text = json(60);
        let Stored { bytes, encoding, .. } = stored(text.clone());
        assert_eq!(encoding, Encoding::Zstd);
        for position in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.to_vec();
                damaged[position] ^= 1 << bit;
                let read = decode(damaged.into(), encoding, content(text.as_bytes()));
                // A bit that means nothing, such as a reserved one, changes no content.
                assert!(read.is_none_or(|read| read == text), "bit {bit} of byte {position}");
            }
            let cut = bytes.slice(..position);
            assert_eq!(decode(cut, encoding, content(text.as_bytes())), None);
        }
        let longer = Bytes::from([&bytes[..], b"x"].concat());
        assert_eq!(decode(longer, encoding, content(text.as_bytes())), None);
    }

    /// The entry says how much there is; nothing is reserved or written for more.
    #[test]
    fn a_bomb_is_damage() {
        let bomb = zstd::bulk::compress(&vec![0; 50_000_000], 3).unwrap();
        assert!(bomb.len() < 10_000);
        for size in [0, 1_000, 49_999_999, 50_000_001, u64::MAX] {
            assert_eq!(decompress(&bomb, size), None, "{size}");
        }
        // A second frame is more than was said.
        let frame = zstd::bulk::compress(json(100).as_bytes(), LEVEL).unwrap();
        let twice = [&frame[..], &frame[..]].concat();
        assert_eq!(decompress(&twice, json(100).len() as u64), None);
        // A frame may claim what it likes: the greatest content size there is.
        let claims = [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &[0xfe, 0xff, 0xff, 0xff], &[0xff; 4]];
        assert_eq!(decompress(&claims.concat(), 0xffff_ffff_ffff_fffe), None);
    }

    #[test]
    fn names_in_the_database_are_read_back() {
        for encoding in [Encoding::Identity, Encoding::Zstd] {
            assert_eq!(Encoding::from_column(encoding.as_column()), Some(encoding));
        }
        assert_eq!(Encoding::from_column("br"), None);
    }
}
