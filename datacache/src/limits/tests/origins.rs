//! Hosts that share a budget and nothing else.

use super::*;

/// A host under the budget of `slow`.
fn host(budget_text: &str, origin: &str) -> Payer {
    Payer { origin: provider(origin), ..budget(budget_text) }
}

#[tokio::test]
async fn hosts_share_a_budget_but_neither_a_cooldown_nor_a_circuit() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let hosts = ["a.example", "b.example", "c.example"].map(|origin| host("1/s", origin));
    let [a, b, c] = &hosts;
    let throttled = slot(&limits, ask(a, MINUTE), NOW).await;
    assert_eq!(book(&limits, ask(b, MINUTE), NOW).await, Ok(1_000));
    let reason = "status 429".to_owned();
    let outcome = Outcome::Throttled { until: at(90_000), reason };
    limits.at(NOW).report(&throttled, outcome).await.unwrap();
    trip(&limits, b, at(2_000)).await;
    assert_eq!(book(&limits, ask(a, MINUTE), at(3_000)).await, Err((90_000, Why::Cooldown)));
    assert_eq!(book(&limits, ask(b, MINUTE), at(3_000)).await, Err((7_000, Why::Circuit)));
    assert_eq!(book(&limits, ask(c, MINUTE), at(3_000)).await, Ok(3_000));
    assert_eq!(book(&limits, ask(c, MINUTE), at(3_000)).await, Ok(4_000));
}

#[tokio::test]
async fn each_is_listed_and_cleared_under_its_own_name() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let payer = host("1/s", "a.example");
    let throttled = slot(&limits, ask(&payer, MINUTE), NOW).await;
    let reason = "status 429".to_owned();
    let outcome = Outcome::Throttled { until: at(90_000), reason };
    limits.at(NOW).report(&throttled, outcome).await.unwrap();
    let list = limits.list(std::iter::empty(), |_| &payer.budget).await.unwrap();
    let list = list.iter().map(|of| (of.provider.as_str(), of.windows[0].used, of.cooldown_until));
    let expected = [("a.example", 0, Some(at(90_000))), ("slow", 1, None)];
    assert_eq!(list.collect::<Vec<_>>(), expected);
    assert!(limits.clear(&payer.origin).await.unwrap());
    assert_eq!(book(&limits, ask(&payer, MINUTE), NOW).await, Ok(1_000));
}

#[tokio::test]
async fn a_pause_of_either_holds() {
    let folder = Folder::new();
    let limits = folder.open().await;
    let payer = host("1/s", "a.example");
    for name in ["slow", "a.example"] {
        limits.pause(&provider(name)).await.unwrap();
        let Err((_, why)) = book(&limits, batch(&payer), NOW).await else { panic!("{name}") };
        assert_eq!(why, Why::Paused);
        limits.resume(&provider(name)).await.unwrap();
    }
    assert_eq!(book(&limits, batch(&payer), NOW).await, Ok(0));
}
