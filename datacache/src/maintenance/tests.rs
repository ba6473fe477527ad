use super::*;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Config;
use crate::{DataType, Request};

const DAY: Duration = Duration::from_hours(24);

struct Folder {
    dir: tempfile::TempDir,
    clock: Clock,
}

impl Folder {
    fn new() -> Self {
        let clock = Clock::manual(Timestamp::from_millis(1_700_000_000_000));
        Self { dir: tempfile::tempdir().unwrap(), clock }
    }

    async fn open(&self, settings: &str) -> Cache {
        let mut config: Config = serde_json::from_str(settings).unwrap();
        config.cache.dir = Some(self.dir.path().to_owned());
        Cache::open_with_clock(config, self.clock.clone()).await.unwrap()
    }
}

async fn maintain(cache: &Cache, maintenance: Maintenance) -> Vec<TaskReport> {
    match cache.maintain(maintenance).await.unwrap() {
        Maintained::Done(report) => report.tasks,
        Maintained::Elsewhere => panic!("nobody else does it"),
    }
}

fn report(tasks: &[TaskReport], task: Task) -> (u64, &TaskEnd) {
    let report = tasks.iter().find(|report| report.task == task).unwrap();
    (report.removed, &report.end)
}

async fn put(cache: &Cache, url: &str, ttl: Duration, size: usize) {
    cache.put(Request::new(url).ttl(ttl), vec![7; size]).await.unwrap();
}

async fn urls(cache: &Cache) -> Vec<String> {
    let (entries, _) = cache.list(&crate::Filter::all(), crate::Page::default()).await.unwrap();
    entries.iter().map(|entry| entry.url.to_string()).collect()
}

#[tokio::test]
async fn what_is_past_its_stale_allowance_goes_and_what_is_only_stale_stays() {
    let folder = Folder::new();
    let cache = folder.open(r#"{"cache": {"max_stale": "30d"}}"#).await;
    put(&cache, "a://old", DAY, 20_000).await;
    put(&cache, "a://stale", 10 * DAY, 10).await;
    put(&cache, "a://fresh", 90 * DAY, 10).await;
    let pinned = crate::Identifier::new("Daft Punk").unwrap();
    cache.pin(&pinned).await.unwrap();
    let request = Request::new("a://pinned").ttl(DAY).identifier("Daft Punk");
    cache.put(request, "x").await.unwrap();
    cache.put_absence(Request::new("a://absent").negative_ttl(DAY)).await.unwrap();

    folder.clock.advance(DAY / 2);
    assert_eq!(report(&maintain(&cache, Maintenance::default()).await, Task::Expire).0, 0);
    folder.clock.advance(31 * DAY);
    let tasks = maintain(&cache, Maintenance::default()).await;
    assert!(matches!(report(&tasks, Task::Expire), (2, TaskEnd::Done)), "{tasks:?}");
    assert_eq!(urls(&cache).await, ["a://stale", "a://fresh", "a://pinned"]);
}

#[tokio::test]
async fn a_task_whose_time_is_over_goes_on_with_the_next_run() {
    let folder = Folder::new();
    let cache = folder.open(r#"{"cache": {"max_stale": "1d"}}"#).await;
    for number in 0..450 {
        put(&cache, &format!("a://{number}"), DAY, 1).await;
    }
    folder.clock.advance(3 * DAY);
    // A clock that stands still: there is time for one step only.
    let hasty = Maintenance { patience: Duration::ZERO };
    let mut removed = Vec::new();
    for _ in 0..4 {
        let tasks = maintain(&cache, hasty.clone()).await;
        let (count, end) = report(&tasks, Task::Expire);
        removed.push((count, matches!(end, TaskEnd::Done)));
    }
    assert_eq!(removed, [(200, false), (200, false), (50, false), (0, true)]);
}

#[tokio::test]
async fn the_database_becomes_smaller_and_its_log_is_cut() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    for number in 0..300 {
        put(&cache, &format!("a://{number}"), DAY, 10_000).await;
    }
    cache.remove_matching(&crate::Filter::all()).await.unwrap();
    let before = cache.stats().await.unwrap().disk.total_bytes();
    let tasks = maintain(&cache, Maintenance::default()).await;
    let after = cache.stats().await.unwrap().disk.total_bytes();
    assert!(tasks.iter().all(|task| matches!(task.end, TaskEnd::Done)), "{tasks:?}");
    assert!(before > 3_000_000 && after < 700_000, "{before} {after}");
    let log = folder.dir.path().join("datacache.sqlite-wal");
    assert!(log.metadata().unwrap().len() < 10_000, "it has what the run itself has noted");
}

#[tokio::test]
async fn requests_that_were_given_up_long_ago_are_forgotten() {
    let folder = Folder::new();
    let cache = folder.open(r#"{"cache": {"max_stale": "30d"}}"#).await;
    for number in 0..3 {
        cache.enqueue([Request::new(format!("http://a.example/{number}"))]).await.unwrap();
    }
    let given_up = "UPDATE pending_requests SET status = 'dead', run_at = created_at + 1 \
        WHERE url LIKE '%/0'";
    let mut tx = cache.0.db.write("test").await.unwrap();
    sqlx::query(given_up).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    folder.clock.advance(6 * DAY);
    assert_eq!(report(&maintain(&cache, Maintenance::default()).await, Task::DeadRequests).0, 0);
    folder.clock.advance(2 * DAY);
    assert_eq!(report(&maintain(&cache, Maintenance::default()).await, Task::DeadRequests).0, 1);
    assert_eq!(cache.stats().await.unwrap().queue.immediate, 2);
}

#[tokio::test]
async fn orphans_of_both_kinds_go_and_what_was_lost_is_queued_again() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    for number in 0..3_u8 {
        let request = Request::new(format!("http://a.example/{number}")).ttl(DAY);
        cache.put(request, vec![0xff - number; 70_000]).await.unwrap();
    }
    let (_, lost) = cache.show("http://a.example/1").await.unwrap().unwrap();
    std::fs::remove_file(lost.unwrap()).unwrap();
    let orphan = folder.dir.path().join("blobs/v1/ab/cd").join("ab".repeat(32));
    std::fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    std::fs::File::create(&orphan).unwrap();
    let leftover = folder.dir.path().join("blobs/tmp/x.part");
    std::fs::File::create(&leftover).unwrap();

    let tasks = maintain(&cache, Maintenance::default()).await;
    for task in [Task::LostEntries, Task::OrphanFiles, Task::Leftovers] {
        assert!(matches!(report(&tasks, task), (1, TaskEnd::Done)), "{task:?}: {tasks:?}");
    }
    assert!(!orphan.exists() && !leftover.exists());
    assert_eq!(urls(&cache).await, ["http://a.example/0", "http://a.example/2"]);
    assert_eq!(cache.stats().await.unwrap().queue.batch, 1);
    let again = maintain(&cache, Maintenance::default()).await;
    assert!(again.iter().all(|task| task.removed == 0), "{again:?}");
}

#[tokio::test]
async fn one_process_does_it_at_a_time_and_others_need_not_wait() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    let lock = cache.maintenance_lock().await.unwrap();
    let other = folder.open("{}").await;
    let maintained = other.maintain(Maintenance::default()).await.unwrap();
    assert!(matches!(maintained, Maintained::Elsewhere));
    drop(lock);
    let maintained = other.maintain(Maintenance::default()).await.unwrap();
    assert!(matches!(maintained, Maintained::Done(_)));
}

#[tokio::test]
async fn a_worker_does_it_when_it_is_due() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    let done_at = async || cache.0.store.noted(DONE_AT).await.unwrap();
    cache.maintain_if_due().await.unwrap();
    let first = done_at().await.unwrap();
    folder.clock.advance(PERIOD / 2);
    cache.maintain_if_due().await.unwrap();
    assert_eq!(done_at().await, Some(first));
    folder.clock.advance(PERIOD / 2);
    cache.maintain_if_due().await.unwrap();
    assert!(done_at().await.unwrap() > first);
    // A moment that lies ahead tells of a clock that was set back.
    folder.clock.set(Timestamp::from_millis(1_000));
    cache.maintain_if_due().await.unwrap();
    assert_eq!(done_at().await, Some(1_000));
}

/// What SQLite knows about the content leads it past no index.
#[tokio::test]
async fn statements_use_their_indices_with_what_sqlite_knows() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    for number in 0..300 {
        let request = Request::new(format!("a://{number}")).identifier(format!("n{}", number % 9));
        let request = request.data_type(DataType::new("bio_en").unwrap());
        cache.put(request, "x").await.unwrap();
        cache.enqueue([Request::new(format!("http://a.example/{number}"))]).await.unwrap();
    }
    maintain(&cache, Maintenance::default()).await;
    crate::db::assert_every_statement_uses_an_index(&cache.0.db).await;
}

#[tokio::test]
async fn what_makes_room_and_what_is_an_orphan_is_told_with_its_size() {
    let folder = Folder::new();
    let bounded = r#"{"cache": {"max_bytes": 4194304, "min_free": 0}}"#;
    let cache = folder.open(bounded).await;
    for number in 0..25_u8 {
        cache
            .put(Request::new(format!("a://{number}")), vec![0xff - number; 99_000])
            .await
            .unwrap();
    }
    cache.close().await;
    let cache = folder.open(bounded).await;
    // What was just stored stays for a while.
    folder.clock.advance(DAY / 24);
    let orphan = folder.dir.path().join("blobs/v1/ab/cd").join("ab".repeat(32));
    std::fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    std::fs::File::create(&orphan).unwrap().set_len(5_000).unwrap();
    execute(&cache, "UPDATE upkeep SET value = value + 200 WHERE name = 'file_blocks'").await;

    let tasks = maintain(&cache, Maintenance::default()).await;
    let told = |task| {
        let report = tasks.iter().find(|report| report.task == task).unwrap();
        (report.removed, report.size_bytes)
    };
    let (evicted, size_bytes) = told(Task::Evict);
    assert!(evicted > 0 && size_bytes == evicted * 99_000, "{tasks:?}");
    assert_eq!(told(Task::OrphanFiles), (1, 8_192));
}

async fn execute(cache: &Cache, statement: &'static str) {
    let mut tx = cache.0.db.write("test").await.unwrap();
    sqlx::query(statement).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

fn leave_orphan(folder: &Folder, path: &str) -> std::path::PathBuf {
    let folder = folder.dir.path().join("blobs/v1").join(path);
    std::fs::create_dir_all(&folder).unwrap();
    let orphan = folder.join(path.replace('/', "").repeat(16));
    std::fs::File::create(&orphan).unwrap().set_len(5_000).unwrap();
    orphan
}

#[tokio::test]
async fn a_worker_does_it_at_once_where_nobody_knows_what_no_entry_names() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    cache.maintain_if_due().await.unwrap();
    let orphan = leave_orphan(&folder, "ab/cd");
    cache.maintain_if_due().await.unwrap();
    assert!(orphan.exists(), "it was just done");
    execute(&cache, "DELETE FROM upkeep WHERE name = 'stray_bytes'").await;
    cache.maintain_if_due().await.unwrap();
    assert!(!orphan.parent().unwrap().exists());
}

/// A new database in place of a damaged one, in the middle of a walk.
#[tokio::test]
async fn what_has_come_where_it_was_looked_before_is_known_at_the_end_of_a_walk() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    maintain(&cache, Maintenance::default()).await;
    let (before, behind) = (leave_orphan(&folder, "ab/cd"), leave_orphan(&folder, "fe/dc"));
    execute(&cache, "INSERT INTO upkeep VALUES ('folders_seen', 50000)").await;
    maintain(&cache, Maintenance::default()).await;
    assert!(before.exists() && !behind.exists());
    let strays = async || cache.stats().await.unwrap().disk.stray_bytes;
    assert_eq!(strays().await, 4 * 4_096, "two blocks, and two folders");
    maintain(&cache, Maintenance::default()).await;
    assert!(!before.exists() && strays().await == 0);
}

#[tokio::test]
async fn a_walk_that_is_cut_short_goes_on_where_it_was() {
    let folder = Folder::new();
    let cache = folder.open("{}").await;
    let seen = async || cache.0.store.noted(crate::store::FOLDERS_SEEN).await.unwrap().unwrap_or(0);
    let hasty = Maintenance { patience: Duration::ZERO };
    let mut places = Vec::new();
    for _ in 0..65 {
        maintain(&cache, hasty.clone()).await;
        places.push(seen().await);
    }
    let expected = (1..64).map(|run| run * 1_024).chain([0, 1_024]);
    assert_eq!(places, expected.collect::<Vec<i64>>());
    let tasks = maintain(&cache, Maintenance::default()).await;
    assert!(matches!(report(&tasks, Task::OrphanFiles), (0, TaskEnd::Done)), "{tasks:?}");
    assert_eq!(seen().await, 0);
}
