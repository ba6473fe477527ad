use super::*;

#[tokio::test]
async fn a_slot_that_is_given_back_is_free_if_nobody_has_booked_after_it() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s, 10/min");
    let mut slots = Vec::new();
    for _ in 0..4 {
        slots.push(slot(&first, ask(&budget, MINUTE), NOW).await);
    }
    for given_back in slots.iter().rev().take(2) {
        second.give_back(given_back).await.unwrap();
    }
    let windows = listed(&first, &budget, NOW).await.unwrap().windows;
    assert_eq!(windows.iter().map(|window| window.used).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(book(&first, ask(&budget, MINUTE), NOW).await, Ok(2_000));
    second.give_back(&slots[1]).await.unwrap();
    assert_eq!(book(&first, ask(&budget, MINUTE), NOW).await, Ok(3_000));
}

#[tokio::test]
async fn what_has_departed_stays_booked() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let budget = budget("1/s");
    let at_once = slot(&limits, ask(&budget, MINUTE), NOW).await;
    limits.give_back(&at_once).await.unwrap();
    let mut waiting = slot(&limits, ask(&budget, MINUTE), NOW).await;
    assert_eq!(since(waiting.at), 1_000);
    limits.at(at(1_000)).depart(&mut waiting).await.unwrap();
    limits.give_back(&waiting).await.unwrap();
    assert_eq!(book(&limits, ask(&budget, MINUTE), at(1_000)).await, Ok(2_000));
}

#[tokio::test]
async fn a_probe_that_is_called_off_leaves_the_next_one_to_others() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let budget = budget("1/s");
    trip(&first, &budget, NOW).await;
    let probe = slot(&first, ask(&budget, MINUTE), at(5_000)).await;
    assert_eq!(book(&second, ask(&budget, MINUTE), at(5_000)).await, Err((20_000, Why::Circuit)));
    first.give_back(&probe).await.unwrap();
    let next = slot(&second, ask(&budget, MINUTE), at(5_500)).await;
    assert_eq!(since(next.at), 6_000);
    // Whose rest is its own.
    first.give_back(&probe).await.unwrap();
    assert_eq!(book(&first, ask(&budget, MINUTE), at(5_500)).await, Err((21_000, Why::Circuit)));
}
