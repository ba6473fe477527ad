use super::*;

#[tokio::test]
async fn finishes_come_in_order_and_to_every_handle() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let jobs = ["a", "b", "c"].map(|path| job(path, Priority::Batch));
    first.enqueue(&jobs, NOW).await.unwrap();
    let held = first.claim(&mut Turns::default(), 3, NOW).await.unwrap();
    first.complete_answered(&[(held[0].clone(), Finish::Found)]).await.unwrap();
    let seen = second.last_finished().await.unwrap();
    second.set_back(&held[1], &Setback::Dead("for good".to_owned()), NOW).await.unwrap();
    first.set_back(&held[2], &Setback::HandBack, NOW).await.unwrap();
    let mut tx = second.db.write("test").await.unwrap();
    second.announce_in(&mut tx, &key("d"), Finish::Absent).await.unwrap();
    tx.commit().await.unwrap();
    let finishes = first.finished_since(seen).await.unwrap();
    let expected = [(2, key("b"), Finish::Failed), (3, key("d"), Finish::Absent)];
    assert_eq!(finishes, expected);
    assert_eq!(first.finished_since(3).await.unwrap(), []);
}

#[tokio::test]
async fn old_finishes_are_forgotten_and_their_numbers_not_given_again() {
    const INSERT: &str = "WITH RECURSIVE numbers (n) AS \
          (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10999) \
        INSERT INTO finished_requests (url, outcome) SELECT n, 'found' FROM numbers";
    let folder = Folder::new();
    let queue = folder.open().await;
    execute(&queue, INSERT).await;
    let mut tx = queue.db.write("test").await.unwrap();
    queue.announce_in(&mut tx, &key("x"), Finish::Found).await.unwrap();
    tx.commit().await.unwrap();
    let finishes = queue.finished_since(0).await.unwrap();
    assert_eq!((finishes[0].0, finishes.len()), (1_001, 10_000));
    execute(&queue, "DELETE FROM finished_requests").await;
    let mut tx = queue.db.write("test").await.unwrap();
    queue.announce_in(&mut tx, &key("x"), Finish::Found).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(queue.finished_since(11_000).await.unwrap().len(), 1);
}

/// As it is where the cache may take less than before.
#[tokio::test]
async fn a_small_cache_remembers_few_and_forgets_the_rest_some_at_a_time() {
    const KEPT: u64 = 32;
    const INSERT: &str = "WITH RECURSIVE numbers (n) AS \
          (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000) \
        INSERT INTO finished_requests (url, outcome) SELECT n, 'found' FROM numbers";
    let folder = Folder::new();
    let queue = Queue { finishes_kept: KEPT.cast_signed(), ..folder.open().await };
    let remembered = async || queue.finished_since(0).await.unwrap().len() as u64;
    let finish = async |times: usize| {
        for _ in 0..times {
            let mut tx = queue.db.write("test").await.unwrap();
            queue.announce_in(&mut tx, &key("x"), Finish::Found).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    execute(&queue, INSERT).await;
    finish(3).await;
    assert_eq!(remembered().await, 2_003);
    finish(6).await;
    assert_eq!(remembered().await, KEPT);
    finish(100).await;
    assert!((KEPT..KEPT + 3).contains(&remembered().await));
    // Where none comes any more, the maintenance does the same.
    execute(&queue, INSERT).await;
    for forgotten in [1_000, 1_000, 1_000, 0] {
        assert_eq!(queue.forget_finishes().await.unwrap(), forgotten);
    }
    assert!((KEPT..KEPT + 3).contains(&remembered().await));
}
