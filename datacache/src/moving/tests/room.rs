//! What an archive that does not fit does to what is there.

use super::*;
use crate::store::Entry;

const BODY_BYTES: usize = 100_000;

fn body(number: usize) -> Vec<u8> {
    let bytes = [0xff].into_iter().chain(number.to_le_bytes()).cycle();
    bytes.take(BODY_BYTES).collect()
}

/// Far more than 4 MiB.
fn large() -> Vec<u8> {
    let bodies: Vec<Vec<u8>> = (0..60).map(body).collect();
    let lines = bodies.iter().enumerate();
    archive(lines.map(|(at, data)| (line(&format!("large {at}"), data), &data[..])))
}

async fn small_folder() -> Folder {
    Folder::with(|config| config.cache.max_bytes = 4 << 20).await
}

#[tokio::test]
async fn what_finds_no_room_is_counted_and_what_is_stored_is_there() {
    for author in [Author::Stranger, Author::Myself] {
        let target = small_folder().await;
        let from = Cursor::new(large());
        let imported = target.cache.import(from, author, |_| {}).await.unwrap();
        assert_eq!(imported.stored + imported.no_room, 60, "{imported:?}");
        assert!(imported.stored > 10 && imported.no_room > 10, "{imported:?}");
        let target = target.reopened().await;
        assert_eq!(target.entries().await.len() as u64, imported.stored);
    }
}

#[tokio::test]
async fn nothing_that_is_in_use_goes_for_what_was_never_used_here() {
    let target = small_folder().await;
    for number in 100..110 {
        target.put(request(&number.to_string()).data_type(DataType::OTHER), body(number)).await;
    }
    let cover = request("cover").data_type(DataType::FRONT_COVER);
    target.put(cover, picture()).await;
    target.clock.advance(HOUR);
    let in_use = |at: usize| if at == 110 { "cover".to_owned() } else { at.to_string() };
    for at in 100..=110 {
        target.data(&format!("https://a.example/{}", in_use(at))).await;
    }
    let target = target.reopened().await;
    let imported = target.import_of_a_stranger(&large()).await.unwrap();
    assert!(imported.stored > 0 && imported.no_room > 0, "{imported:?}");
    for at in 100..=110 {
        let key = target.cache.key(&format!("https://a.example/{}", in_use(at))).unwrap();
        let found: Option<Entry> = target.cache.0.store.get(&key).await.unwrap();
        assert!(found.is_some(), "{key} is gone");
    }
}

#[tokio::test]
async fn another_programs_database_is_not_copied_where_the_disk_has_no_room_for_it() {
    let source = tempfile::tempdir().unwrap();
    let file = source.path().join("datacache.sqlite");
    std::fs::File::create(&file).unwrap().set_len(100_000).unwrap();
    for (min_free_bytes, expected) in [(u64::MAX, ErrorKind::Full), (0, ErrorKind::Corrupt)] {
        let target = Folder::with(|config| config.cache.min_free_bytes = min_free_bytes).await;
        let error = target.cache.import_wnp(source.path(), |_| {}).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
    }
}
