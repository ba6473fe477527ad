use super::*;

const DAY_MS: i64 = 24 * 3_600_000;

#[tokio::test]
async fn a_cooldown_holds_for_all_with_its_reason_also_after_a_restart() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    let throttled = slot(&first, ask(&budget, MINUTE), NOW).await;
    let reason = "status 429: slow down".to_owned();
    let outcome = Outcome::Throttled { until: at(30_000), reason: reason.clone() };
    first.at(NOW).report(&throttled, outcome).await.unwrap();
    // Nor does a shorter one end it earlier.
    second.cool_down(&provider("slow"), at(2_000), "status 503", NOW).await.unwrap();
    first.db.close().await;
    second.db.close().await;
    let third = folder.open().await;
    assert_eq!(book(&third, batch(&budget), at(1)).await, Err((30_000, Why::Cooldown)));
    assert_eq!(book(&third, ask(&budget, 9_000), at(1)).await, Err((30_000, Why::Cooldown)));
    let Booking::Later(later) = third.at(at(1)).book(&batch(&budget)).await.unwrap() else {
        panic!()
    };
    assert_eq!(later.reason, reason);
    // Who can wait for it books behind it.
    assert_eq!(book(&third, ask(&budget, MINUTE), at(1)).await, Ok(30_000));
    assert_eq!(book(&third, ask(&budget, MINUTE), at(1)).await, Ok(31_000));
}

#[tokio::test]
async fn who_does_not_say_for_how_long_is_left_alone_shortly_and_then_for_longer() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    let mut now_ms = 0;
    for rest_ms in [5_000, 60_000, 60_000] {
        let slot = slot(&limits, ask(&budget, MINUTE), at(now_ms)).await;
        let hurried = Outcome::Hurried { reason: "status 503".to_owned() };
        limits.at(at(now_ms)).report(&slot, hurried).await.unwrap();
        let refused = book(&limits, batch(&budget), at(now_ms)).await;
        assert_eq!(refused, Err((now_ms + rest_ms, Why::Cooldown)));
        now_ms += rest_ms;
    }
    now_ms += 5 * 60_000;
    let slot = slot(&limits, ask(&budget, MINUTE), at(now_ms)).await;
    limits.at(at(now_ms)).report(&slot, Outcome::Hurried { reason: String::new() }).await.unwrap();
    let refused = book(&limits, batch(&budget), at(now_ms)).await;
    assert_eq!(refused, Err((now_ms + 5_000, Why::Cooldown)));
}

#[tokio::test]
async fn who_has_no_requests_left_rests_for_one_spacing() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("25/min");
    let last = slot(&limits, ask(&budget, MINUTE), NOW).await;
    limits.at(at(500)).report(&last, Outcome::UsedUp).await.unwrap();
    assert_eq!(book(&limits, batch(&budget), at(500)).await, Err((2_900, Why::Cooldown)));
    assert_eq!(book(&limits, ask(&budget, MINUTE), at(500)).await, Ok(2_900));
}

#[tokio::test]
async fn a_cooldown_is_a_second_at_least_and_a_day_at_most() {
    let folder = Folder::new();
    let limits = folder.open().await;
    for (name, asked_ms, given_ms) in
        [("short", -5, 1_000), ("hours", DAY_MS - 1, DAY_MS - 1), ("long", i64::MAX / 2, DAY_MS)]
    {
        limits.cool_down(&provider(name), at(asked_ms), "", NOW).await.unwrap();
        let resting = limits.at(NOW).resting().await.unwrap();
        let rest = resting.iter().find(|rest| rest.provider.as_str() == name).unwrap();
        assert_eq!(since(rest.not_before), given_ms, "{name}");
    }
}

#[tokio::test]
async fn a_cooldown_lasts_as_long_as_it_was_to_on_a_clock_that_is_set_back() {
    const HOUR_MS: i64 = 3_600_000;
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    limits.cool_down(&provider("slow"), at(60_000), "", NOW).await.unwrap();
    let before = at(-HOUR_MS);
    let resting = limits.at(before).resting().await.unwrap();
    assert_eq!(since(resting[0].not_before), 60_000 - HOUR_MS);
    let refused = book(&limits, batch(&budget), before).await;
    assert_eq!(refused, Err((60_000 - HOUR_MS, Why::Cooldown)));
    let over = at(60_000 - HOUR_MS);
    assert_eq!(book(&limits, batch(&budget), over).await, Ok(60_000 - HOUR_MS));
}

#[tokio::test]
async fn a_cooldown_of_a_day_survives_that_the_clock_is_put_right() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    limits.cool_down(&provider("slow"), at(DAY_MS), "", NOW).await.unwrap();
    let refused = book(&limits, batch(&budget), at(-5_000)).await;
    assert_eq!(refused, Err((DAY_MS, Why::Cooldown)));
    // One that an older program noted on a clock that was a year ahead ends in a day.
    let mut tx = limits.db.write("test").await.unwrap();
    sqlx::query("DELETE FROM provider_budgets").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let last_year = -365 * DAY_MS;
    let refused = book(&limits, batch(&budget), at(last_year)).await;
    assert_eq!(refused, Err((last_year + DAY_MS, Why::Cooldown)));
    let after = at(last_year + DAY_MS);
    assert_eq!(book(&limits, batch(&budget), after).await, Ok(last_year + DAY_MS));
}

#[tokio::test]
async fn a_pause_is_for_batch_requests_only() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    limits.at(NOW).pause(&provider("slow")).await.unwrap();
    assert_eq!(book(&limits, batch(&budget), NOW).await, Err((300_000, Why::Paused)));
    assert_eq!(book(&limits, ask(&budget, 0), NOW).await, Ok(0));
    assert!(limits.at(NOW).resume(&provider("slow")).await.unwrap());
    assert_eq!(book(&limits, batch(&budget), at(1_000)).await, Ok(1_000));
}

#[tokio::test]
async fn providers_at_rest_are_listed_until_they_may_be_asked() {
    let folder = Folder::new();
    let limits = folder.open().await;
    limits.cool_down(&provider("cold"), at(5_000), "status 429", NOW).await.unwrap();
    limits.at(NOW).pause(&provider("paused")).await.unwrap();
    limits.at(NOW).pause(&provider("paused")).await.unwrap();
    limits.cool_down(&provider("paused"), at(5_000), "status 429", NOW).await.unwrap();
    let resting = |name: &str, is_paused| RestingProvider {
        provider: provider(name),
        is_paused,
        not_before: at(5_000),
        reason: "status 429".to_owned(),
    };
    let expected = [resting("cold", false), resting("paused", true)];
    assert_eq!(limits.at(at(4_999)).resting().await.unwrap(), expected);
    assert_eq!(limits.at(at(5_000)).resting().await.unwrap(), expected[1..]);
    limits.at(NOW).resume(&provider("paused")).await.unwrap();
    assert_eq!(limits.at(at(5_000)).resting().await.unwrap(), []);
}

#[tokio::test]
async fn resuming_ends_whatever_keeps_a_provider_from_being_asked() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let (budget, slow) = (budget("1/s"), provider("slow"));
    assert!(!limits.at(NOW).resume(&slow).await.unwrap());
    limits.cool_down(&slow, at(5_000), "", NOW).await.unwrap();
    assert!(!limits.at(at(5_000)).resume(&slow).await.unwrap(), "it has passed");
    limits.cool_down(&slow, at(5_000), "", NOW).await.unwrap();
    assert!(limits.at(at(4_999)).resume(&slow).await.unwrap());
    trip(&limits, &budget, NOW).await;
    assert!(limits.at(at(9_000)).resume(&slow).await.unwrap(), "it was being probed");
    assert_eq!(book(&limits, batch(&budget), at(9_000)).await, Ok(9_000));
    assert_eq!(book(&limits, batch(&budget), at(9_000)).await, Ok(10_000), "it is no probe");
}

#[tokio::test]
async fn all_is_listed_and_all_but_a_pause_is_cleared() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let (budget, slow) = (budget("1/s, 10/min"), provider("slow"));
    limits.at(NOW).pause(&slow).await.unwrap();
    for _ in 0..3 {
        slot(&limits, ask(&budget, MINUTE), NOW).await;
    }
    limits.cool_down(&slow, at(30_000), "status 429", NOW).await.unwrap();
    let window = |window: &str, used, count| WindowUse { window: window.to_owned(), used, count };
    let mut expected = ProviderLimits {
        provider: slow.clone(),
        budget: "1/s, 10/min".to_owned(),
        windows: vec![window("1/s", 1, 1), window("10/min", 3, 10)],
        next_slot: at(30_000),
        cooldown_until: Some(at(30_000)),
        cooldown_reason: Some("status 429".to_owned()),
        circuit: CircuitState::Closed,
        is_paused: true,
    };
    assert_eq!(listed(&limits, &budget, NOW).await.as_ref(), Some(&expected));
    assert!(limits.at(NOW).clear(&slow).await.unwrap());
    assert!(!limits.at(NOW).clear(&slow).await.unwrap());
    expected.windows = vec![window("1/s", 0, 1), window("10/min", 0, 10)];
    (expected.next_slot, expected.cooldown_until, expected.cooldown_reason) = (NOW, None, None);
    assert_eq!(listed(&limits, &budget, NOW).await, Some(expected));
    limits.at(NOW).resume(&slow).await.unwrap();
    assert_eq!(listed(&limits, &budget, NOW).await, None, "nothing is left of it");
}
