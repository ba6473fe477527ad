use proptest::prelude::*;

use super::*;

/// A change of one place.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
    Cut(usize),
    Repeat(usize, usize),
}

impl Change {
    fn of(self, mut bytes: Vec<u8>) -> Vec<u8> {
        let at = |index: usize| index % (bytes.len() + 1);
        match self {
            Self::Set(index, value) => {
                // Of what was cut to nothing, nothing can be set.
                let index = index % bytes.len().max(1);
                bytes.get_mut(index).into_iter().for_each(|byte| *byte = value);
            }
            Self::Remove(index, count) => {
                let index = at(index);
                let end = (index + count).min(bytes.len());
                bytes.drain(index..end);
            }
            Self::Insert(index, more) => {
                let index = at(index);
                bytes.splice(index..index, more);
            }
            Self::Cut(index) => bytes.truncate(at(index)),
            Self::Repeat(index, count) => {
                let index = at(index);
                let part = bytes[index..(index + count).min(bytes.len())].to_vec();
                bytes.splice(index..index, part);
            }
        }
        bytes
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, value)| Change::Set(at, value)),
        (any::<usize>(), 1usize..200).prop_map(|(at, count)| Change::Remove(at, count)),
        (any::<usize>(), proptest::collection::vec(any::<u8>(), 1..200))
            .prop_map(|(at, more)| Change::Insert(at, more)),
        any::<usize>().prop_map(Change::Cut),
        (any::<usize>(), 1usize..500).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn original() -> Vec<u8> {
    let bodies: [&[u8]; 4] = [b"hello", b"", b"{\"a\": 1}\n", &[0; 300]];
    archive(bodies.iter().enumerate().map(|(at, data)| (line(&at.to_string(), data), *data)))
}

/// What is read is what was written, from the first entry on; or its bytes are known to be damaged.
fn check(archive: &[u8]) {
    let (written, ended) = read(&original());
    ended.unwrap();
    let (found, _) = read(archive);
    assert!(found.len() <= written.len());
    for (found, written) in found.iter().zip(&written) {
        let (Record::Entry(line, body), Record::Entry(own, own_body)) = (found, written) else {
            panic!("{found:?} instead of {written:?}");
        };
        assert_eq!(line, own);
        assert!(body == own_body || *body == Body::Damaged, "{found:?}");
    }
}

proptest! {
    #[test]
    fn no_change_of_an_archive_is_taken_for_what_was_written(
        changes in proptest::collection::vec(change(), 1..4)
    ) {
        let text = changes.into_iter().fold(unpacked(&original()), |text, change| change.of(text));
        check(&packed(&text));
    }

    #[test]
    fn no_change_of_a_packed_archive_is_either(
        changes in proptest::collection::vec(change(), 1..4)
    ) {
        check(&changes.into_iter().fold(original(), |archive, change| change.of(archive)));
    }

    #[test]
    fn no_bytes_at_all_make_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let (found, ended) = read(&bytes);
        prop_assert!(found.is_empty() && ended.is_err());
        let (found, ended) = read(&packed(&[b"datacache archive 1\n", &bytes[..]].concat()));
        prop_assert!(found.is_empty() && ended.is_err());
    }
}
