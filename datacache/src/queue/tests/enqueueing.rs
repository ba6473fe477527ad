use super::*;

#[tokio::test]
async fn a_key_is_queued_once_and_its_priority_only_rises() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    assert_eq!(counts(&first).await, (0, 0));
    for (queue, priority, expected) in [
        (&first, Priority::Batch, (0, 1)),
        (&second, Priority::Batch, (0, 1)),
        (&second, Priority::Immediate, (1, 0)),
        (&first, Priority::Batch, (1, 0)),
    ] {
        queue.enqueue(&[job("x", priority)], NOW).await.unwrap();
        assert_eq!(counts(&first).await, expected);
        assert_eq!(counts(&second).await, expected);
    }
    first.enqueue(&[job("y", Priority::Batch)], NOW).await.unwrap();
    assert_eq!(counts(&second).await, (1, 1));
}

#[tokio::test]
async fn a_queued_request_is_whole_when_the_queue_is_opened_again() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    queue.db.close().await;

    let queue = folder.open().await;
    assert_eq!(counts(&queue).await, (0, 1));
    let mut connection = queue.db.read("test").await.unwrap();
    let select = "SELECT url, identifier, data_type, provider, params, status, attempts, created_at \
        FROM pending_requests";
    let row: (String, String, String, String, String, String, i64, i64) =
        sqlx::query_as(select).fetch_one(&mut *connection).await.unwrap();
    connection.close();
    let (url, identifier, data_type, provider, stored, status, attempts, created_at) = row;
    assert_eq!(url, "https://a.example/x");
    assert_eq!([&*identifier, &*data_type, &*provider], ["daft_punk", "front_cover", "cdn"]);
    assert_eq!(serde_json::from_str::<Params>(&stored).unwrap(), params());
    assert_eq!((&*status, attempts, created_at), ("pending", 0, NOW.as_millis()));
}

#[tokio::test]
async fn what_a_newer_program_says_more_about_a_request_is_passed_over() {
    const SAY_MORE: &str = "UPDATE pending_requests SET params = json_set(params, \
        '$.colour', 'red', '$.sizes', json('[{\"width\": 1}]'))";
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    execute(&queue, SAY_MORE).await;
    let held = claim_one(&queue, NOW).await;
    assert!(held.params.contains("colour") && held.params.contains("width"), "{}", held.params);
    assert_eq!(held.params().unwrap(), params());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_queued_at_once_by_two_handles_are_all_there_and_each_once() {
    let folder = Folder::new();
    let queues = [folder.open().await, folder.open().await];
    let tasks: Vec<_> = (0..40)
        .map(|task| {
            let queue = queues[task % 2].clone();
            // Each key is queued by both handles.
            let job = job(&(task / 2).to_string(), Priority::Batch);
            tokio::spawn(async move { queue.enqueue(&[job], NOW).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(counts(&queues[0]).await, (0, 20));
}

#[tokio::test]
async fn a_dead_request_begins_anew_when_it_is_queued_again() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[job("x", Priority::Immediate)], NOW).await.unwrap();
    let held = claim_one(&queue, NOW).await;
    queue.set_back(&held, &Setback::Dead("gone for good".to_owned()), NOW).await.unwrap();
    let later = after(NOW, 1);
    let enqueued = queue.enqueue(&[job("x", Priority::Batch)], later).await.unwrap();
    assert_eq!(enqueued, Enqueued { new: 1, ..Enqueued::default() });
    let info = info(&queue, "x").await;
    assert_eq!((info.status, info.attempts), (JobState::Pending, 0));
    assert_eq!((info.priority, info.created_at), (Priority::Batch, later));
    assert_eq!(claim_one(&queue, later).await.attempt, 1);
}

#[tokio::test]
async fn a_request_that_is_raised_keeps_what_it_said() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let mut first = job("x", Priority::Batch);
    first.data_type = DataType::FRONT_COVER;
    first.params.ttl_ms = Some(7);
    first.params.untrusted = true;
    queue.enqueue(&[first], NOW).await.unwrap();
    let later = after(NOW, 1);
    queue.enqueue(&[job("x", Priority::Immediate)], later).await.unwrap();
    let held = claim_one(&queue, later).await;
    let params = held.params().unwrap();
    assert_eq!((held.data_type, params.ttl_ms), (DataType::FRONT_COVER, Some(7)));
    assert!(params.untrusted);
}

#[tokio::test]
async fn a_request_that_is_raised_while_it_runs_keeps_its_lease() {
    let folder = Folder::new();
    let queue = folder.open().await;
    queue.enqueue(&[job("x", Priority::Batch)], NOW).await.unwrap();
    let held = claim_one(&queue, NOW).await;
    let enqueued = queue.enqueue(&[job("x", Priority::Immediate)], NOW).await.unwrap();
    assert_eq!(enqueued, Enqueued { raised: 1, ..Enqueued::default() });
    assert_eq!(claim(&queue, 9, NOW).await, [""; 0]);
    queue.set_back(&held, &Setback::HandBack, NOW).await.unwrap();
    assert_eq!(counts(&queue).await, (1, 0));
}

#[tokio::test]
async fn new_raised_and_known_requests_are_told_apart_across_transactions() {
    let folder = Folder::new();
    let queue = folder.open().await;
    let batch = |range: std::ops::Range<usize>, priority| {
        range.map(|number| job(&number.to_string(), priority)).collect::<Vec<_>>()
    };
    queue.enqueue(&batch(0..1_500, Priority::Batch), NOW).await.unwrap();
    let mut jobs = batch(1_000..1_200, Priority::Immediate);
    jobs.extend(batch(1_200..2_500, Priority::Batch));
    jobs.extend(batch(2_499..2_500, Priority::Batch));
    let enqueued = queue.enqueue(&jobs, NOW).await.unwrap();
    assert_eq!(enqueued, Enqueued { new: 1_000, raised: 200, known: 301, cached: 0 });
    assert_eq!(counts(&queue).await, (200, 2_300));
}
