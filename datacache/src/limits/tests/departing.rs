use super::*;

#[tokio::test]
async fn a_slot_that_is_now_is_the_departure() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    let first = slot(&limits, ask(&budget, 0), NOW).await;
    // The time it takes to ask is no matter, nor is a lock that somebody holds.
    let lock = limits.db.write("test").await.unwrap();
    assert_eq!(depart(&limits, &first, at(50)).await, Ok(0));
    drop(lock);
}

#[tokio::test]
async fn a_process_that_stalled_keeps_its_distance() {
    let folder = Folder::new();
    let limits = [folder.open().await, folder.open().await];
    let budget = budget("1/s");
    let mut slots = Vec::new();
    for n in 0..4 {
        slots.push(slot(&limits[n % 2], ask(&budget, MINUTE), NOW).await);
    }
    assert_eq!(depart(&limits[1], &slots[1], at(1_000)).await, Ok(1_000));
    // The third sleeps past its slot into that of the fourth.
    assert_eq!(depart(&limits[1], &slots[3], at(3_000)).await, Ok(3_000));
    assert_eq!(depart(&limits[0], &slots[2], at(3_001)).await, Ok(4_000));
    // And who books now comes after it.
    assert_eq!(book(&limits[1], ask(&budget, MINUTE), at(4_001)).await, Ok(5_000));
}

#[tokio::test]
async fn a_booking_that_waited_for_the_lock_keeps_its_distance_too() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    let late = slot(&first, ask(&budget, MINUTE), NOW).await;
    assert_eq!(depart(&first, &late, at(800)).await, Ok(800));
    assert_eq!(book(&second, ask(&budget, MINUTE), at(1_100)).await, Ok(1_800));
    let late = slot(&first, ask(&budget, MINUTE), at(5_000)).await;
    assert_eq!(book(&second, ask(&budget, MINUTE), at(6_500)).await, Ok(6_500));
    assert_eq!(depart(&first, &late, at(6_500)).await, Ok(7_500));
}

#[tokio::test]
async fn who_waits_for_the_lock_is_sent_when_it_comes_and_not_before() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    slot(&first, ask(&budget, MINUTE), NOW).await;
    let held_up = slot(&first, ask(&budget, MINUTE), NOW).await;
    let lock = second.db.write("test").await.unwrap();
    let release = async {
        folder.clock.set(at(1_700));
        drop(lock);
    };
    let (departed, ()) = tokio::join!(depart(&first, &held_up, at(1_000)), release);
    assert_eq!(departed, Ok(1_700));
    let lock = second.db.write("test").await.unwrap();
    let release = async {
        folder.clock.set(at(3_500));
        drop(lock);
    };
    let (booked, ()) = tokio::join!(book(&first, ask(&budget, MINUTE), at(2_700)), release);
    assert_eq!(booked, Ok(3_500));
    assert_eq!(book(&second, ask(&budget, MINUTE), at(3_500)).await, Ok(4_500));
}

#[tokio::test]
async fn who_is_late_for_a_departure_that_was_booked_keeps_its_distance_from_the_next() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("10/s");
    let late = slot(&first, ask(&budget, MINUTE), NOW).await;
    assert_eq!(depart(&first, &late, at(40)).await, Ok(40));
    assert_eq!(book(&second, ask(&budget, MINUTE), at(100)).await, Ok(140));
}

#[tokio::test]
async fn nobody_departs_before_the_slot() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    slot(&limits, ask(&budget, MINUTE), NOW).await;
    let second = slot(&limits, ask(&budget, MINUTE), NOW).await;
    assert_eq!(depart(&limits, &second, at(990)).await, Ok(1_000));
}

#[tokio::test]
async fn a_cooldown_that_is_written_meanwhile_holds() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    slot(&first, ask(&budget, MINUTE), NOW).await;
    let patient = slot(&first, ask(&budget, MINUTE), NOW).await;
    let hasty = slot(&first, ask(&budget, 3_000), NOW).await;
    second.cool_down(&provider("slow"), at(5_000), "status 429", NOW).await.unwrap();
    assert_eq!(depart(&first, &patient, at(1_000)).await, Ok(5_000));
    assert_eq!(depart(&first, &hasty, at(2_000)).await, Err((5_000, Why::Cooldown)));
}

#[tokio::test]
async fn a_slot_means_nothing_on_a_clock_that_was_set_back() {
    const HOUR_MS: i64 = 3_600_000;
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    slot(&limits, ask(&budget, MINUTE), NOW).await;
    let second = slot(&limits, ask(&budget, MINUTE), NOW).await;
    // Not an hour from now, but one spacing after what was sent.
    assert_eq!(depart(&limits, &second, at(-HOUR_MS)).await, Ok(1_000 - HOUR_MS));
}
