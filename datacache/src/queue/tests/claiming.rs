use std::collections::BTreeSet;
use std::slice;

use super::*;

const MINUTE_MS: i64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn each_job_is_claimed_once_however_many_claim() {
    const JOBS: usize = 1_000;
    let folder = Folder::new();
    let queues = [folder.open().await, folder.open().await];
    let jobs: Vec<_> = (0..JOBS).map(|n| job(&n.to_string(), Priority::Batch)).collect();
    queues[0].enqueue(&jobs, NOW).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let queue = queues[task % 2].clone();
            tokio::spawn(async move {
                let (mut turns, mut all) = (Turns::default(), Vec::new());
                loop {
                    let claimed = claim_in_turn(&queue, &mut turns, 8, NOW).await;
                    if claimed.is_empty() {
                        return all;
                    }
                    all.extend(claimed);
                }
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.extend(task.await.unwrap());
    }
    assert_eq!(claimed.len(), JOBS, "one is claimed twice, or left");
    assert_eq!(BTreeSet::from_iter(claimed).len(), JOBS);
    assert_eq!(queues[1].counts().await.unwrap().leased, JOBS as u64);
}

#[tokio::test]
async fn the_newest_of_the_most_urgent_comes_first() {
    let folder = Folder::new();
    let queue = folder.open().await;
    for (path, priority, age) in [
        ("batch", Priority::Batch, 0),
        ("old", Priority::Immediate, 30),
        ("new", Priority::Immediate, 10),
        ("middle", Priority::Immediate, 20),
    ] {
        queue.enqueue(&[job(path, priority)], after(NOW, -age)).await.unwrap();
    }
    let mut turns = Turns::default();
    assert_eq!(claim_in_turn(&queue, &mut turns, 2, NOW).await, ["new", "middle"]);
    assert_eq!(claim_in_turn(&queue, &mut turns, 9, NOW).await, ["old", "batch"]);
}

#[tokio::test]
async fn a_batch_keeps_its_order() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let jobs: Vec<_> = (0..50).map(|n| job(&n.to_string(), Priority::Batch)).collect();
    queue.enqueue(&jobs, NOW).await.unwrap();
    let mut turns = Turns::default();
    let mut claimed = Vec::new();
    for slots in [1, 7, 1, 41] {
        claimed.extend(claim_in_turn(&queue, &mut turns, slots, NOW).await);
    }
    assert_eq!(claimed, jobs.iter().map(|job| path_of(&job.key)).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_type_has_a_turn_before_any_has_two_also_one_slot_at_a_time() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let of_types = || {
        let jobs =
            (0..20).map(|n| of_type(&n.to_string(), DataType::ARTIST_FANART, Priority::Batch));
        let mut jobs: Vec<_> = jobs.collect();
        jobs.push(of_type("logo", DataType::ARTIST_LOGO, Priority::Batch));
        jobs.push(of_type("banner", DataType::ARTIST_BANNER, Priority::Batch));
        jobs
    };
    queue.enqueue(&of_types(), NOW).await.unwrap();
    let mut turns = Turns::default();
    let mut claimed = Vec::new();
    for _ in 0..4 {
        claimed.extend(claim_in_turn(&queue, &mut turns, 1, NOW).await);
    }
    assert_eq!(claimed, ["0", "logo", "banner", "1"]);
}

#[tokio::test]
async fn each_provider_has_a_turn_before_any_has_two_also_when_its_jobs_are_older() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[of_provider("fast", "fast")], NOW).await.unwrap();
    let slow: Vec<_> = (0..20).map(|n| of_provider(&n.to_string(), "slow")).collect();
    let later = after(NOW, 1);
    queue.enqueue(&slow, later).await.unwrap();
    let mut turns = Turns::default();
    let mut claimed = Vec::new();
    for _ in 0..3 {
        claimed.extend(claim_in_turn(&queue, &mut turns, 1, later).await);
    }
    assert_eq!(claimed, ["0", "fast", "1"]);
}

#[tokio::test]
async fn old_work_is_not_starved_by_a_stream_of_urgent_work() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let old = [job("old0", Priority::Batch), job("old1", Priority::Batch)];
    queue.enqueue(&old, NOW).await.unwrap();
    let mut turns = Turns::default();
    for (moment, expected) in [(after(NOW, MINUTE_MS - 1), 0), (after(NOW, MINUTE_MS), 2)] {
        let mut of_old = 0;
        for round in 0..8 {
            let urgent = job(&format!("{}-{round}", moment.as_millis()), Priority::Immediate);
            queue.enqueue(slice::from_ref(&urgent), moment).await.unwrap();
            let claimed = claim_in_turn(&queue, &mut turns, 1, moment).await;
            of_old += usize::from(claimed[0].starts_with("old"));
        }
        assert_eq!(of_old, expected);
    }
}

#[tokio::test]
async fn a_provider_that_cools_down_is_passed_over_until_its_time_comes() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let cold: Vec<_> = (0..50).map(|n| of_provider(&format!("cold{n}"), "cold")).collect();
    queue.enqueue(&cold, NOW).await.unwrap();
    queue.enqueue(&[of_provider("other", "other")], after(NOW, -1)).await.unwrap();
    let until = after(NOW, 3_000);
    execute(&queue, "INSERT INTO resting_providers (provider, not_before) VALUES ('cold', 4000)")
        .await;
    assert_eq!(claim(&queue, 2, NOW).await, ["other"]);
    let before = after(until, -1);
    assert!(!is_due(&queue, before).await);
    assert_eq!(claim(&queue, 2, before).await, [""; 0]);
    assert!(is_due(&queue, until).await);
    assert_eq!(claim(&queue, 2, until).await, ["cold0", "cold1"]);
}

#[tokio::test]
async fn a_rest_of_more_than_a_day_was_noted_before_the_clock_was_set_back() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[of_provider("x", "cold")], NOW).await.unwrap();
    let cool_down =
        "INSERT INTO resting_providers (provider, not_before) VALUES ('cold', 86431001)";
    execute(&queue, cool_down).await;
    assert_eq!(claim(&queue, 1, after(NOW, 1)).await, [""; 0]);
    assert_eq!(claim(&queue, 1, NOW).await, ["x"]);
    // So was one that was noted in the future.
    queue.enqueue(&[of_provider("y", "cold")], NOW).await.unwrap();
    execute(&queue, "INSERT INTO provider_budgets (provider, noted_at) VALUES ('cold', 31002)")
        .await;
    assert_eq!(claim(&queue, 1, after(NOW, 2)).await, [""; 0]);
    assert_eq!(claim(&queue, 1, after(NOW, 1)).await, ["y"]);
}

#[tokio::test]
async fn a_paused_provider_is_passed_over_until_it_is_resumed() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[of_provider("x", "paused"), of_provider("y", "other")], NOW).await.unwrap();
    let pause = "INSERT INTO resting_providers (provider, is_paused) VALUES ('paused', 1)";
    execute(&queue, pause).await;
    let next_year = after(NOW, 365 * 24 * 60 * MINUTE_MS);
    assert_eq!(claim(&queue, 9, next_year).await, ["y"]);
    execute(&queue, "DELETE FROM resting_providers").await;
    assert_eq!(claim(&queue, 9, next_year).await, ["x"]);
}

#[tokio::test]
async fn who_is_asked_is_passed_over_whatever_provider_the_request_names() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let named = |path, origin| NewJob { origin: provider(origin), ..of_provider(path, "named") };
    let jobs = ["paused", "cold", "refused", "other"].map(|origin| named(origin, origin));
    queue.enqueue(&jobs, NOW).await.unwrap();
    let rest = "INSERT INTO resting_providers (provider, is_paused, not_before) \
        VALUES ('paused', 1, 0), ('cold', 0, 4000)";
    execute(&queue, rest).await;
    let mut turns = Turns::default();
    turns.refuse(provider("refused"), NOW, after(NOW, 1));
    assert_eq!(claim_in_turn(&queue, &mut turns, 9, NOW).await, ["other"]);
    assert_eq!(claim_in_turn(&queue, &mut turns, 9, after(NOW, 1)).await, ["refused"]);
    assert_eq!(claim_in_turn(&queue, &mut turns, 9, after(NOW, 3_000)).await, ["cold"]);
}

#[tokio::test]
async fn a_hundred_thousand_jobs_are_claimed_in_the_same_order_as_a_few() {
    const INSERT: &str = "WITH RECURSIVE numbers (n) AS \
          (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 99999) \
        INSERT INTO pending_requests \
          (url, identifier, data_type, provider, params, priority, created_at, run_at) \
        SELECT 'https://a.example/' || n, '', iif(n % 10, 'artistfanart', 'artistlogo'), \
          iif(n % 3, 'slow', 'fast'), '{}', 2, n, n FROM numbers";
    let folder = Folder::new();
    let queue = folder.open().await;
    execute(&queue, INSERT).await;
    let now = Timestamp::from_millis(99_999);
    let mut turns = Turns::default();
    // Types take turns, then providers; the fourth goes by age.
    let claimed = claim_in_turn(&queue, &mut turns, 4, now).await;
    assert_eq!(claimed, ["99999", "99980", "99996", "0"]);
    let claim = Claim { session: Uuid::nil(), slots: 8, now };
    let mut connection = queue.db.read("test").await.unwrap();
    let candidates = sql::due::candidates(&mut connection, claim, "[]").await.unwrap();
    connection.close();
    // The eight newest and three oldest of each of two types of two providers, and the eight oldest.
    assert_eq!(candidates.len(), 4 * (8 + 3) + 8);
    let pause = "INSERT INTO resting_providers (provider, is_paused) VALUES ('slow', 1)";
    execute(&queue, pause).await;
    let jobs = queue.claim(&mut turns, 100, now).await.unwrap();
    assert_eq!(jobs.len(), 100);
    assert!(jobs.iter().all(|job| job.provider.as_str() == "fast"));
}
