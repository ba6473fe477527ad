//! The bounds hold at every moment, and what goes is what is missed least.

use super::*;
use crate::error::ErrorKind;

pub(super) const KIB: usize = 1024;
const MIB: u64 = 1024 * 1024;

/// What the folder takes: every file and folder in it, whatever it is, in whole blocks.
pub(super) fn folder_bytes(folder: &Folder) -> u64 {
    const BLOCK_BYTES: u64 = 4_096;
    let files = files_below(folder.dir.path());
    let folders: BTreeSet<&Path> = files.iter().flat_map(|file| file.ancestors().skip(1)).collect();
    let folders = folders.iter().filter(|path| path.starts_with(folder.dir.path())).count() as u64;
    let size = |file: &PathBuf| file.metadata().map_or(0, |file| file.len());
    let files: u64 = files.iter().map(|file| size(file).div_ceil(BLOCK_BYTES)).sum();
    (files + folders) * BLOCK_BYTES
}

pub(super) fn bounded(config: &str) -> Folder {
    let config = serde_json::from_str(config).unwrap();
    Folder { allowance: Allowance::of(&config), ..Folder::new() }
}

pub(super) fn four_mib() -> Folder {
    bounded(r#"{"cache": {"max_bytes": 4194304, "min_free": 0}}"#)
}

/// Bytes that nothing else has, and that are no text, which would be compressed.
pub(super) fn unique(number: usize, size: usize) -> Bytes {
    let bytes = [0xff].into_iter().chain(number.to_le_bytes()).cycle();
    bytes.take(size).collect::<Vec<_>>().into()
}

pub(super) fn image(path: &str, data: impl Into<Bytes>) -> NewEntry {
    NewEntry { data_type: DataType::FRONT_COVER, ..entry(path, data) }
}

pub(super) async fn put_many(store: &Store, count: usize, size: impl Fn(usize) -> usize) {
    for number in 0..count {
        store.put(entry(&number.to_string(), unique(number, size(number)))).await.unwrap();
    }
}

pub(super) async fn has(store: &Store, path: &str) -> bool {
    store.get(&key(path)).await.unwrap().is_some()
}

/// What the counters say is what the rows and files are.
pub(super) async fn assert_counted(store: &Store) {
    let difference = "SELECT COUNT(*) FROM (SELECT provider, \
          SUM(disk_size + octet_length(url) + octet_length(metadata)) AS size \
        FROM cached_data GROUP BY provider) AS real FULL JOIN provider_usage USING (provider) \
        WHERE COALESCE(size, 0) <> COALESCE(size_bytes, 0)";
    assert_eq!(count(store, difference).await, 0, "by provider");
    let files = "SELECT (SELECT value FROM upkeep WHERE name = 'file_bytes') - \
        (SELECT COALESCE(SUM(size), 0) FROM (SELECT MAX(disk_size) AS size FROM cached_data \
           WHERE file_checksum IS NOT NULL GROUP BY file_checksum))";
    assert_eq!(count(store, files).await, 0, "files");
    let blocks = "SELECT (SELECT COUNT(DISTINCT file_checksum) FROM cached_data) * 1000000 - \
          (SELECT value FROM upkeep WHERE name = 'files') * 1000000 + \
        (SELECT COALESCE(SUM((size + 4095) / 4096), 0) FROM (SELECT MAX(disk_size) AS size \
           FROM cached_data WHERE file_checksum IS NOT NULL GROUP BY file_checksum)) - \
          (SELECT value FROM upkeep WHERE name = 'file_blocks')";
    assert_eq!(count(store, blocks).await, 0, "blocks");
}

#[tokio::test]
async fn bodies_of_all_sizes_stay_within_the_bounds_after_every_put() {
    let folder = four_mib();
    let store = folder.open().await;
    let sizes = [200, 900, 3 * KIB, 40 * KIB, 100, 300 * KIB];
    for number in 0..400 {
        let path = number.to_string();
        store.put(entry(&path, unique(number, sizes[number % 6]))).await.unwrap();
        assert!(folder_bytes(&folder) <= 4 * MIB, "{} after {number}", folder_bytes(&folder));
        assert!(has(&store, &path).await, "the entry just written");
    }
    folder.background.finish().await;
    assert!(entries(&store).await > 20);
    assert_counted(&store).await;
    let named = count(&store, "SELECT COUNT(DISTINCT file_checksum) FROM cached_data").await;
    assert_eq!(
        i64::try_from(folder.blob_files().len()).unwrap(),
        named,
        "no file outlives its rows"
    );
}

#[tokio::test]
async fn rows_alone_stay_within_the_bounds_too() {
    let folder = four_mib();
    let store = folder.open().await;
    for number in 0..3_000 {
        store.put(entry(&number.to_string(), unique(number, KIB))).await.unwrap();
        if number % 100 == 0 {
            assert!(folder_bytes(&folder) <= 4 * MIB, "{} at {number}", folder_bytes(&folder));
        }
    }
    assert!(entries(&store).await > 500);
    assert_counted(&store).await;
}

#[tokio::test]
async fn what_has_expired_goes_first_then_images_then_the_rest() {
    let folder = four_mib();
    let store = folder.open().await;
    let expired = NewEntry { expires_at: NOW, ..entry("expired", unique(1, 400 * KIB)) };
    store.put(entry("text", unique(2, 400 * KIB))).await.unwrap();
    store.put(image("image", unique(3, 400 * KIB))).await.unwrap();
    store.put(expired).await.unwrap();
    let there = async |store: &Store| {
        [has(store, "expired").await, has(store, "image").await, has(store, "text").await]
    };
    let mut seen = vec![there(&store).await];
    for number in 4..20 {
        store.put(entry(&number.to_string(), unique(number, 400 * KIB))).await.unwrap();
        // One that is put last is used less than "text" until that has gone.
        seen.push(there(&store).await);
    }
    seen.dedup();
    assert_eq!(seen[0], [true, true, true]);
    let order = [[false, true, true], [false, false, true], [false, false, false]];
    let in_order = seen[1..].iter().all(|seen| order.contains(seen));
    assert!(in_order && seen.is_sorted_by(|a, b| a >= b), "{seen:?}");
}

#[tokio::test]
async fn what_is_used_outlives_what_is_not_until_its_time_is_long_ago() {
    let folder = four_mib();
    let store = folder.open().await;
    let used = store.put(entry("used", unique(0, 300 * KIB))).await.unwrap();
    let minutes = |n: i64| Timestamp::from_millis(NOW.as_millis() + n * 60_000);
    for n in 1..4 {
        let touches = BTreeMap::from([(used.row_id, minutes(n * 6))]);
        let batch = crate::store::deferred::Batch { touches, ..Default::default() };
        store.write_deferred(batch).await.unwrap();
    }
    let mut outlived = 0;
    for number in 1..200 {
        store.put(entry(&number.to_string(), unique(number, 300 * KIB))).await.unwrap();
        folder.background.finish().await;
        if !has(&store, "used").await {
            break;
        }
        outlived = number;
    }
    assert!(outlived > 15, "it went with those that nobody has used: {outlived}");
    assert!(outlived < 150, "what was used once would stay for ever");
}

#[tokio::test]
async fn what_is_pinned_stays_and_what_finds_no_room_is_told_so() {
    let folder = four_mib();
    let store = folder.open().await;
    let artist = identifier("daft_punk");
    assert!(store.pin(&artist).await.unwrap());
    assert!(!store.pin(&artist).await.unwrap());
    let about = |path: &str, number| NewEntry {
        identifier: Some(identifier("daft_punk")),
        expires_at: NOW,
        ..image(path, unique(number, 500 * KIB))
    };
    for number in 0..4 {
        store.put(about(&format!("pinned{number}"), number)).await.unwrap();
    }
    put_many(&store, 20, |_| 100 * KIB).await;
    let error = store.put(entry("large", unique(77, 1_000 * KIB))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().contains("cache.max_bytes"), "{error}");
    for number in 0..4 {
        assert!(has(&store, &format!("pinned{number}")).await);
    }
    assert_eq!(store.pinned().await.unwrap(), std::slice::from_ref(&artist));
    assert!(store.unpin(&artist).await.unwrap());
    store.put(entry("large", unique(77, 1_000 * KIB))).await.unwrap();
    assert!(!has(&store, "pinned0").await);
    assert_eq!(folder.temp_files(), 0);
    assert_counted(&store).await;
}

#[tokio::test]
async fn what_can_never_fit_removes_nothing() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 10, |_| 20 * KIB).await;
    let error = store.put(entry("huge", unique(1, 4_000 * KIB))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(entries(&store).await, 10);
    assert_eq!(folder.temp_files(), 0);
}

#[tokio::test]
async fn a_provider_keeps_to_its_part_and_costs_no_other() {
    let folder = bounded(r#"{"providers": {"cdn": {"max_bytes": 100000}}}"#);
    let store = folder.open().await;
    let other = NewEntry { provider: provider("lastfm"), expires_at: NOW, ..entry("other", "x") };
    store.put(other).await.unwrap();
    put_many(&store, 50, |number| if number % 2 == 0 { 900 } else { 9_000 }).await;
    let used = "SELECT size_bytes FROM provider_usage WHERE provider = 'cdn'";
    let used = count(&store, used).await;
    assert!((50_000..=100_000).contains(&used), "{used}");
    assert!(has(&store, "other").await && has(&store, "49").await);
    // The entry that is replaced makes room for its successor.
    store.put(entry("49", unique(99, 95_000))).await.unwrap();
    store.put(entry("49", unique(98, 95_000))).await.unwrap();
    assert_counted(&store).await;
}

#[tokio::test]
async fn bounds_that_became_narrower_are_reached_step_by_step() {
    let mut folder = Folder::new();
    let store = folder.open().await;
    put_many(&store, 100, |_| 100 * KIB).await;
    folder.allowance = four_mib().allowance;
    let narrowed = folder.open().await;
    narrowed.put(entry("new", "x")).await.unwrap();
    folder.background.finish().await;
    assert!(folder_bytes(&folder) <= 4 * MIB, "{}", folder_bytes(&folder));
    assert!(has(&narrowed, "new").await && entries(&narrowed).await > 10);
}

#[tokio::test]
async fn several_writers_keep_within_the_bounds_together() {
    let folder = Arc::new(four_mib());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let folder = Arc::clone(&folder);
        writers.spawn(async move {
            let store = folder.open().await;
            for number in 0..60 {
                let number = writer * 1_000 + number;
                let body = unique(number, 60 * KIB);
                store.put(entry(&number.to_string(), body)).await.unwrap();
                // One body may be on its way in each of the others.
                let bytes = folder_bytes(&folder);
                assert!(bytes <= 4 * MIB + 4 * 60 * KIB as u64, "{bytes}");
            }
        });
    }
    writers.join_all().await;
    folder.background.finish().await;
    assert!(folder_bytes(&folder) <= 4 * MIB);
    assert_counted(&folder.open().await).await;
}

#[tokio::test]
async fn entries_that_share_a_file_count_it_once_and_keep_it_until_the_last_has_gone() {
    let folder = Folder::new();
    let store = folder.open().await;
    for path in ["a", "b", "c"] {
        store.put(entry(path, large(1))).await.unwrap();
        assert_counted(&store).await;
    }
    let files = "SELECT value FROM upkeep WHERE name = 'file_bytes'";
    assert_eq!(usize::try_from(count(&store, files).await).unwrap(), INLINE_MAX + 1);
    store.put(entry("a", "now in a row")).await.unwrap();
    assert_counted(&store).await;
    store.put(entry("a", large(2))).await.unwrap();
    store.put(entry("b", large(2))).await.unwrap();
    assert_counted(&store).await;
    store.put(NewEntry { provider: provider("lastfm"), ..entry("c", large(2)) }).await.unwrap();
    assert_counted(&store).await;
    assert_eq!(store.remove_matching(&Filter::all()).await.unwrap(), 3);
    assert_counted(&store).await;
    assert_eq!(count(&store, files).await, 0);
}

#[tokio::test]
async fn queued_requests_take_room_from_entries_and_no_more_than_there_is() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 40, |_| 60 * KIB).await;
    let make_room = async |row_bytes| {
        let mut tx = store.db.write("test").await.unwrap();
        store.make_room_for_requests(&mut tx, &key("request"), row_bytes).await?;
        tx.commit().await
    };
    make_room(10_000).await.unwrap();
    let before = entries(&store).await;
    make_room(800_000).await.unwrap();
    let left = entries(&store).await;
    assert!(left < before);
    // With all that could go, it would not be enough: nothing goes.
    assert_eq!(make_room(3_060_000).await.unwrap_err().kind(), ErrorKind::Full);
    assert_eq!(entries(&store).await, left);
}

/// Rows go through the log, which cannot be cut back while somebody reads what they replace.
#[tokio::test]
async fn what_finds_no_room_beside_a_log_that_a_reader_keeps_is_refused_and_costs_no_entry() {
    let folder = four_mib();
    let store = folder.open().await;
    put_many(&store, 20, |_| 60 * KIB).await;
    let mut reader = store.db.read("test").await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT COUNT(*) FROM cached_data").execute(&mut *reader).await.unwrap();
    let mut refused = 0;
    for number in 100..200 {
        let put = store.put(entry(&number.to_string(), unique(number, KIB))).await;
        if let Err(error) = put {
            assert_eq!(error.kind(), ErrorKind::Full);
            assert!(error.to_string().contains("its log"), "{error}");
            refused += 1;
        }
        assert!(folder_bytes(&folder) <= 4 * MIB, "{} after {number}", folder_bytes(&folder));
    }
    folder.background.finish().await;
    assert!((20..80).contains(&refused), "{refused}");
    assert_eq!(entries(&store).await, 120 - refused);
    reader.close();
    store.put(entry("last", unique(1, KIB))).await.unwrap();
    assert_eq!(entries(&store).await, 121 - refused);
}

#[tokio::test]
async fn a_process_has_one_large_body_beside_the_bounds_however_many_it_stores_at_once() {
    const LARGE: usize = 500 * KIB;
    let folder = Arc::new(four_mib());
    let store = folder.open().await;
    let mut puts = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (folder, store) = (Arc::clone(&folder), store.clone());
        puts.spawn(async move {
            let staged = store.stage(entry(&number.to_string(), unique(number, LARGE))).await;
            // Whatever the others have staged is there still, or stored.
            assert_eq!(folder.temp_files(), 1);
            let bytes = folder_bytes(&folder);
            assert!(bytes <= 4 * MIB + LARGE as u64, "{bytes}");
            let tx = store.db.write("test").await.unwrap();
            store.finish(tx, staged.unwrap()).await.unwrap();
        });
    }
    puts.join_all().await;
    assert_eq!(folder.temp_files(), 0);
    assert_counted(&store).await;
}

/// Where nearly all is pinned, the rest is small, but it is there.
#[tokio::test]
async fn what_was_just_written_stays_though_there_is_no_slack_to_be_had() {
    let folder = four_mib();
    let store = folder.open().await;
    store.pin(&identifier("daft_punk")).await.unwrap();
    for number in 0..27 {
        let about = Some(identifier("daft_punk"));
        let pinned = image(&number.to_string(), unique(number, 100 * KIB));
        store.put(NewEntry { identifier: about, ..pinned }).await.unwrap();
    }
    for number in 0..5 {
        let path = format!("small{number}");
        store.put(entry(&path, unique(number, 500))).await.unwrap();
        folder.background.finish().await;
        assert!(has(&store, &path).await, "{path}");
    }
}

#[tokio::test]
async fn who_finds_no_room_costs_nobody_an_entry() {
    let folder = four_mib();
    let store = folder.open().await;
    store.pin(&identifier("daft_punk")).await.unwrap();
    let about = Some(identifier("daft_punk"));
    let pinned = NewEntry { identifier: about, ..image("pinned", unique(1, 1_900 * KIB)) };
    store.put(pinned).await.unwrap();
    for number in 2..5 {
        store.put(entry(&number.to_string(), unique(number, 200 * KIB))).await.unwrap();
    }
    let error = store.put(entry("large", unique(9, 1_500 * KIB))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    for path in ["pinned", "2", "3", "4"] {
        assert!(has(&store, path).await, "{path}");
    }
    assert_eq!(folder.blob_files().len(), 4);
}
