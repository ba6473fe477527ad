use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::numbers::gathered::MOST_GROUPS;

const ROWS: &str = "SELECT COUNT(*) FROM numbers";

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![
        Outcome::Fresh,
        Outcome::Stale,
        Outcome::Fallback,
        Outcome::Absent,
        Outcome::Fetched,
        Outcome::Revalidated,
        Outcome::FetchedAbsent,
        Outcome::Missed,
        Outcome::Queued,
        Outcome::Pending,
        Outcome::Failed(ErrorKind::Timeout),
        Outcome::Failed(ErrorKind::Offline),
    ])
}

proptest! {
    /// A number that is not written down, or not read back, is missing here.
    #[test]
    fn what_is_written_down_is_read_back_and_adds_up(
        answers in vec((outcomes(), any::<bool>(), any::<u32>(), any::<u32>()), 0..60),
        fetches in vec(any::<u32>(), 0..20),
    ) {
        let mut counts = Counts::default();
        for (outcome, is_local, size_bytes, took_us) in &answers {
            counts.answered(Answered {
                outcome: *outcome,
                way: if *is_local { Way::Cache } else { Way::Origin },
                size_bytes: u64::from(*size_bytes),
                took: Duration::from_micros(u64::from(*took_us)),
            });
        }
        for size_bytes in &fetches {
            counts.fetched(u64::from(*size_bytes));
            counts.fetch_failed(ErrorKind::Refused);
        }
        let mut read = Counts::default();
        for number in counts.numbers() {
            read.add_number(&number.name, &number.label, number.value);
        }
        prop_assert_eq!(&read, &counts);
        prop_assert_eq!(counts.answers(), answers.len() as u64);
        prop_assert_eq!(counts.fetches, fetches.len() as u64);
        prop_assert_eq!(counts.failed_fetches(), fetches.len() as u64);
    }
}

#[tokio::test]
async fn counting_writes_nothing_until_one_transaction_writes_it_all() {
    let folder = Folder::new();
    let (tally, other) = (folder.open().await, folder.open().await);
    let mut watching = other.0.db.read("test").await.unwrap();
    let mut version = async || -> i64 {
        sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *watching).await.unwrap()
    };
    let before = version().await;
    for _ in 0..1_000 {
        count(&tally, "cdn");
        count(&tally, "musicbrainz");
    }
    assert_eq!(version().await, before);
    assert_eq!(total(&other).await, Counts::default());

    tally.flush().await;
    assert_ne!(version().await, before);
    let counts = total(&other).await;
    assert_eq!((counts.fresh, counts.served_bytes), (2_000, 14_000));
    // Nothing is left, so nothing is written.
    let after = version().await;
    tally.flush().await;
    assert_eq!(version().await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_handles_count_at_once_adds_up_and_is_there_after_a_restart() {
    const HANDLES: u64 = 8;
    let folder = Folder::new();
    let mut tasks = Vec::new();
    for _ in 0..HANDLES {
        let tally = folder.open().await;
        tasks.push(tokio::spawn(async move {
            for _ in 0..20 {
                count(&tally, "cdn");
                while tally.0.write().await {}
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let numbers = folder.open().await.read(None).await.unwrap();
    assert_eq!(numbers.total.fresh, 20 * HANDLES);
    assert_eq!(numbers.total.from_cache.count(), 20 * HANDLES);
    let groups: Vec<&str> = numbers.groups.iter().map(|group| group.provider.as_str()).collect();
    assert_eq!(groups, ["cdn"]);
}

#[tokio::test]
async fn what_cannot_be_written_is_written_later() {
    let folder = Folder::new();
    let tally = folder.open().await;
    count(&tally, "cdn");
    execute(&tally, "ALTER TABLE numbers RENAME TO gone").await;
    tally.flush().await;
    count(&tally, "cdn");
    execute(&tally, "ALTER TABLE gone RENAME TO numbers").await;
    assert_eq!(scalar(&tally, ROWS).await, 0);
    tally.flush().await;
    assert_eq!(total(&tally).await.fresh, 2);
}

/// Nobody who counts waits for a writer, however long that one takes.
#[tokio::test]
async fn counting_goes_on_while_another_process_writes() {
    let folder = Folder::new();
    let (tally, other) = (folder.open().await, folder.open().await);
    let lock = other.0.db.write("test").await.unwrap();
    count(&tally, "cdn");
    tally.flush().await;
    count(&tally, "cdn");
    assert_eq!(total(&tally).await.fresh, 0);
    lock.commit().await.unwrap();
    tally.flush().await;
    assert_eq!(total(&tally).await.fresh, 2);
}

#[tokio::test]
async fn what_is_counted_after_closing_keeps_no_writer_busy() {
    let folder = Folder::new();
    let tally = folder.open().await;
    tally.0.db.close().await;
    count(&tally, "cdn");
    assert!(!tally.0.write().await);
    assert!(tally.0.let_writer_end());
}

/// As when a program makes a runtime for each of its calls.
#[test]
fn counting_needs_no_runtime_and_outlives_one() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = Folder::new();
    let first = runtime();
    let tally = first.block_on(folder.open());
    count(&tally, "cdn");
    first.block_on(async { count(&tally, "cdn") });
    drop(first);
    count(&tally, "cdn");
    runtime().block_on(async {
        count(&tally, "cdn");
        assert!(tally.0.state().writer.as_ref().is_some_and(|writer| !writer.is_finished()));
        tally.flush().await;
        assert_eq!(total(&tally).await.fresh, 4);
    });
}

#[tokio::test]
async fn however_many_hosts_are_counted_the_groups_are_bounded_and_nothing_is_lost() {
    let folder = Folder::new();
    let hosts = 2 * MOST_GROUPS;
    for handle in 0..2 {
        let tally = folder.open().await;
        for host in (handle..hosts).step_by(2) {
            count(&tally, &format!("host{host}.example"));
        }
        tally.flush().await;
        assert!(!tally.0.write().await, "all is written");
    }
    let tally = folder.open().await;
    let numbers = tally.read(None).await.unwrap();
    assert_eq!(numbers.total.fresh, hosts as u64);
    assert_eq!(numbers.groups.len(), MOST_GROUPS);
    let rest = numbers.groups.iter().find(|group| group.provider.as_str() == "other").unwrap();
    assert_eq!(rest.counts.fresh, (hosts - MOST_GROUPS + 1) as u64);
}

#[tokio::test]
async fn a_number_of_a_newer_program_is_kept_and_passed_over() {
    let folder = Folder::new();
    let tally = folder.open().await;
    count(&tally, "cdn");
    tally.flush().await;
    let newer = "INSERT INTO numbers SELECT period, starts_at, group_id, column1, column2, 5 \
        FROM (SELECT DISTINCT period, starts_at, group_id FROM numbers), \
          (VALUES ('teapots', ''), ('errors', 'teapot'), ('from_cache', 'teapot'))";
    execute(&tally, newer).await;
    let counts = total(&tally).await;
    assert_eq!((counts.fresh, counts.from_cache.count(), counts.errors["teapot"]), (1, 1, 5));
    folder.clock.advance(Duration::from_hours(3 * 24));
    while tally.roll_up().await.unwrap() > 0 {}
    let teapots = "SELECT value FROM numbers WHERE name = 'teapots' AND period = 'day'";
    assert_eq!(scalar(&tally, teapots).await, 5);
}
