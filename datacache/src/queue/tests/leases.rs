use super::*;

/// From here a clock can be set back by a day; none shows a time before 1970.
const TODAY: Timestamp = Timestamp::from_millis(2 * 24 * 60 * 60 * 1_000);

#[tokio::test]
async fn an_ended_lease_is_taken_by_the_next_claim_until_the_job_is_dead() {
    let folder = Folder::new();
    let queues = [folder.open().await, folder.open().await];
    queues[0].enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    let mut now = NOW;
    for attempt in 1..=MAX_ATTEMPTS {
        let queue = &queues[attempt as usize % 2];
        assert_eq!(claim_one(queue, now).await.attempt, attempt);
        let before = after(now, LEASE_MS - 1);
        assert!(!is_due(queue, before).await);
        assert_eq!(claim(queue, 1, before).await, [""; 0]);
        now = after(now, LEASE_MS);
        assert!(is_due(queue, now).await);
    }
    assert_eq!(claim(&queues[0], 1, now).await, [""; 0]);
    let info = info(&queues[0], "x").await;
    assert_eq!((info.status, info.attempts), (JobState::Dead, MAX_ATTEMPTS));
    assert_eq!(info.last_error.as_deref(), Some("its worker did not renew its lease"));
    assert!(!is_due(&queues[0], now).await);
}

#[tokio::test]
async fn who_waits_learns_that_a_job_died_with_its_workers() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[job("x", Priority::Batch), job("y", Priority::Batch)], NOW).await.unwrap();
    execute(&queue, "UPDATE pending_requests SET attempts = 4").await;
    claim_one(&queue, NOW).await;
    claim(&queue, 9, end()).await;
    let finishes = queue.finished_since(0).await.unwrap();
    assert_eq!(finishes, [(1, key("x"), Finish::Failed)]);
}

#[tokio::test]
async fn the_holder_of_an_ended_lease_changes_nothing() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    first.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    let lost = claim_one(&first, NOW).await;
    let held = claim_one(&second, end()).await;
    let before = info(&first, "x").await;

    let text = || "late".to_owned();
    let setbacks = [
        Setback::RetryAt(end(), text()),
        Setback::Wait(end(), text()),
        Setback::Dead(text()),
        Setback::HandBack,
    ];
    for setback in setbacks {
        let error = first.set_back(&lost, &setback, NOW).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LeaseLost, "{setback:?}");
    }
    assert_eq!(first.renew(&lost, end()).await.unwrap_err().kind(), ErrorKind::LeaseLost);
    let mut tx = first.db.write("test").await.unwrap();
    let error = first.complete_in(&mut tx, &lost, Finish::Found).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
    tx.commit().await.unwrap();
    assert_eq!(first.complete_answered(&[(lost, Finish::Found)]).await.unwrap(), 0);

    assert_eq!(info(&first, "x").await, before);
    assert_eq!(first.last_finished().await.unwrap(), 0);
    assert_eq!(second.complete_answered(&[(held, Finish::Found)]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_renewed_lease_holds_longer() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    let held = claim_one(&queue, NOW).await;
    let renewed = after(NOW, LEASE_MS / 3);
    queue.renew(&held, renewed).await.unwrap();
    assert_eq!(claim(&queue, 1, end()).await, [""; 0]);
    assert_eq!(claim(&queue, 1, after(renewed, LEASE_MS)).await, ["x"]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_nothing() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let hour_ago = after(TODAY, -60 * 60 * 1_000);
    let jobs = ["leased", "queued", "revived"].map(|path| job(path, Priority::Batch));
    queue.enqueue(&jobs, TODAY).await.unwrap();
    claim_one(&queue, TODAY).await;
    let held = hold(&queue, "revived", TODAY).await.unwrap();
    queue.set_back(&held, &Setback::Dead("for good".to_owned()), TODAY).await.unwrap();
    queue.revive(None).await.unwrap();
    assert!(is_due(&queue, hour_ago).await);
    assert_eq!(claim(&queue, 9, hour_ago).await, ["revived", "leased", "queued"]);
}

#[tokio::test]
async fn a_lease_from_before_the_clock_was_set_back_holds_for_two_lengths_at_most() {
    const HOUR_MS: i64 = 60 * 60 * 1_000;
    for (back_ms, holds_ms) in [
        (1, LEASE_MS + 1),
        (LEASE_MS, 2 * LEASE_MS),
        (LEASE_MS + 1, 0),
        (HOUR_MS, 0),
        (24 * HOUR_MS, 0),
    ] {
        let folder = Folder::new();
        let (first, second) = (folder.open().await, folder.open().await);
        first.enqueue(&[job("x", Priority::Batch)], TODAY).await.unwrap();
        claim_one(&first, TODAY).await;
        let ended = after(TODAY, holds_ms - back_ms);
        if holds_ms > 0 {
            assert_eq!(claim(&second, 1, after(TODAY, -back_ms)).await, [""; 0], "{back_ms}");
            assert_eq!(claim(&second, 1, after(ended, -1)).await, [""; 0], "{back_ms}");
        }
        assert!(is_due(&second, ended).await, "{back_ms}");
        assert_eq!(claim(&second, 1, ended).await, ["x"], "{back_ms}");
    }
}

#[tokio::test]
async fn the_jobs_of_a_dead_session_are_taken_back_at_once_and_those_of_a_live_one_are_not() {
    let folder = Folder::new();
    let (dying, live, looking) = (folder.open().await, folder.open().await, folder.open().await);
    let jobs = ["own", "live", "dying"].map(|path| job(path, Priority::Batch));
    live.enqueue(&jobs, NOW).await.unwrap();
    for (queue, path) in [(&looking, "own"), (&live, "live"), (&dying, "dying")] {
        assert_eq!(claim(queue, 1, NOW).await, [path]);
    }
    assert_eq!(looking.take_back_of_dead().await.unwrap(), 0);
    drop(dying);
    assert_eq!(looking.take_back_of_dead().await.unwrap(), 1);
    assert_eq!(looking.take_back_of_dead().await.unwrap(), 0);
    assert_eq!(info(&looking, "dying").await.last_error.as_deref(), Some("its worker died"));
    assert_eq!(claim(&looking, 9, NOW).await, ["dying"]);
    assert_eq!(info(&looking, "dying").await.attempts, 2);
}

#[tokio::test]
async fn a_job_that_is_asked_for_is_leased_before_its_time_but_not_from_its_holder() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    first.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    let held = hold(&first, "x", NOW).await.unwrap();
    assert!(hold(&second, "x", after(end(), -1)).await.is_none());
    let later = Setback::RetryAt(after(end(), 9), "busy".to_owned());
    first.set_back(&held, &later, NOW).await.unwrap();
    let held = hold(&second, "x", NOW).await.unwrap();
    assert_eq!(held.attempt, 2);
    assert!(hold(&first, "x", end()).await.is_some());
}

#[tokio::test]
async fn a_job_that_is_put_off_for_longer_than_any_can_be_runs_and_one_for_less_waits() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    for (run_at, runs) in [
        (after(TODAY, DAY_MS), false),
        (after(TODAY, DAY_MS + 1), true),
        (Timestamp::from_millis(i64::MAX), true),
    ] {
        let folder = Folder::new();
        let queue = folder.open().await;
        queue.enqueue(&[job("x", Priority::Batch)], TODAY).await.unwrap();
        let held = claim_one(&queue, TODAY).await;
        let setback = Setback::RetryAt(run_at, "busy".to_owned());
        queue.set_back(&held, &setback, TODAY).await.unwrap();
        assert_eq!(is_due(&queue, TODAY).await, runs, "{run_at:?}");
        assert_eq!(!claim(&queue, 9, TODAY).await.is_empty(), runs, "{run_at:?}");
    }
}
