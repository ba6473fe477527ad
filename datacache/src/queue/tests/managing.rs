use super::*;

async fn bury(queue: &Queue, path: &str) {
    let held = hold(queue, path, NOW).await.unwrap();
    queue.set_back(&held, &Setback::Dead("for good".to_owned()), NOW).await.unwrap();
}

#[tokio::test]
async fn counts_say_what_waits_and_since_when() {
    let folder = Folder::new();
    let queue = folder.open().await;
    assert_eq!(queue.counts().await.unwrap(), QueueCounts::default());
    let jobs = ["batch", "leased", "dead"].map(|path| job(path, Priority::Batch));
    queue.enqueue(&jobs, after(NOW, -9)).await.unwrap();
    hold(&queue, "leased", NOW).await.unwrap();
    bury(&queue, "dead").await;
    execute(&queue, "UPDATE pending_requests SET run_at = 9000 WHERE url LIKE '%batch'").await;
    queue.enqueue(&[job("now", Priority::Immediate)], NOW).await.unwrap();
    let expected = QueueCounts {
        immediate: 1,
        batch: 1,
        leased: 1,
        dead: 1,
        oldest: Some(after(NOW, -9)),
        next_run_at: Some(NOW),
    };
    assert_eq!(queue.counts().await.unwrap(), expected);
}

#[tokio::test]
async fn pages_of_jobs_follow_each_other_though_jobs_come_and_go() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let jobs = ["a", "b", "c", "d"].map(|path| job(path, Priority::Batch));
    queue.enqueue(&jobs, NOW).await.unwrap();
    let mut seen = Vec::new();
    let mut last = 0;
    while let page = queue.list(last, 2).await.unwrap()
        && let Some((id, _)) = page.last()
    {
        last = *id;
        seen.extend(page.iter().map(|(_, job)| path_of(&job.url)));
        queue.remove(&key("b")).await.unwrap();
        queue.enqueue(&[job("e", Priority::Batch)], NOW).await.unwrap();
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn only_dead_jobs_are_revived_and_only_jobs_at_rest_removed() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let jobs = ["pending", "leased", "dead0", "dead1", "dead2"];
    queue.enqueue(&jobs.map(|path| job(path, Priority::Batch)), NOW).await.unwrap();
    hold(&queue, "leased", NOW).await.unwrap();
    for path in ["dead0", "dead1", "dead2"] {
        bury(&queue, path).await;
    }
    for (path, revived) in [("pending", 0), ("leased", 0), ("dead0", 1), ("dead0", 0)] {
        assert_eq!(queue.revive(Some(&key(path))).await.unwrap(), revived, "{path}");
    }
    assert_eq!(queue.revive(None).await.unwrap(), 2);
    assert_eq!(info(&queue, "dead1").await.attempts, 0);
    bury(&queue, "dead2").await;
    assert_eq!(queue.remove_dead().await.unwrap(), 1);
    for (path, removed) in [("pending", true), ("leased", false), ("dead2", false)] {
        assert_eq!(queue.remove(&key(path)).await.unwrap(), removed, "{path}");
    }
    assert_eq!(claim(&queue, 9, NOW).await, ["dead0", "dead1"]);
}
