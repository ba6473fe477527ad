use super::*;

#[tokio::test]
async fn each_setback_leaves_what_it_says() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let later = after(NOW, 5_000);
    let why = || "why".to_owned();
    for (path, setback, status, attempts, run_at, last_error) in [
        ("a", Setback::RetryAt(later, why()), JobState::Pending, 1, later, Some("why")),
        ("b", Setback::Wait(later, why()), JobState::Pending, 0, later, Some("why")),
        ("c", Setback::Dead(why()), JobState::Dead, 1, NOW, Some("why")),
        ("d", Setback::HandBack, JobState::Pending, 0, NOW, None),
    ] {
        queue.enqueue(&[job(path, Priority::Immediate)], NOW).await.unwrap();
        let held = hold(&queue, path, NOW).await.unwrap();
        queue.set_back(&held, &setback, NOW).await.unwrap();
        let info = info(&queue, path).await;
        assert_eq!((info.status, info.attempts, info.run_at), (status, attempts, run_at), "{path}");
        assert_eq!(info.last_error.as_deref(), last_error, "{path}");
    }
    assert_eq!(queue.counts().await.unwrap().leased, 0);
    assert_eq!(claim(&queue, 9, NOW).await, ["d"]);
    assert_eq!(claim(&queue, 9, after(later, -1)).await, [""; 0]);
    assert_eq!(claim(&queue, 9, later).await, ["a", "b"]);
}

#[tokio::test]
async fn a_completed_job_is_gone_and_blocks_nothing() {
    let folder = Folder::new();
    let queue = folder.open().await;
    for round in 1..=2 {
        let enqueued = queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
        assert_eq!(enqueued.new, 1);
        let held = claim_one(&queue, NOW).await;
        let mut tx = queue.db.write("test").await.unwrap();
        queue.complete_in(&mut tx, &held, Finish::Absent).await.unwrap();
        tx.commit().await.unwrap();
        assert!(queue.get(&key("x")).await.unwrap().is_none());
        assert_eq!(queue.last_finished().await.unwrap(), round);
    }
}

#[tokio::test]
async fn a_completion_that_is_rolled_back_leaves_the_job_with_its_holder() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    let held = claim_one(&queue, NOW).await;
    let mut tx = queue.db.write("test").await.unwrap();
    queue.complete_in(&mut tx, &held, Finish::Found).await.unwrap();
    drop(tx);
    assert_eq!(queue.last_finished().await.unwrap(), 0);
    queue.renew(&held, NOW).await.unwrap();
}
