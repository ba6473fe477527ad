use std::sync::Arc;

use tokio::sync::Barrier;

use super::*;

#[tokio::test]
async fn all_handles_share_one_budget_also_after_a_restart() {
    let folder = Folder::new();
    let budget = budget("1/s");
    let (first, second) = (folder.open().await, folder.open().await);
    assert_eq!(book(&first, ask(&budget, MINUTE), NOW).await, Ok(0));
    assert_eq!(book(&second, ask(&budget, MINUTE), NOW).await, Ok(1_000));
    first.db.close().await;
    second.db.close().await;
    let third = folder.open().await;
    assert_eq!(book(&third, ask(&budget, MINUTE), at(1)).await, Ok(2_000));
    let other = provider("other");
    let elsewhere = Payer { provider: other.clone(), origin: other, ..budget };
    assert_eq!(book(&third, ask(&elsewhere, MINUTE), at(1)).await, Ok(1));
}

#[tokio::test]
async fn all_windows_hold_together() {
    let folder = Folder::new();
    let limits = [folder.open().await, folder.open().await];
    let budget = budget("1/s, 4/min");
    let mut slots = Vec::new();
    for n in 0..5 {
        slots.push(book(&limits[n % 2], ask(&budget, 5 * MINUTE), NOW).await.unwrap());
    }
    // Two at once as far as one a second allows, the others at a third of a minute.
    assert_eq!(slots, [0, 1_000, 20_000, 40_000, 60_000]);
    let windows = listed(&limits[0], &budget, NOW).await.unwrap().windows;
    assert_eq!(windows.iter().map(|window| window.used).collect::<Vec<_>>(), [1, 4]);
}

#[tokio::test]
async fn a_live_request_waits_no_longer_than_it_can() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    assert_eq!(book(&limits, ask(&budget, 0), NOW).await, Ok(0));
    assert_eq!(book(&limits, ask(&budget, 999), NOW).await, Err((1_000, Why::Budget)));
    assert_eq!(book(&limits, ask(&budget, 1_000), NOW).await, Ok(1_000));
}

#[tokio::test]
async fn a_live_request_waits_behind_one_batch_slot_at_most() {
    let folder = Folder::new();
    let (worker, player) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    assert_eq!(book(&worker, batch(&budget), NOW).await, Ok(0));
    assert_eq!(book(&worker, batch(&budget), NOW).await, Ok(1_000));
    // Not yet: in one second there will be one before it.
    assert_eq!(book(&worker, batch(&budget), NOW).await, Err((1_000, Why::Budget)));
    assert_eq!(book(&player, ask(&budget, MINUTE), NOW).await, Ok(2_000));
    assert_eq!(book(&worker, batch(&budget), at(1_000)).await, Err((2_000, Why::Budget)));
    assert_eq!(book(&worker, batch(&budget), at(2_000)).await, Ok(3_000));
}

#[tokio::test]
async fn a_batch_request_can_have_less_patience_than_a_spacing() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/h");
    assert_eq!(book(&limits, batch(&budget), NOW).await, Ok(0));
    let refused = book(&limits, batch(&budget), NOW).await;
    assert_eq!(refused, Err((3_600_000 - 60_000, Why::Budget)));
    assert_eq!(book(&limits, batch(&budget), at(3_540_000)).await, Ok(3_600_000));
}

#[tokio::test]
async fn other_settings_begin_anew_but_keep_their_spacing_from_what_was_sent() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let hourly = budget("1/h");
    assert_eq!(book(&limits, ask(&hourly, 0), NOW).await, Ok(0));
    let both = budget("1/2s, 1000/h");
    assert_eq!(book(&limits, ask(&both, MINUTE), at(500)).await, Ok(2_000));
    assert_eq!(book(&limits, ask(&both, MINUTE), at(500)).await, Ok(4_000));
}

#[tokio::test]
async fn other_settings_on_the_same_folder_wipe_out_no_window() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let (hourly, other) = (budget("1/s, 2/h"), budget("1/s, 100/d"));
    assert_eq!(book(&first, ask(&hourly, MINUTE), NOW).await, Ok(0));
    assert_eq!(book(&second, ask(&other, MINUTE), at(5_000)).await, Ok(5_000));
    let refused = book(&first, ask(&hourly, MINUTE), at(10_000)).await;
    assert_eq!(refused, Err((1_800_000, Why::Budget)));
    // It is noted until it is forgotten.
    assert_eq!(book(&second, ask(&other, MINUTE), at(1_800_001)).await, Ok(1_800_001));
    let mut connection = first.db.read("test").await.unwrap();
    let noted = sql::state(&mut connection, &hourly.provider).await.unwrap();
    assert_eq!(noted.arrivals.into_keys().collect::<Vec<_>>(), ["1/s", "100/d"]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_nobody() {
    const DAY_MS: i64 = 24 * 3_600_000;
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s, 10/min");
    for slot in [0, 1_000, 2_000] {
        assert_eq!(book(&limits, ask(&budget, MINUTE), NOW).await, Ok(slot));
    }
    let yesterday = at(-DAY_MS);
    // What lay ahead lies ahead as far as before, for those who cannot wait and those who can.
    let refused = book(&limits, ask(&budget, 0), yesterday).await;
    assert_eq!(refused, Err((3_000 - DAY_MS, Why::Budget)));
    let later = later(yesterday, 2_500);
    assert_eq!(book(&limits, ask(&budget, MINUTE), later).await, Ok(3_000 - DAY_MS));
}

#[tokio::test]
async fn who_must_wait_takes_no_lock() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    book(&first, ask(&budget, 0), NOW).await.unwrap();
    let lock = first.db.write("test").await.unwrap();
    assert_eq!(book(&second, ask(&budget, 0), NOW).await, Err((1_000, Why::Budget)));
    drop(lock);
}

/// Nor does it matter whose clock is a moment ahead.
#[tokio::test]
async fn who_has_no_budget_waits_for_nobody_and_takes_no_lock() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let none = budget("none");
    let lock = first.db.write("test").await.unwrap();
    assert_eq!(book(&first, batch(&none), at(5)).await, Ok(5));
    assert_eq!(book(&second, batch(&none), NOW).await, Ok(0));
    let slot = slot(&first, ask(&none, 0), NOW).await;
    assert_eq!(depart(&first, &slot, at(200)).await, Ok(0));
    drop(lock);
}

#[tokio::test]
async fn what_nobody_can_read_counts_as_not_used() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    book(&limits, ask(&budget, 0), NOW).await.unwrap();
    let mut tx = limits.db.write("test").await.unwrap();
    sqlx::query("UPDATE provider_budgets SET windows = 'x'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(book(&limits, ask(&budget, MINUTE), NOW).await, Ok(1_000));
}

#[tokio::test]
async fn what_cannot_be_written_is_paced_by_each_process_alone() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    assert_eq!(book(&limits, ask(&budget, 0), NOW).await, Ok(0));
    let mut tx = limits.db.write("test").await.unwrap();
    for table in ["provider_budgets", "resting_providers"] {
        let refuse = format!(
            "CREATE TRIGGER {table}_refuses BEFORE INSERT ON {table} \
             BEGIN SELECT abs(-9223372036854775808); END"
        );
        sqlx::query(sqlx::AssertSqlSafe(refuse)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    // The process knows what it has booked while it could be written.
    assert_eq!(book(&limits, ask(&budget, MINUTE), NOW).await, Ok(1_000));
    let slot = slot(&limits, ask(&budget, MINUTE), NOW).await;
    assert_eq!(depart(&limits, &slot, at(2_000)).await, Ok(2_000));
    let (until, reason) = (at(9_000), "status 429".to_owned());
    limits.at(at(2_000)).report(&slot, Outcome::Throttled { until, reason }).await.unwrap();
    assert_eq!(book(&limits, ask(&budget, 6_999), at(2_000)).await, Err((9_000, Why::Budget)));
    assert_eq!(book(&limits, ask(&budget, 7_000), at(2_000)).await, Ok(9_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_are_booked_at_once_are_a_spacing_apart() {
    const TASKS: usize = 64;
    let folder = Folder::new();
    let handles = [folder.open().await, folder.open().await];
    let start = Arc::new(Barrier::new(TASKS));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (limits, start) = (handles[task % 2].clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                book(&limits, ask(&budget("3/s"), 5 * MINUTE), NOW).await.unwrap()
            })
        })
        .collect();
    let mut slots = Vec::new();
    for task in tasks {
        slots.push(task.await.unwrap());
    }
    slots.sort_unstable();
    let expected: Vec<i64> = (0..64).map(|n| n * 334).collect();
    assert_eq!(slots, expected);
}
