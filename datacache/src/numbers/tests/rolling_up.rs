use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is counted when, and whenever and however far it is rolled up.
    #[test]
    fn rolling_up_loses_and_makes_up_nothing(
        steps in vec((0_i64..80 * DAY_MS, 0_usize..3, any::<bool>()), 1..30),
    ) {
        runtime().block_on(async {
            let folder = Folder::new();
            let tally = folder.open().await;
            let mut counted = 0;
            for (at, name, is_rolled_up) in steps {
                // The clock may also be set back.
                folder.clock.set(Timestamp::from_millis(START.as_millis() + at));
                count(&tally, ["a", "b", "c"][name]);
                counted += 1;
                while tally.0.write().await {}
                if is_rolled_up {
                    tally.roll_up().await.unwrap();
                }
                let counts = total(&tally).await;
                assert_eq!((counts.fresh, counts.served_bytes), (counted, 7 * counted));
                assert_eq!(counts.from_cache.count(), counted);
            }
        });
    }
}

#[tokio::test]
async fn hours_become_days_and_days_one_sum_when_they_are_old() {
    let folder = Folder::new();
    let tally = folder.open().await;
    let periods = "SELECT COUNT(DISTINCT period || starts_at) FROM numbers";
    let hours = "SELECT COUNT(DISTINCT starts_at) FROM numbers WHERE period = 'hour'";
    let days = "SELECT COUNT(DISTINCT starts_at) FROM numbers WHERE period = 'day'";
    for _ in 0..40 * 24 {
        count(&tally, "cdn");
        while tally.0.write().await {}
        folder.clock.advance(Duration::from_hours(1));
    }
    while tally.roll_up().await.unwrap() > 0 {}
    assert_eq!((scalar(&tally, hours).await, scalar(&tally, days).await), (48, 29));
    assert_eq!(scalar(&tally, periods).await, 48 + 29 + 1);
    let counts = total(&tally).await;
    assert_eq!((counts.fresh, counts.from_cache.count()), (40 * 24, 40 * 24));
    for (asked_hours, counted) in
        [(1, 1), (24, 24), (47, 47), (24 * 10, 24 * 10), (24 * 90, 24 * 31)]
    {
        let last = tally.read(Some(Duration::from_hours(asked_hours))).await.unwrap();
        assert_eq!(last.total.fresh, counted, "{asked_hours} hours");
    }
    let ever = tally.read(Some(Duration::MAX)).await.unwrap();
    assert_eq!((ever.since, ever.total.fresh), (Some(Timestamp::from_millis(0)), 24 * 31));
}

#[tokio::test]
async fn one_transaction_rolls_up_a_bounded_number() {
    let folder = Folder::new();
    let tally = folder.open().await;
    let many = "INSERT INTO numbers WITH RECURSIVE n (n) AS \
          (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500) \
        SELECT 'hour', n * 3600000, 0, 'fresh', '', 1 FROM n";
    execute(&tally, many).await;
    let mut rolled_up = Vec::new();
    while rolled_up.last() != Some(&0) {
        rolled_up.push(tally.roll_up().await.unwrap());
    }
    assert!(rolled_up.iter().all(|rows| *rows <= 2_000), "{rolled_up:?}");
    assert!(rolled_up.len() > 3, "{rolled_up:?}");
    assert_eq!(total(&tally).await.fresh, 2_500);
    assert_eq!(scalar(&tally, "SELECT COUNT(*) FROM numbers").await, 1);
}

/// Two processes may maintain at once by mistake.
#[tokio::test(flavor = "multi_thread")]
async fn rolling_up_at_once_and_while_others_count_conserves_the_sums() {
    let folder = Folder::new();
    let tallies = [folder.open().await, folder.open().await];
    for _ in 0..60 {
        count(&tallies[0], "cdn");
        while tallies[0].0.write().await {}
        folder.clock.advance(Duration::from_hours(5));
    }
    let rolling = tallies.clone().map(|tally| {
        tokio::spawn(async move {
            count(&tally, "cdn");
            tally.0.write().await;
            while tally.roll_up().await.unwrap() > 0 {}
        })
    });
    for task in rolling {
        task.await.unwrap();
    }
    assert_eq!(total(&tallies[0]).await.fresh, 62);
}
