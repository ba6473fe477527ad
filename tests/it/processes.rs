//! What several processes on one folder see of each other.

use std::collections::BTreeSet;

use datacache::{Lookup, Request};
use datacache_tests::{Folder, Peer, body};

#[test]
fn puts_and_removes_are_seen_by_the_other_process_at_once() {
    let folder = Folder::new();
    let (mut first, mut second) = (Peer::start(&folder.dir()), Peer::start(&folder.dir()));
    for (seed, size) in [(1, 10), (2, 100_000), (3, 0), (4, 64 * 1024)] {
        let stored = first.order(&format!("put https://a.example/x {seed} {size}"));
        let checksum = stored.strip_prefix("put ").unwrap();
        assert_eq!(second.order("lookup https://a.example/x"), format!("fresh {checksum}"));
        assert_eq!(second.order("remove https://a.example/x"), "removed true");
        assert_eq!(first.order("lookup https://a.example/x"), "miss");
        assert_eq!(first.order("remove https://a.example/x"), "removed false");
    }
}

/// Every hit is verified against its checksum by the cache itself; what is left to show is that
/// no reader ever sees a gap while entries and their shared files are being replaced. While it waits
/// for the writers, what its cache writes behind its back goes on, on a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reader_never_sees_a_gap_while_others_write() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let urls: Vec<String> = (0..20).map(|number| format!("https://a.example/{number}")).collect();
    for url in &urls {
        cache.put(Request::new(url), body(0, 100_000)).await.unwrap();
    }
    let mut writers: Vec<Peer> = (1..=3)
        .map(|seed| {
            let mut peer = Peer::start(&folder.dir());
            peer.tell(&format!("write {seed}"));
            peer
        })
        .collect();
    let mut seen = BTreeSet::new();
    for round in 0..20 {
        for url in &urls {
            let Lookup::Fresh(entry) = cache.lookup(url).await.unwrap() else {
                panic!("{url} is gone in round {round}");
            };
            seen.insert(entry.info.content_checksum);
        }
        // The writers keep pace: each has written since the round before.
        for writer in &mut writers {
            assert!(writer.answer().is_some());
        }
    }
    assert!(seen.len() > 10, "only {} different bodies were seen", seen.len());
}

#[test]
fn runs_of_the_program_do_not_pick_the_same_image_twice_in_a_row() {
    let folder = Folder::new();
    let picture = folder.beside("a.png");
    image::DynamicImage::new_rgb8(2, 2).save(&picture).unwrap();
    for number in 0..3 {
        let url = format!("embedded://daft_punk/{number}");
        let options = ["--identifier", "Daft Punk", "--type", "artistfanart"];
        let put = folder.run(["put", &url, picture.to_str().unwrap()].into_iter().chain(options));
        assert_eq!(put.status, 0, "{put:?}");
    }
    let pick = || {
        let run = folder.run(["--json", "random", "Daft Punk", "artistfanart"]);
        run.json()["url"].as_str().unwrap().to_owned()
    };
    let picks: Vec<String> = std::iter::repeat_with(pick).take(12).collect();
    assert!(picks.windows(2).all(|pair| pair[0] != pair[1]), "{picks:?}");
    assert_eq!(picks.iter().collect::<BTreeSet<_>>().len(), 3);
}
