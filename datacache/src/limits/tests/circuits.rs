use super::*;

async fn circuit(limits: &Limits, budget: &Payer, now: Timestamp) -> CircuitState {
    listed(limits, budget, now).await.unwrap().circuit
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_given_time_by_all() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    let booked = slot(&first, ask(&budget, MINUTE), NOW).await;
    for _ in 0..4 {
        first.at(NOW).report(&booked, failed()).await.unwrap();
    }
    assert_eq!(circuit(&second, &budget, NOW).await, CircuitState::Closed);
    first.at(NOW).report(&booked, failed()).await.unwrap();
    assert_eq!(circuit(&second, &budget, NOW).await, CircuitState::Open);
    for refused in [ask(&budget, MINUTE), batch(&budget)] {
        assert_eq!(book(&second, refused, at(4_999)).await, Err((5_000, Why::Circuit)));
    }
    let resting = second.at(NOW).resting().await.unwrap();
    assert_eq!(resting[0].not_before, at(5_000));
    assert!(resting[0].reason.contains("status 503"), "{resting:?}");
}

#[tokio::test]
async fn a_good_answer_forgets_failures_and_costs_nothing_where_there_were_none() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    let good = slot(&first, ask(&budget, MINUTE), NOW).await;
    for _ in 0..4 {
        first.at(NOW).report(&good, failed()).await.unwrap();
    }
    let after_failures = slot(&second, ask(&budget, MINUTE), NOW).await;
    second.at(NOW).report(&after_failures, Outcome::Good).await.unwrap();
    for _ in 0..4 {
        first.at(NOW).report(&good, failed()).await.unwrap();
    }
    assert_eq!(circuit(&second, &budget, NOW).await, CircuitState::Closed);
    // Nor does it matter what was known when the slot was booked.
    first.at(NOW).report(&good, Outcome::Good).await.unwrap();
    first.at(NOW).report(&good, failed()).await.unwrap();
    assert_eq!(circuit(&second, &budget, NOW).await, CircuitState::Closed);
    first.at(NOW).report(&good, Outcome::Good).await.unwrap();
    // There is nothing left to forget.
    let lock = second.db.write("test").await.unwrap();
    first.at(NOW).report(&good, Outcome::Good).await.unwrap();
    drop(lock);
}

#[tokio::test]
async fn one_probe_at_a_time_and_three_good_ones_close_it() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    trip(&first, &budget, NOW).await;
    for now in [5_000, 6_000, 7_000] {
        let probe = slot(&first, ask(&budget, MINUTE), at(now)).await;
        assert_eq!(circuit(&second, &budget, at(now)).await, CircuitState::Probing);
        let refused = book(&second, ask(&budget, MINUTE), at(now)).await;
        assert_eq!(refused, Err((now + 15_000, Why::Circuit)));
        assert_eq!(depart(&first, &probe, at(now)).await, Ok(now));
        first.at(at(now)).report(&probe, Outcome::Good).await.unwrap();
    }
    assert_eq!(circuit(&second, &budget, at(7_000)).await, CircuitState::Closed);
    assert_eq!(book(&second, ask(&budget, MINUTE), at(7_000)).await, Ok(8_000));
    assert_eq!(book(&second, ask(&budget, MINUTE), at(7_000)).await, Ok(9_000));
}

#[tokio::test]
async fn a_probe_that_fails_opens_it_for_twice_as_long() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    trip(&limits, &budget, NOW).await;
    let probe = slot(&limits, ask(&budget, MINUTE), at(5_000)).await;
    limits.at(at(5_500)).report(&probe, failed()).await.unwrap();
    assert_eq!(circuit(&limits, &budget, at(5_500)).await, CircuitState::Open);
    let refused = book(&limits, ask(&budget, MINUTE), at(15_499)).await;
    assert_eq!(refused, Err((15_500, Why::Circuit)));
    assert_eq!(book(&limits, ask(&budget, MINUTE), at(15_500)).await, Ok(15_500));
}

#[tokio::test]
async fn a_prober_that_dies_is_waited_for_as_long_as_its_request_could_take() {
    let folder = Folder::new();
    let (dying, other) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    trip(&dying, &budget, NOW).await;
    let lost = slot(&dying, ask(&budget, MINUTE), at(5_000)).await;
    drop(dying);
    let refused = book(&other, batch(&budget), at(19_999)).await;
    assert_eq!(refused, Err((20_000, Why::Circuit)));
    let probe = slot(&other, batch(&budget), at(20_000)).await;
    // What it reports after all does not let others in beside the probe of now.
    other.at(at(20_001)).report(&lost, Outcome::Good).await.unwrap();
    let refused = book(&other, batch(&budget), at(21_000)).await;
    assert_eq!(refused, Err((35_000, Why::Circuit)));
    other.at(at(21_000)).report(&probe, Outcome::Good).await.unwrap();
    assert_eq!(book(&other, batch(&budget), at(22_000)).await, Ok(22_000));
}

#[tokio::test]
async fn who_had_booked_before_it_opened_is_no_probe() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    slot(&limits, ask(&budget, MINUTE), NOW).await;
    let waiting = slot(&limits, ask(&budget, MINUTE), NOW).await;
    trip(&limits, &budget, NOW).await;
    assert_eq!(depart(&limits, &waiting, at(1_000)).await, Err((5_000, Why::Circuit)));
    assert_eq!(depart(&limits, &waiting, at(6_000)).await, Err((6_000, Why::Circuit)));
}

#[tokio::test]
async fn a_probe_departs_while_the_others_wait_for_it() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/10s");
    trip(&limits, &budget, NOW).await;
    let probe = slot(&limits, ask(&budget, MINUTE), at(5_000)).await;
    let refused = book(&limits, ask(&budget, MINUTE), at(5_000)).await;
    assert_eq!(refused, Err((25_000, Why::Circuit)));
    assert_eq!(depart(&limits, &probe, at(10_000)).await, Ok(10_000));
}

#[tokio::test]
async fn a_probe_that_is_told_to_wait_is_no_failure() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    trip(&limits, &budget, NOW).await;
    let probe = slot(&limits, ask(&budget, MINUTE), at(5_000)).await;
    let reason = "status 429".to_owned();
    let throttled = Outcome::Throttled { until: at(8_000), reason };
    limits.at(at(5_000)).report(&probe, throttled).await.unwrap();
    assert_eq!(book(&limits, batch(&budget), at(7_999)).await, Err((8_000, Why::Circuit)));
    assert_eq!(book(&limits, batch(&budget), at(8_000)).await, Ok(8_000));
}
