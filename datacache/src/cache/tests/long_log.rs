//! A reader that stays keeps the log from being cut back, and every write makes it longer.

use super::*;
use crate::store::Filter;

const MAX_BYTES: u64 = 4 * 1024 * 1024;
const URL: &str = "a://0";

/// Bytes that are no text, and few enough for a row.
fn body(number: usize) -> Vec<u8> {
    let bytes = [0xff].into_iter().chain(number.to_le_bytes()).cycle();
    bytes.take(15_000).collect()
}

async fn open_small(folder: &Folder) -> Cache {
    let mut config = folder.config();
    config.cache.max_bytes = MAX_BYTES;
    config.cache.min_free_bytes = 0;
    folder.open_with(config).await
}

/// What the database takes with its log, beside which there are no files.
async fn size(cache: &Cache) -> u64 {
    let sizes = cache.0.db.file_sizes().await.unwrap();
    sizes.database_bytes + sizes.log_bytes
}

fn artist(number: usize) -> Identifier {
    Identifier::new(&format!("artist {number}")).unwrap()
}

/// Pins artists until that is refused; returns how many are pinned.
async fn pin_until_refused(cache: &Cache) -> usize {
    for number in 0.. {
        if let Err(error) = cache.pin(&artist(number)).await {
            assert_eq!(error.kind(), ErrorKind::Full);
            assert!(error.to_string().contains("its log"), "{error}");
            return number;
        }
    }
    unreachable!("there are enough numbers")
}

/// What each of the commands that write comes to.
async fn commands(cache: &Cache) -> [Option<ErrorKind>; 11] {
    let provider = Provider::new("cdn").unwrap();
    let kind = |error: Option<Error>| error.map(|error| error.kind());
    [
        kind(cache.put(request("a://new"), "new").await.err()),
        kind(cache.unpin(&artist(0)).await.err()),
        kind(cache.remove("a://1").await.err()),
        kind(cache.remove_matching(&Filter::all().data_type(DataType::FRONT_COVER)).await.err()),
        kind(cache.pause(&provider).await.err()),
        kind(cache.resume(&provider).await.err()),
        kind(cache.clear_limits(&provider).await.err()),
        kind(cache.retry_all().await.err()),
        kind(cache.dequeue("http://127.0.0.1:1/").await.err()),
        kind(cache.dequeue_dead().await.err()),
        kind(cache.fetch(request("http://127.0.0.1:1/")).await.err()),
    ]
}

#[tokio::test]
async fn nothing_small_is_written_either_once_there_is_no_room_beside_a_log_that_a_reader_keeps() {
    let folder = Folder::new();
    let cache = open_small(&folder).await;
    for number in 0..200 {
        cache.put(request(&format!("a://{number}")), body(number)).await.unwrap();
    }
    cache.put(request(URL), body(0)).await.unwrap();
    cache.0.background.finish().await;
    let before = accesses(&cache).await;
    let mut reader = cache.0.db.read("test").await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT COUNT(*) FROM cached_data").execute(&mut *reader).await.unwrap();
    assert!(pin_until_refused(&cache).await > 10);
    assert!(size(&cache).await <= MAX_BYTES);
    let log_bytes = cache.0.db.log_bytes();
    assert_eq!(commands(&cache).await, [Some(ErrorKind::Full); 11]);

    // What is counted and noted behind the scenes waits.
    folder.clock.advance(Duration::from_mins(10));
    for _ in 0..3 {
        cache.lookup(URL).await.unwrap();
        cache.0.tally.flush().await;
        cache.0.deferred.flush().await;
    }
    assert_eq!(cache.0.db.log_bytes(), log_bytes);
    assert_eq!(accesses(&cache).await, before);

    reader.close();
    cache.0.tally.flush().await;
    cache.0.deferred.flush().await;
    assert_eq!(accesses(&cache).await, before + 1);
    assert_eq!(cache.numbers(None).await.unwrap().total.fresh, 3);
    assert!(cache.pin(&artist(0)).await.is_ok());
}

async fn accesses(cache: &Cache) -> u64 {
    let mut connection = cache.0.db.read("test").await.unwrap();
    let count = "SELECT access_count FROM cached_data WHERE url = 'a://0'";
    let count: i64 = sqlx::query_scalar(count).fetch_one(&mut *connection).await.unwrap();
    connection.close();
    count.unsigned_abs()
}
